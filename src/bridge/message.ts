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

/** A customer touched something that a message of the contact centre had offered. */
export interface Touched {
  readonly kind: 'touched'
  /** By which the channel finds what was offered. */
  readonly key: string
  /** ISO-8601 in UTC: what was chosen, where the thing touched asked for a date and time. */
  readonly instant?: string
}

/** Something that happened in the conversation, told in the channel's language in place of a message. */
export type Notice =
  /** The customer took a message back. */
  | 'unsent'
  /** A button was touched of which nothing is known any more. */
  | 'old_button'
  | 'followed'
  | 'unfollowed'
  /** The account was added to a group. */
  | 'joined'
  | 'account_linked'
  | 'account_not_linked'

/** What a customer sent, or did. */
export type InboundContent =
  | { readonly kind: 'text'; readonly text: string }
  /** `wordless`: the picture is enough, unless it cannot be had. */
  | { readonly kind: 'sticker'; readonly label: string; readonly picture?: MediaContent; readonly wordless?: true }
  | Touched
  | { readonly kind: 'notice'; readonly notice: Notice }
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
  /** The id of the message, in either direction, that this one quotes. */
  readonly quotes?: string
  /** It takes the place of an earlier text. */
  readonly edited?: true
  /** Who of the people in a group wrote it, where the conversation is a group. */
  readonly member?: string
  /** With which the platform can be told that it was read. */
  readonly readToken?: string
}

/** What a touch stood for, as the contact centre wants to hear it. */
export interface Answer {
  readonly kind: 'answer'
  readonly what: OfferKind
  /** What the customer saw. */
  readonly label: string
  /** What the contact centre had put behind it. */
  readonly payload: string
  /** The id of the outbound message that had offered it. */
  readonly to: string
}

/** A customer's message with all that its channel could find out about it. */
export type CompletedMessage = Omit<InboundMessage, 'content'> & {
  readonly content: Exclude<InboundContent, Touched> | Answer
  readonly customer?: Customer
  /** What {@link InboundMessage.quotes} named; without `text` when nobody knows it any more. */
  readonly quoted?: { readonly text?: string }
  /** The name of {@link InboundMessage.member}. */
  readonly speaker?: string
  /** Further custom attributes, of this message only. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** What a customer can touch: the contact centre keeps them apart. */
export type OfferKind = 'button' | 'quick-reply' | 'date'

/** What happens when a customer touches a button. */
export type Action =
  /** The contact centre hears of it: see {@link Answer}. */
  | { readonly do: 'answer'; readonly label: string; readonly payload: string }
  /** `url`: http, https or tel. */
  | { readonly do: 'open'; readonly label: string; readonly url: string }

/** Answers to choose from, which stand below the message until the next one comes. Each is touched once. */
export interface QuickReplies {
  readonly kind: 'quick-replies'
  /** Never empty. */
  readonly replies: readonly { readonly label: string; readonly payload: string; readonly image?: MediaContent }[]
}

/** Something shown with its picture, words and buttons. */
export interface Card {
  readonly title: string
  readonly description?: string
  readonly image?: MediaContent
  /** When the card itself is touched. */
  readonly action?: Action
  readonly actions: readonly Action[]
}

/** One card, or several side by side. Never empty. */
export interface Cards {
  readonly kind: 'cards'
  readonly cards: readonly Card[]
}

/** Asks for a date and time: one of those offered, or, where none is, any between `earliest` and `latest`. Times are ms since the epoch. */
export interface DatePicker {
  readonly kind: 'date-picker'
  readonly title?: string
  readonly subtitle?: string
  readonly image?: MediaContent
  /** Where it will be, in words. */
  readonly place?: string
  readonly earliest?: number
  readonly latest?: number
  readonly times: readonly { readonly at: number; readonly durationMs?: number }[]
}

/** A list, in sections, from which to choose. */
export interface ListPicker {
  readonly kind: 'list-picker'
  readonly title?: string
  readonly subtitle?: string
  readonly image?: MediaContent
  readonly sections: readonly {
    readonly title?: string
    readonly items: readonly {
      readonly id: string
      readonly title: string
      readonly subtitle?: string
      readonly image?: MediaContent
    }[]
  }[]
}

/** A prepared message, its parameters filled in. It has at least one of its parts. */
export interface Template {
  readonly kind: 'template'
  readonly header?: string
  readonly body?: string
  readonly footer?: string
  readonly actions: readonly Action[]
}

/** What stands in a message to a customer; a side shows each kind as well as it can. */
export type OutboundContent =
  | { readonly kind: 'text'; readonly text: string }
  | MediaContent
  | QuickReplies
  | Cards
  | DatePicker
  | ListPicker
  | Template

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
