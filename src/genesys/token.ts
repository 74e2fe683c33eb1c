import { beforeSending, DeliveryError } from '../bridge/errors.ts'
import type { TokenDescription } from '../bridge/side.ts'
import { asNumber, asObject, asText } from '../lib/loose.ts'
import type { IssuedToken, Tokens } from '../lib/tokens.ts'
import { fromNetwork, fromTokenAnswer } from './failures.ts'
import { shortestTokenSeconds } from './limits.ts'
import type { Answer } from './transport.ts'

/** The access token of one OAuth client. `current` throws {@link DeliveryError}. */
export interface GenesysTokens extends Tokens {
  /**
   * Repeats for the same token have no further effect.
   * @param olderThanMs leaves a younger token alone, where a refusal hardly is the token's fault
   */
  refused(token: string, olderThanMs?: number): void
  describe(): TokenDescription
}

/**
 * The token in an answer, or undefined when it holds none. Renewal starts at nine tenths of the lifetime and at least
 * 30 s before its end; short lives are used by half.
 */
function readToken(answer: Answer, issuedAt: number): IssuedToken | undefined {
  const { access_token, expires_in } = asObject(answer.body)
  const value = asText(access_token)
  if (answer.status < 200 || answer.status >= 300 || !value) return undefined
  const seconds = asNumber(Number(expires_in ?? Number.NaN)) ?? shortestTokenSeconds
  const lifeMs = Math.max(seconds, 0) * 1_000
  const renewAfterMs = lifeMs > 60_000 ? Math.min(lifeMs * 0.9, lifeMs - 30_000) : lifeMs * 0.5
  return { value, issuedAt, renewAt: issuedAt + renewAfterMs, expiresAt: issuedAt + lifeMs * 0.98 }
}

/**
 * How long a failure answers for further requests, so that a crowd of waiting messages does not hammer the endpoint.
 */
function quietMs({ next }: DeliveryError): number {
  if (next.do === 'wait') return next.afterMs
  return next.do === 'hold' ? 2_000 : 500
}

/**
 * Client-credentials tokens; the SDK never renews these by itself. Their lifetime is set per client (300 s to 2 days),
 * so that only `expires_in` counts. https://developer.genesys.cloud/authorization/platform-auth/use-client-credentials
 * @param parts.request asks for a token
 * @param parts.now the clock, in ms since the epoch
 */
export function createGenesysTokens(parts: {
  readonly request: () => Promise<Answer>
  readonly now?: () => number
}): GenesysTokens {
  const { request, now = Date.now } = parts
  let held: IssuedToken | undefined
  let pending: Promise<string> | undefined
  let failure: { readonly error: DeliveryError; readonly until: number } | undefined

  async function fetchToken(): Promise<string> {
    const askedAt = now()
    try {
      const answer = await request().catch((error: unknown) => {
        throw beforeSending(fromNetwork('token request', error))
      })
      const issued = readToken(answer, askedAt)
      if (!issued) throw fromTokenAnswer(answer, now())
      held = issued
      failure = undefined
      return issued.value
    } catch (error) {
      if (error instanceof DeliveryError) failure = { error, until: now() + quietMs(error) }
      throw error
    } finally {
      pending = undefined
    }
  }

  const renew = (): Promise<string> => {
    pending ??= fetchToken()
    return pending
  }

  function recentFailure(): DeliveryError | undefined {
    const leftMs = failure ? failure.until - now() : 0
    if (!failure || leftMs <= 0) return undefined
    const { message, next, status } = failure.error
    return next.do === 'wait' ? new DeliveryError(message, { do: 'wait', afterMs: leftMs }, status) : failure.error
  }

  return {
    async current() {
      const at = now()
      if (held && at < held.expiresAt) {
        // Whoever needs the next one later will hear of a failure; this caller has a good one.
        if (at >= held.renewAt && !recentFailure()) renew().catch(() => {})
        return held.value
      }
      const recent = pending ? undefined : recentFailure()
      if (recent) throw recent
      return renew()
    },
    refused(token, olderThanMs = 0) {
      if (held?.value === token && now() - held.issuedAt >= olderThanMs) held = undefined
    },
    describe: () => ({ kind: 'client-credentials', ...(held && { expiresAt: held.expiresAt }) }),
  }
}
