import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import type { LetterFilter } from '../../src/queue/letters.ts'
import {
  createParts,
  createProcess,
  eventually,
  failing,
  heard,
  inbound,
  outbound,
  receiptOf,
  type Store,
  startStore,
} from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const reason = { code: 'invalid_message', message: 'It was refused.' } as const
const pause = { channel: 'shop', direction: 'inbound', reason: 'a wrong campaign', who: 'ops' } as const

type Process = Awaited<ReturnType<typeof createProcess>>

/** All pages of a list, and how long each was. */
async function listAll(process: Process, query: LetterFilter & { limit: number }) {
  const ids: string[] = []
  const lengths: number[] = []
  for (let cursor: string | undefined; ; ) {
    const { items, next } = await process.operations.listLetters({ ...query, cursor })
    ids.push(...items.map(({ id }) => id))
    lengths.push(items.length)
    cursor = next
    if (cursor === undefined) return { ids, lengths }
  }
}

/** Letters by hand: [queue, id, time given up, reason]. */
async function withLetters(letters: readonly (readonly [string, string, number, string?])[]) {
  const process = await createProcess(store, { channels: ['shop', 'bank'] })
  for (const [queue, id, at, code = 'general'] of letters) {
    const stored = {
      v: 2,
      kind: 'message',
      reason: { code, message: '' },
      attempts: 1,
      lastAt: at,
      ids: { message: id },
    }
    await process.front.hset(`${process.base}letters:${queue}`, id, JSON.stringify({ ...stored, entry: `${id} 1 {}` }))
    await process.front.zadd(`${process.base}dead:${queue}`, at, id)
  }
  return process
}

describe('the list of dead letters', () => {
  const letters = [
    ['shop-inbound', '1', 10],
    ['shop-outbound', '2', 20],
    ['bank-inbound', '3', 20],
    ['shop-inbound', '4', 20],
    ['shop-inbound', '5', 20],
    ['bank-outbound', '6', 30],
    ['shop-inbound', '7', 40],
  ] as const
  const latestFirst = [
    'shop-inbound-7',
    'bank-outbound-6',
    'shop-outbound-2',
    'shop-inbound-5',
    'shop-inbound-4',
    'bank-inbound-3',
    'shop-inbound-1',
  ]

  test.each([1, 2, 3, 7, 50])('holds those of all queues, the latest first, in pages of %i', async (limit) => {
    const process = await withLetters(letters)
    const { ids, lengths } = await listAll(process, { limit })
    expect(ids).toEqual(latestFirst)
    expect(lengths.every((length) => length > 0 && length <= limit)).toBe(true)
  })

  test('can be asked for one channel, one direction, one reason', async () => {
    const process = await withLetters([
      ...letters,
      ['bank-inbound', '8', 50, 'expired'],
      ['shop-inbound', '9', 1, 'expired'],
    ])
    expect((await listAll(process, { channel: 'bank', limit: 2 })).ids).toEqual([
      'bank-inbound-8',
      'bank-outbound-6',
      'bank-inbound-3',
    ])
    const outward = await listAll(process, { direction: 'outbound', limit: 1 })
    expect(outward.ids).toEqual(['bank-outbound-6', 'shop-outbound-2'])
    const expired = await listAll(process, { reason: 'expired', limit: 1 })
    expect(expired.ids).toEqual(['bank-inbound-8', 'shop-inbound-9'])
    expect((await listAll(process, { channel: 'gone', limit: 1 })).ids).toEqual([])
  })

  test('is stable while letters come and go', async () => {
    const process = await withLetters(letters)
    const first = await process.operations.listLetters({ limit: 3 })
    await process.operations.discard({ ids: ['shop-outbound-2', 'shop-inbound-7'] })
    await process.front.zadd(`${process.base}dead:shop-inbound`, 99, 'new')
    const rest = await process.operations.listLetters({ limit: 50, cursor: first.next })
    expect(rest.items.map(({ id }) => id)).toEqual(latestFirst.slice(3))
  })

  test('does not take every text for a cursor', async () => {
    const process = await withLetters([])
    await expect(process.operations.listLetters({ cursor: 'nonsense' })).rejects.toBeInstanceOf(RangeError)
  })
})

describe('a letter that is read', () => {
  test('shows the message, sealed as it lies there', async () => {
    const keys = [randomBytes(32)]
    const process = await createProcess(store, { keys })
    process.deliver(() => Promise.reject(failing({ do: 'give-up', reason })))
    await process.admit('shop', 'inbound', [heard(inbound('1', 'U1', 'the words'))])
    await process.until(() => process.told('message.failed').length === 1)
    const read = await process.operations.readLetter('shop-inbound-1')
    expect(read).toMatchObject({
      letter: { id: 'shop-inbound-1', ids: { message: '1', user: 'U1' } },
      content: { id: '1', conversation: { channel: 'shop', user: 'U1' }, content: { kind: 'text', text: 'the words' } },
    })
    const without = await createProcess(store, { keyPrefix: process.keyPrefix, keys: [randomBytes(32)] })
    const unread = await without.operations.readLetter('shop-inbound-1')
    expect(unread).toEqual({ letter: read?.letter, unreadable: true })
  })

  test('has no content when there is none, and must exist', async () => {
    const process = await withLetters([])
    expect(await process.operations.readLetter('shop-inbound-1')).toBeUndefined()
    expect(await process.operations.readLetter('gone-inbound-1')).toBeUndefined()
    expect(await process.operations.readLetter('nonsense')).toBeUndefined()
    const stored = {
      v: 2,
      kind: 'message',
      reason,
      attempts: 1,
      lastAt: 1,
      ids: { message: '1' },
      entry: '1 1 withdrawn',
    }
    await process.front.hset(`${process.base}letters:shop-inbound`, '1', JSON.stringify(stored))
    const read = await process.operations.readLetter('shop-inbound-1')
    expect(Object.keys(read ?? {})).toEqual(['letter'])
  })
})

describe('a paused queue', () => {
  test('takes messages in and delivers them in order when it is resumed', async () => {
    const process = await createProcess(store)
    const arrived: string[] = []
    process.deliver(({ id }) => void arrived.push(id))
    expect(await process.operations.pause(pause)).toBe(true)
    await process.admit(
      'shop',
      'inbound',
      ['1', '2', '3'].map((id) => heard(inbound(id))),
    )
    expect(await process.operations.paused()).toMatchObject([{ ...pause, at: expect.any(Number) }])
    const other = await createProcess(store, { keyPrefix: process.keyPrefix })
    expect(await other.operations.paused()).toHaveLength(1)
    expect(arrived).toEqual([])
    expect(await other.operations.resume(pause)).toBe(true)
    await process.until(() => arrived.length === 3)
    expect(arrived).toEqual(['1', '2', '3'])
    expect(await process.operations.paused()).toEqual([])
  })

  test('leaves the other direction and its receipts alone', async () => {
    const process = await createProcess(store)
    const receipts: Receipt[] = []
    process.deliver<OutboundMessage>(() => undefined, { flow: 'outbound', receipt: receiptOf })
    process.deliver<Receipt>((receipt) => void receipts.push(receipt), { flow: 'receipts' })
    await process.operations.pause(pause)
    await process.admit('shop', 'outbound', [heard(outbound('1'))])
    await process.until(() => receipts.length === 1)
  })

  test('must be one of ours', async () => {
    const process = await createProcess(store)
    expect(await process.operations.pause({ ...pause, channel: 'gone' })).toBe(false)
    expect(await process.operations.resume({ ...pause, channel: 'gone' })).toBe(false)
    expect(await process.operations.paused()).toEqual([])
  })

  test('takes back what waits for the request budget, which spends no attempt', async () => {
    const process = await createProcess(store)
    const attempts: number[] = []
    const budget = process.budget('slow', 10)
    await budget.hold(3_600_000)
    process.deliver(
      async (_, { permit, attempt }) => {
        await permit()
        attempts.push(attempt)
      },
      { budget },
    )
    process.startSweep()
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    const { queues, lanes } = createParts(store, process.keyPrefix)
    const queue = queues.get('shop', 'inbound')
    const isInHands = async () => (await lanes.inHands(10)).some(({ id }) => id === '1')
    await eventually(async () => (await isInHands()) && (await queue.getJobs()).length === 0)
    await process.operations.pause(pause)
    // It waits for its turn, which has come already.
    await eventually(async () => !(await isInHands()) && (await queue.getWaitingCount()) === 1)
    await process.operations.resume(pause)
    await eventually(async () => (await isInHands()) && (await queue.getJobs()).length === 0)
    await budget.lift()
    await process.until(() => attempts.length === 1)
    expect(attempts).toEqual([1])
  })

  test('is what was written down, when a process died between writing and doing', async () => {
    const process = await createProcess(store)
    const { queues } = createParts(store, process.keyPrefix)
    const written = { reason: pause.reason, who: pause.who, at: 1 }
    await process.front.hset(`${process.base}paused`, 'shop-inbound', JSON.stringify(written))
    await queues.get('shop', 'outbound').pause()
    process.startSweep()
    await eventually(() => queues.get('shop', 'inbound').isPaused())
    await eventually(async () => !(await queues.get('shop', 'outbound').isPaused()))
    expect(await process.operations.paused()).toEqual([{ ...pause, at: 1 }])
  })
})

test('hundreds of deliveries that hang do not hold up the other conversations', async () => {
  const process = await createProcess(store)
  const gate = Promise.withResolvers<void>()
  let hanging = 0
  process.deliver(async ({ id }) => {
    if (!id.startsWith('slow')) return
    hanging += 1
    await gate.promise
  })
  const slow = Array.from({ length: 200 }, (_, index) => heard(inbound(`slow${index}`, `S${index}`)))
  await process.admit('shop', 'inbound', slow)
  await eventually(() => hanging === 200)
  await process.admit('shop', 'inbound', [heard(inbound('quick', 'U1'))])
  await process.until(() => process.told('message.delivered').length === 1)
  gate.resolve()
  await process.until(() => process.told('message.delivered').length === 201)
})
