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

/**
 * Makes the function that tells who wrote. It answers within `waitMs` whatever LINE and the cache do: a name is
 * welcome, a delayed message is not. A profile that comes later still fills the cache for the customer's next message.
 * Never throws.
 * @param parts.profile asks LINE; undefined when LINE knows nobody,
 *   https://developers.line.biz/en/reference/messaging-api/#get-profile
 */
export function createCustomers(parts: {
  readonly channel: string
  readonly cache: Cache
  readonly profile: (user: string) => Promise<Customer | undefined>
  readonly waitMs?: number
  readonly knownMs?: number
}): (user: string) => Promise<Customer | undefined> {
  const { channel, cache, profile, waitMs = 400, knownMs = rememberedMs } = parts
  const lookedUp = new Map<string, Promise<Customer | undefined>>()

  async function askLine(user: string, key: string): Promise<Customer | undefined> {
    let customer: Customer | undefined
    let ttlSeconds = failedSeconds
    try {
      customer = await profile(user)
      ttlSeconds = customer ? daySeconds : unknownSeconds
    } catch {
      // Remembered like an unknown customer, but not for long.
    }
    await cache.set(key, JSON.stringify(customer ?? {}), ttlSeconds).catch(() => {})
    return customer
  }

  async function lookUp(user: string): Promise<Customer | undefined> {
    const key = profileKey({ channel, user })
    try {
      const cached = await cache.get(key)
      return cached === undefined ? await askLine(user, key) : readCached(cached)
    } catch {
      return undefined
    }
  }

  function sharedLookUp(user: string): Promise<Customer | undefined> {
    let shared = lookedUp.get(user)
    if (!shared) {
      shared = lookUp(user)
      lookedUp.set(user, shared)
      void shared.then(() => setTimeout(() => lookedUp.delete(user), knownMs).unref())
    }
    return shared
  }

  return (user) => within(waitMs, () => sharedLookUp(user)).catch(() => undefined)
}
