import type { Result } from 'ioredis'
import type { Redis } from '../lib/redis.ts'
import type { Head, Place } from './lanes.ts'
import { defineScripts } from './scripts.ts'

/**
 * The heads that are owed a job: those that have none yet, and those that are in somebody's hands, who keeps the debt young. Times are by
 * Redis' own clock, because those of several machines may differ.
 */
export interface Debts {
  /** These heads have a job now; `turn`: that of the job, if it is for one only. */
  paid(heads: readonly Head[]): Promise<void>
  /** These heads are in somebody's hands: their debts are young. One that was not taken yet may have none. */
  renew(heads: readonly Place[]): Promise<void>
  /** Heads whose debts are old, oldest first. Some may have got a job, or be gone, meanwhile. */
  owed(limit: number, offset: number): Promise<readonly Place[]>
  /** Heads whose debts are young, `limit` at most: nearly all of them are in somebody's hands. */
  inHands(limit: number): Promise<readonly Place[]>
}

/** Debts that are not renewed for so long are old: the process that had the head in its hands has died. */
export const debtIsOldMs = 2_000
/** A debt that is from further in the future was written down by a Redis whose clock was ahead, before a failover. */
const aheadMs = 1_000

/** How a debt is written down. */
export const debtOf = ({ queue, user, id }: Place): string => `${queue} ${user} ${id}`

/** The inverse of {@link debtOf}. */
function placeOf(debt: string): Place {
  const [queue = '', user = '', id = ''] = debt.split(' ')
  return { queue, user, id }
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    debtsPaid(base: string, ...values: (string | number)[]): Result<null, Context>
    debtsRenew(base: string, ...values: string[]): Result<null, Context>
  }
}

/** @param settings.base what every key starts with, hash tag included */
export function createDebts({ redis, base }: { readonly redis: Redis; readonly base: string }): Debts {
  defineScripts(redis, { debtsPaid: 'paid', debtsRenew: 'renew' })
  const key = `${base}owed`

  async function redisNow(): Promise<number> {
    const [seconds = 0, micros = 0] = (await redis.time()).map(Number)
    return seconds * 1_000 + Math.floor(micros / 1_000)
  }

  return {
    async paid(heads) {
      if (heads.length === 0) return
      const values = heads.flatMap(({ queue, user, id, turn = '' }) => [queue, user, id, turn])
      await redis.debtsPaid(base, debtIsOldMs, ...values)
    },

    async renew(heads) {
      await redis.debtsRenew(base, ...heads.flatMap(({ queue, user, id }) => [queue, user, id]))
    },

    async owed(limit, offset) {
      const now = await redisNow()
      const [old, early] = await Promise.all([
        redis.zrangebyscore(key, '-inf', now - debtIsOldMs, 'LIMIT', offset, limit),
        offset === 0 ? redis.zrangebyscore(key, now + aheadMs, '+inf', 'LIMIT', 0, limit) : [],
      ])
      return [...old, ...early].map(placeOf)
    },

    async inHands(limit) {
      const since = (await redisNow()) - debtIsOldMs
      return (await redis.zrangebyscore(key, since, '+inf', 'LIMIT', 0, limit)).map(placeOf)
    },
  }
}
