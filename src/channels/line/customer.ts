import type { Cache } from '../../bridge/cache.ts'
import type { Customer } from '../../bridge/message.ts'
import { asObject, asText } from '../../lib/loose.ts'
import { within } from '../../lib/within.ts'

const daySeconds = 24 * 60 * 60
const unknownSeconds = 60 * 60
/**
 * After a failure nobody asks again for so long, lest every message of a customer waits for a platform that is down.
 */
const failedSeconds = 30

/** Who writes several messages in a row is looked up once: a process knows a name for so long after it was looked up. */
const rememberedMs = 500

/** Where a customer's name and language lie in the cache. */
export const profileKey = (person: { readonly channel: string; readonly user: string }): string =>
  `line:profile:${person.channel}:${person.user}`

/** A cached line; no name and no language: asked for in vain. */
function readCached(text: string): Customer | undefined {
  const cached = asObject(JSON.parse(text))
  const [name, language] = [asText(cached.name), asText(cached.language)]
  return name || language ? { ...(name && { name }), ...(language && { language }) } : undefined
}

/** What was found out about somebody. `keepSeconds`: for so long it is worth keeping; absent when it comes from the cache. */
interface Found {
  readonly customer: Customer | undefined
  readonly keepSeconds?: number
}

/** What a channel knows of its customers. */
export interface Customers {
  /** Who is it? Answers within `waitMs` whatever LINE and the cache do, and never throws. */
  customer(user: string): Promise<Customer | undefined>
  /**
   * Looks somebody up whose message is about to be read. Nothing is kept: the message may turn out to have been taken back, and
   * of somebody who was erased nothing may be kept anew.
   */
  prepare(user: string): void
}

/**
 * Makes what tells who wrote. A name is welcome, a delayed message is not: a profile that comes later still fills the
 * cache for the customer's next message.
 * @param parts.profile asks LINE; undefined when LINE knows nobody,
 *   https://developers.line.biz/en/reference/messaging-api/#get-profile
 */
export function createCustomers(parts: {
  readonly channel: string
  readonly cache: Cache
  readonly profile: (user: string) => Promise<Customer | undefined>
  readonly waitMs?: number
  readonly knownMs?: number
}): Customers {
  const { channel, cache, profile, waitMs = 400, knownMs = rememberedMs } = parts

  async function askLine(user: string): Promise<Found> {
    try {
      const customer = await profile(user)
      return { customer, keepSeconds: customer ? daySeconds : unknownSeconds }
    } catch {
      // Remembered like an unknown customer, but not for long.
      return { customer: undefined, keepSeconds: failedSeconds }
    }
  }

  async function askCache(user: string): Promise<Found> {
    try {
      const line = await cache.get(profileKey({ channel, user }))
      return line === undefined ? await askLine(user) : { customer: readCached(line) }
    } catch {
      return { customer: undefined }
    }
  }

  const found = new Map<string, Promise<Found>>()
  /** All who ask for the same at once, or soon after it was found, share what one of them finds. */
  function lookUp(user: string): Promise<Found> {
    const known = found.get(user)
    if (known) return known
    const finding = askCache(user)
    found.set(user, finding)
    void finding.then(() => setTimeout(() => found.delete(user), knownMs).unref())
    return finding
  }

  const kept = new WeakSet<Found>()
  async function lookUpAndKeep(user: string): Promise<Customer | undefined> {
    const found = await lookUp(user)
    const { customer, keepSeconds } = found
    if (keepSeconds !== undefined && !kept.has(found)) {
      kept.add(found)
      cache.add(profileKey({ channel, user }), JSON.stringify(customer ?? {}), keepSeconds).catch(() => {})
    }
    return customer
  }

  return {
    customer: (user) => within(waitMs, () => lookUpAndKeep(user)).catch(() => undefined),
    prepare: (user) => void lookUp(user),
  }
}
