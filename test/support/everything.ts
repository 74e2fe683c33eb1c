import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { errorCode } from '../../src/lib/error-code.ts'

/**
 * Everything that a Redis holds, keys and values, as one text. Not by DUMP, which compresses.
 * @param match which keys, as SCAN takes it
 */
export async function everythingIn(redis: Redis, match = '*'): Promise<string> {
  const readers: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    string: (key) => redis.get(key),
    list: (key) => redis.lrange(key, 0, -1),
    hash: (key) => redis.hgetall(key),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1', 'WITHSCORES'),
    stream: (key) => redis.xrange(key, '-', '+'),
  }
  const found: string[] = []
  for (let cursor: string | undefined; cursor !== '0'; ) {
    const [next, keys]: [string, string[]] = await redis.scan(cursor ?? '0', 'MATCH', match, 'COUNT', 1_000)
    cursor = next
    for (const key of keys) {
      const read = readers[await redis.type(key)]
      found.push(key, JSON.stringify(await read?.(key)))
    }
  }
  return found.join('\n')
}

/** Everything below a folder, the names and the bytes of its files, as one text of bytes. */
export async function everythingBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const found: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    found.push(path)
    if (!entry.isFile()) continue
    try {
      found.push(await readFile(path, 'latin1'))
    } catch (error) {
      // Redis' own temporary files come and go. What cannot be read for another reason must not count as clean.
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
  return found.join('\n')
}

/** A text as it stands in {@link everythingBelow}. */
export const asBytes = (text: string): string => Buffer.from(text).toString('latin1')
