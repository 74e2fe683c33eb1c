import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
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

test('what is sealed under a key that is gone counts as absent', async () => {
  const before = createCache([randomBytes(32)])
  await before.set('name', 'มะม่วง', 60)
  const sealer = createSealer({ keys: [randomBytes(32)] })
  expect(await createRedisCache({ redis, base: before.base, sealer }).get('name')).toBeUndefined()
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

describe('all that begins alike', () => {
  const offer = (user: string, number: number) => `offer:${user}:${number}`

  test('is forgotten, and nothing else', async () => {
    const cache = createCache()
    const other = createCache()
    for (let number = 0; number < 2_500; number += 1) await cache.set(offer('U1', number), 'words', 60)
    for (const key of [offer('U12', 1), offer('U2', 1), 'offer:U1', 'an offer:U1:1']) await cache.set(key, 'fine', 60)
    await other.set(offer('U1', 1), 'fine', 60)
    expect(await cache.forgetAll('offer:U1:')).toBe(2_500)
    expect(await cache.get(offer('U1', 0))).toBeUndefined()
    expect(await cache.get(offer('U1', 2_499))).toBeUndefined()
    for (const key of [offer('U12', 1), offer('U2', 1), 'offer:U1', 'an offer:U1:1'])
      expect(await cache.get(key)).toBe('fine')
    expect(await other.get(offer('U1', 1))).toBe('fine')
  })

  test('is not counted again when only the forgetting is remembered', async () => {
    const cache = createCache()
    await cache.set(offer('U1', 1), 'words', 60)
    await cache.forget(offer('U1', 2))
    expect(await cache.forgetAll('offer:U1:')).toBe(1)
    expect(await cache.forgetAll('offer:U1:')).toBe(0)
    await cache.add(offer('U1', 1), 'words', 60)
    expect(await cache.get(offer('U1', 1))).toBeUndefined()
  })

  test.each(['*', 'U?', '[U]1', 'U1\\', '[^U]', 'U[0-9]', 'U1'])(
    'means what it says, also where a pattern could be read: %s',
    async (user) => {
      const cache = createCache()
      const users = ['U1', 'U2', '*', 'U?', '[U]1', 'U1\\', '[^U]', 'U[0-9]', 'x']
      for (const one of users) await cache.set(offer(one, 1), 'words', 60)
      expect(await cache.forgetAll(`offer:${user}:`)).toBe(1)
      for (const one of users) expect(await cache.get(offer(one, 1))).toBe(one === user ? undefined : 'words')
    },
  )
})

test('one of many gets a claim', async () => {
  const cache = createCache()
  const claims = await Promise.all([1, 2, 3].map(() => cache.claim('work', 60)))
  expect(claims.filter(Boolean)).toHaveLength(1)
})
