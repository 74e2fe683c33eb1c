import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Redis } from '../../src/lib/redis.ts'
import { toEntry } from '../../src/queue/admit-entry.ts'
import type { AdmitEntry } from '../../src/queue/lanes.ts'
import { jobId, journalField, journalKey, journalOf } from '../../src/queue/names.ts'
import { until } from '../support/until.ts'
import {
  createParts,
  createProcess,
  entryOf,
  inbound,
  outbound,
  plainCodec,
  type Store,
  startStore,
  stored,
} from './harness.ts'

/*
 * A command of the script that stores a body can fail, and what it did before that stays. Whatever it was: the body is refused, and when
 * it comes again everything is stored, once.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const now = Date.now()
const journalBefore = (id: string, days: number) => {
  const { day, shard } = journalOf(id, now)
  return journalKey({ day: day - days, shard })
}
/** An event that is no message. */
const eventOf = (id: string, more: Partial<AdmitEntry>): AdmitEntry => {
  const { entry: _, ...event } = entryOf(inbound(id, 'U1'), { receivedAt: now })
  return { ...event, ...more }
}
const messages: readonly AdmitEntry[] = [
  entryOf(inbound('1', 'U1'), { receivedAt: now }),
  entryOf(inbound('2', 'U2'), { receivedAt: now }),
  // It comes twice in one body.
  entryOf(inbound('2', 'U2'), { receivedAt: now }),
  { ...entryOf(inbound('3', 'U3'), { receivedAt: now }), mark: { sign: 'u', at: now } },
  entryOf(inbound('4', 'U1'), { receivedAt: now }),
]

/** Keys that hold something else than they should, as after a slip of an operator's hand. */
const spoilt: readonly string[] = [
  journalBefore('2', 0),
  journalBefore('2', 1),
  journalBefore('3', 3),
  'lane:shop-inbound:U2',
  'depth',
  'lanes:shop-inbound',
  'owed',
  'blocked:shop',
]

/** Something is refused, because its user may not run a command. */
async function withoutRight(redis: Redis, command: string, run: () => Promise<unknown>): Promise<void> {
  const may = (sign: '+' | '-') => redis.call('ACL', 'SETUSER', 'default', `${sign}${command}`)
  await may('-')
  await expect(run())
    .rejects.toThrow(/NOPERM|can't run/)
    .finally(() => may('+'))
}

describe('a key of another type', () => {
  test.concurrent.each(spoilt)(
    '(%s) makes a body be refused, and loses and doubles nothing when it comes again',
    async (name) => {
      const { lanes, redis, base, keyPrefix } = createParts(store)
      const key = `${base}${name}`
      await redis.set(key, 'something else')
      for (const _ of [1, 2]) await expect(lanes.admit(messages, now)).rejects.toThrow('WRONGTYPE')
      await redis.del(key)
      const answers = await lanes.admit(messages, now)
      expect(answers[2]).toBe('duplicate')
      expect(await lanes.admit(messages, now)).toEqual(messages.map(() => 'duplicate'))
      expect(await stored(redis, base)).toEqual({ noted: ['1', '2', '3', '4'], waiting: ['1', '2', '3', '4'] })
      expect(await redis.hgetall(`${base}depth`)).toEqual({ 'shop-inbound': '4' })
      const process = await createProcess(store, { keyPrefix })
      const arrived: string[] = []
      process.deliver(({ id }) => void arrived.push(id))
      // What was stored before the error has no job, and a debt.
      process.startSweep()
      await process.until(() => process.told('message.delivered').length === 4, 5_000)
      expect(arrived.toSorted()).toEqual(['1', '2', '3', '4'])
      expect(arrived.filter((id) => id === '1' || id === '4')).toEqual(['1', '4'])
      expect(await redis.zcard(`${base}lanes:shop-inbound`)).toBe(0)
    },
  )

  test.concurrent.each(['letters:shop-inbound', 'dead:shop-inbound', 'unresolved'])(
    '(%s) does not lose a message that could not be shown',
    async (name) => {
      const { lanes, redis, base, letters } = createParts(store)
      await redis.set(`${base}${name}`, 'something else')
      const lost = eventOf('lost', { lost: { id: 'r-1', letter: '{"v":2}' } })
      await expect(lanes.admit([lost], now)).rejects.toThrow('WRONGTYPE')
      await redis.del(`${base}${name}`)
      expect(await lanes.admit([lost], now)).toEqual(['noted'])
      expect(await letters.count('shop-inbound')).toBe(1)
      expect(await redis.zrange(`${base}unresolved`, '0', '-1')).toEqual(['shop-inbound r-1'])
    },
  )

  test.concurrent.each(['unsent', 'lane:shop-inbound:U1'])(
    '(%s) does not lose that a message was taken back',
    async (name) => {
      const { lanes, redis, base } = createParts(store)
      await redis.set(`${base}${name}`, 'something else')
      const { shard } = journalOf('1', now)
      const withdrawn = { id: '1', shard, field: journalField('shop', 'inbound', '1') }
      const taken = eventOf('taken-back', { withdrawn })
      await expect(lanes.admit([taken], now)).rejects.toThrow('WRONGTYPE')
      await redis.del(`${base}${name}`)
      expect(await lanes.admit([taken], now)).toEqual(['noted'])
      expect(await redis.zrange(`${base}unsent`, '0', '-1')).toEqual(['shop-inbound U1 1'])
      expect(await lanes.admit([entryOf(inbound('1'), { receivedAt: now })], now)).toEqual(['duplicate'])
    },
  )

  test.concurrent.each(['unsent', 'lane:shop-inbound:U1', 'attempt:shop-inbound:U1', 'depth', 'owed'])(
    '(%s) does not part a message from what it takes back',
    async (name) => {
      const { lanes, redis, base } = createParts(store)
      const { shard } = journalOf('1', now)
      const withdrawn = { id: '1', shard, field: journalField('shop', 'inbound', '1') }
      if (name.startsWith('attempt')) await lanes.admit([entryOf(inbound('1'), { receivedAt: now })], now)
      await redis.set(`${base}${name}`, 'something else')
      const notice = { ...entryOf(inbound('notice'), { receivedAt: now }), withdrawn }
      await expect(lanes.admit([notice], now)).rejects.toThrow('WRONGTYPE')
      await redis.del(`${base}${name}`)
      expect(await lanes.admit([notice], now)).toEqual([name.startsWith('attempt') ? 'behind' : 'first'])
      expect(await lanes.admit([notice, entryOf(inbound('1'), { receivedAt: now })], now)).toEqual([
        'duplicate',
        'duplicate',
      ])
      const entries = await redis.lrange(`${base}lane:shop-inbound:U1`, 0, -1)
      const found = entries.map((entry) => entry.replace(/ \d+ .*? ?(withdrawn)?$/, ' $1').trim())
      expect(found).toEqual(name.startsWith('attempt') ? ['1 withdrawn', 'notice'] : ['notice'])
    },
  )

  test.concurrent.each(['lane:shop-receipts:1', 'depth', 'lanes:shop-receipts', 'owed', journalBefore('1', 0)])(
    '(%s) neither loses nor doubles the receipt of a message that was refused',
    async (name) => {
      const { lanes, redis, base } = createParts(store)
      await redis.set(`${base}${name}`, 'something else')
      const about = {
        channel: 'shop',
        flow: 'outbound',
        queue: 'shop-outbound',
        receivedAt: now,
        codec: plainCodec,
      } as const
      const reason = { code: 'unsupported', message: 'It cannot be sent.' } as const
      const refused = toEntry({ kind: 'refused', id: '1', message: outbound('1'), reason }, about) as AdmitEntry
      for (const _ of [1, 2]) await expect(lanes.admit([refused], now)).rejects.toThrow('WRONGTYPE')
      await redis.del(`${base}${name}`)
      expect(await lanes.admit([refused], now)).toEqual(['first'])
      expect(await lanes.admit([refused], now)).toEqual(['duplicate'])
      expect(await redis.llen(`${base}lane:shop-receipts:1`)).toBe(1)
      expect(await redis.hgetall(`${base}depth`)).toEqual({ 'shop-receipts': '1' })
    },
  )
})

describe('a right that is missing', () => {
  test.each(['rpush', 'rpushx', 'zadd', 'hincrby', 'hexists'])(
    '(%s) loses nothing when a body comes again',
    async (command) => {
      const { lanes, redis, base } = createParts(store)
      await withoutRight(redis, command, () => lanes.admit(messages, now))
      expect((await lanes.admit(messages, now)).filter((answer) => answer === 'duplicate')).toHaveLength(1)
      expect((await stored(redis, base)).waiting).toEqual(['1', '2', '3', '4'])
    },
  )

  test('that made a lane look as if it waited is forgotten by the audit', async () => {
    const { lanes, redis, base, keyPrefix, queues } = createParts(store)
    await withoutRight(redis, 'rpush', () => lanes.admit(messages, now))
    expect(await redis.zcard(`${base}lanes:shop-inbound`)).toBe(1)
    const process = await createProcess(store, { keyPrefix })
    process.deliver(() => undefined)
    process.startSweep()
    await until('nothing to be left', async () => {
      const left = [redis.zcard(`${base}lanes:shop-inbound`), redis.zcard(`${base}owed`)]
      const job = await queues.get('shop', 'inbound').getJob(jobId('1'))
      return (await Promise.all(left)).every((count) => count === 0) && job === undefined
    })
  }, 20_000)
})
