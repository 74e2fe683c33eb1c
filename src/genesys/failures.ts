import { DeliveryError } from '../bridge/errors.ts'
import { neverSent } from '../lib/http.ts'
import { defaultWaitMs } from './limits.ts'
import { asNumber, asObject, asText } from './loose.ts'
import type { Answer } from './transport.ts'

/** What a call was about; a receipt's own faults are not the set-up's. */
export type About = 'message' | 'receipt'

/** A wait shorter than this would only spend the next request on the same answer. */
const shortestWaitMs = 1_000
const longestWaitMs = 3_600_000

function retryAfterMs(header: unknown, now: number): number | undefined {
  const text = asText(header)?.trim()
  if (text === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at - now
}

/** Genesys also says it in words: "… retry in 12 seconds", in some versions "… retry the request in [12] seconds". */
function spokenMs(body: unknown): number | undefined {
  const message = asText(asObject(body).message) ?? ''
  const seconds = /retry/i.test(message) && /\bin \[?(\d{1,6})\]? seconds?\b/i.exec(message)?.[1]
  return seconds ? Number(seconds) * 1_000 : undefined
}

/**
 * How long a 429 asks to wait, in ms: its `Retry-After` (seconds or a date), else the seconds in its message, else 5 s.
 * https://developer.genesys.cloud/organization/organization/limits
 */
export function waitMs(answer: Answer, now: number): number {
  const asked = retryAfterMs(answer.headers['retry-after'], now) ?? spokenMs(answer.body) ?? defaultWaitMs
  return Math.min(Math.max(asked, shortestWaitMs), longestWaitMs)
}

const harmless = (value: unknown): string => (/^[\w.-]{1,64}$/.test(asText(value) ?? '') ? String(value) : '')

/** Status, error code and the id that Genesys' support asks for: nothing else of an answer may be told. */
function told(what: string, answer: Answer): string {
  const { code, contextId } = asObject(answer.body)
  const context = harmless(contextId) || harmless(answer.headers['inin-correlation-id'])
  return [`Genesys answered ${answer.status}`, harmless(code), `to a ${what}`, context && `(context ${context})`]
    .filter(Boolean)
    .join(' ')
}

/** Does a 404 speak of the integration? On the receipt endpoint it may as well be the message that is unknown. */
function speaksOfIntegration(body: unknown): boolean {
  const { message, messageWithParams, code, entityName } = asObject(body)
  return [message, messageWithParams, code, entityName].some((part) => /integration/i.test(asText(part) ?? ''))
}

function isSetupFault(answer: Answer, about: About): boolean {
  const { status } = answer
  if (status === 401 || status === 403) return true
  // A redirect is answered by something that is not Genesys: the gateway's address is wrong.
  if (status < 400) return true
  // 410 is an endpoint that was retired, as the deprecated one will be.
  if (status === 404 || status === 410) return about === 'message' || speaksOfIntegration(answer.body)
  return false
}

/**
 * What an answer of the Open Messaging API means for its message; undefined when it was taken (any 2xx).
 * A receipt call that answers 2xx and a body with `status: Failed` was taken as well: asking again would not change it.
 * @param mayHaveArrived an earlier attempt ended without an answer, so that a conflict means that it had arrived
 */
export function failureOf(
  answer: Answer,
  about: About,
  mayHaveArrived: boolean,
  now: number,
): DeliveryError | undefined {
  const { status } = answer
  if (status >= 200 && status < 300) return undefined
  if (status === 409 && mayHaveArrived) return undefined
  const message = told(about, answer)
  if (status === 429) return new DeliveryError(message, { do: 'wait', afterMs: waitMs(answer, now) }, status)
  // A 5xx may come from a proxy behind which the message was taken.
  if (status === 408 || status >= 500) return new DeliveryError(message, { do: 'retry', mayHaveArrived: true }, status)
  if (isSetupFault(answer, about)) return new DeliveryError(message, { do: 'hold' }, status)
  const reason = { code: 'invalid_message', message: `Genesys refused the ${about} (${status}).` } as const
  return new DeliveryError(message, { do: 'give-up', reason }, status)
}

/** The network's fault: whether the request can have arrived is told by where it broke. */
export function withoutAnswer(error: unknown, about: About): DeliveryError {
  return new DeliveryError(`No answer from Genesys to a ${about} (${networkCode(error)})`, {
    do: 'retry',
    mayHaveArrived: !neverSent(error),
  })
}

/** The code of a network error (`ECONNREFUSED`, `UND_ERR_HEADERS_TIMEOUT`), fit for a log line. */
function networkCode(error: unknown): string {
  for (let one = asObject(error), depth = 0; depth < 5; one = asObject(one.cause), depth += 1) {
    if (harmless(one.code)) return String(one.code)
  }
  return 'network error'
}

/** Why no token could be had. Nothing was sent of the message itself. */
export function tokenFailure(answer: Answer, now: number): DeliveryError {
  const { status } = answer
  const message = told('token request', answer)
  if (status === 429) return new DeliveryError(message, { do: 'wait', afterMs: waitMs(answer, now) }, status)
  if (status === 408 || status >= 500) return new DeliveryError(message, { do: 'retry', mayHaveArrived: false }, status)
  // 400 and 401 mean a wrong client, a 2xx without a token or any other answer a wrong address.
  return new DeliveryError(message, { do: 'hold' }, status)
}

/** The token request met no answer. */
export function tokenWithoutAnswer(error: unknown): DeliveryError {
  const message = `No answer from Genesys to a token request (${networkCode(error)})`
  return new DeliveryError(message, { do: 'retry', mayHaveArrived: false })
}

/** `expires_in` in seconds and the token, or undefined when the answer holds none. */
export function tokenIn(answer: Answer): { readonly token: string; readonly seconds: number | undefined } | undefined {
  const { access_token, expires_in } = asObject(answer.body)
  const token = asText(access_token)
  if (answer.status < 200 || answer.status >= 300 || !token) return undefined
  return { token, seconds: asNumber(expires_in) ?? asNumber(Number(expires_in ?? Number.NaN)) }
}
