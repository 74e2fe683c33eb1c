import type { Cache } from '../../../bridge/cache.ts'
import type { Customer } from '../../../bridge/message.ts'
import { asObject, asText } from '../../../lib/loose.ts'
import { within } from '../../../lib/within.ts'

const daySeconds = 24 * 60 * 60
const unknownSeconds = 60 * 60
/**
 * After a failure nobody asks again for so long, lest every message of a customer waits for a platform that is down.
 */
const failedSeconds = 30

/** Who writes several messages in a row is looked up once: a process knows a name for so long after it was looked up. */
const rememberedMs = 500

/** How long a message may wait for what would be nice to know about it. */
export const courtesyMs = 400

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

/** What LINE tells about one kind of people or groups. */
export interface Profiles<Who> {
  /** Answers within `waitMs` whatever LINE and the cache do, and never throws. */
  find(who: Who): Promise<Customer | undefined>
  /**
   * Looks somebody up whose message is about to be read. Nothing is kept: the message may turn out to have been taken back, and
   * of somebody who was erased nothing may be kept anew.
   */
  prepare(who: Who): void
}

/**
 * Makes what tells who somebody is. A name is welcome, a delayed message is not: a profile that comes later still fills the
 * cache for the next message.
 * @param parts.keyOf where it lies in the cache
 * @param parts.ask asks LINE; undefined when LINE knows nobody
 */
export function createProfiles<Who>(parts: {
  readonly cache: Cache
  readonly keyOf: (who: Who) => string
  readonly ask: (who: Who) => Promise<Customer | undefined>
  readonly waitMs?: number | undefined
  readonly knownMs?: number | undefined
}): Profiles<Who> {
  const { cache, keyOf, ask, waitMs = courtesyMs, knownMs = rememberedMs } = parts

  async function askLine(who: Who): Promise<Found> {
    try {
      const customer = await ask(who)
      return { customer, keepSeconds: customer ? daySeconds : unknownSeconds }
    } catch {
      // Remembered like an unknown customer, but not for long.
      return { customer: undefined, keepSeconds: failedSeconds }
    }
  }

  async function askCache(who: Who, key: string): Promise<Found> {
    try {
      const line = await cache.get(key)
      return line === undefined ? await askLine(who) : { customer: readCached(line) }
    } catch {
      return { customer: undefined }
    }
  }

  const found = new Map<string, Promise<Found>>()
  /** All who ask for the same at once, or soon after it was found, share what one of them finds. */
  function lookUp(who: Who, key: string): Promise<Found> {
    const known = found.get(key)
    if (known) return known
    const finding = askCache(who, key)
    found.set(key, finding)
    void finding.then(() => setTimeout(() => found.delete(key), knownMs).unref())
    return finding
  }

  const kept = new WeakSet<Found>()
  async function lookUpAndKeep(who: Who): Promise<Customer | undefined> {
    const key = keyOf(who)
    const found = await lookUp(who, key)
    const { customer, keepSeconds } = found
    if (keepSeconds !== undefined && !kept.has(found)) {
      kept.add(found)
      cache.add(key, JSON.stringify(customer ?? {}), keepSeconds).catch(() => {})
    }
    return customer
  }

  return {
    find: (who) => within(waitMs, () => lookUpAndKeep(who)).catch(() => undefined),
    prepare: (who) => void lookUp(who, keyOf(who)),
  }
}
