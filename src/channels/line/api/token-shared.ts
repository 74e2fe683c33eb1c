import { setTimeout as sleep } from 'node:timers/promises'
import type { channelAccessToken } from '@line/bot-sdk'
import { SignJWT } from 'jose'
import type { Cache } from '../../../bridge/cache.ts'
import { DeliveryError } from '../../../bridge/errors.ts'
import type { Logger } from '../../../lib/logger.ts'
import { asNumber, asObject, asText } from '../../../lib/loose.ts'
import type { IssuedToken } from '../../../lib/tokens.ts'
import type { LineSettings } from '../config.ts'
import { maxAssertionSeconds, maxTokenSeconds } from '../limits.ts'
import { fromTokenCall } from './failures.ts'
import { readToken } from './issued-token.ts'
import { createTokenSealer } from './seal.ts'

type AssertionKey = NonNullable<LineSettings['assertionKey']>

const dayMs = 24 * 60 * 60 * 1_000
/** Longer than a token request can take, so that a second process starts only when the first one has failed. */
const claimSeconds = 15
const pollMs = 200
const pollForMs = 5_000
/** LINE's clock and ours may differ, and an assertion that reaches too far ahead is refused. */
const assertionSeconds = maxAssertionSeconds - 5 * 60

/** https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/ */
const signAssertion = (settings: { channelId: string; key: AssertionKey; now: number }): Promise<string> =>
  new SignJWT({ token_exp: maxTokenSeconds })
    .setProtectedHeader({ alg: settings.key.algorithm, typ: 'JWT', kid: settings.key.keyId })
    .setIssuer(settings.channelId)
    .setSubject(settings.channelId)
    // Always LINE's own address, whatever `apiUrl` says.
    .setAudience('https://api.line.me/')
    .setExpirationTime(Math.floor(settings.now / 1_000) + assertionSeconds)
    .sign(settings.key.privateKey)

function readShared(text: string): IssuedToken | undefined {
  const token = asObject(JSON.parse(text))
  const value = asText(token.value)
  const [issuedAt, renewAt, expiresAt] = [asNumber(token.issuedAt), asNumber(token.renewAt), asNumber(token.expiresAt)]
  if (!value || issuedAt === undefined || renewAt === undefined || expiresAt === undefined) return undefined
  return { value, issuedAt, renewAt, expiresAt }
}

/**
 * Makes the function that brings a channel access token v2.1. LINE allows 30 of them per channel, so all processes
 * share one through the cache, sealed, and one process at a time issues the next:
 * https://developers.line.biz/en/docs/basics/channel-access-token/
 * The function takes the token that LINE refused, if any, and never brings that one.
 */
export function createSharedToken(parts: {
  readonly settings: LineSettings
  readonly assertionKey: AssertionKey
  readonly sdk: channelAccessToken.ChannelAccessTokenClient
  readonly cache: Cache
  readonly logger: Logger
  readonly now: () => number
}): (refused: string | undefined) => Promise<IssuedToken> {
  const { settings, assertionKey, sdk, cache, logger, now } = parts
  const { channelId, channelSecret } = settings
  const sealer = createTokenSealer(channelSecret)
  const key = `line:token:${channelId}:${assertionKey.keyId}`
  let claimedUntil = 0

  async function shared(refused: string | undefined): Promise<IssuedToken | undefined> {
    const sealed = await cache.get(key)
    const token = sealed === undefined ? undefined : open(sealed)
    return token && token.value !== refused && now() < token.expiresAt ? token : undefined
  }

  /** Undefined for what was sealed before the channel secret was changed: a new token is then issued. */
  function open(sealed: string): IssuedToken | undefined {
    try {
      return readShared(sealer.open((JSON.parse(sealed) as { sealed: string }).sealed))
    } catch {
      return undefined
    }
  }

  async function mayIssue(): Promise<boolean> {
    if (now() < claimedUntil) return true
    if (!(await cache.claim(`${key}:claim`, claimSeconds))) return false
    claimedUntil = now() + claimSeconds * 1_000
    return true
  }

  async function issue(): Promise<IssuedToken> {
    const issuedAt = now()
    try {
      const assertion = await signAssertion({ channelId, key: assertionKey, now: issuedAt })
      const answer = await sdk.issueChannelTokenByJWT(
        'client_credentials',
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        assertion,
      )
      return readToken(answer, { issuedAt, renewBefore: (lifetimeMs) => Math.min(dayMs, lifetimeMs / 5) })
    } catch (error) {
      throw fromTokenCall(error, now())
    }
  }

  async function share(token: IssuedToken): Promise<void> {
    const ttlSeconds = Math.max(1, Math.floor((token.expiresAt - now()) / 1_000))
    try {
      await cache.set(key, JSON.stringify({ sealed: sealer.seal(JSON.stringify(token)) }), ttlSeconds)
    } catch {
      logger.warn({ channelId }, 'token.not_shared')
    }
  }

  async function fromOthers(refused: string | undefined): Promise<IssuedToken> {
    for (let waited = 0; waited < pollForMs; waited += pollMs) {
      await sleep(pollMs)
      const token = await shared(refused)
      if (token) return token
    }
    throw new DeliveryError('No process has brought a new LINE token yet.', { do: 'retry', mayHaveArrived: false })
  }

  return async (refused) => {
    try {
      const found = await shared(refused)
      if (found && now() < found.renewAt) return found
      if (!(await mayIssue())) return found ?? (await fromOthers(refused))
    } catch (error) {
      if (error instanceof DeliveryError) throw error
      // Without the cache every process would issue one of its own, and thirty are soon used up.
      throw new DeliveryError('The shared LINE token cannot be read now.', { do: 'retry', mayHaveArrived: false })
    }
    // A refused token may still count among the thirty.
    if (refused !== undefined)
      await sdk.revokeChannelTokenByJWT(channelId, channelSecret[0] ?? '', refused).catch(() => {})
    const token = await issue()
    await share(token)
    return token
  }
}
