import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Stopping } from '../../src/bridge/errors.ts'
import type { Redis } from '../../src/lib/redis.ts'
import { createBudget, prepareBudgets, type Urgency } from '../../src/queue/budget.ts'
import { mostIn } from '../support/windows.ts'
import { type Store, startStore } from './harness.ts'

let store: Store
let redis: Redis
beforeAll(async () => {
  store = await startStore()
  redis = open()
})
afterAll(() => store.stop())

const never = new AbortController().signal
function open(): Redis {
  const connection = store.open()
  prepareBudgets(connection)
  return connection
}
let names = 0
const newName = () => `budget${++names}`
const budgetOf = (perMinute?: number, name = newName(), connection = redis) =>
  createBudget({ redis: connection, base: '{b}:', name, ...(perMinute !== undefined && { perMinute }) })

/** A connection, and how often a budget was asked for through it. */
function counting() {
  let asked = 0
  const connection = new Proxy(redis, {
    get: (target, key) =>
      key === 'budgetPermit'
        ? (...values: Parameters<Redis['budgetPermit']>) => {
            asked += 1
            return target.budgetPermit(...values)
          }
        : Reflect.get(target, key),
  })
  return { connection, asked: () => asked }
}

describe('a budget', () => {
  test.each([
    [300, 12],
    [3_000, 120],
    [6_000, 240],
    [60_000, 2_400],
  ])(
    'of %i a minute is kept in real time by three processes together, in any second as sent',
    async (perMinute, wanted) => {
      const name = newName()
      const budgets = [budgetOf(perMinute, name), budgetOf(perMinute, name, open()), budgetOf(perMinute, name, open())]
      const sent: number[] = []
      const begin = performance.now()
      await Promise.all(
        Array.from({ length: wanted }, async (_, index) => {
          await budgets[index % 3]?.permit(index % 2 === 0 ? 0 : 2, never)
          sent.push(performance.now())
        }),
      )
      expect(mostIn(1_000, sent)).toBeLessThanOrEqual(Math.ceil(perMinute / 60))
      // Nor does it take much longer than the budget allows, even on a machine that is busy.
      expect(performance.now() - begin).toBeLessThan((wanted / perMinute) * 60_000 * 2 + 500)
    },
  )

  test('that was not used lately lets some go at once, with one round trip to Redis for all of them', async () => {
    const { connection, asked } = counting()
    const budget = budgetOf(300, newName(), connection)
    await Promise.all(Array.from({ length: 5 }, () => budget.permit(0, never)))
    expect(asked()).toBe(1)
  })

  test('that nobody can use up costs few round trips to Redis and slows nobody down', async () => {
    const { connection, asked } = counting()
    const budget = budgetOf(1_000_000, newName(), connection)
    const begin = performance.now()
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let count = 0; count < 100; count += 1) {
          await budget.permit(0, never)
          await setImmediate()
        }
      }),
    )
    expect(5_000 / ((performance.now() - begin) / 1_000)).toBeGreaterThanOrEqual(5_000)
    expect(asked()).toBeLessThan(500)
  })

  test('of thousands a second does not let a permit be used that was fetched ahead and then held back', async () => {
    const [one, other] = [budgetOf(600_000), budgetOf(600_000)]
    for (const budget of [one, other]) for (let count = 0; count < 20; count += 1) await budget.permit(0, never)
    const begin = performance.now()
    await redis.set(`{b}:${one.holdKey}`, 1, 'PX', 1_000)
    one.heardHold(1_000)
    const gone: string[] = []
    await Promise.all([
      one.permit(0, never).then(() => gone.push('one')),
      other.permit(0, never).then(() => gone.push('other')),
    ])
    expect(gone).toEqual(['other', 'one'])
    expect(performance.now() - begin).toBeGreaterThanOrEqual(990)
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
    const { connection, asked } = counting()
    const [one, other] = [budgetOf(3_000, name, open()), budgetOf(3_000, name, connection)]
    await Promise.all(Array.from({ length: 14 }, () => one.permit(0, never)))
    await other.permit(2, never)
    // It is told how long to wait, and then let go.
    expect(asked()).toBeLessThanOrEqual(3)
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
  const name = newName()
  const budget = budgetOf(60, name)
  // Something else lies where the budget should be.
  await redis.rpush(`{b}:budget:${name}`, 'x')
  await expect(budget.permit(0, never)).rejects.toMatchObject({ next: { do: 'retry', mayHaveArrived: false } })
  await redis.del(`{b}:budget:${name}`)
  await budget.permit(0, never)
})
