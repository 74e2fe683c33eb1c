import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result } from 'ioredis'
import { DeliveryError, Stopping } from '../bridge/errors.ts'
import type { Redis } from '../lib/redis.ts'
import { createLease } from './lease.ts'
import { paceOf } from './pace.ts'
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

/** So many are asked for at once, at most. */
const mostAsked = 1_000

interface Waiting {
  readonly go: () => void
  readonly fail: (error: Error) => void
}

const granted = Promise.resolve()

/** Readies a connection for budgets; once is enough for all of them. */
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

  const waitForHold = (signal: AbortSignal): Promise<void> => (heldUntil > Date.now() ? untilLifted(signal) : granted)

  async function untilLifted(signal: AbortSignal): Promise<void> {
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
  const pace = paceOf(perMinute)
  const queues: readonly [Waiting[], Waiting[], Waiting[]] = [[], [], []]
  const lease = createLease(pace)
  let pumping = false
  /** How urgent the requests are for which permits are fetched ahead, while nobody waits. */
  let ahead: Urgency | undefined
  let asleep: { readonly urgency: Urgency; readonly wake: () => void } | undefined

  /** Asks for those who wait, the most urgent first, until nobody does. */
  async function pump(): Promise<void> {
    pumping = true
    try {
      // Those who come in the same moment are asked for together.
      await Promise.resolve()
      let late = false
      for (let urgency = nextUrgency(); urgency !== undefined; urgency = nextUrgency()) {
        const count = Math.min(queues[urgency].length, mostAsked)
        const askedAt = performance.now()
        const extra = lease.wish(askedAt, count)
        const { spacingMs, earlyMs, atOnce, coldMs } = pace
        const [granted, waitMs] = await redis.budgetPermit(
          base,
          name,
          spacingMs,
          earlyMs,
          atOnce,
          coldMs,
          count,
          extra,
          urgency,
          who,
        )
        // Twice in a row would mean that Redis is simply far away.
        late = granted > 0 && !late && performance.now() - askedAt > pace.lateMs
        if (late) continue
        lease.take(granted - letGo(queues[urgency], granted), askedAt)
        if (waitMs > 0 && count > 0) await rest(urgency, Math.min(waitMs, 500))
      }
    } catch {
      // Redis refuses: the requests' own attempts end before anything is sent, and come back later.
      const error = new DeliveryError('The request budget could not be asked.', { do: 'retry', mayHaveArrived: false })
      for (const queue of queues) {
        for (const waiting of queue.splice(0)) waiting.fail(error)
      }
    } finally {
      pumping = false
    }
  }

  /** Lets as many go as were granted, the longest waiting first. @returns how many those were */
  function letGo(queue: Waiting[], granted: number): number {
    const gone = queue.splice(0, granted)
    for (const { go } of gone) go()
    lease.used(gone.length)
    return gone.length
  }

  /** Waits, but no longer than until somebody comes who is more urgent. */
  function rest(urgency: Urgency, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        asleep = undefined
        resolve()
      }
      const timer = setTimeout(wake, ms)
      asleep = { urgency, wake }
    })
  }

  function nextUrgency(): Urgency | undefined {
    const found = queues.findIndex((queue) => queue.length > 0)
    const next = found === -1 ? ahead : (found as Urgency)
    ahead = undefined
    return next
  }

  function wait(urgency: Urgency, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        const queue = queues[urgency]
        if (queue.includes(waiting)) queue.splice(queue.indexOf(waiting), 1)
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
      queues[urgency].push(waiting)
      if (asleep && urgency < asleep.urgency) asleep.wake()
      if (!pumping) void pump()
    })
  }

  async function permit(urgency: Urgency, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new Stopping('The process stops.')
    const now = performance.now()
    if (heldUntil > Date.now() || !lease.spend(now)) return wait(urgency, signal)
    if (pumping || !lease.isLow(now)) return
    ahead = urgency
    void pump()
  }

  return { holdKey, hold, heardHold, lift, permit }
}
