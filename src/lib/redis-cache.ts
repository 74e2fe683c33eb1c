import type { Redis } from './redis.ts'
import type { Sealer } from './seal.ts'

/** Lies where something was forgotten; nobody has an empty text remembered to read it again. */
const forgotten = ''
/** Longer than any outgoing call: what was asked for before the forgetting has come by then. */
const forgottenSeconds = 30
/** Redis looks at so many keys in one go, which takes it less than a millisecond. */
const keysPerLook = 1_000

/** A text that stands for itself in a pattern. https://redis.io/docs/latest/commands/keys/ */
const literal = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&')

/**
 * A small memory that all processes share, for things that can be fetched again. Values are sealed; every call rejects
 * while Redis is away.
 */
export const createRedisCache = (parts: { readonly redis: Redis; readonly base: string; readonly sealer: Sealer }) => {
  const { redis, base, sealer } = parts
  const named = (key: string): string => `${base}cache:${key}`

  async function forgetNamed(name: string): Promise<boolean> {
    const found = await redis.set(name, forgotten, 'EX', forgottenSeconds, 'GET')
    return found !== null && found !== forgotten
  }

  return {
    async get(key: string): Promise<string | undefined> {
      const found = await redis.get(named(key))
      if (found === null || found === forgotten) return undefined
      try {
        return sealer.open(found)
      } catch {
        // Under a key that is gone. No later call could open it.
        return undefined
      }
    },
    async set(key: string, value: string, ttlSeconds: number): Promise<void> {
      await redis.set(named(key), sealer.seal(value), 'EX', Math.max(1, Math.ceil(ttlSeconds)))
    },
    async add(key: string, value: string, ttlSeconds: number): Promise<void> {
      await redis.set(named(key), sealer.seal(value), 'EX', Math.max(1, Math.ceil(ttlSeconds)), 'NX')
    },
    /** Nor is it added again by who had asked for it before. True when there was something under the key. */
    forget: (key: string): Promise<boolean> => forgetNamed(named(key)),
    /**
     * As `forget`, for all keys that begin so. Redis has to look at every key that it holds, in small pieces between which it serves
     * others: for what is done by hand.
     * @returns under how many of them there was something
     */
    async forgetAll(prefix: string): Promise<number> {
      const match = `${literal(named(prefix))}*`
      let count = 0
      for (let cursor: string | undefined; cursor !== '0'; ) {
        const [next, names]: [string, string[]] = await redis.scan(cursor ?? '0', 'MATCH', match, 'COUNT', keysPerLook)
        cursor = next
        for (const name of names) if (await forgetNamed(name)) count += 1
      }
      return count
    },
    /** True for exactly one caller per key until it runs out. */
    claim: async (key: string, ttlSeconds: number): Promise<boolean> =>
      (await redis.set(named(`claim:${key}`), 1, 'EX', Math.max(1, Math.ceil(ttlSeconds)), 'NX')) === 'OK',
  }
}
