import { HTTPFetchError } from '@line/bot-sdk'
import { beforeSending, DeliveryError, type NextStep } from '../../bridge/errors.ts'
import type { FailureReason } from '../../bridge/message.ts'
import { networkCode, neverSent, retryAfterMs, shortestWaitMs } from '../../lib/http.ts'
import { asList, asObject, asText } from '../../lib/loose.ts'

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

/**
 * Only its text tells an unknown recipient from a bad message:
 * https://developers.line.biz/en/reference/messaging-api/#send-push-message
 */
function refusal(status: number, body: ErrorBody): FailureReason {
  return status === 400 && body.message === 'Failed to send messages'
    ? {
        code: 'invalid_destination',
        message: 'LINE does not know this customer under this LINE account, so the message cannot be sent.',
      }
    : {
        code: 'invalid_message',
        message: `LINE refused this message as invalid (HTTP ${status}). Please send it in another form.`,
      }
}

/**
 * What an answer other than success means for a message:
 * https://developers.line.biz/en/reference/messaging-api/#status-codes
 * A redirect tells that `apiUrl` leads elsewhere. The monthly limit is told apart elsewhere.
 */
function nextStep(answer: FailedAnswer, body: ErrorBody, now: number): NextStep {
  const { status } = answer
  if (status === 408 || status >= 500) return { do: 'retry', mayHaveArrived: true }
  if (status === 429) {
    const asked = retryAfterMs(answer.header('retry-after'), now) ?? defaultWaitMs
    return { do: 'wait', afterMs: Math.max(asked, shortestWaitMs) }
  }
  if (status === 401 || status === 403 || status < 400) return { do: 'hold' }
  return { do: 'give-up', reason: refusal(status, body) }
}

/** @param call what was asked of LINE, for the log: `push` */
export function fromAnswer(call: string, answer: FailedAnswer, now: number): DeliveryError {
  const body = readErrorBody(answer.body)
  const requestId = answer.header('x-line-request-id')
  const id = requestId !== undefined && /^[\w-]{1,64}$/.test(requestId) ? `, request ${requestId}` : ''
  const message = `LINE answered the ${call} with ${answer.status}${id}${complainedFields(body)}.`
  return new DeliveryError(message, nextStep(answer, body, now), answer.status)
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
