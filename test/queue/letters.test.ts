import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { writeLetter } from '../../src/queue/letters.ts'
import { createParts, entryOf, inbound, plainCodec, type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const reason = { code: 'invalid_message', message: 'It was refused.' } as const

/** Gives up messages 1 to `count`; the first one at time 1,000, each later one a second after. */
async function givenUp(count: number) {
  const parts = createParts(store)
  for (let index = 1; index <= count; index += 1) {
    const id = String(index)
    const now = index * 1_000
    const message = entryOf(inbound(id, `U${id}`, 'secret words'), { receivedAt: now - 500 })
    await parts.lanes.admit([message], now)
    const envelope = plainCodec.write({ message: id, user: `U${id}` }, {})
    const letter = writeLetter({ id, receivedAt: now - 500, envelope, kind: 'message', reason, attempts: 3, now })
    await parts.lanes.finish(message, { now, trace: { journal: 'j', field: 'f', step: '' }, letter })
  }
  return parts
}

test('a dead letter tells whose it is, why and when', async () => {
  const { letters } = await givenUp(1)
  expect(await letters.list('shop-inbound', 0, 10)).toEqual([
    {
      id: '1',
      channel: 'shop',
      direction: 'inbound',
      kind: 'message',
      reason,
      attempts: 3,
      firstAt: 500,
      lastAt: 1_000,
      ids: { message: '1', user: 'U1' },
    },
  ])
})

test('dead letters are listed by page, the oldest first', async () => {
  const { letters } = await givenUp(5)
  expect(await letters.count('shop-inbound')).toBe(5)
  const page = await letters.list('shop-inbound', 2, 2)
  expect(page.map(({ id }) => id)).toEqual(['3', '4'])
  expect(await letters.list('shop-inbound', 5, 2)).toEqual([])
  expect(await letters.list('shop-outbound', 0, 2)).toEqual([])
})

test('what is past its time is erased, and nothing else', async () => {
  const { letters, redis, base } = await givenUp(5)
  expect(await letters.sweep('shop-inbound', 3_000)).toBe(3)
  expect(await letters.sweep('shop-inbound', 3_000)).toBe(0)
  expect((await letters.list('shop-inbound', 0, 10)).map(({ id }) => id)).toEqual(['4', '5'])
  expect(await redis.hkeys(`${base}letters:shop-inbound`)).toEqual(['4', '5'])
})
