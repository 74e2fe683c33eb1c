import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { BridgeEvent } from '../../src/bridge/events.ts'
import { createPressure, type OverloadLimits } from '../../src/queue/pressure.ts'
import { createProcess, eventually, failing, heard, inbound, type Store, startStore } from './harness.ts'

let store: Store
let redis: Redis
beforeAll(async () => {
  store = await startStore()
  redis = store.open()
  // So much that connections which come and go make no difference.
  await redis.setrange('ballast', 20_000_000, 'x')
})
afterEach(async () => {
  await redis.config('SET', 'maxmemory', '0')
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
})
afterAll(() => store.stop())

const plenty: OverloadLimits = { maxWaiting: 1_000_000, maxRedisMemoryPercent: 90 }

function watch(limits: Partial<OverloadLimits>, memoryBytes?: number, keyPrefix = store.newPrefix()) {
  const events: BridgeEvent[] = []
  const prefix = `{${keyPrefix}}`
  const pressure = createPressure({
    redis,
    prefix,
    channels: ['shop', 'club'],
    limits: { ...plenty, ...limits },
    ...(memoryBytes !== undefined && { memoryBytes }),
    emit: (event) => void events.push(event),
    onError: (error) => {
      throw error
    },
  })
  return {
    ...pressure,
    told: () => events.flatMap((event) => (event.type === 'alert.raised' ? [[event.kind, event.channel]] : [])),
    wait: (queue: string, count: number) => redis.hset(`${prefix}:depth`, queue, count),
    /** A job as BullMQ keeps it in its list of jobs that are ready. */
    async ready(queue: string, id: string, ageSeconds: number, attempts?: number): Promise<void> {
      await redis.hset(`${prefix}:${queue}:${id}`, 'timestamp', Date.now() - ageSeconds * 1000)
      if (attempts !== undefined) await redis.hset(`${prefix}:${queue}:${id}`, 'ats', attempts)
      await redis.lpush(`${prefix}:${queue}:wait`, id)
    },
    pause: (queue: string) => redis.hset(`${prefix}:${queue}:meta`, 'paused', 1),
  }
}

test('nothing is refused while little waits', async () => {
  const pressure = watch({})
  expect(pressure.refuses('shop', 'inbound')).toBe(false)
  await pressure.wait('shop-inbound', 999_999)
  await pressure.refresh()
  expect(pressure.refuses('shop', 'inbound')).toBe(false)
  expect(pressure.told()).toEqual([])
})

describe('the number of waiting messages', () => {
  test('is judged for each direction of each channel, and told once', async () => {
    const pressure = watch({ maxWaiting: 100 })
    await pressure.wait('shop-inbound', 100)
    await pressure.wait('shop-outbound', 99)
    await pressure.refresh()
    await pressure.refresh()
    expect(pressure.refuses('shop', 'inbound')).toBe(true)
    expect(pressure.refuses('shop', 'outbound')).toBe(false)
    expect(pressure.refuses('club', 'inbound')).toBe(false)
    expect(pressure.told()).toEqual([['overload', 'shop']])
  })

  test('must fall by a tenth before messages are taken again', async () => {
    const pressure = watch({ maxWaiting: 100 })
    for (const [waiting, refused] of [
      [100, true],
      [99, true],
      [90, true],
      [89, false],
      [99, false],
      [100, true],
    ] as const) {
      await pressure.wait('shop-inbound', waiting)
      await pressure.refresh()
      expect([waiting, pressure.refuses('shop', 'inbound')]).toEqual([waiting, refused])
    }
  })
})

describe('the age of waiting messages', () => {
  test('is that of the oldest one that was never tried and is ready', async () => {
    const pressure = watch({ maxWaitingSeconds: 60 })
    await pressure.ready('shop-outbound', '17', 61)
    await pressure.ready('shop-outbound', '18', 1)
    // One of an earlier release.
    await pressure.ready('club-outbound', 'm-old', 61)
    await pressure.refresh()
    expect(pressure.refuses('shop', 'outbound')).toBe(true)
    expect(pressure.refuses('club', 'outbound')).toBe(true)
    expect(pressure.refuses('shop', 'inbound')).toBe(false)
    expect(pressure.told().toSorted()).toEqual([
      ['overload', 'club'],
      ['overload', 'shop'],
    ])
  })

  test('does not count where messages were tried before, or the queue is paused', async () => {
    const pressure = watch({ maxWaitingSeconds: 60 })
    await pressure.ready('shop-outbound', 'm-held', 3_600, 3)
    // A job of their own, for the next attempt, is as old as their wait, and has never been tried itself.
    await pressure.ready('shop-outbound', 'm-held~3', 3_600)
    await pressure.ready('shop-outbound', 'm-new', 59)
    await pressure.ready('shop-inbound', 'm-old', 3_600)
    await pressure.pause('shop-inbound')
    await pressure.refresh()
    expect(pressure.refuses('shop', 'outbound')).toBe(false)
    expect(pressure.refuses('shop', 'inbound')).toBe(false)
  })

  test('is read from the jobs as they really are', async () => {
    const bridge = await createProcess(store)
    const pressure = watch({ maxWaitingSeconds: 0.05 }, undefined, bridge.keyPrefix)
    await bridge.admit('shop', 'inbound', [heard(inbound('1'))])
    await eventually(async () => {
      await pressure.refresh()
      return pressure.refuses('shop', 'inbound')
    })
    // Once it was tried, it waits for its own sake.
    let attempts = 0
    bridge.deliver(() => {
      attempts += 1
      throw failing({ do: 'retry', mayHaveArrived: false })
    })
    await eventually(() => attempts > 0)
    await bridge.stop()
    await new Queue('shop-inbound', { connection: redis, prefix: `{${bridge.keyPrefix}}` }).promoteJobs()
    expect(await redis.lrange(`{${bridge.keyPrefix}}:shop-inbound:wait`, 0, -1)).toEqual(['m-1~1'])
    const promotedAt = Date.now()
    await eventually(() => Date.now() - promotedAt > 100)
    await pressure.refresh()
    expect(pressure.refuses('shop', 'inbound')).toBe(false)
  })

  test('does not matter unless a limit is set', async () => {
    const pressure = watch({})
    await pressure.ready('shop-inbound', 'm-old', 1_000_000)
    await pressure.refresh()
    expect(pressure.refuses('shop', 'inbound')).toBe(false)
  })
})

describe('a Redis that is nearly full', () => {
  /** Sets maxmemory so that so much of it is used. */
  async function fill(percent: number): Promise<void> {
    const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
    await redis.config('SET', 'maxmemory', String(Math.round((used / percent) * 100)))
  }

  test('takes nothing more, in either direction, until five points of a hundred are free again', async () => {
    const pressure = watch({})
    for (const [percent, refused] of [
      [80, false],
      [92, true],
      [88, true],
      [82, false],
      [88, false],
    ] as const) {
      await fill(percent)
      await pressure.refresh()
      expect([percent, pressure.refuses('shop', 'inbound')]).toEqual([percent, refused])
      expect([percent, pressure.refuses('club', 'outbound')]).toEqual([percent, refused])
    }
    expect(pressure.told()).toEqual([['overload', '*']])
  })

  test('is measured by the memory of its container, where it has no maxmemory', async () => {
    const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
    const small = watch({}, used)
    await small.refresh()
    expect(small.refuses('shop', 'inbound')).toBe(true)
    const large = watch({}, 2 ** 64)
    await large.refresh()
    expect(large.refuses('shop', 'inbound')).toBe(false)
  })
})

test('a Redis that was told meanwhile to evict keys is told of, and goes on', async () => {
  const pressure = watch({})
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await pressure.refresh()
  expect(pressure.told()).toEqual([['evicting_store', '*']])
  expect(pressure.refuses('shop', 'inbound')).toBe(false)
})
