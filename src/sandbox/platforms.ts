/**
 * The sandbox's two platforms as everybody else sees them: the demo's web page, the journey tests, `npm run say`.
 * Behind each stands a real HTTP server that checks what it gets as the real platform would, records it and fails on demand.
 * All times are ms since the epoch, all durations ms unless a name says otherwise.
 */
export type * from './genesys-cloud/cloud.ts'
export type * from './line-platform/platform.ts'

/** Any JSON object, for platform shapes that are shown or compared as they are. */
export type Json = { readonly [key: string]: unknown }

/**
 * How the next requests of an endpoint go wrong. Without `answer` they are only late.
 *
 * - a 503 twice: `{ answer: 503, times: 2 }`
 * - the connection breaks after the request was taken: `{ answer: 'drop', accept: true, times: 1 }`
 * - nothing ever comes back: `{ answer: 'silence' }`
 */
export interface Fault {
  /** A status with the platform's usual error body; `drop` breaks the connection; `silence` never answers. */
  readonly answer?: number | 'drop' | 'silence'
  /** The request takes effect all the same (if it is a good one). Default false. */
  readonly accept?: boolean
  /** Instead of the platform's usual words for this status. */
  readonly message?: string
  /** Sent as `Retry-After`, in seconds. */
  readonly retryAfterSeconds?: number
  /** Sent as `Retry-After`, as a date (ms since the epoch). */
  readonly retryAt?: number
  /** Waits before anything else happens. */
  readonly delayMs?: number
  /** Ends after so many requests; default: lasts until mended. */
  readonly times?: number
  /** Only for such requests. */
  readonly when?: (request: RecordedRequest) => boolean
}

/** Switches faults on and off. The oldest fault that fits a request applies; `'*'` stands for every endpoint. */
export interface FaultSwitches<Endpoint extends string> {
  /** Returns a function that mends this one fault. */
  break(endpoint: Endpoint | '*', fault: Fault): () => void
  /** Mends all faults of an endpoint, or everything. */
  mend(endpoint?: Endpoint | '*'): void
}

/** One request that a fake platform got. */
export interface RecordedRequest<Endpoint extends string = string> {
  readonly at: number
  /** Undefined: no such endpoint. */
  readonly endpoint: Endpoint | undefined
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Lower-case names; `authorization` is kept. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The bytes as text, so that two attempts can be compared exactly. */
  readonly body: string
  /** What was answered; 0 when the connection was dropped, undefined while there is no answer. */
  readonly status: number | undefined
  /** Did the request take effect? */
  readonly accepted: boolean
  /** Shared by all requests that came on it, so that it tells which of them the death of a client cut off. */
  readonly connection: { readonly closedAt: number | undefined }
}

/** One POST of a webhook. */
export interface WebhookAttempt {
  readonly attempt: number
  readonly at: number
  readonly durationMs: number
  /** Undefined when there was no answer in time. */
  readonly status?: number
  /** The answer's body. */
  readonly body?: string
  /** Why there was no answer. */
  readonly error?: string
}

/**
 * A webhook on its way. `accepted`: the receiver answered 2xx; `refused`: it answered and the platform does not try again;
 * `given_up`: every attempt failed; `stopped`: the fake platform was stopped first.
 */
export interface WebhookDelivery {
  /** The body of the latest attempt. */
  readonly body: string
  readonly attempts: readonly WebhookAttempt[]
  readonly outcome: 'accepted' | 'refused' | 'given_up' | 'stopped' | undefined
  /** Never rejects. */
  readonly firstAttempt: Promise<WebhookAttempt>
  /** Never rejects. */
  readonly ended: Promise<NonNullable<WebhookDelivery['outcome']>>
}

/** Something that a well-behaved client never does, although the platform answered. Tests assert that there is none. */
export interface Violation {
  readonly at: number
  readonly rule: string
  readonly detail: string
}
