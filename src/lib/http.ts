import { Agent } from 'undici'
import { asObject, asText } from './loose.ts'

/** Every outgoing call may take this long to connect, to answer with headers, and between two pieces of the body. */
export const callTimeoutMs = 10_000

/**
 * A pool of keep-alive connections with our time-outs, for calls to one platform.
 * @param settings.connections how many requests to one origin may be under way at once
 */
export const createHttpAgent = (settings: { readonly connections: number }): Agent =>
  new Agent({
    connections: settings.connections,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: { timeout: callTimeoutMs },
    headersTimeout: callTimeoutMs,
    bodyTimeout: callTimeoutMs,
  })

const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** A platform that asks to wait for longer than this, in ms, is asked again all the same. */
export const longestWaitMs = 3_600_000

/** A wait shorter than this would only spend the next request on the same answer. */
export const shortestWaitMs = 1_000

/**
 * How long an answer asks to wait, in ms: its `Retry-After` in seconds or as a date; 0 for a time gone by, and
 * undefined when it does not say. https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after
 * @param now ms since the epoch
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestWaitMs)
}

/**
 * The code of a network error (`UND_ERR_HEADERS_TIMEOUT`), its cause's where it has none, else its class: fit for a log
 * line. Never its words, which may hold an address or more.
 */
export function networkCode(error: unknown): string {
  for (let one = asObject(error), depth = 0; depth < 5; one = asObject(one.cause), depth += 1) {
    if (typeof one.code === 'string' && /^\w{1,64}$/.test(one.code)) return one.code
  }
  return asText(asObject(error).name) ?? 'unknown error'
}

/**
 * Did this network error strike before the request was sent, so that it cannot have arrived? Looks through causes and
 * aggregates.
 */
export function neverSent(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown }
  if (typeof code === 'string' && beforeSending.has(code)) return true
  if (Array.isArray(errors) && errors.length > 0) return errors.every((one) => neverSent(one, depth + 1))
  return neverSent(cause, depth + 1)
}
