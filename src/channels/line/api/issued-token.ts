import { DeliveryError } from '../../../bridge/errors.ts'
import type { IssuedToken } from '../../../lib/tokens.ts'

/** Checks LINE's answer to a token request. @throws {DeliveryError} `retry` when it holds no token. */
export function readToken(
  answer: { readonly access_token?: unknown; readonly expires_in?: unknown } | null,
  times: { readonly issuedAt: number; readonly renewBefore: (lifetimeMs: number) => number },
): IssuedToken {
  const value = answer?.access_token
  const lifetimeMs = Number(answer?.expires_in) * 1_000
  if (typeof value !== 'string' || value === '' || !(lifetimeMs > 0))
    throw new DeliveryError('LINE answered the token request without a token.', { do: 'retry', mayHaveArrived: false })
  const expiresAt = times.issuedAt + lifetimeMs
  return { value, issuedAt: times.issuedAt, renewAt: expiresAt - times.renewBefore(lifetimeMs), expiresAt }
}
