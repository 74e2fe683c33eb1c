import type { AlertKind, NextStep } from './errors.ts'
import type { Direction } from './message.ts'

/** The three flows of a channel: customers' messages, agents' messages, and receipts about the latter. */
export type Flow = 'inbound' | 'outbound' | 'receipts'

/** The ids by which people look for a message; all come from the platforms. */
export interface MessageIds {
  /** The message's own id: LINE message id, or Genesys message id. */
  readonly message: string
  /** The customer's id on the channel. */
  readonly user: string
  /** LINE webhook event id. */
  readonly event?: string
  /** Genesys conversation id. */
  readonly conversation?: string
  /** The other platform's id of the delivered message. */
  readonly remote?: string
}

/** What a person can do about messages; `read`: had the content of one shown. */
export type OperatorAction = 'read' | 'replay' | 'discard' | 'pause' | 'resume' | 'erase'

interface About {
  readonly channel: string
  readonly flow: Flow
  readonly ids: MessageIds
}

/**
 * What happens to messages, told once and heard by the log, the metrics and whoever else listens.
 * All times are ms since the epoch, all durations ms. Never holds texts, names or secrets.
 */
export type BridgeEvent =
  | { readonly type: 'webhook.answered'; readonly channel: string; readonly source: string; readonly status: number }
  /** Stored durably, at `at`. `lateMs`: it came so long after it was sent, so that later messages may have gone before it. */
  | (About & { readonly type: 'message.received'; readonly at: number; readonly lateMs?: number })
  | (About & { readonly type: 'message.duplicate' })
  | {
      readonly type: 'message.ignored'
      readonly channel: string
      readonly flow: Flow
      readonly reason: string
      readonly what?: string
    }
  /** One attempt ended. `retryInMs` is there when it will be tried again; `sinceReceivedMs`, from admission to acceptance, when it was delivered. */
  | (About & {
      readonly type: 'delivery.attempted'
      readonly at: number
      readonly attempt: number
      readonly outcome: 'delivered' | NextStep['do']
      readonly status?: number
      readonly durationMs: number
      readonly sinceReceivedMs?: number
      readonly retryInMs?: number
      readonly error?: string
    })
  /** The message has ended well, and has left its lane. */
  | (About & { readonly type: 'message.delivered'; readonly at: number; readonly sinceReceivedMs: number })
  /** The message has ended badly, and is a dead letter now, unless it was refused before it was queued. */
  | (About & { readonly type: 'message.failed'; readonly at: number; readonly code: string; readonly reason: string })
  | { readonly type: 'alert.raised'; readonly kind: AlertKind; readonly channel: string; readonly detail: string }
  /** A person did something in the console or from a terminal. */
  | {
      readonly type: 'operator.acted'
      readonly action: OperatorAction
      /** The name of the login. */
      readonly who: string
      /** Why, in the person's own words, shortened. */
      readonly reason?: string
      readonly channel?: string
      readonly direction?: Direction
      /** The customer whose data were erased. */
      readonly user?: string
      /** The dead letters that were named, at most the first hundred … */
      readonly ids?: readonly string[]
      /** … or by what they were chosen. */
      readonly filter?: {
        readonly channel?: string | undefined
        readonly direction?: Direction | undefined
        readonly reason?: string | undefined
      }
      /** What it was done to: so many dead letters, one flow of a channel, or so many things of a customer. */
      readonly count: number
      readonly skipped?: number
      /** It broke off, and nobody knows how far it came. */
      readonly failed?: true
    }

/** Tells an event to all listeners. Never throws. */
export type Emit = (event: BridgeEvent) => void
