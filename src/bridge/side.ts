import type { Readable } from 'node:stream'
import { type AlertKind, WebhookRejected } from './errors.ts'
import type {
  CompletedMessage,
  FailureReason,
  InboundMessage,
  MediaContent,
  MediaSource,
  OutboundMessage,
  Receipt,
} from './message.ts'

/** A webhook request as it came: header names in lower case, body bytes untouched. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

declare const verified: unique symbol

/** Bytes whose signature was found right. Only {@link verifiedBody} makes one, so an unverified body cannot be read. */
export interface VerifiedBody {
  readonly bytes: Buffer
  readonly [verified]: true
}

/**
 * Makes a {@link VerifiedBody} of a request whose signature is right.
 * @throws {WebhookRejected} `bad_signature` when `matches` says no.
 */
export function verifiedBody(request: RawRequest, matches: (request: RawRequest) => boolean): VerifiedBody {
  if (!matches(request))
    throw new WebhookRejected('bad_signature', 'The signature is missing or does not match the body.')
  return { bytes: request.body } as VerifiedBody
}

/**
 * What a verified body holds, as far as it is JSON; its outline is still to be looked at.
 * @throws {WebhookRejected} `bad_body` when it is not JSON.
 */
export function parsedBody(body: VerifiedBody): unknown {
  try {
    return JSON.parse(body.bytes.toString('utf8'))
  } catch {
    throw new WebhookRejected('bad_body', 'The body is not JSON.')
  }
}

/** What a webhook event means besides a message. */
export type Effect =
  /**
   * The customer can no longer be reached (blocked the account), or can again; the later `at` (ms) wins. `reachable`: they wrote, so
   * that a block has ended; it says nothing new of anybody else. Of a message it is about the conversation that this belongs to.
   */
  | { readonly kind: 'blocked' | 'unblocked' | 'reachable'; readonly user: string; readonly at: number }
  /** The customer took a message back: what we still hold of it must go, and it must not be carried if it comes later. */
  | { readonly kind: 'unsent'; readonly user: string; readonly message: string }
  /** The contact centre took a customer's message and could not show it. `remote`: the id that it gave to it; `detail`: why. */
  | { readonly kind: 'not_shown'; readonly remote: string; readonly detail: string }
  /** Somebody has to look at this. */
  | { readonly kind: 'alert'; readonly alert: AlertKind; readonly detail: string }
  | PassingEffect

/** An effect that nothing is kept of: it is worth something now, or never. */
export type PassingEffect =
  /** An agent or a bot is writing to the customer, since `at` (ms since the epoch) and for about `forMs`. */
  | { readonly kind: 'typing'; readonly user: string; readonly at: number; readonly forMs: number }
  /** The account is in a group where it is not meant to be. */
  | { readonly kind: 'unwelcome'; readonly group: string }
  /** The customer's next message should tell this. */
  | { readonly kind: 'attribute'; readonly user: string; readonly name: string; readonly value: string }

/** One event of a webhook body: a message to carry, or a named reason why there is none. */
export type Heard<M> =
  | { readonly kind: 'message'; readonly id: string; readonly message: M; readonly effects?: readonly Effect[] }
  /**
   * `id` is there when a repeat of the event must not take effect twice. `reason` is one of a closed list, `what` the
   * platform's own word for something that is not in it, both fit for a log line.
   */
  | {
      readonly kind: 'ignored'
      readonly id?: string
      readonly reason: string
      readonly what?: string
      readonly effects?: readonly Effect[]
    }

/**
 * A message that can certainly not be delivered. It is never queued, so that its failure is told at once, and it becomes no dead letter:
 * whatever is wrong with it would be wrong with its replay. Repeats of it are known.
 */
export interface Refused<M> {
  readonly kind: 'refused'
  readonly id: string
  readonly message: M
  readonly reason: FailureReason
  readonly effects?: readonly Effect[]
}

/** One channel's webhook on one platform. Does no I/O. */
export interface Webhook<M> {
  /** @throws {WebhookRejected} `bad_signature`. */
  verify(request: RawRequest): VerifiedBody
  /**
   * Reads all events, in the order in which they must be carried. Never throws for content it does not know.
   * @throws {WebhookRejected} `bad_body` when the body is no JSON or not an object of the expected outline.
   */
  read(body: VerifiedBody): Heard<M>[]
}

/** A file in our media store, ready to be linked to. */
export interface PublishedMedia {
  /** Our own unguessable link. */
  readonly url: string
  readonly mime: string
  readonly fileName: string
  readonly bytes: number
  /** A still of at most 1 MB and 1,024 pixels a side, JPEG or PNG, for images and videos. */
  readonly previewUrl?: string
  /** Playing time in milliseconds, where it could be found out. */
  readonly durationMs?: number
}

/**
 * How one attempt at a delivery learns of earlier ones and asks for what it needs. Made by the queue for each attempt.
 */
export interface Delivery {
  /** 1 for the first. */
  readonly attempt: number
  /** An earlier attempt ended without an answer, so the platform may already have this message. */
  readonly mayHaveArrived: boolean
  /** The customer cannot be reached since the last `blocked` effect. */
  readonly blocked: boolean
  /** Aborted when the process stops. */
  readonly signal: AbortSignal
  /** Waits until the shared request budget allows one more request. @throws {Stopping} */
  permit(): Promise<void>
  /** The exact requests of this delivery as saved before its first call, or undefined on the first attempt. */
  readonly plan: string | undefined
  savePlan(plan: string): Promise<void>
  /** How many parts of the plan the platform has confirmed. */
  readonly partsDone: number
  partDone(): Promise<void>
  /**
   * Copies a file to the media store (once: repeats find the copy) and returns our link to it. @throws {MediaUnavailable | DeliveryError}
   * @param part its place in the message: a number of its own for each file
   * @param use pictures that only decorate something are carried also where the operator wants no attachments
   */
  publish(media: MediaContent, part: number, use?: 'attachment' | 'decoration'): Promise<PublishedMedia>
}

/** What the platform answered to a delivery. */
export interface Delivered {
  readonly status: number
  /** The platform's own id of what it took, for later receipts. */
  readonly remoteId?: string
}

/** What people may see of the credential with which a side calls its platform: never the credential, nor its length. */
export interface TokenDescription {
  /** `stateless`, `client-credentials`: the platform's own word. */
  readonly kind: string
  /** Of the one that this process holds, in ms since the epoch; absent while it holds none, or when it never ends. */
  readonly expiresAt?: number
}

/** A platform of one channel: it hears messages through a webhook and can be told to deliver one. */
export interface Side<Hears, Says> {
  /** `line`, `genesys`: the word in the webhook's path and in log lines. */
  readonly name: string
  readonly webhook: Webhook<Hears>
  /** Files named by messages that this side hears. */
  readonly media: MediaOrigin
  /** @throws {DeliveryError} which says what to do next; anything else is a bug and is retried. */
  deliver(message: Says, delivery: Delivery): Promise<Delivered>
  /** Does no I/O. */
  describe(): TokenDescription
  /** Frees sockets and timers. */
  close(): Promise<void>
}

/** A file being read from where it lies. The reader must consume or destroy the stream. */
export interface OpenedMedia {
  readonly stream: Readable
  readonly mime?: string
  readonly fileName?: string
  /** From Content-Length, when told. */
  readonly bytes?: number
}

/** The place where a side's files lie. */
export interface MediaOrigin {
  /**
   * @throws {MediaUnavailable | FetchRefused} when it can never be had; {@link DeliveryError} for passing faults;
   * {@link Stopping} once `signal` is aborted.
   */
  open(source: MediaSource, signal: AbortSignal): Promise<OpenedMedia>
}

/**
 * Opens an address that came from outside: public addresses only, every redirect checked again.
 * @param options.headers for the first request only: they never follow a redirect
 * @throws {MediaUnavailable} `forbidden_address`; {@link FetchRefused}; {@link DeliveryError} (`retry`) for network
 *   faults, time-outs, 5xx, 408 and 429 (the stream fails with it too); {@link Stopping} once `signal` is aborted
 */
export type FetchOutside = (
  url: string,
  signal: AbortSignal,
  options?: { readonly headers?: Readonly<Record<string, string>> },
) => Promise<OpenedMedia>

/** A messaging platform on which customers write. */
export interface Channel extends Side<InboundMessage, OutboundMessage> {
  /**
   * Adds what can be found out about a message: who wrote it, what it quotes, what was touched. Answers quickly, within seconds even when
   * the store is away.
   * @throws {DeliveryError} (`retry`) when what was touched cannot be found out now
   */
  complete(message: InboundMessage): Promise<CompletedMessage>
  /** Told whose message is about to be read, so that {@link complete} has its answer sooner. Keeps nothing, never throws. */
  prepare(user: string): void
  /**
   * Does something about an effect of a webhook of either side. Never throws.
   * @returns of an `attribute`, what resolves when it is noted, or cannot be; never rejects. Nobody waits for anything else.
   */
  act?(effect: PassingEffect): Promise<void> | undefined
  /** Why a message can certainly not be sent, so that nobody has to wait to learn of it: see {@link Refused}. Does no I/O, never throws. */
  refuses?(message: OutboundMessage): FailureReason | undefined
  /**
   * For people who know only the key that made a request unique: tells whether a message's requests carry it.
   * Undefined for a text that has not the form of this platform's keys. Absent where requests carry none. Does no I/O.
   */
  keyOwner?(key: string): ((messageId: string) => boolean) | undefined
}

/** A contact centre, where agents and bots answer. */
export interface ContactCentre extends Side<OutboundMessage, CompletedMessage> {
  /** Tells what became of an outbound message. @throws {DeliveryError} */
  report(receipt: Receipt, delivery: Delivery): Promise<Delivered>
}
