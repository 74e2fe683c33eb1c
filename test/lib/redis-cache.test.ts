import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connectRedis, type Redis } from '../../src/lib/redis.ts'
import { createRedisCache } from '../../src/lib/redis-cache.ts'
import { createSealer } from '../../src/lib/seal.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let redis: Redis
beforeAll(async () => {
  server = await startTestRedis()
  redis = connectRedis({ url: server.url, failFast: false, onError: () => undefined })
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

let bases = 0
function createCache(keys: readonly Buffer[] = []) {
  bases += 1
  const base = `{${bases}}:`
  return { ...createRedisCache({ redis, base, sealer: createSealer({ keys }) }), base }
}

test.each([
  ['readable', []],
  ['sealed', [randomBytes(32)]],
])('what was set is found, %s', async (_how, keys) => {
  const cache = createCache(keys)
  await cache.set('name', 'มะม่วง', 60)
  expect(await cache.get('name')).toBe('มะม่วง')
  expect((await redis.get(`${cache.base}cache:name`))?.includes('มะม่วง')).toBe(keys.length === 0)
})

test('what is added never replaces what is there', async () => {
  const cache = createCache()
  await cache.add('name', 'first', 60)
  await cache.add('name', 'second', 60)
  expect(await cache.get('name')).toBe('first')
})

test('what was forgotten is not added again by who had asked for it before', async () => {
  const cache = createCache()
  await cache.set('name', 'Somchai', 60)
  expect(await cache.forget('name')).toBe(true)
  await cache.add('name', 'Somchai', 86_400)
  expect(await cache.get('name')).toBeUndefined()
  expect(await cache.forget('name')).toBe(false)
  const seconds = await redis.ttl(`${cache.base}cache:name`)
  expect(seconds).toBeGreaterThan(20)
  expect(seconds).toBeLessThanOrEqual(30)
})

test('what was never there is forgotten too, and not counted', async () => {
  const cache = createCache()
  expect(await cache.forget('name')).toBe(false)
  await cache.add('name', 'Somchai', 60)
  expect(await cache.get('name')).toBeUndefined()
})

test('one of many gets a claim', async () => {
  const cache = createCache()
  const claims = await Promise.all([1, 2, 3].map(() => cache.claim('work', 60)))
  expect(claims.filter(Boolean)).toHaveLength(1)
})
