import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readLetter, writeLetter, writeLostLetter } from '../../src/queue/letters.ts'
import { createParts, entryOf, inbound, plainCodec, type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const reason = { code: 'invalid_message', message: 'It was refused.' } as const
const hour = 3_600_000

/** Gives up messages 1 to `count`; the first one at time 1,000, each later one `everyMs` after. */
async function givenUp(count: number, everyMs = 1_000) {
  const parts = createParts(store)
  for (let index = 1; index <= count; index += 1) {
    const id = String(index)
    const now = 1_000 + (index - 1) * everyMs
    const message = entryOf(inbound(id, `U${id}`, 'secret words'), { receivedAt: now - 500 })
    await parts.lanes.admit([message], now)
    const ids = { message: id, user: `U${id}` }
    const letter = writeLetter({ kind: 'message', reason, attempts: 3, now, ids, inDoubt: false })
    await parts.lanes.finish(message, { now, trace: { journal: 'j', field: 'f', step: '' }, letter })
  }
  return parts
}

test('a dead letter tells whose it is, why and when', async () => {
  const { letters } = await givenUp(1)
  const [kept] = await letters.read('shop-inbound', ['1'])
  expect(kept?.letter).toEqual({
    id: 'shop-inbound-1',
    channel: 'shop',
    direction: 'inbound',
    kind: 'message',
    reason,
    attempts: 3,
    firstAt: 500,
    lastAt: 1_000,
    ids: { message: '1', user: 'U1' },
  })
  expect(kept?.envelope).toContain('secret words')
})

test('the places of dead letters come by page, the latest first', async () => {
  const { letters } = await givenUp(5)
  expect(await letters.count('shop-inbound')).toBe(5)
  const first = await letters.places('shop-inbound', undefined, 2)
  expect(first).toEqual([
    { id: '5', at: 5_000 },
    { id: '4', at: 4_000 },
  ])
  const rest = await letters.places('shop-inbound', first.at(-1), 10)
  expect(rest.map(({ id }) => id)).toEqual(['3', '2', '1'])
  expect(await letters.places('shop-inbound', rest.at(-1), 10)).toEqual([])
  expect(await letters.places('shop-outbound', undefined, 10)).toEqual([])
})

test('a page is not lost where many share one moment', async () => {
  const { letters } = await givenUp(9, 0)
  const seen: string[] = []
  for (let before = undefined as { id: string; at: number } | undefined; ; ) {
    const page = await letters.places('shop-inbound', before, 2)
    if (page.length === 0) break
    seen.push(...page.map(({ id }) => id))
    before = page.at(-1)
  }
  expect(seen).toEqual(['9', '8', '7', '6', '5', '4', '3', '2', '1'])
})

test('what is past its time is erased, and nothing else', async () => {
  const { letters, redis, base } = await givenUp(5)
  expect(await letters.sweep('shop-inbound', 3_000)).toBe(3)
  expect(await letters.sweep('shop-inbound', 3_000)).toBe(0)
  expect((await letters.places('shop-inbound', undefined, 10)).map(({ id }) => id)).toEqual(['5', '4'])
  expect((await redis.hkeys(`${base}letters:shop-inbound`)).toSorted()).toEqual(['4', '5'])
})

test.each([
  [
    'one in doubt becomes uncertain when its key has been forgotten',
    { doubt: true, keyUsedAt: 0 },
    23 * hour,
    'uncertain',
  ],
  ['one in doubt can be repeated safely until then', { doubt: true, keyUsedAt: 0 }, 23 * hour - 1, 'expired'],
  ['one that cannot have arrived never does', { keyUsedAt: 0 }, 1_000 * hour, 'expired'],
  ['one without keys never does', { doubt: true }, 1_000 * hour, 'expired'],
])('of expired letters, %s', (_, state, now, kind) => {
  const entry = `1 0 ${plainCodec.write({ message: '1', user: 'U1' }, {})}`
  const text = JSON.stringify({ v: 2, kind: 'expired', reason, attempts: 9, lastAt: 1, ids: {}, entry, ...state })
  expect(readLetter('shop-outbound', '1', text, now).letter.kind).toBe(kind)
})

test('a request to the contact centre is never uncertain, because it may be repeated at any time', () => {
  const entry = `1 0 ${plainCodec.write({ message: '1', user: 'U1' }, {})}`
  const state = { doubt: true, plan: 'text', keyUsedAt: 0 }
  const text = JSON.stringify({ v: 2, kind: 'expired', reason, attempts: 9, lastAt: 1, ids: {}, entry, ...state })
  expect(readLetter('shop-outbound', '1', text, 24 * hour).letter.kind).toBe('uncertain')
  expect(readLetter('shop-inbound', '1', text, 24 * hour).letter.kind).toBe('expired')
})

test('letters of an earlier release are understood, and those that expired are taken to be in doubt', () => {
  const entry = `1 500 ${JSON.stringify({ v: 1, ids: { message: '1', user: 'U1' }, sealed: {} })}`
  const text = JSON.stringify({ v: 1, kind: 'expired', reason, attempts: 9, lastAt: 1_000, entry })
  const { letter, user } = readLetter('shop-outbound', '1', text, 1_000)
  expect(letter).toMatchObject({ kind: 'expired', firstAt: 500, ids: { message: '1', user: 'U1' } })
  expect(user).toBe('U1')
  expect(readLetter('shop-outbound', '1', text, 24 * hour).letter.kind).toBe('uncertain')
  expect(readLetter('shop-inbound', '1', text, 24 * hour).letter.kind).toBe('expired')
})

test('a letter whose content was erased keeps its ids, and says that there is nothing to read', () => {
  const stored = { v: 2, kind: 'message', reason, attempts: 1, lastAt: 9, ids: { message: '1', user: 'U1' } }
  const text = JSON.stringify({ ...stored, entry: '1 500 withdrawn' })
  const { letter, envelope } = readLetter('shop-inbound', '1', text, 9)
  expect(envelope).toBeUndefined()
  expect(letter).toMatchObject({ firstAt: 500, ids: { message: '1', user: 'U1' } })
})

test('a letter about a message that was not shown knows nothing but the other platform’s id', () => {
  const text = writeLostLetter({ remote: 'g-1', reason, now: 7 })
  expect(readLetter('shop-inbound', 'r-g-1', text, 9)).toMatchObject({
    envelope: undefined,
    letter: {
      id: 'shop-inbound-r-g-1',
      kind: 'message',
      reason,
      attempts: 0,
      firstAt: 7,
      lastAt: 7,
      ids: { remote: 'g-1' },
    },
  })
})
