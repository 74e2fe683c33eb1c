import { beforeSending, DeliveryError } from '../bridge/errors.ts'
import { longestWaitMs, networkCode, neverSent, retryAfterMs, shortestWaitMs } from '../lib/http.ts'
import { asList, asObject, asText } from '../lib/loose.ts'
import { defaultWaitMs } from './limits.ts'
import type { Answer } from './transport.ts'

/** What was asked of Genesys; a receipt's own faults are not the set-up's. */
export type About = 'message' | 'structured response' | 'receipt' | 'token request'

/** Genesys also says it in words: "… retry in 12 seconds", in some versions "… retry the request in [12] seconds". */
function spokenMs(body: unknown): number | undefined {
  const message = asText(asObject(body).message) ?? ''
  const seconds = /retry/i.test(message) && /\bin \[?(\d{1,6})\]? seconds?\b/i.exec(message)?.[1]
  return seconds ? Math.min(Number(seconds) * 1_000, longestWaitMs) : undefined
}

/**
 * How long a 429 asks to wait, in ms: its `Retry-After` (seconds or a date), else the seconds in its message, else 5 s.
 * https://developer.genesys.cloud/organization/organization/limits
 */
export function waitMs(answer: Answer, now: number): number {
  const asked = retryAfterMs(answer.headers['retry-after'], now) ?? spokenMs(answer.body) ?? defaultWaitMs
  return Math.max(asked, shortestWaitMs)
}

const harmless = (value: unknown): string => (/^[\w.-]{1,64}$/.test(asText(value) ?? '') ? String(value) : '')

/** Status, error code and the id that Genesys' support asks for: nothing else of an answer may be told. */
function told(about: About, answer: Answer): string {
  const { code, contextId } = asObject(answer.body)
  const context = harmless(contextId) || harmless(answer.headers['inin-correlation-id'])
  return [`Genesys answered ${answer.status}`, harmless(code), `to a ${about}`, context && `(context ${context})`]
    .filter(Boolean)
    .join(' ')
}

/** Does a 404 speak of such a thing? */
function speaksOf(what: RegExp, body: unknown): boolean {
  const { message, messageWithParams, code, entityName } = asObject(body)
  return [message, messageWithParams, code, entityName].some((part) => what.test(asText(part) ?? ''))
}

const conversations = /(?<![\w/])(conversation|communication|participant)s?\b(?!\/)/i

/** What else a 404 can miss; an echo of the path, which holds these words too, does not say so. */
const otherThings: Readonly<Record<About, RegExp>> = {
  message: conversations,
  'structured response': conversations,
  receipt: /(?<![\w/])(conversation|message|receipt)s?\b(?!\/)/i,
  'token request': /(?!)/,
}

/**
 * May it be the integration that is not there? Most 404 do not say what they miss; then it is what stands in the path. Only one
 * that names something else is a message's or receipt's own fault.
 */
const mayMissIntegration = (about: About, body: unknown): boolean =>
  speaksOf(/integration/i, body) || !speaksOf(otherThings[about], body)

function isSetupFault(answer: Answer, about: About): boolean {
  const { status } = answer
  if (status === 401 || status === 403) return true
  // A redirect is answered by something that is not Genesys: the gateway's address is wrong.
  if (status < 400) return true
  // 410 is an endpoint that was retired, as the deprecated one will be.
  if (status === 410) return about !== 'receipt' || speaksOf(/integration/i, answer.body)
  if (status !== 404) return false
  return about === 'receipt' ? speaksOf(/integration/i, answer.body) : mayMissIntegration(about, answer.body)
}

/** What is answered by whoever does not know the endpoint, the message, or what to do with the response. */
const notForStructured: ReadonlySet<number> = new Set([400, 404, 405, 410, 422, 501])

/**
 * Is a structured response not wanted, so that a text has to do? It is taken only in a conversation that is open, by organisations
 * that know the endpoint, and for messages that they still know; a 404 names none of these. Whether it is the integration that is
 * missing, the text will show.
 */
export const wantsText = ({ status }: Answer): boolean => notForStructured.has(status)

/**
 * What an answer of the Open Messaging API means for its message; undefined when it was taken (any 2xx; but see
 * {@link fromTakenReceipt}).
 * @param mayHaveArrived an earlier attempt ended without an answer, so that a conflict means that it had arrived
 */
export function fromAnswer(
  about: About,
  answer: Answer,
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
  // It does not say whether the receipt's message is not known, or the integration is not there, which can be mended.
  if (status === 404 && about === 'receipt' && mayMissIntegration(about, answer.body)) {
    return new DeliveryError(message, { do: 'retry', mayHaveArrived: false }, status)
  }
  const reason = { code: 'invalid_message', message: `Genesys refused the ${about} (${status}).` } as const
  return new DeliveryError(message, { do: 'give-up', reason }, status)
}

/**
 * A 2xx to a receipt can hold a receipt that says `Failed`: Genesys has heard ours, and could do nothing with it. Asking again
 * would not change that, so it is given up, which is logged and counted. The echo of a failed receipt of our own is no such
 * case. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundReceiptMessages
 * @param reported the status that we had reported
 */
export function fromTakenReceipt(reported: string, answer: Answer): DeliveryError | undefined {
  const { status, reasons } = asObject(answer.body)
  if (status !== 'Failed' || reported === 'Failed') return undefined
  const codes = asList(reasons).map((reason) => harmless(asObject(reason).code))
  const why = codes.filter(Boolean).slice(0, 5).join(' ')
  const message = `Genesys answered ${answer.status} to a receipt, and that it failed${why && ` (${why})`}`
  const reason = { code: 'general', message: 'Genesys could not use the receipt.' } as const
  return new DeliveryError(message, { do: 'give-up', reason }, answer.status)
}

/** A call that got no answer. */
export const fromNetwork = (about: About, error: unknown): DeliveryError =>
  new DeliveryError(`No answer from Genesys to a ${about} (${networkCode(error)})`, {
    do: 'retry',
    mayHaveArrived: !neverSent(error),
  })

/** Why no token could be had: a wrong client, or a wrong address, is our set-up's fault. */
export function fromTokenAnswer(answer: Answer, now: number): DeliveryError {
  const failure = fromAnswer('token request', answer, false, now)
  if (failure && failure.next.do !== 'give-up') return beforeSending(failure)
  return new DeliveryError(told('token request', answer), { do: 'hold' }, answer.status)
}
