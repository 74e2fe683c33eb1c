import type { FaultSwitches, Json, RecordedRequest, Violation, WebhookAttempt, WebhookDelivery } from '../platforms.ts'
import type { LineWebhookEvent, PhoneMessage, PhoneOptions, PhoneTap, SentByPhone, Tapped } from './phone-message.ts'

export type * from './phone-message.ts'

/** A person who has a LINE account and is a friend of the Official Account. */
export interface LineFriend {
  /** `U` and 32 hex digits. */
  readonly userId: string
  readonly displayName: string
  /** BCP 47; absent without the person's consent. */
  readonly language?: string
  readonly pictureUrl?: string
}

/** One LINE Official Account with its Messaging API channel. */
export interface LineAccount {
  /** The account's display name. */
  readonly displayName: string
  /** By which the fake's functions know it; the bridge's channel name in our tests. */
  readonly name: string
  readonly channelId: string
  readonly channelSecret: string
  /** A long-lived channel access token. */
  readonly accessToken?: string
  /** Keys registered for channel access tokens v2.1: public JWKs with `kid`. */
  readonly assertionPublicKeys?: readonly Json[]
  /** The `destination` of every webhook. */
  readonly botUserId: string
  /** Without it webhooks are off. */
  readonly webhookUrl?: string
  readonly friends: readonly LineFriend[]
  /** Pushes a month; default unlimited. Counted per recipient who is shown the message. */
  readonly monthlyLimit?: number
  /** Default 900. */
  readonly statelessTokenSeconds?: number
}

/** A group (`C` and 32 hex digits) or a room (`R…`, which has no name) with the Official Account in it. */
export interface LineGroup {
  readonly groupId: string
  readonly name?: string
  readonly members: readonly LineFriend[]
}

/** A message as the customer sees it. */
export interface ShownMessage {
  readonly id: string
  readonly at: number
  /** The message object as it was pushed. */
  readonly message: Json & { readonly type: string }
  readonly retryKey: string | undefined
  /** `x-line-request-id` of the accepted push. */
  readonly requestId: string
  /** Place within its push, from 0. */
  readonly part: number
}

/** An accepted push. `shown` is false when the customer has blocked the account: LINE answers 200 all the same. */
export interface AcceptedPush {
  readonly at: number
  readonly account: string
  /** Or the id of a group or room. */
  readonly userId: string
  readonly retryKey: string | undefined
  readonly requestId: string
  readonly shown: boolean
  readonly messages: readonly ShownMessage[]
}

export type LineEndpoint =
  | 'push'
  | 'reply'
  | 'validate'
  | 'token'
  | 'revoke'
  | 'profile'
  | 'group'
  | 'member'
  | 'leave'
  | 'content'
  | 'preview'
  | 'transcoding'
  | 'bot'
  | 'loading'
  | 'markAsRead'
  | 'quota'
  | 'consumption'
  | 'webhook'
  | 'sticker'

/** What happens on the fake LINE, as it happens. `account` is the account's `name`. */
export type LinePlatformEvent =
  | {
      readonly type: 'phone.sent'
      readonly account: string
      readonly userId: string
      readonly event: LineWebhookEvent
      /** When it was done by tapping something. */
      readonly tapped?: Tapped
    }
  | {
      readonly type: 'webhook.attempted'
      readonly account: string
      /** Message ids, or event ids where there is no message. */
      readonly ids: readonly string[]
      readonly attempt: WebhookAttempt
    }
  | {
      readonly type: 'webhook.ended'
      readonly account: string
      readonly ids: readonly string[]
      readonly outcome: NonNullable<WebhookDelivery['outcome']>
    }
  /** Told when the answer is known; `userId` and `retryKey` only for pushes. */
  | {
      readonly type: 'request.answered'
      readonly account: string | undefined
      readonly request: RecordedRequest<LineEndpoint>
      readonly userId?: string
      readonly retryKey?: string
    }
  | { readonly type: 'push.accepted'; readonly push: AcceptedPush }
  | { readonly type: 'loading.started'; readonly account: string; readonly userId: string; readonly seconds: number }
  /** The account read this message and all before it. `chat`: a user id, or the id of a group or room. */
  | { readonly type: 'messages.read'; readonly account: string; readonly chat: string; readonly messageId: string }
  | { readonly type: 'group.left'; readonly account: string; readonly groupId: string }
  | {
      readonly type: 'friend.blocked' | 'friend.unblocked'
      readonly account: string
      readonly userId: string
    }

/** A whole LINE Platform: Messaging API on one port, content on another, webhooks to the bots. */
export interface LinePlatform extends FaultSwitches<LineEndpoint> {
  /** `http://127.0.0.1:…`; known after {@link start}. */
  readonly apiUrl: string
  readonly dataApiUrl: string
  /** Ports default to free ones. */
  start(ports?: { readonly apiPort?: number; readonly dataPort?: number }): Promise<void>
  stop(): Promise<void>
  account(name: string): LineAccount
  /** Changes an account: webhook URL, secret, token, limit … Tokens issued before stay valid. */
  configure(name: string, changes: Partial<LineAccount>): void
  /** A customer does something: one event, one signed webhook, sent again until it is answered 2xx. */
  send(account: string, userId: string, message: PhoneMessage, options?: PhoneOptions): SentByPhone
  /**
   * The customer taps something that the account's messages offer. Undefined when that tells the bot nothing, as with a link.
   * @throws {RangeError} when it is not there, no longer there, or a date that cannot be chosen
   */
  tap(account: string, userId: string, touch: PhoneTap, options?: PhoneOptions): SentByPhone | undefined
  /** Builds an event without sending it, for bodies that hold several (see {@link post}). */
  event(account: string, userId: string, message: PhoneMessage, options?: PhoneOptions): LineWebhookEvent
  /** Signed POST of these events in one body, redelivered as {@link send} does. */
  post(account: string, events: readonly Json[], options?: { readonly redeliver?: boolean }): WebhookDelivery
  /** One raw POST, signed with the account's secret unless told otherwise; `signature: false` sends none. */
  postRaw(
    account: string,
    body: string | Buffer,
    options?: {
      readonly secret?: string
      readonly signature?: string | false
      readonly headers?: Readonly<Record<string, string>>
      readonly url?: string
    },
  ): Promise<WebhookAttempt>
  /** Sends `unfollow`; from now on pushes are answered 200 and not shown. */
  block(account: string, userId: string): SentByPhone
  /** Sends `follow` with `isUnblocked`. */
  unblock(account: string, userId: string): SentByPhone
  isBlocked(account: string, userId: string): boolean
  /** Somebody adds the account to a group or room: sends `join`. */
  invite(account: string, group: LineGroup): SentByPhone
  /** The groups and rooms that the account is in, by id. */
  groups(account: string): readonly string[]
  /** What the phone shows of the account's messages, in order. @param chat the customer's user id, or the id of a group or room */
  messages(account: string, chat: string): readonly ShownMessage[]
  /** The actions of the quick replies that can be tapped now: they vanish after a tap, and with every newer message. */
  quickReplies(account: string, chat: string): readonly Json[]
  /** Does the loading animation run? It ends with the next message, or when its time is up. */
  isLoading(account: string, userId: string): boolean
  /** Messages that were marked as read, oldest mark first. */
  readonly readMarks: readonly { readonly account: string; readonly chat: string; readonly messageId: string }[]
  /** Accepted pushes of all accounts, shown or not. */
  readonly pushes: readonly AcceptedPush[]
  /** Retry keys: how often each was answered 409. */
  readonly repeated: ReadonlyMap<string, number>
  /** Sends no more and takes no more tokens of this account that were issued by the token endpoints. */
  revokeTokens(account: string): void
  /** A customer's file as the content API has it, for the phone page. */
  content(account: string, messageId: string): { readonly bytes: Buffer; readonly mime: string } | undefined
  readonly requests: readonly RecordedRequest<LineEndpoint>[]
  readonly violations: readonly Violation[]
  /** Forgets messages, requests, blocks, faults and violations; accounts and tokens stay. */
  clear(): void
  /** Returns a function that ends listening. Listeners are called at once and must not throw. */
  on(listener: (event: LinePlatformEvent) => void): () => void
}

export interface LinePlatformSettings {
  readonly accounts: readonly LineAccount[]
  /** Waits before each redelivery; the last one repeats. Empty: redelivery is off. Default 1 s, 2 s, 5 s, 10 s. */
  readonly redeliveryDelaysMs?: readonly number[]
  /** How long the receiver may take; default 2 s, as LINE documents. */
  readonly webhookTimeoutMs?: number
  /** Makes all ids repeatable; default: different in every run. */
  readonly seed?: string
  /** How many requests are remembered; default 100,000. */
  readonly keepRequests?: number
  /** Default `Date.now`. */
  readonly now?: () => number
}
