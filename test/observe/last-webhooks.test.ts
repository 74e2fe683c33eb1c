import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connectRedis, type Redis } from '../../src/lib/redis.ts'
import { createLastWebhooks } from '../../src/observe/last-webhooks.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

let server: TestRedis
let redis: Redis
beforeAll(async () => {
  server = await startTestRedis()
  redis = connectRedis({ url: server.url, failFast: false, onError: () => {} })
})
afterAll(async () => {
  redis?.disconnect()
  await server?.stop()
})

const heard = (status: number, source = 'line', channel = 'shop') =>
  ({ type: 'webhook.answered', channel, source, status }) as const

test('the last taken and the last refused webhook of each side are known to every process', async () => {
  let now = 1_000_000
  const one = createLastWebhooks({ redis, base: '{a}:', now: () => now })
  const other = createLastWebhooks({ redis, base: '{a}:' })
  expect(await other.read()).toEqual(new Map())
  one.observe(heard(200))
  one.observe(heard(401))
  one.observe(heard(503, 'genesys'))
  one.observe(heard(404, 'unknown', 'unknown'))
  now += 5_000
  one.observe(heard(200, 'line', 'shop_2'))
  const known = await until('all of them', async () => {
    const read = await other.read()
    return read.size === 3 && read
  })
  expect(known).toEqual(
    new Map([
      ['shop/line', { takenAt: 1_000_000, refused: { at: 1_000_000, status: 401 } }],
      ['shop/genesys', { refused: { at: 1_000_000, status: 503 } }],
      ['shop_2/line', { takenAt: 1_005_000 }],
    ]),
  )
})

test('a busy side is written down once a second', async () => {
  let now = 1_000_000
  const notes = createLastWebhooks({ redis, base: '{b}:', now: () => now })
  const told = async () => (await notes.read()).get('shop/line')?.takenAt
  notes.observe(heard(200))
  for (let more = 0; more < 99; more += 1) {
    now += 10
    notes.observe(heard(200))
  }
  expect(await told()).toBe(1_000_000)
  now += 10
  notes.observe(heard(200))
  expect(await told()).toBe(1_001_000)
})

test('while Redis is away nothing is thrown, and nothing waits', async () => {
  const away = connectRedis({ url: 'redis://127.0.0.1:1', failFast: true, onError: () => {} })
  const notes = createLastWebhooks({ redis: away, base: '{c}:' })
  notes.observe(heard(200))
  await expect(notes.read()).rejects.toThrow()
  away.disconnect()
})
