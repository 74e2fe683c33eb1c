import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { connectRedis, type Redis } from '../../src/lib/redis.ts'
import { paceOf } from '../../src/queue/pace.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { mostIn } from '../support/windows.ts'

/** The script as it is, but for its clock: the time comes from the call. Everything else runs in a real Redis. */
const timed = ['common', 'permit']
  .map((part) => readFileSync(new URL(`../../src/queue/lua/${part}.lua`, import.meta.url), 'utf8'))
  .join('\n')
  .replaceAll("redis.call('TIME')", '{ ARGV[10], ARGV[11] }')

let server: TestRedis
let redis: Redis
beforeAll(async () => {
  server = await startTestRedis()
  redis = connectRedis({ url: server.url, failFast: false, onError: () => {} })
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

const begin = 4_000_000_000_000
let names = 0
const newName = () => `pace${++names}`

/** One question, `at` ms after the beginning. */
interface Ask {
  readonly at: number
  readonly count: number
  readonly extra?: number
  readonly urgency?: number
  readonly who?: string
}

function valuesOf(name: string, perMinute: number, { at, count, extra = 0, urgency = 0, who = 'me' }: Ask) {
  const { spacingMs, earlyMs, atOnce, coldMs } = paceOf(perMinute)
  const now = begin + at
  const clock = [Math.floor(now / 1_000), Math.round((now % 1_000) * 1_000)]
  return [name, spacingMs, earlyMs, atOnce, coldMs, count, extra, urgency, who, ...clock]
}

/** Lets time pass in no time. @returns how many were granted at each question */
async function grantsOf(perMinute: number, asks: readonly Ask[]): Promise<readonly number[]> {
  const name = newName()
  const pipeline = redis.pipeline()
  for (const ask of asks) pipeline.eval(timed, 1, '{b}:', ...valuesOf(name, perMinute, ask))
  const answers = (await pipeline.exec()) ?? []
  return answers.map(([error, answer]) => {
    if (error) throw error
    return (answer as readonly [number, number])[0]
  })
}

/** Who was granted something within this time has connections open. */
const keptOpenMs = 20_000

/** When each granted request is sent, as late as a permit may be used. */
const sentAt = (
  perMinute: number,
  asks: readonly Ask[],
  grants: readonly number[],
  late: (index: number) => number,
): readonly number[] => {
  const { atOnce, spacingMs, coldMs, leaseMs } = paceOf(perMinute)
  let sent = 0
  let latest = Number.NEGATIVE_INFINITY
  const latestOf = new Map<string | undefined, number>()
  return grants.flatMap((granted, index) => {
    const { at = 0, who } = asks[index] ?? {}
    const rested =
      at - latest > atOnce * spacingMs + coldMs + 1_000 || at - (latestOf.get(who) ?? -keptOpenMs) >= keptOpenMs
    if (granted > 0) {
      latest = at
      latestOf.set(who, at)
    }
    const latestMs = 50 + leaseMs + (rested && perMinute < 60_000 ? 150 : 0)
    return Array.from({ length: granted }, () => at + late(sent++) * latestMs)
  })
}

/** Bursts of questions from several processes, with pauses of any length; between them somebody asks without rest. */
const trouble = fc.array(
  fc.record({
    pauseMs: fc.oneof(fc.constant(0), fc.nat(300), fc.nat(5_000), fc.nat(90_000)),
    everyMs: fc.constantFrom(1, 7, 50, 333),
    questions: fc.integer({ min: 1, max: 60 }),
    count: fc.integer({ min: 1, max: 400 }),
    extra: fc.constantFrom(0, 0, 5, 500),
  }),
  { minLength: 1, maxLength: 30 },
)

function asksOf(
  bouts: readonly (typeof trouble extends fc.Arbitrary<readonly (infer Bout)[]> ? Bout : never)[],
): Ask[] {
  let at = 0
  return bouts.flatMap(({ pauseMs, everyMs, questions, count, extra }) => {
    at += pauseMs
    return Array.from({ length: questions }, (_, index) => {
      at += everyMs
      return { at, count, extra, who: `process ${index % 3}` }
    })
  })
}

const budgets = [1, 2, 30, 59, 60, 61, 100, 300, 600, 3_000, 6_000, 60_000, 120_000, 1_000_000]

describe('however it is asked, by several processes, and although requests are sent up to 50 ms after they were granted, and after a rest of all or of one process up to 200', () => {
  test.each(budgets)(
    '%i a minute: no second sees more than a sixtieth, and no minute more than all',
    async (perMinute) => {
      await fc.assert(
        fc.asyncProperty(
          trouble,
          fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }),
          async (bouts, late) => {
            const asks = asksOf(bouts)
            const grants = await grantsOf(perMinute, asks)
            const sent = sentAt(perMinute, asks, grants, (index) => late[index % 7] ?? 0)
            expect(mostIn(1_000, sent)).toBeLessThanOrEqual(Math.ceil(perMinute / 60))
            expect(mostIn(60_000, sent)).toBeLessThanOrEqual(perMinute)
          },
        ),
        { numRuns: 15 },
      )
    },
  )

  // With these, a single request that comes late is one too many.
  test.each([59, 60, 300, 600])(
    '%i a minute: that holds when one process after the other joins those who ask all the time',
    async (perMinute) => {
      const everyMs = Math.max(7, paceOf(perMinute).spacingMs / 9)
      const asks = Array.from({ length: 60_000 / everyMs }, (_, index) => {
        const at = index * everyMs
        return { at, count: 1, who: `process ${Math.floor(at / 3_000) % 8}` }
      })
      const grants = await grantsOf(perMinute, asks)
      const granted = asks.filter((_, index) => (grants[index] ?? 0) > 0)
      // The first of each that joins is as late as it may be, all others come at once.
      const joins = (index: number) => granted[index]?.who !== granted[index - 1]?.who
      const sent = sentAt(perMinute, asks, grants, (index) => (joins(index) ? 1 : 0))
      expect(mostIn(1_000, sent)).toBeLessThanOrEqual(Math.ceil(perMinute / 60))
    },
  )

  test.each(budgets.filter((perMinute) => perMinute <= 6_000))(
    '%i a minute: that holds when everybody asks all the time, and then nearly all of it is used',
    async (perMinute) => {
      const { spacingMs } = paceOf(perMinute)
      const everyMs = Math.max(7, spacingMs / 9)
      const asks = Array.from({ length: 180_000 / everyMs }, (_, index) => ({ at: index * everyMs, count: 100 }))
      const grants = await grantsOf(perMinute, asks)
      const sent = sentAt(perMinute, asks, grants, (index) => (index * 0.37) % 1)
      expect(mostIn(1_000, sent)).toBeLessThanOrEqual(Math.ceil(perMinute / 60))
      expect(mostIn(60_000, sent)).toBeLessThanOrEqual(perMinute)
      expect(sent.length / 3).toBeGreaterThan(Math.floor(0.92 * perMinute))
    },
  )
})

describe('the script', () => {
  test('grants at most ten at once after a rest, and has them made up for before the next one', async () => {
    const asks = Array.from({ length: 600 }, (_, index) => ({ at: index * 10, count: 100 }))
    const grants = await grantsOf(3_000, asks)
    expect(grants[0]).toBe(10)
    const { spacingMs } = paceOf(3_000)
    const next = asks[grants.findIndex((granted, index) => index > 0 && granted > 0)]
    expect(next?.at).toBeGreaterThanOrEqual(10 * spacingMs - 20)
  })

  test('spreads requests evenly', async () => {
    const asks = Array.from({ length: 20_000 }, (_, index) => ({ at: index, count: 100 }))
    const grants = await grantsOf(300, asks)
    const sent = sentAt(300, asks, grants, () => 0)
    const gaps = sent.slice(6).map((at, index) => at - (sent[index + 5] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(215)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(213)
  })

  test('says when to come back, and nobody who does so is sent away twice', async () => {
    const name = newName()
    const ask = (at: number, count: number) =>
      redis.eval(timed, 1, '{b}:', ...valuesOf(name, 300, { at, count })) as Promise<[number, number]>
    expect(await ask(0, 7)).toEqual([5, expect.any(Number)])
    let at = 0
    for (let [granted, waitMs] = await ask(at, 2); at < 3_000; [granted, waitMs] = await ask(at, 2)) {
      if (at > 0) expect(granted).toBe(1)
      at += waitMs
    }
  })

  test('fetches ahead only as many as nobody has to wait for', async () => {
    expect(await grantsOf(60_000, [{ at: 0, count: 3, extra: 20 }])).toEqual([23])
    expect(await grantsOf(60_000, [{ at: 0, count: 3, extra: 200 }])).toEqual([3])
  })

  test('goes on at once when its clock is set back, as after a failover', async () => {
    const hour = 3_600_000
    const asks = [{ at: hour, count: 5 }, ...Array.from({ length: 30 }, (_, index) => ({ at: 215 * index, count: 1 }))]
    const grants = await grantsOf(300, asks)
    expect(grants.slice(0, 7)).toEqual([5, 0, 0, 0, 0, 0, 0])
    expect(grants.slice(9).every((granted) => granted === 1)).toBe(true)
  })

  test('serves the more urgent first when there is too little for all, and the least urgent when they rest', async () => {
    const name = newName()
    const served: Record<string, number> = { 0: 0, 1: 0, 2: 0 }
    const again = [0, 0, 0]
    // Messages come in 2 of 3 seconds, five a second; receipts wait all the time, each kind in a process of its own.
    let messages = 0
    for (let at = 0; at < 30_000; at += 10) {
      const busy = at % 3_000 < 2_000
      if (busy && at % 200 === 0) messages += 1
      for (const urgency of [0, 1, 2]) {
        const count = urgency === 0 ? messages : urgency === 1 && at < 12_000 ? 1 : urgency === 2 ? 5 : 0
        if (count === 0 || at < (again[urgency] ?? 0)) continue
        const values = valuesOf(name, 300, { at, count, urgency, who: `process ${urgency}` })
        const [granted, waitMs] = (await redis.eval(timed, 1, '{b}:', ...values)) as [number, number]
        again[urgency] = at + waitMs
        served[urgency] = (served[urgency] ?? 0) + granted
        if (urgency === 0) messages -= granted
        if (urgency === 2 && granted > 0) expect(messages).toBe(0)
      }
    }
    expect(messages).toBeLessThan(5)
    expect(served[0]).toBeGreaterThan(90)
    expect(served[2]).toBeGreaterThan(0)
  }, 20_000)
})
