import { DeliveryError } from '../bridge/errors.ts'
import { tokenFailure, tokenIn, tokenWithoutAnswer } from './failures.ts'
import { shortestTokenSeconds } from './limits.ts'
import type { Answer } from './transport.ts'

/** The access token of one OAuth client, shared by all its calls. */
export interface Tokens {
  /** A token that is valid now. However many ask, one request is under way. @throws {DeliveryError} */
  get(): Promise<string>
  /**
   * Genesys refused this token: the next `get` fetches another. Repeats for the same token have no further effect.
   * @param olderThanMs leaves a younger token alone, where a refusal hardly is the token's fault
   * @returns whether the token was still in use and is no more
   */
  invalidate(token: string, olderThanMs?: number): boolean
}

interface Held {
  readonly token: string
  readonly issuedAt: number
  /** From here on another one is fetched, while this one still serves. */
  readonly renewAt: number
  /** From here on it does not serve. */
  readonly endsAt: number
}

/** Renewal starts at nine tenths of the lifetime and at least 30 s before its end; short lives are used by half. */
function held(token: string, seconds: number, issuedAt: number): Held {
  const lifeMs = Math.max(seconds, 0) * 1_000
  const renewAfterMs = lifeMs > 60_000 ? Math.min(lifeMs * 0.9, lifeMs - 30_000) : lifeMs * 0.5
  return { token, issuedAt, renewAt: issuedAt + renewAfterMs, endsAt: issuedAt + lifeMs * 0.98 }
}

/** How long a failure answers for further requests, so that a crowd of waiting messages does not hammer the endpoint. */
function quietMs({ next }: DeliveryError): number {
  if (next.do === 'wait') return next.afterMs
  return next.do === 'hold' ? 2_000 : 500
}

/**
 * Client-credentials tokens; the SDK never renews these by itself. Their lifetime is set per client (300 s to 2 days), so that
 * only `expires_in` counts. https://developer.genesys.cloud/authorization/platform-auth/use-client-credentials
 * @param request asks for a token
 * @param now ms since the epoch
 */
export function createTokens({
  request,
  now = Date.now,
}: {
  readonly request: () => Promise<Answer>
  readonly now?: () => number
}): Tokens {
  let current: Held | undefined
  let renewal: Promise<string> | undefined
  let failure: { readonly error: DeliveryError; readonly until: number } | undefined

  async function fetchToken(): Promise<string> {
    const askedAt = now()
    try {
      const answer = await request().catch((error: unknown) => {
        throw tokenWithoutAnswer(error)
      })
      const issued = tokenIn(answer)
      if (!issued) throw tokenFailure(answer, now())
      current = held(issued.token, issued.seconds ?? shortestTokenSeconds, askedAt)
      failure = undefined
      return issued.token
    } catch (error) {
      if (error instanceof DeliveryError) failure = { error, until: now() + quietMs(error) }
      throw error
    } finally {
      renewal = undefined
    }
  }

  const renew = (): Promise<string> => {
    renewal ??= fetchToken()
    return renewal
  }

  function recentFailure(): DeliveryError | undefined {
    const leftMs = failure ? failure.until - now() : 0
    if (!failure || leftMs <= 0) return undefined
    const { message, next, status } = failure.error
    return next.do === 'wait' ? new DeliveryError(message, { do: 'wait', afterMs: leftMs }, status) : failure.error
  }

  return {
    async get() {
      const at = now()
      if (current && at < current.endsAt) {
        // Whoever needs the next one later will hear of a failure; this caller has a good one.
        if (at >= current.renewAt && !recentFailure()) renew().catch(() => {})
        return current.token
      }
      const recent = renewal ? undefined : recentFailure()
      if (recent) throw recent
      return renew()
    },
    invalidate(token, olderThanMs = 0) {
      if (current?.token !== token || now() - current.issuedAt < olderThanMs) return false
      current = undefined
      return true
    },
  }
}
