import type { Json, WebhookDelivery } from '../platforms.ts'

/** A file in a customer's message. */
export interface PhoneFile {
  readonly bytes: Buffer
  /** Content-Type of the content API's answer; default by kind. */
  readonly mime?: string
  readonly fileName?: string
  readonly durationMs?: number
  /** Pictures that were chosen together: `index` counts from 1; older phones tell neither it nor `total`. */
  readonly imageSet?: { readonly id: string; readonly index?: number; readonly total?: number }
  /** How often the content API answers 202 before it has the file. */
  readonly notReadyAnswers?: number
  /** The transcoding ends as `failed`. */
  readonly transcodingFails?: boolean
  /** The content API no longer has it: 404. */
  readonly expired?: boolean
  /** The content lies elsewhere (`contentProvider.type: external`). */
  readonly externalUrl?: string
}

/** What a customer can do on the phone. `quotes` is the id of the message that is answered, of either side. */
export type PhoneMessage =
  | { readonly type: 'text'; readonly text: string; readonly quotes?: string; readonly extra?: Json }
  | {
      readonly type: 'sticker'
      readonly packageId: string
      readonly stickerId: string
      readonly keywords?: readonly string[]
      readonly text?: string
      readonly quotes?: string
    }
  | {
      readonly type: 'location'
      readonly latitude: number
      readonly longitude: number
      readonly title?: string
      readonly address?: string
    }
  | ({ readonly type: 'image' | 'video' | 'audio' | 'file' } & PhoneFile)
  | { readonly type: 'postback'; readonly data: string; readonly params?: Json }
  | { readonly type: 'unsend'; readonly messageId: string }
  /** LINE lets people edit texts in groups only. */
  | { readonly type: 'edit'; readonly messageId: string; readonly text: string }
  /** Any other event: `event` is merged over a complete event of that type. */
  | { readonly type: 'event'; readonly event: Json & { readonly type: string } }
  /** Any other message type. */
  | { readonly type: 'message'; readonly message: Json & { readonly type: string } }

export interface PhoneOptions {
  /** When it happened; default now. */
  readonly at?: number
  /** The group (`C…`) or room (`R…`) in which it happened; default: the chat of the two alone. */
  readonly group?: string
  /** Merged over the finished event, e.g. `{ mode: 'standby' }` or another `source`. */
  readonly event?: Json
  /** False: a failed webhook is not sent again. Default true. */
  readonly redeliver?: boolean
}

/** A finger on something that a message of the account offers. */
export interface PhoneTap {
  /** By what it is called, or by its place among the message's actions, from 0. */
  readonly action: string | number
  /** A shown message; default: the newest that has such an action. */
  readonly messageId?: string
  /** For date pickers: `YYYY-MM-DDTHH:mm`, `YYYY-MM-DD` or `HH:mm`, as their `mode` wants it. */
  readonly chosen?: string
}

/** What was tapped, for those who show it. */
export interface Tapped {
  readonly messageId: string
  readonly label: string | undefined
  /** What the phone shows as the customer's own words. */
  readonly displayText: string | undefined
  readonly chosen: string | undefined
}

/** A webhook event as LINE sends it. */
export type LineWebhookEvent = Json & {
  readonly type: string
  readonly timestamp: number
  readonly webhookEventId: string
  readonly message?: Json & { readonly id: string; readonly type: string }
}

/** Something that a customer did, and its webhook. */
export interface SentByPhone {
  readonly event: LineWebhookEvent
  /** Message id, or the event id where there is no message of its own. */
  readonly id: string
  readonly webhook: WebhookDelivery
}
