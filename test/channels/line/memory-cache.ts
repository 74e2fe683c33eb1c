import type { Cache } from '../../../src/bridge/cache.ts'

/**
 * A cache in memory with a clock that the test moves; `away` makes every call reject, as when the store cannot be
 * reached.
 */
export interface MemoryCache extends Cache {
  away: boolean
  nowMs: number
  readonly entries: Map<string, { value: string; until: number }>
}

export function createMemoryCache(): MemoryCache {
  const entries: MemoryCache['entries'] = new Map()
  const cache: MemoryCache = { away: false, nowMs: 0, entries, get, set, add, forget, claim }
  const check = () => {
    if (cache.away) throw new Error('The store is away.')
  }
  const valid = (key: string) => {
    const entry = entries.get(key)
    return entry && entry.until > cache.nowMs ? entry.value : undefined
  }
  async function get(key: string) {
    check()
    return valid(key) || undefined
  }
  async function set(key: string, value: string, ttlSeconds: number) {
    check()
    entries.set(key, { value, until: cache.nowMs + ttlSeconds * 1_000 })
  }
  async function add(key: string, value: string, ttlSeconds: number) {
    check()
    if (valid(key) === undefined) await set(key, value, ttlSeconds)
  }
  /** An empty entry stays for half a minute, as in the real one, so that nothing is added again. */
  async function forget(key: string) {
    check()
    const known = Boolean(valid(key))
    await set(key, '', 30)
    return known
  }
  async function claim(key: string, ttlSeconds: number) {
    check()
    if (valid(key) !== undefined) return false
    entries.set(key, { value: '1', until: cache.nowMs + ttlSeconds * 1_000 })
    return true
  }
  return cache
}
