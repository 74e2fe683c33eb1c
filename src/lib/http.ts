import { Agent } from 'undici'

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

/** Did this network error strike before the request was sent, so that it cannot have arrived? Looks through causes and aggregates. */
export function neverSent(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown }
  if (typeof code === 'string' && beforeSending.has(code)) return true
  if (Array.isArray(errors) && errors.length > 0) return errors.every((one) => neverSent(one, depth + 1))
  return neverSent(cause, depth + 1)
}
