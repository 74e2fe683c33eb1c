import { HTTPFetchError } from '@line/bot-sdk'
import { DeliveryError, type NextStep } from '../../bridge/errors.ts'
import type { FailureReason } from '../../bridge/message.ts'
import { neverSent } from '../../lib/http.ts'
import type { LineErrorBody } from './wire.ts'

/** What a failed call got as an answer. */
export interface FailedAnswer {
  readonly status: number
  readonly body: string
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
}

const defaultWaitMs = 5_000
const longestWaitMs = 60 * 60 * 1_000

/** Reads an error body; anything else than an object counts as an empty one. */
export function readErrorBody(body: string): LineErrorBody {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

/**
 * How long to stay quiet after a 429: seconds or an HTTP date, https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after
 * LINE documents no such header, so its absence is the rule.
 * @param now ms since the epoch
 */
export function waitMs(header: string | undefined, now: number): number {
  if (header === undefined) return defaultWaitMs
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isNaN(ms) ? defaultWaitMs : Math.min(Math.max(ms, 0), longestWaitMs)
}

/** Names of the fields that LINE complains about, such as `messages[0].text`; its sentences may quote the message and are left out. */
function complainedFields(body: LineErrorBody): string {
  const details = Array.isArray(body.details) ? body.details : []
  const fields = details
    .map((one: unknown) => (typeof one === 'object' && one !== null && 'property' in one ? one.property : undefined))
    .filter((one): one is string => typeof one === 'string' && /^[\w[\]./-]{1,80}$/.test(one))
  return fields.length > 0 ? `, fields ${fields.slice(0, 5).join(' ')}` : ''
}

/** Only its text tells an unknown recipient from a bad message: https://developers.line.biz/en/reference/messaging-api/#send-push-message */
function refusal(status: number, body: LineErrorBody): FailureReason {
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
 * What an answer other than success means for a message: https://developers.line.biz/en/reference/messaging-api/#status-codes
 * A 404 of a call that has none of its own, and a redirect, tell that `apiUrl` leads elsewhere. The monthly limit is told apart elsewhere.
 */
function nextStep(answer: FailedAnswer, body: LineErrorBody, now: number): NextStep {
  const { status } = answer
  if (status === 408 || status >= 500) return { do: 'retry', mayHaveArrived: true }
  if (status === 429) return { do: 'wait', afterMs: waitMs(answer.header('retry-after'), now) }
  if (status === 401 || status === 403 || status === 404 || status < 400) return { do: 'hold' }
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

/** The name or code of an error, never its message, which may hold an address or more. */
const nameOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown'
}

/** A call that got no answer. */
export const fromNetwork = (call: string, error: unknown): DeliveryError =>
  new DeliveryError(`LINE did not answer the ${call} (${nameOf(error)}).`, {
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

/** The failure of a call that comes before a message is sent, so that the message itself cannot have arrived. */
export const beforeSending = (failure: DeliveryError): DeliveryError =>
  failure.next.do === 'retry' && failure.next.mayHaveArrived
    ? new DeliveryError(failure.message, { do: 'retry', mayHaveArrived: false }, failure.status)
    : failure

/**
 * A token request that failed; what LINE refuses is our set-up's fault.
 * https://developers.line.biz/en/reference/messaging-api/#issue-channel-access-token-v2-1
 */
export function fromTokenCall(error: unknown, now: number): DeliveryError {
  const failure = beforeSending(fromSdk('token request', error, now))
  return failure.next.do === 'give-up' ? new DeliveryError(failure.message, { do: 'hold' }, failure.status) : failure
}
