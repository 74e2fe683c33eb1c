import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Stopping } from '../../src/bridge/errors.ts'
import type { Redis } from '../../src/lib/redis.ts'
import { createBudget, prepareBudgets, type Urgency } from '../../src/queue/budget.ts'
import { type Store, startStore } from './harness.ts'

let store: Store
let redis: Redis
beforeAll(async () => {
  store = await startStore()
  redis = open()
})
afterAll(() => store.stop())

const never = new AbortController().signal
function open(from = store): Redis {
  const connection = from.open()
  prepareBudgets(connection)
  return connection
}
let names = 0
const newName = () => `budget${++names}`
const budgetOf = (perMinute?: number, name = newName(), connection = redis) =>
  createBudget({ redis: connection, base: '{b}:', name, ...(perMinute !== undefined && { perMinute }) })

/** The script as it is, but for its clock: the time comes from the call. Everything else runs in Redis. */
const timed = ['common', 'permit']
  .map((part) => readFileSync(new URL(`../../src/queue/lua/${part}.lua`, import.meta.url), 'utf8'))
  .join('\n')
  .replace("redis.call('TIME')", '{ ARGV[7], ARGV[8] }')

/** How a budget of that size is asked: read from what the budget itself sends. */
async function askedWith(perMinute: number): Promise<{ readonly spacingMs: string; readonly burst: string }> {
  let sent: readonly string[] = []
  const spy = new Proxy(redis, {
    get: (target, key) =>
      key === 'budgetPermit'
        ? (_base: string, _name: string, ...values: readonly (string | number)[]) => {
            sent = values.map(String)
            return Promise.resolve([1, 0])
          }
        : Reflect.get(target, key),
  })
  await budgetOf(perMinute, newName(), spy).permit(0, never)
  return { spacingMs: sent[0] ?? '', burst: sent[1] ?? '' }
}

/**
 * Lets minutes pass in no time: asks for `count` permits at each of the given moments (ms from the beginning).
 * @returns the moments of all grants
 */
async function grantsAt(perMinute: number, asks: readonly (readonly [number, number])[]): Promise<readonly number[]> {
  const { spacingMs, burst } = await askedWith(perMinute)
  const name = newName()
  const begin = 4_000_000_000_000
  const pipeline = redis.pipeline()
  for (const [at, count] of asks) {
    const now = begin + at
    const clock = [Math.floor(now / 1_000), (now % 1_000) * 1_000]
    pipeline.eval(timed, 1, '{b}:', name, spacingMs, burst, count, 0, 'me', ...clock)
  }
  const answers = (await pipeline.exec()) ?? []
  return answers.flatMap(([error, answer], index) => {
    if (error) throw error
    const [granted = 0] = answer as readonly number[]
    return Array.from({ length: granted }, () => asks[index]?.[0] ?? 0)
  })
}

/** The most grants in any stretch of that length, its end excluded. */
function mostIn(windowMs: number, grants: readonly number[]): number {
  let most = 0
  for (let first = 0, last = 0; last < grants.length; last += 1) {
    while ((grants[last] ?? 0) - (grants[first] ?? 0) >= windowMs) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}

describe('the script, on a clock of our own', () => {
  test.each([1, 2, 30, 60, 300, 1_000, 5_000])(
    'grants never more than %i in any 60 s, however it is asked',
    async (perMinute) => {
      const ask = fc.tuple(fc.oneof(fc.nat(300), fc.nat(20_000)), fc.integer({ min: 1, max: 100 }))
      await fc.assert(
        fc.asyncProperty(fc.array(ask, { minLength: 1, maxLength: 60 }), async (pauses) => {
          let at = 0
          // Between the pauses somebody asks without rest for two seconds, which is the worst case.
          const asks = pauses.flatMap(([pause, count]) => {
            at += pause
            const burst = Array.from({ length: 40 }, (_, index): readonly [number, number] => [at + index * 50, count])
            at += 2_000
            return burst
          })
          expect(mostIn(60_000, await grantsAt(perMinute, asks))).toBeLessThanOrEqual(perMinute)
        }),
        { numRuns: 6 },
      )
    },
  )

  test('grants 300 in no 60 s although the first ones arrive up to a second late, and nearly 300 when asked all the time', async () => {
    const asks = Array.from({ length: 300_000 / 50 }, (_, index): readonly [number, number] => [index * 50, 100])
    const grants = await grantsAt(300, asks)
    expect(mostIn(61_000, grants)).toBeLessThanOrEqual(300)
    expect(grants.length / 5).toBeGreaterThan(0.95 * 290)
  })

  test('spreads them evenly after the first ones', async () => {
    const asks = Array.from({ length: 20_000 }, (_, index): readonly [number, number] => [index, 100])
    const grants = await grantsAt(300, asks)
    expect(grants.filter((at) => at < 5)).toHaveLength(10)
    const gaps = grants.slice(10).map((at, index) => at - (grants[index + 9] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(211)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(209)
  })
})

describe('a budget', () => {
  test('is kept in real time by two processes together', async () => {
    const name = newName()
    const budgets = [budgetOf(3_000, name), budgetOf(3_000, name, open())]
    const grants: number[] = []
    const begin = Date.now()
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        await budgets[index % 2]?.permit(0, never)
        grants.push(Date.now() - begin)
      }),
    )
    // 10 at once, then one every 20.4 ms.
    expect(grants.at(-1)).toBeGreaterThanOrEqual(40 * 20.4 - 25)
    expect(grants.at(-1)).toBeLessThan(2 * 40 * 20.4)
    const at = (index: number): number => grants[index] ?? 0
    for (let index = 10; index < 50; index += 1) expect(at(index)).toBeGreaterThanOrEqual((index - 9) * 20.4 - 25)
  })

  test('of a million a minute slows nobody down', async () => {
    const budget = budgetOf(1_000_000)
    const begin = performance.now()
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let count = 0; count < 100; count += 1) await budget.permit(0, never)
      }),
    )
    expect(5_000 / ((performance.now() - begin) / 1_000)).toBeGreaterThanOrEqual(5_000)
  })

  test('goes to the more urgent first, whichever process they wait in', async () => {
    const name = newName()
    const [one, other] = [budgetOf(3_000, name), budgetOf(3_000, name, open())]
    const order: Urgency[] = []
    const wait = async (budget: typeof one, urgency: Urgency) => {
      await budget.permit(urgency, never)
      order.push(urgency)
    }
    const patient = Array.from({ length: 30 }, () => wait(one, 2))
    // The first ten pass at once.
    while (order.length < 10) await Promise.race(patient.slice(order.length))
    const before = order.length
    await Promise.all([wait(other, 0), wait(other, 0), wait(one, 0), wait(other, 1), wait(other, 0), wait(other, 0)])
    const meanwhile = order.slice(before)
    // One or two of the patient ones may have been granted before the urgent ones were heard of.
    expect(meanwhile.filter((urgency) => urgency === 2).length).toBeLessThanOrEqual(2)
    expect(meanwhile.filter((urgency) => urgency !== 2)).toEqual([0, 0, 0, 0, 0, 1])
    await Promise.all(patient)
  })

  // The wish of somebody who had long been served used to hold up the others for a fifth of a second.
  test('goes to the less urgent as soon as the more urgent are served', async () => {
    const name = newName()
    const [one, other] = [budgetOf(3_000, name), budgetOf(3_000, name, open())]
    await Promise.all(Array.from({ length: 14 }, () => one.permit(0, never)))
    const begin = Date.now()
    await other.permit(2, never)
    expect(Date.now() - begin).toBeLessThan(150)
  })

  test('is left by whoever stops, and the others go on', async () => {
    const budget = budgetOf(60)
    await budget.permit(0, never)
    await budget.permit(0, never)
    const stopping = new AbortController()
    const waits = [budget.permit(0, stopping.signal), budget.permit(1, stopping.signal)]
    stopping.abort()
    for (const outcome of await Promise.allSettled(waits))
      expect(outcome).toMatchObject({ reason: expect.any(Stopping) })
    await expect(budget.permit(0, stopping.signal)).rejects.toBeInstanceOf(Stopping)
    await budget.permit(0, never)
  })
})

describe('a hold', () => {
  test.each([
    ['with', 60_000],
    ['without', undefined],
  ])('holds a budget %s a limit, until it ends', async (_, perMinute) => {
    const budget = budgetOf(perMinute)
    const begin = Date.now()
    await budget.hold(300)
    await Promise.all([budget.permit(0, never), budget.permit(2, never)])
    expect(Date.now() - begin).toBeGreaterThanOrEqual(295)
    expect(Date.now() - begin).toBeLessThan(900)
  })

  test('reaches the other processes', async () => {
    const name = newName()
    const begin = Date.now()
    await budgetOf(60_000, name).hold(300)
    await budgetOf(60_000, name, open()).permit(0, never)
    expect(Date.now() - begin).toBeGreaterThanOrEqual(295)
  })

  // Another request that was under way used to shorten it with its own, smaller Retry-After.
  test('is not cut short by a shorter one', async () => {
    const budget = budgetOf(60_000)
    await budget.hold(60_000)
    await budget.hold(5)
    expect(await redis.pttl(`{b}:${budget.holdKey}`)).toBeGreaterThan(50_000)
    await budget.hold(90_000)
    expect(await redis.pttl(`{b}:${budget.holdKey}`)).toBeGreaterThan(80_000)
  })

  test('holds nobody else’s budget', async () => {
    await budgetOf(60_000).hold(60_000)
    await budgetOf(60_000).permit(0, never)
  })

  test.each([
    ['with', 60],
    ['without', undefined],
  ])('ends at once for whoever stops, %s a limit', async (_, perMinute) => {
    const budget = budgetOf(perMinute)
    await budget.hold(60_000)
    const stopping = new AbortController()
    const waiting = budget.permit(0, stopping.signal)
    stopping.abort()
    await expect(waiting).rejects.toBeInstanceOf(Stopping)
  })
})

test('a budget that cannot be asked fails the attempt before anything is sent', async () => {
  const own = await startStore()
  try {
    const connection = open(own)
    const budget = createBudget({ redis: connection, base: '{b}:', name: 'full', perMinute: 60 })
    await connection.config('SET', 'maxmemory', '1')
    await expect(budget.permit(0, never)).rejects.toMatchObject({ next: { do: 'retry', mayHaveArrived: false } })
    await connection.config('SET', 'maxmemory', '0')
    await budget.permit(0, never)
  } finally {
    await own.stop()
  }
})
