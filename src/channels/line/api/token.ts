import { channelAccessToken } from '@line/bot-sdk'
import type { Agent } from 'undici'
import type { Cache } from '../../../bridge/cache.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { IssuedToken, Tokens } from '../../../lib/tokens.ts'
import type { LineSettings } from '../config.ts'
import { fromTokenCall } from './failures.ts'
import { readToken } from './issued-token.ts'
import { throughPool } from './sdk-http.ts'
import { createSharedToken } from './token-shared.ts'

/**
 * `stateless` lives 15 minutes, `v2.1` up to 30 days: https://developers.line.biz/en/docs/basics/channel-access-token/
 */
export type TokenKind = 'long-lived' | 'stateless' | 'v2.1'

/** What the console may show of a token. */
export interface TokenDescription {
  readonly kind: TokenKind
  /** Milliseconds since the epoch; absent while there is none yet or when it never ends. */
  readonly expiresAt?: number
}

/**
 * The channel access token of one channel, whatever its kind. `current` throws {@link DeliveryError}: `retry` when LINE
 * cannot be reached, `hold` when it refuses to issue one. A token that took a refused one's place and is soon refused
 * itself stays for a while, because a further one would fare no better and each costs a request.
 */
export interface LineTokens extends Tokens {
  describe(): TokenDescription
}

/** Pause after a renewal that brought nothing new. */
const quietMs = 10_000

/** Keeps one issued token and fetches the next in time; all callers share one request. */
function createRenewedTokens(parts: {
  readonly kind: TokenKind
  readonly issue: (refused: string | undefined) => Promise<IssuedToken>
  /** A token younger than this is not replaced when it is itself the replacement of a refused one. */
  readonly youngMs: number
  readonly logger: Logger
  readonly now: () => number
}): LineTokens {
  const { kind, issue, youngMs, logger, now } = parts
  let held: IssuedToken | undefined
  let refusedToken: string | undefined
  let replacing = false
  let replacement = false
  let pending: Promise<IssuedToken> | undefined
  let quietUntil = 0

  function renew(): Promise<IssuedToken> {
    pending ??= issue(refusedToken)
      .then((issued) => {
        held = issued
        replacement = replacing
        replacing = false
        return issued
      })
      .finally(() => {
        quietUntil = now() + quietMs
        pending = undefined
      })
    return pending
  }

  return {
    async current() {
      if (!held || now() >= held.expiresAt) return (await renew()).value
      if (now() >= held.renewAt && now() >= quietUntil && !pending)
        renew().catch(() => logger.warn({ kind, expiresAt: held?.expiresAt }, 'token.renewal_failed'))
      return held.value
    },
    refused(token) {
      if (held?.value !== token || (replacement && now() - held.issuedAt < youngMs)) return
      refusedToken = token
      replacing = true
      held = undefined
    },
    describe: () => ({ kind, ...(held && { expiresAt: held.expiresAt }) }),
  }
}

/**
 * The tokens that the settings ask for: the long-lived one, else v2.1 with an assertion key, else stateless ones.
 * Stateless tokens cannot be revoked and are not counted, so every process issues its own:
 * https://developers.line.biz/en/reference/messaging-api/#issue-stateless-channel-access-token
 */
export function createLineTokens(parts: {
  readonly settings: LineSettings
  readonly cache: Cache
  readonly agent: Agent
  readonly logger: Logger
  /** The clock, in ms since the epoch. */
  readonly now?: () => number
}): LineTokens {
  const { settings, cache, agent, logger, now = Date.now } = parts
  const { accessToken, assertionKey } = settings
  if (accessToken !== undefined)
    return { current: async () => accessToken, refused: () => {}, describe: () => ({ kind: 'long-lived' }) }

  const sdk = throughPool(new channelAccessToken.ChannelAccessTokenClient({ baseURL: settings.apiUrl }), agent)
  if (assertionKey)
    return createRenewedTokens({
      kind: 'v2.1',
      issue: createSharedToken({ settings, assertionKey, sdk, cache, logger, now }),
      // Thirty may exist at once, and a channel that refuses every token must not use them up.
      youngMs: 10 * 60 * 1_000,
      logger,
      now,
    })

  async function issueStateless(): Promise<IssuedToken> {
    const issuedAt = now()
    const answer = await sdk
      .issueStatelessChannelTokenByClientSecret(settings.channelId, settings.channelSecret[0] ?? '')
      .catch((error: unknown) => {
        throw fromTokenCall(error, now())
      })
    return readToken(answer, { issuedAt, renewBefore: (lifetimeMs) => lifetimeMs / 5 })
  }
  return createRenewedTokens({ kind: 'stateless', issue: issueStateless, youngMs: 10_000, logger, now })
}
