import type { BridgeEvent } from '../../bridge/events.ts'
import type { Direction } from '../../bridge/message.ts'
import type {
  AcceptedPush,
  InboundItem,
  LineWebhookEvent,
  OutboundItem,
  ReceivedReceipt,
  Tapped,
  WebhookAttempt,
} from '../platforms.ts'

/** One attempt of the bridge at a delivery or a receipt, as it told it. */
export type Attempt = Extract<BridgeEvent, { type: 'delivery.attempted' }>

/**
 * All that is known of one message, gathered from the three who saw it: the platform where it was written, the bridge, and the
 * platform where it arrived. Only {@link createStory} writes it.
 */
export interface Tale {
  /** Unique on the page. */
  readonly id: string
  /** Place in its conversation, both directions counted together, from 1. */
  readonly no: number
  readonly channel: string
  readonly direction: Direction
  /** When it was written. */
  readonly at: number
  readonly said:
    | { readonly by: 'customer'; readonly event: LineWebhookEvent; readonly tapped: Tapped | undefined }
    | { readonly by: 'agent'; readonly item: OutboundItem }
  /** POSTs of the webhook that carried it. */
  readonly webhooks: readonly WebhookAttempt[]
  /** The platform stopped trying to hand it to the bridge. */
  readonly wasNeverTaken: boolean
  /** When the bridge had stored it. */
  readonly storedAt?: number
  readonly attempts: readonly Attempt[]
  readonly receiptAttempts: readonly Attempt[]
  /** When the bridge knew that it was accepted. */
  readonly deliveredAt?: number
  readonly failed?: { readonly at: number; readonly code: string; readonly reason: string }
  /** Inbound: what Genesys took of it. */
  readonly taken: readonly InboundItem[]
  /** Outbound: what LINE took of it. */
  readonly pushes: readonly AcceptedPush[]
  /** Outbound: the different retry keys under which LINE was asked. */
  readonly retryKeys: readonly string[]
  /** Place among all first arrivals; undefined until the other side has it. */
  readonly arrival?: number
  /** When the platform where it was written learned of its ending. */
  readonly toldAt?: number
  /** Inbound: the account has marked it as read. */
  readonly isRead?: true
  /** Inbound: the customer took it back. The bridge drops it then, if it has not carried it yet. */
  readonly isUnsent?: true
  /** Outbound: the receipt that Genesys got. */
  readonly receipt?: ReceivedReceipt
}

/** Is it certain what became of it? */
export const hasEnded = (tale: Tale): boolean =>
  tale.deliveredAt !== undefined || tale.failed !== undefined || tale.wasNeverTaken || tale.isUnsent === true
