import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { channelTypes } from '../../src/channels/index.ts'
import { erasePerson } from '../../src/erase/erase.ts'
import { createErasers } from '../../src/erase/erasers.ts'
import { reportText } from '../../src/erase/report.ts'
import { connectRedis, type Redis } from '../../src/lib/redis.ts'
import { createRedisCache } from '../../src/lib/redis-cache.ts'
import { createSealer } from '../../src/lib/seal.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { createQueueEraser } from '../../src/queue/erase.ts'
import { createQuotes } from '../../src/quotes/store.ts'
import { everythingIn } from '../support/everything.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let redis: Redis
let folder: string
beforeAll(async () => {
  server = await startTestRedis()
  redis = connectRedis({ url: server.url, failFast: false, onError: () => undefined })
  folder = await mkdtemp(join(tmpdir(), 'bridge-erasers-'))
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const mine = { channel: 'shop', user: 'U1' }
/** Others whose names could be mistaken for it. */
const others = [
  { channel: 'shop', user: 'U12' },
  { channel: 'shop2', user: 'U1' },
  { channel: 'shop', user: 'u1' },
]
const words = 'zebra crossing'

test('what a channel knows of a customer, offered to them and keeps for quotes is erased, and the report says so', async () => {
  const cache = createRedisCache({ redis, base: '{test}:', sealer: createSealer({ keys: [] }) })
  const newQuotes = () =>
    createQuotes({
      folder,
      secrets: ['a secret'],
      onError: (error) => {
        throw error
      },
    })
  // Of the bridge that runs meanwhile.
  const quotes = newQuotes()
  const { personKeys } = channelTypes.line
  for (const person of [mine, ...others]) {
    const { keys, prefixes } = personKeys(person)
    expect(keys.length).toBeGreaterThan(2)
    expect(prefixes).toHaveLength(1)
    const text = person === mine ? words : `fine ${person.channel} ${person.user}`
    for (const key of keys) await cache.set(key, text, 600)
    for (const prefix of prefixes) for (const number of [1, 2, 3]) await cache.set(`${prefix}${number}`, text, 600)
    for (const id of ['m1', 'm2']) quotes.keep(person, id, text)
  }
  const keysOfOne = personKeys(mine).keys.length

  const ownQuotes = newQuotes()
  const erasers = createErasers({
    queues: createQueueEraser({ redis, keyPrefix: 'test', traceDays: 1 }),
    store: createMediaStore({ folder }),
    cache,
    quotes: ownQuotes,
    personKeys,
    traced: [],
  })
  const erasure = await erasePerson({ person: mine, erasers, underWay: async () => 0, waitMs: 1_000 })
  expect(Object.fromEntries(erasure.removed.map(({ what, count }) => [what, count]))).toEqual({
    waiting_inbound: 0,
    waiting_outbound: 0,
    dead_letters: 0,
    files: 0,
    profile: keysOfOne,
    offers: 3,
    quotes: 2,
  })
  const everything = await everythingIn(redis)
  expect(everything).not.toContain(words)
  expect(await quotes.find(mine, 'm1')).toBeUndefined()
  for (const person of others) {
    const text = `fine ${person.channel} ${person.user}`
    expect(everything.split(text)).toHaveLength(keysOfOne + 3 + 1)
    expect(await quotes.find(person, 'm2')).toBe(text)
  }

  const text = reportText({ ...mine, ...erasure, kept: [], appendOnlyFile: 'off' })
  expect(text).toMatch(new RegExp(`\\n  profile \\(name, language, notes\\) +${keysOfOne}\\n`))
  expect(text).toMatch(/\n {2}buttons offered to the customer +3\n {2}texts kept for quotes +2\n/)

  const again = await erasePerson({ person: mine, erasers, underWay: async () => 0, waitMs: 1_000 })
  expect(again.removed.every(({ count }) => count === 0)).toBe(true)
  await Promise.all([quotes.close(), ownQuotes.close()])
})
