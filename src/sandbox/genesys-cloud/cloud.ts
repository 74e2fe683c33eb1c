import type { FaultSwitches, Json, RecordedRequest, WebhookAttempt, WebhookDelivery } from '../platforms.ts'

/** An OAuth client with the client-credentials grant. */
export interface GenesysClient {
  readonly clientId: string
  readonly clientSecret: string
  /** Has `conversation:message:receive`; default true. Without it: 403. */
  readonly permitted?: boolean
}

/** One Open Messaging integration. */
export interface GenesysIntegration {
  readonly id: string
  readonly name: string
  /** Without it nothing is sent. */
  readonly webhookUrl?: string
  readonly webhookSecret: string
  /** Added to every webhook. */
  readonly webhookHeaders?: Readonly<Record<string, string>>
  /** The only OAuth client that may see it; default: every one. */
  readonly clientId?: string
  /** The queue shown on the desk. */
  readonly queue?: string
}

/** An attachment of a customer's message, and what came of fetching it. */
export interface InboundAttachment {
  readonly mediaType: string
  readonly url: string
  readonly mime: string
  readonly fileName: string | undefined
  readonly text: string | undefined
  /** Undefined while it is being fetched. */
  readonly fetched:
    | { readonly ok: true; readonly bytes: Buffer; readonly contentType: string | undefined; readonly sha256: string }
    | { readonly ok: false; readonly why: string }
    | undefined
}

/** A customer's message as Genesys took it. */
export interface InboundItem {
  readonly direction: 'inbound'
  /** Genesys' own id. */
  readonly id: string
  /** `channel.messageId` as sent. */
  readonly messageId: string | undefined
  /** `channel.time`. */
  readonly time: number
  /** When it was taken. */
  readonly at: number
  readonly conversationId: string
  readonly integrationId: string
  readonly userId: string
  readonly via: 'message' | 'structured' | 'legacy'
  readonly text: string | undefined
  readonly attachment: InboundAttachment | undefined
  readonly buttonResponse: Json | undefined
  readonly originatingMessageId: string | undefined
  /** The request's body. */
  readonly body: Json
}

/** A receipt that the bridge sent about an agent's message. */
export interface ReceivedReceipt {
  readonly at: number
  readonly status: string
  readonly isFinal: boolean
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
  readonly body: Json
}

/** An agent's or a bot's message. */
export interface OutboundItem {
  readonly direction: 'outbound'
  readonly id: string
  readonly at: number
  readonly conversationId: string
  readonly integrationId: string
  readonly userId: string
  readonly author: 'Human' | 'Bot'
  readonly text: string | undefined
  readonly content: readonly Json[]
  /** The webhook's body. */
  readonly body: Json
  readonly webhook: WebhookDelivery
  readonly receipts: readonly ReceivedReceipt[]
}

/** One conversation as the agent's desk shows it. */
export interface GenesysConversation {
  readonly id: string
  readonly integrationId: string
  readonly queue: string | undefined
  readonly customer: { readonly id: string; readonly nickname: string | undefined }
  /** Participant data: the custom attributes of all messages so far, later ones winning. */
  readonly attributes: Readonly<Record<string, string>>
  readonly startedAt: number
  readonly disconnectedAt: number | undefined
  readonly items: readonly (InboundItem | OutboundItem)[]
}

export type GenesysEndpoint = 'token' | 'message' | 'event' | 'receipt' | 'structured' | 'legacy' | 'download'

/** What happens on the fake Genesys Cloud, as it happens. */
export type GenesysCloudEvent =
  | { readonly type: 'message.received'; readonly item: InboundItem }
  /** The same `channel.messageId` was taken a second time. */
  | { readonly type: 'message.doubled'; readonly item: InboundItem }
  | { readonly type: 'attachment.fetched'; readonly item: InboundItem }
  | { readonly type: 'message.sent'; readonly item: OutboundItem }
  | { readonly type: 'typing.sent'; readonly integrationId: string; readonly userId: string }
  | {
      readonly type: 'webhook.attempted'
      readonly integrationId: string
      /** The body's `id`. */
      readonly id: string | undefined
      readonly attempt: WebhookAttempt
    }
  | {
      readonly type: 'webhook.ended'
      readonly integrationId: string
      readonly id: string | undefined
      readonly outcome: NonNullable<WebhookDelivery['outcome']>
    }
  /** `item` is missing when the receipt names no message that was sent. */
  | { readonly type: 'receipt.received'; readonly receipt: ReceivedReceipt; readonly item: OutboundItem | undefined }
  | { readonly type: 'conversation.ended'; readonly conversationId: string }
  /** Told when the answer is known; `messageId` is the body's `channel.messageId`, or the receipt's `id`. */
  | {
      readonly type: 'request.answered'
      readonly clientId: string | undefined
      readonly integrationId: string | undefined
      readonly request: RecordedRequest<GenesysEndpoint>
      readonly messageId?: string
    }

export interface AgentOptions {
  /** Default `Human`. */
  readonly author?: 'Human' | 'Bot'
  /** Merged over the finished body; a value of undefined removes a key. */
  readonly body?: Readonly<Record<string, unknown>>
  /** False: a failed webhook is not tried again. Default true. */
  readonly retry?: boolean
}

/** A whole Genesys Cloud: token and platform API on one port (a *gateway*), webhooks to the bridges. */
export interface GenesysCloud extends FaultSwitches<GenesysEndpoint> {
  /** What goes into `gatewayUrl`; known after {@link start}. */
  readonly url: string
  start(options?: { readonly port?: number }): Promise<void>
  stop(): Promise<void>
  integration(id: string): GenesysIntegration
  configureIntegration(id: string, changes: Partial<GenesysIntegration>): void
  configureClient(id: string, changes: Partial<GenesysClient>): void
  /** Changes what {@link GenesysCloudSettings} said about the whole cloud. */
  configure(changes: Partial<GenesysCloudBehaviour>): void
  /** Tokens issued so far are refused from now on. */
  revokeTokens(): void
  sendText(integrationId: string, userId: string, text: string, options?: AgentOptions): OutboundItem
  /** The file is served at `{url}/api/v2/downloads/{id}`, to holders of a token only. */
  sendAttachment(
    integrationId: string,
    userId: string,
    file: {
      readonly bytes: Buffer
      readonly mime: string
      readonly fileName?: string
      readonly mediaType?: 'Image' | 'Video' | 'Audio' | 'File' | 'Link'
      readonly text?: string
      /** Instead of our own download address. */
      readonly url?: string
    },
    options?: AgentOptions,
  ): OutboundItem
  /** Keeps a file as {@link sendAttachment} does, for messages that only name its address, such as a card with its picture. */
  addFile(file: { readonly bytes: Buffer; readonly mime: string; readonly fileName: string }): string
  /** `content` as in the webhook: `[{ contentType: 'QuickReply', quickReply: { … } }]`. */
  sendStructured(
    integrationId: string,
    userId: string,
    message: { readonly text?: string; readonly content: readonly Json[] },
    options?: AgentOptions,
  ): OutboundItem
  /** The agent is typing. */
  sendTyping(integrationId: string, userId: string, options?: AgentOptions): WebhookDelivery
  /** A receipt about a customer's message: Genesys took it and now says whether an agent could see it. */
  sendReceipt(
    inboundId: string,
    receipt: {
      readonly status: 'Published' | 'Failed'
      readonly reasons?: readonly { readonly code: string; readonly message: string }[]
    },
  ): WebhookDelivery
  /** Signed webhook with this body, repeated on the schedule. */
  post(integrationId: string, body: Json, options?: { readonly retry?: boolean }): WebhookDelivery
  /** One raw POST, signed with the integration's secret unless told otherwise; `signature: false` sends none. */
  postRaw(
    integrationId: string,
    body: string | Buffer,
    options?: {
      readonly secret?: string
      readonly signature?: string | false
      readonly headers?: Readonly<Record<string, string>>
      readonly url?: string
    },
  ): Promise<WebhookAttempt>
  /** The conversation that a customer's next message would join, live or still within the threading window. */
  conversation(integrationId: string, userId: string): GenesysConversation | undefined
  /** All, oldest first. */
  readonly conversations: readonly GenesysConversation[]
  /** The agent ends it; the threading window begins. */
  disconnect(conversationId: string): void
  /** Customers' messages taken, in the order of taking. */
  readonly inbound: readonly InboundItem[]
  readonly outbound: readonly OutboundItem[]
  /** Receipts about messages that were never sent. */
  readonly strayReceipts: readonly ReceivedReceipt[]
  /** Customers' messages whose `channel.messageId` had been taken before; they are in {@link inbound} too. */
  readonly duplicates: readonly InboundItem[]
  readonly requests: readonly RecordedRequest<GenesysEndpoint>[]
  /** Forgets conversations, messages, requests and faults; clients, integrations and tokens stay. */
  clear(): void
  /** Returns a function that ends listening. Listeners are called at once and must not throw. */
  on(listener: (event: GenesysCloudEvent) => void): () => void
}

/** What can be changed while it runs. */
export interface GenesysCloudBehaviour {
  /** Life of a token; default 86,400 (Genesys allows 300 to 172,800; tests may say less). */
  readonly tokenSeconds: number
  /** Requests of one OAuth client in any 60 s, else 429 with `Retry-After`; default: no limit. */
  readonly requestsPerMinute: number | undefined
  /** How long after its end a conversation is joined again; default 4,320 (72 h). */
  readonly threadingMinutes: number
  /** Which receipts about customers' messages are sent; default `published`. `failed` says of each that it was not shown. */
  readonly inboundReceipts: 'published' | 'failed' | 'none'
  /** A receipt is answered 2xx, but with `status: Failed` and these reasons in the body. */
  readonly refuseReceipts: readonly { readonly code: string; readonly message: string }[] | undefined
  /** Fetches attachments that customers sent; default true. */
  readonly fetchAttachments: boolean
}

export interface GenesysCloudSettings extends Partial<GenesysCloudBehaviour> {
  readonly clients: readonly GenesysClient[]
  readonly integrations: readonly GenesysIntegration[]
  /** Waits before each further attempt of a webhook; default five times 5 s, as Genesys documents. */
  readonly retryDelaysMs?: readonly number[]
  /** How long the receiver may take; default 10 s. */
  readonly webhookTimeoutMs?: number
  /** Makes all ids repeatable; default: different in every run. */
  readonly seed?: string
  /** How many requests are remembered; default 100,000. */
  readonly keepRequests?: number
  /** Default `Date.now`. */
  readonly now?: () => number
}
