/**
 * The words of our domain. Nothing here knows LINE, Genesys, Redis or HTTP.
 *
 * - **channel**: one messaging account of a brand in a market, by its configured name (`retail_thailand`).
 * - **inbound**: customer → contact centre. **outbound**: contact centre → customer. There is no third meaning.
 * - **conversation**: one customer on one channel; the unit within which order is kept.
 * - **receipt**: what became of an outbound message, told to the contact centre.
 */

/** Which way a message travels; inbound is customer → contact centre. */
export type Direction = 'inbound' | 'outbound'

/** One customer on one channel. `user` is the platform's own id of the person (a LINE user id). */
export interface Conversation {
  readonly channel: string
  readonly user: string
}

/** What a customer sent that is not text. */
export type MediaKind = 'image' | 'video' | 'audio' | 'file'

/**
 * A file that still lies with the platform that heard of it. `by: 'id'` is fetched through the platform's content API;
 * `by: 'url'` names an address that came from outside and is never trusted.
 */
export type MediaSource = { readonly by: 'id'; readonly id: string } | { readonly by: 'url'; readonly url: string }

/** An attachment before it was copied to our media store. `bytes` is what the sender claims, to be verified. */
export interface MediaContent {
  readonly kind: 'media'
  readonly media: MediaKind
  readonly source: MediaSource
  readonly mime?: string
  readonly fileName?: string
  readonly bytes?: number
  /** Playing time in milliseconds, where the platform tells. */
  readonly durationMs?: number
}

export type InboundContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'sticker'; readonly label: string }
  | {
      readonly kind: 'location'
      readonly title?: string
      readonly address?: string
      readonly latitude: number
      readonly longitude: number
    }
  | MediaContent
  /** A kind of message we do not know; `what` is the platform's name for it. */
  | { readonly kind: 'unsupported'; readonly what: string }

/** What a channel knows of the person behind a user id. */
export interface Customer {
  readonly name?: string
  /** BCP 47. */
  readonly language?: string
}

/** A customer's message on its way to the contact centre. */
export interface InboundMessage {
  /** The platform's id; the same on every redelivery, unique within the channel. */
  readonly id: string
  readonly conversation: Conversation
  /** When the customer sent it, in ms since the epoch. */
  readonly at: number
  /** The platform's name as people know it: `LINE`. */
  readonly platform: string
  readonly content: InboundContent
  /** The platform's id of the event that carried it, for people who search. */
  readonly eventId?: string
  /** The platform says that it had sent this before, in vain. */
  readonly redelivered?: boolean
}

export type OutboundContent = { readonly kind: 'text'; readonly text: string } | MediaContent

/** An agent's or a bot's message on its way to the customer. */
export interface OutboundMessage {
  /** The contact centre's id; unique within the channel. */
  readonly id: string
  readonly conversation: Conversation
  /** When the contact centre sent it, in ms since the epoch. */
  readonly at: number
  /** In the order in which the customer should see them; never empty. */
  readonly content: readonly OutboundContent[]
  readonly author?: 'human' | 'bot'
  /** The contact centre's id of the whole conversation, for people who search. */
  readonly conversationId?: string
}

/** Why a message was given up, in words of ours; each contact centre maps them to its own list. */
export type FailureCode =
  | 'expired'
  | 'rate_limited'
  | 'not_allowed'
  | 'invalid_destination'
  | 'invalid_message'
  | 'opted_out'
  | 'media_type_not_allowed'
  | 'media_too_large'
  | 'server_error'
  | 'unsupported'
  /** The contact centre took it, and then could not show it to an agent. */
  | 'not_shown'
  | 'general'

/** `message` is a sentence that an agent can act on; it never holds message text, names or secrets. */
export interface FailureReason {
  readonly code: FailureCode
  readonly message: string
}

/** What became of an outbound message. Final: at most one is sent for each ending of a message. */
export interface Receipt {
  /** The outbound message's id. */
  readonly id: string
  readonly conversation: Conversation
  /** When the outcome was known, in ms since the epoch. */
  readonly at: number
  readonly status: 'delivered' | 'failed'
  readonly reason?: FailureReason
}
