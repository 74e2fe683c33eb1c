import type { Result } from 'ioredis'
import type { Redis } from '../lib/redis.ts'
import { safeId } from './names.ts'
import { defineScripts } from './scripts.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    eraseMarks(base: string, ...values: (string | number)[]): Result<[string, number], Context>
  }
}

/**
 * How long it matters that a customer can be reached again: a late copy of the event that told the opposite comes within 72 h
 * (https://developers.line.biz/en/docs/messaging-api/receiving-messages/#webhook-redelivery), and finds a later mark.
 */
const usefulMs = 5 * 86_400_000

/**
 * Who has blocked a channel: `b` and the time, or `u` and the time for who can be reached again. A `b` stays for as long as it
 * is true: the platform answers to a push as if it had arrived.
 */
export function createMarks(settings: { readonly redis: Redis; readonly base: string }) {
  const { redis, base } = settings
  defineScripts(redis, { eraseMarks: 'erase-marks' })
  return {
    /** Has this customer blocked the channel? */
    async blocked(person: { readonly channel: string; readonly user: string }): Promise<boolean> {
      return (await redis.hget(`${base}blocked:${person.channel}`, safeId(person.user)))?.startsWith('b') ?? false
    },

    /** Forgets, piece by piece, the marks that are of no use any more at `now` (ms since the epoch). @returns how many */
    async sweep(channel: string, now: number): Promise<number> {
      let forgotten = 0
      for (let cursor: string | undefined; cursor !== '0'; ) {
        const [next, count]: [string, number] = await redis.eraseMarks(base, channel, cursor ?? '0', now - usefulMs)
        cursor = next
        forgotten += count
      }
      return forgotten
    },
  }
}
