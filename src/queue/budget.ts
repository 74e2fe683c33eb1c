import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result } from 'ioredis'
import { DeliveryError, Stopping } from '../bridge/errors.ts'
import type { Redis } from '../lib/redis.ts'
import { defineScripts } from './scripts.ts'

/** How urgent a request is: messages, then failed receipts, then delivered receipts. */
export type Urgency = 0 | 1 | 2

/** The right to send requests, shared by all processes and channels that draw on the same account. */
export interface Budget {
  /** What the hold is called in Redis, for scripts that look it up. */
  readonly holdKey: string
  /** Waits for the right to send one request. @throws {Stopping} when the signal aborts first. */
  permit(urgency: Urgency, signal: AbortSignal): Promise<void>
  /** The platform said "not now": nobody sends for so long. A longer hold is not cut short. */
  hold(afterMs: number): Promise<void>
  /** Another process was told to wait; `ms` from now. */
  heardHold(ms: number): void
  /** Ends a hold before its time, for this process at once. */
  lift(): Promise<void>
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    budgetPermit(base: string, ...values: (string | number)[]): Result<[number, number], Context>
    budgetHold(base: string, ...values: (string | number)[]): Result<number, Context>
  }
}

interface Waiting {
  readonly go: () => void
  readonly fail: (error: Error) => void
}

/**
 * After a rest so many requests may come at once; at most 10, and never so many that they would fill a minute.
 * Budgets above 100 a second are granted in portions of 50 ms, because timers are no finer than that.
 */
const burstOf = (perMinute: number): number =>
  perMinute > 6_000 ? Math.ceil(perMinute / 1_200) : Math.max(1, Math.min(10, Math.floor(perMinute / 30)))

/** The platform counts when requests arrive: the first of a minute may be on its way for so much longer than the last. */
const marginMs = 1_000

/** Readies a connection for budgets, before it is first used. */
export const prepareBudgets = (redis: Redis): void =>
  defineScripts(redis, { budgetHold: 'hold', budgetPermit: 'permit' })

/**
 * @param settings.redis a connection that went through {@link prepareBudgets}
 * @param settings.name what is shared, such as `genesys:<client id>` or `line:<channel>`
 * @param settings.perMinute requests in any 60 s; undefined: only holds count
 */
export function createBudget(settings: {
  readonly redis: Redis
  readonly base: string
  readonly name: string
  readonly perMinute?: number
}): Budget {
  const { redis, base, name, perMinute } = settings
  const holdKey = `hold:${name}`
  let heldUntil = 0
  const heardHold = (ms: number): void => {
    heldUntil = Math.max(heldUntil, Date.now() + ms)
  }

  async function hold(afterMs: number): Promise<void> {
    heardHold(afterMs)
    await redis.budgetHold(base, holdKey, Math.max(1, Math.ceil(afterMs)))
  }

  let lifted = new AbortController()
  async function lift(): Promise<void> {
    heldUntil = 0
    lifted.abort()
    lifted = new AbortController()
    await redis.del(`${base}${holdKey}`)
  }

  async function waitForHold(signal: AbortSignal): Promise<void> {
    while (heldUntil > Date.now()) {
      const either = AbortSignal.any([signal, lifted.signal])
      await sleep(heldUntil - Date.now(), undefined, { signal: either }).catch(() => {
        if (signal.aborted) throw new Stopping('The process stops.')
      })
    }
  }

  if (perMinute === undefined)
    return { holdKey, hold, heardHold, lift, permit: (_urgency, signal) => waitForHold(signal) }

  const who = randomUUID().slice(0, 8)
  const burst = burstOf(perMinute)
  // The burst comes out of the minute's budget, so that no 60 s see more than `perMinute`.
  const spacingMs = (60_000 + marginMs) / Math.max(1, perMinute - burst + 1)
  const queues: readonly [Set<Waiting>, Set<Waiting>, Set<Waiting>] = [new Set(), new Set(), new Set()]
  let pumping = false

  /** Asks for those who wait, the most urgent first, until nobody does. */
  async function pump(): Promise<void> {
    pumping = true
    try {
      for (let urgency = mostUrgent(); urgency !== undefined; urgency = mostUrgent()) {
        const queue = queues[urgency]
        const [granted, waitMs] = await redis.budgetPermit(
          base,
          name,
          spacingMs,
          burst,
          Math.min(queue.size, 100),
          urgency,
          who,
        )
        let left = granted
        for (const waiting of queue) {
          if (left === 0) break
          queue.delete(waiting)
          waiting.go()
          left -= 1
        }
        if (waitMs > 0) await sleep(Math.min(waitMs, 500))
      }
    } catch {
      // Redis refuses: the requests' own attempts end before anything is sent, and come back later.
      const error = new DeliveryError('The request budget could not be asked.', { do: 'retry', mayHaveArrived: false })
      for (const queue of queues) {
        for (const waiting of queue) waiting.fail(error)
        queue.clear()
      }
    } finally {
      pumping = false
    }
  }

  function mostUrgent(): Urgency | undefined {
    const found = queues.findIndex((queue) => queue.size > 0)
    return found === -1 ? undefined : (found as Urgency)
  }

  function permit(urgency: Urgency, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Stopping('The process stops.'))
      const leave = () => {
        queues[urgency].delete(waiting)
        reject(new Stopping('The process stops.'))
      }
      const waiting: Waiting = {
        go: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
        fail: (error) => {
          signal.removeEventListener('abort', leave)
          reject(error)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      queues[urgency].add(waiting)
      if (!pumping) void pump()
    })
  }

  return { holdKey, hold, heardHold, lift, permit }
}
