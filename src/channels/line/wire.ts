import type { messagingApi } from '@line/bot-sdk'

/**
 * LINE's own shapes, as far as we use them. Everything that LINE sends is optional here although its schema says
 * otherwise: the documentation reserves the right to add values at any time and its own samples lack fields that the
 * schema requires. https://developers.line.biz/en/docs/messaging-api/development-guidelines/
 */

/** https://developers.line.biz/en/reference/messaging-api/#source-user */
export interface LineSource {
  readonly type?: string
  readonly userId?: string
  readonly groupId?: string
  readonly roomId?: string
}

/** https://developers.line.biz/en/reference/messaging-api/#message-event */
export interface LineMessage {
  readonly type?: string
  /** Digits beyond 2^53: never a number. */
  readonly id?: string
  readonly text?: string
  readonly packageId?: string
  readonly stickerId?: string
  readonly keywords?: readonly string[]
  readonly title?: string
  readonly address?: string
  readonly latitude?: number
  readonly longitude?: number
  readonly fileName?: string
  /** Bytes. */
  readonly fileSize?: number
  /** Milliseconds. */
  readonly duration?: number
  /** `external`: the file was sent through a LIFF app and lies on somebody else's server. */
  readonly contentProvider?: { readonly type?: string; readonly originalContentUrl?: string }
  /** Of pictures that were sent together; `index` counts from 1. Old apps tell the id only. */
  readonly imageSet?: { readonly id?: string; readonly index?: number; readonly total?: number }
  readonly quotedMessageId?: string
  readonly markAsReadToken?: string
}

/** https://developers.line.biz/en/reference/messaging-api/#common-properties */
export interface LineEvent {
  readonly type?: string
  readonly mode?: string
  /** Milliseconds since the epoch. */
  readonly timestamp?: number
  readonly source?: LineSource
  readonly webhookEventId?: string
  readonly deliveryContext?: { readonly isRedelivery?: boolean }
  readonly replyToken?: string
  readonly message?: LineMessage
  readonly unsend?: { readonly messageId?: string }
  readonly postback?: { readonly data?: string; readonly params?: Readonly<Record<string, string>> }
  /** `result`: `ok` or `failed`. */
  readonly link?: { readonly result?: string }
}

/** A message object to send. */
export type LineOutgoing = messagingApi.Message

/** Body of a push: https://developers.line.biz/en/reference/messaging-api/#send-push-message */
export type LinePush = messagingApi.PushMessageRequest
