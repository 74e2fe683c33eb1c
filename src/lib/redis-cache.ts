import type { Redis } from './redis.ts'
import type { Sealer } from './seal.ts'

/** Lies where something was forgotten; nobody has an empty text remembered to read it again. */
const forgotten = ''
/** Longer than any outgoing call: what was asked for before the forgetting has come by then. */
const forgottenSeconds = 30

/**
 * A small memory that all processes share, for things that can be fetched again. Values are sealed; every call rejects
 * while Redis is away.
 */
export const createRedisCache = (parts: { readonly redis: Redis; readonly base: string; readonly sealer: Sealer }) => {
  const { redis, base, sealer } = parts
  const named = (key: string): string => `${base}cache:${key}`
  return {
    async get(key: string): Promise<string | undefined> {
      const found = await redis.get(named(key))
      return found === null || found === forgotten ? undefined : sealer.open(found)
    },
    async set(key: string, value: string, ttlSeconds: number): Promise<void> {
      await redis.set(named(key), sealer.seal(value), 'EX', Math.max(1, Math.ceil(ttlSeconds)))
    },
    async add(key: string, value: string, ttlSeconds: number): Promise<void> {
      await redis.set(named(key), sealer.seal(value), 'EX', Math.max(1, Math.ceil(ttlSeconds)), 'NX')
    },
    /** Nor is it added again by who had asked for it before. True when there was something under the key. */
    async forget(key: string): Promise<boolean> {
      const found = await redis.set(named(key), forgotten, 'EX', forgottenSeconds, 'GET')
      return found !== null && found !== forgotten
    },
    /** True for exactly one caller per key until it runs out. */
    claim: async (key: string, ttlSeconds: number): Promise<boolean> =>
      (await redis.set(named(`claim:${key}`), 1, 'EX', Math.max(1, Math.ceil(ttlSeconds)), 'NX')) === 'OK',
  }
}
