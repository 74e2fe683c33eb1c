import { asObject } from './loose.ts'

/** The access token of one account at a platform, shared by all its calls. */
export interface Tokens {
  /** A token that is valid now. However many ask, one request for it is under way. */
  current(): Promise<string>
  /** The platform answered 401 to this token: the next {@link current} brings another one, where there can be one. */
  refused(token: string): void
}

/** A token as a platform issued it; times in ms since the epoch. */
export interface IssuedToken {
  readonly value: string
  readonly issuedAt: number
  /** From here on another one is fetched, while this one still serves. */
  readonly renewAt: number
  /** From here on it does not serve. */
  readonly expiresAt: number
}

/**
 * Runs a call with the current token; after a 401 once more with a new one, if there is one.
 * @throws what `current` and `call` throw; a 401 is known by the error's `status`
 */
export async function authorized<T>(tokens: Tokens, call: (token: string) => Promise<T>): Promise<T> {
  const token = await tokens.current()
  try {
    return await call(token)
  } catch (error) {
    if (asObject(error).status !== 401) throw error
    tokens.refused(token)
    const next = await tokens.current()
    if (next === token) throw error
    return await call(next)
  }
}
