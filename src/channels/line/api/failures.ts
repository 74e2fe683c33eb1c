import { HTTPFetchError } from '@line/bot-sdk'
import { beforeSending, DeliveryError, type NextStep } from '../../../bridge/errors.ts'
import type { FailureReason } from '../../../bridge/message.ts'
import { networkCode, neverSent, retryAfterMs, shortestWaitMs } from '../../../lib/http.ts'
import { asList, asObject, asText } from '../../../lib/loose.ts'
import type { TooMany } from './too-many.ts'

/** What a failed call got as an answer. */
export interface FailedAnswer {
  readonly status: number
  readonly body: string
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
}

/** How long to wait on a 429 that does not say. LINE documents no `Retry-After`, so its absence is the rule. */
const defaultWaitMs = 5_000

type ErrorBody = Readonly<Record<string, unknown>>

/**
 * Reads an error body; anything else than an object counts as an empty one.
 * https://developers.line.biz/en/reference/messaging-api/#error-responses
 */
export function readErrorBody(body: string): ErrorBody {
  try {
    return asObject(JSON.parse(body))
  } catch {
    return {}
  }
}

/**
 * Names of the fields that LINE complains about, such as `messages[0].text`; its sentences may quote the message and
 * are left out.
 */
function complainedFields(body: ErrorBody): string {
  const fields = asList(body.details)
    .map((detail) => asText(asObject(detail).property) ?? '')
    .filter((field) => /^[\w[\]./-]{1,80}$/.test(field))
  return fields.length > 0 ? `, fields ${fields.slice(0, 5).join(' ')}` : ''
}

/** What an agent is told of a message that is not acceptable in itself; the statuses are LINE's. */
const refusals: Readonly<Record<number, string>> = {
  413: 'The message is too large for LINE. Please send it in smaller pieces.',
  415: 'LINE does not take a message of this kind. Please send it in another form, such as plain text.',
}

/**
 * Only its text tells an unknown recipient from a bad message:
 * https://developers.line.biz/en/reference/messaging-api/#send-push-message
 */
function refusal(status: number, body: ErrorBody): FailureReason {
  return status === 400 && body.message === 'Failed to send messages'
    ? {
        code: 'invalid_destination',
        message:
          'LINE does not know this customer under this LINE account, so nothing can be sent to them here. ' +
          'Please reach them another way.',
      }
    : {
        code: 'invalid_message',
        message:
          refusals[status] ?? 'LINE did not accept this message. Please send it in another form, such as plain text.',
      }
}

/** How long a 429 asks to wait: its `Retry-After` (seconds or a date), else 5 s. */
const waitMs = (answer: FailedAnswer, now: number): number =>
  Math.max(retryAfterMs(answer.header('retry-after'), now) ?? defaultWaitMs, shortestWaitMs)

/**
 * What an answer other than success means for a message:
 * https://developers.line.biz/en/reference/messaging-api/#status-codes
 * A redirect tells that `apiUrl` leads elsewhere. A push that got a 429 is for {@link fromTooMany}.
 */
function nextStep(answer: FailedAnswer, body: ErrorBody, now: number): NextStep {
  const { status } = answer
  if (status === 408 || status >= 500) return { do: 'retry', mayHaveArrived: true }
  if (status === 429) return { do: 'wait', afterMs: waitMs(answer, now) }
  if (status === 401 || status === 403 || status < 400) return { do: 'hold' }
  return { do: 'give-up', reason: refusal(status, body) }
}

/** Status and the id that LINE's support asks for. */
function told(call: string, answer: FailedAnswer): string {
  const requestId = answer.header('x-line-request-id')
  const id = requestId !== undefined && /^[\w-]{1,64}$/.test(requestId) ? `, request ${requestId}` : ''
  return `LINE answered the ${call} with ${answer.status}${id}`
}

/** @param call what was asked of LINE, for the log: `push` */
export function fromAnswer(call: string, answer: FailedAnswer, now: number): DeliveryError {
  const body = readErrorBody(answer.body)
  const message = `${told(call, answer)}${complainedFields(body)}.`
  return new DeliveryError(message, nextStep(answer, body, now), answer.status)
}

/**
 * A push that got a 429. A broadcast that is running reserves what it may need of the month's messages, so that LINE can
 * speak of the monthly limit before it is reached; the agent is told at once all the same, and can judge.
 * https://developers.line.biz/en/faq/#why-do-i-get-429-error-during-message-delivery
 */
export function fromTooMany(answer: FailedAnswer, who: TooMany, now: number): DeliveryError {
  const { status } = answer
  if (who === 'month')
    return new DeliveryError(
      'LINE refused the push: the monthly message limit is used up.',
      {
        do: 'give-up',
        alert: 'monthly_limit',
        reason: {
          code: 'rate_limited',
          message:
            'The LINE account has used up its messages for this month, so this one was not sent. Reach the customer another way, ' +
            'or have the limit raised in LINE Official Account Manager. ' +
            'If the account is sending a broadcast right now, send the message again when that is over.',
        },
      },
      status,
    )
  if (who === 'account') return fromAnswer('push', answer, now)
  const message = `${told('push', answer)}: too many messages to one customer, as it seems.`
  return new DeliveryError(message, { do: 'wait', afterMs: waitMs(answer, now), only: 'conversation' }, status)
}

/** A call that got no answer. */
export const fromNetwork = (call: string, error: unknown): DeliveryError =>
  new DeliveryError(`LINE did not answer the ${call} (${networkCode(error)}).`, {
    do: 'retry',
    mayHaveArrived: !neverSent(error),
  })

/** What the SDK threw, as an answer; undefined when there was none. */
export const answerOf = (error: unknown): FailedAnswer | undefined =>
  error instanceof HTTPFetchError
    ? { status: error.status, body: error.body, header: (name) => error.headers.get(name) ?? undefined }
    : undefined

/** Turns whatever a call through the SDK threw into the one error of a delivery. */
export function fromSdk(call: string, error: unknown, now: number): DeliveryError {
  if (error instanceof DeliveryError) return error
  const answer = answerOf(error)
  return answer ? fromAnswer(call, answer, now) : fromNetwork(call, error)
}

/**
 * A token request that failed; what LINE refuses is our set-up's fault.
 * https://developers.line.biz/en/reference/messaging-api/#issue-channel-access-token-v2-1
 */
export function fromTokenCall(error: unknown, now: number): DeliveryError {
  const failure = beforeSending(fromSdk('token request', error, now))
  return failure.next.do === 'give-up' ? new DeliveryError(failure.message, { do: 'hold' }, failure.status) : failure
}
