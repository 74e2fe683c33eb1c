/**
 * Genesys' own shapes, only the fields that we use.
 *
 * What comes in is written by others, so every member is `unknown` until it was looked at; what goes out is exact.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/
 */

/** The header that signs a webhook: `sha256=` and base64 (not hex) of HMAC-SHA256 over the raw body. */
export const signatureHeader = 'x-hub-signature-256'

/** What stands before the base64 in {@link signatureHeader}. */
export const signaturePrefix = 'sha256='

/**
 * An outbound webhook body: one normalized message, event or receipt. No type of it is published.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages
 */
export interface GenesysOutbound {
  /** Genesys' message id: the key for repeats and receipts. */
  readonly id?: unknown
  readonly channel: GenesysOutboundChannel
  /** `Text`, `Structured`, `Event` or `Receipt`. */
  readonly type: string
  /** `Outbound`; `Inbound` on receipts about messages that we sent. */
  readonly direction?: unknown
  /** `Human` or `Bot`. */
  readonly originatingEntity?: unknown
  readonly text?: unknown
  /** Content elements: see {@link GenesysContent}. */
  readonly content?: unknown
  /** On `Event`: `[{ eventType: 'Typing', … }]`. */
  readonly events?: unknown
  /** On `Receipt`: `Published` or `Failed`. */
  readonly status?: unknown
  /** On a failed `Receipt`: `[{ code, message }]`. */
  readonly reasons?: unknown
  readonly conversationId?: unknown
}

/** Between whom an outbound webhook's message travels. */
export interface GenesysOutboundChannel {
  /** The integration id. */
  readonly id?: unknown
  readonly messageId?: unknown
  /** The customer; `id` is the one that we sent as `from.id`. */
  readonly to?: unknown
  /** ISO-8601 with milliseconds. */
  readonly time?: unknown
}

/**
 * One element of `content`: its object lies under the camel-case name of `contentType`, a notification's under
 * `template`.
 */
export interface GenesysContent {
  readonly contentType?: unknown
  readonly [key: string]: unknown
}

/** Who a customer is to Genesys. */
export interface GenesysSender {
  readonly id: string
  readonly idType: 'Opaque'
  readonly nickname?: string
}

/**
 * `channel` of an inbound message. `customAttributes` is missing from the published types, yet it is what Architect
 * flows read.
 */
export interface GenesysInboundChannel {
  readonly from: GenesysSender
  readonly messageId: string
  readonly time: string
  readonly metadata: { readonly customAttributes: Readonly<Record<string, string>> }
}

/** A file by its address; Genesys takes no bytes. */
export interface GenesysAttachment {
  readonly mediaType: 'Image' | 'Video' | 'Audio' | 'File'
  readonly url: string
  readonly mime: string
  readonly filename: string
}

/** Body of `POST /api/v2/conversations/messages/{integrationId}/inbound/open/message`: a text, a file, or both. */
export interface GenesysInboundMessage {
  readonly channel: GenesysInboundChannel
  readonly text?: string
  readonly content?: readonly [{ readonly attachment: GenesysAttachment }]
}

/**
 * Body of `POST /api/v2/conversations/messages/{integrationId}/inbound/open/structured/response`: what a customer touched. A list
 * picker's answer has no type of its own here. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundStructuredResponseMessages
 */
export interface GenesysStructuredResponse {
  readonly channel: GenesysInboundChannel
  readonly buttonResponse: {
    readonly type: 'Button' | 'QuickReply' | 'DatePicker'
    /** The label. */
    readonly text: string
    readonly payload: string
  }
  /** The id of the outbound message that had offered it. */
  readonly originatingMessageId: string
}

/**
 * Body of the deprecated `POST /api/v2/conversations/messages/inbound/open`, where the integration stands in the body.
 */
export interface GenesysLegacyMessage {
  readonly channel: GenesysInboundChannel & {
    readonly platform: 'Open'
    readonly type: 'Private'
    readonly to: { readonly id: string }
  }
  readonly type: 'Text'
  readonly direction: 'Inbound'
  readonly text?: string
  readonly content?: readonly [{ readonly contentType: 'Attachment'; readonly attachment: GenesysAttachment }]
}

/** Why a message failed, in Genesys' list; anything else is outside its enumeration. */
export type GenesysReasonCode =
  | 'MessageExpired'
  | 'RateLimited'
  | 'MessageNotAllowed'
  | 'GeneralError'
  | 'UnsupportedMessage'
  | 'UnknownMessage'
  | 'InvalidMessageStructure'
  | 'InvalidDestination'
  | 'ServerError'
  | 'MediaTypeNotAllowed'
  | 'InvalidMediaContentLength'
  | 'RecipientOptedOut'
  | 'DataFiltered'

/** `reasons` member of a failed receipt. */
export interface GenesysReason {
  readonly code: GenesysReasonCode
  readonly message: string
}

/** Body of `POST /api/v2/conversations/messages/{integrationId}/inbound/open/receipt`. */
export interface GenesysReceipt {
  /** The outbound webhook's `id`. */
  readonly id: string
  readonly channel: { readonly to: { readonly id: string }; readonly time: string }
  readonly status: 'Delivered' | 'Failed'
  readonly reasons?: readonly GenesysReason[]
  readonly isFinalReceipt: true
}

/** A receipt for the deprecated endpoint: the message that it is about went from the integration to the customer. */
export interface GenesysLegacyReceipt {
  readonly id: string
  readonly channel: {
    readonly platform: 'Open'
    readonly type: 'Private'
    readonly to: { readonly id: string }
    readonly from: { readonly id: string; readonly idType: 'Opaque' }
    readonly time: string
  }
  readonly type: 'Receipt'
  readonly direction: 'Outbound'
  readonly status: 'Delivered' | 'Failed'
  readonly reasons?: readonly GenesysReason[]
  readonly isFinalReceipt: true
}
