import type { FailureReason } from './message.ts'

/** Why a webhook was refused; the HTTP layer turns the code into a status. */
export type WebhookRejection = 'bad_signature' | 'bad_body'

/** Thrown by a {@link Webhook} for a request that must not be taken. The sender sees its message, which echoes nothing. */
export class WebhookRejected extends Error {
  override readonly name = 'WebhookRejected'
  readonly code: WebhookRejection
  constructor(code: WebhookRejection, message: string) {
    super(message)
    this.code = code
  }
}

/** What operators are told about; see the alerts table in the README. */
export type AlertKind =
  /** A platform refuses our credentials or does not know our integration. */
  | 'setup'
  /** The monthly message limit of the account is used up. */
  | 'monthly_limit'
  /** A webhook arrived for another integration than the channel's. */
  | 'misrouted'
  /** The contact centre took a customer's message and then reported that it could not show it. */
  | 'not_shown'
  /** A message was given up and waits for a person. */
  | 'dead_letter'
  /** So much waits, or the store is so full, that webhooks are refused. */
  | 'overload'
  /** The store may drop messages when its memory runs short. */
  | 'evicting_store'

/** What the queue does next with a message that could not be delivered now. */
export type NextStep =
  /** The network's or platform's fault: try again later. `mayHaveArrived`: the platform may have taken it all the same. */
  | { readonly do: 'retry'; readonly mayHaveArrived: boolean }
  /**
   * Nobody's fault: everything that shares the budget waits; no attempt is spent. `only`: the limit is the conversation's own,
   * and all others go on.
   */
  | { readonly do: 'wait'; readonly afterMs: number; readonly only?: 'conversation' }
  /** Our set-up's fault: stays at the head of its lane until the set-up is mended. */
  | { readonly do: 'hold' }
  /** The message's own fault: dead letter; the other side learns the reason. */
  | { readonly do: 'give-up'; readonly reason: FailureReason; readonly alert?: AlertKind }

/** The one error of a delivery. Its message goes to the log: ids and status, never texts, names, tokens or answers. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  readonly next: NextStep
  /** The HTTP status that led to it, when there was an answer. */
  readonly status: number | undefined
  constructor(message: string, next: NextStep, status?: number) {
    super(message)
    this.next = next
    this.status = status
  }
}

/** The failure of a call that comes before a message is sent, so that the message itself cannot have arrived. */
export const beforeSending = (failure: DeliveryError): DeliveryError =>
  failure.next.do === 'retry' && failure.next.mayHaveArrived
    ? new DeliveryError(failure.message, { do: 'retry', mayHaveArrived: false }, failure.status)
    : failure

/** Why a file could not be copied to the media store; a side renders it as a text that says so. */
export type MediaProblem =
  /** Deleted, expired or refused where it lay. */
  | 'gone'
  /** The platform was still preparing it when our time for it was over. */
  | 'not_ready'
  /** Larger than what may be carried; `bytes` when known. */
  | 'too_large'
  /** The address is not one we may fetch. */
  | 'forbidden_address'
  /** The operator does not want such files to be carried. */
  | 'refused'

/** Thrown where a file can never be had; passing faults are {@link DeliveryError}s instead. */
export class MediaUnavailable extends Error {
  override readonly name = 'MediaUnavailable'
  readonly problem: MediaProblem
  constructor(problem: MediaProblem, message: string) {
    super(message)
    this.problem = problem
  }
}

/**
 * The server answered, and will not give the file: 401, 403, 404, 410 and the other 4xx that do not pass by themselves.
 */
export class FetchRefused extends Error {
  override readonly name = 'FetchRefused'
  readonly status: number
  constructor(status: number) {
    super(`the file's server answered ${status}`)
    this.status = status
  }
}

/** Thrown by waits that end because the process stops; the message goes back to its lane untouched. */
export class Stopping extends Error {
  override readonly name = 'Stopping'
}
