import { DeliveryError } from '../../bridge/errors.ts'

/** A token as LINE issued it; times in ms since the epoch. */
export interface IssuedToken {
  readonly value: string
  readonly issuedAt: number
  /** From here on another one is fetched, while this one still serves. */
  readonly renewAt: number
  readonly expiresAt: number
}

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
