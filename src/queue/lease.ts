import type { Pace } from './pace.ts'

/** As many as were needed lately, and a little more. */
const reserve = 1.25

/** Whoever used so many in the time of a lease gets the next one before anybody has to wait for it. */
const busyFrom = 8

/**
 * Permits that a process has fetched ahead, for a moment. Budgets of thousands a second need them, lest every request costs a
 * round trip to Redis; smaller ones have none. They are asked for only as far as nobody else would have to wait for them.
 * All times are ms by any clock that never goes back.
 */
export function createLease({ leaseMs, atOnce }: Pick<Pace, 'leaseMs' | 'atOnce'>) {
  let left = 0
  let taken = 0
  let until = 0
  let usedSince = 0
  let askedAt = Number.NEGATIVE_INFINITY

  return {
    /** How many further ones to ask for, besides the `count` that are needed at once. */
    wish(now: number, count: number): number {
      if (leaseMs === 0) return 0
      const lately = (usedSince * leaseMs) / Math.max(leaseMs, now - askedAt)
      askedAt = now
      usedSince = 0
      return Math.max(0, Math.min(Math.ceil(lately * reserve), atOnce - count))
    },
    /** These were granted on a question of that moment, and nobody needed them at once. */
    take(permits: number, asked: number): void {
      left = leaseMs === 0 ? 0 : permits
      taken = left
      until = asked + leaseMs
    },
    /** So many went to those who waited. */
    used(permits: number): void {
      usedSince += permits
    },
    /** Is it time to ask for more, although there are some left? */
    isLow: (now: number): boolean => usedSince >= busyFrom && (left * 4 < taken || now >= until - leaseMs / 2),
    /** Is there one for now? It is used up then. */
    spend(now: number): boolean {
      if (left === 0 || now >= until) return false
      left -= 1
      usedSince += 1
      return true
    },
  }
}
