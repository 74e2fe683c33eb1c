import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { OutboundMessage } from '../../src/bridge/message.ts'
import { journalField, journalKey, journalOf, originalId, safeId } from '../../src/queue/names.ts'
import { formsOf, squeeze } from '../../src/queue/squeeze.ts'
import { writeStep, writeTrace } from '../../src/queue/trace.ts'
import {
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
import { ulidAt } from './ids.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

type Process = Awaited<ReturnType<typeof createProcess>>

const user = `U${'7a41c09e5f3b4d28'.repeat(2)}`
const dayMs = 86_400_000

/** Traces as they lie there after days of work; `text` is made of the ids and the time. */
async function lay(
  { front, base }: Process,
  traces: readonly {
    readonly id: string
    readonly user?: string
    readonly at: number
    readonly steps?: string
    readonly flow?: 'inbound' | 'outbound'
  }[],
): Promise<void> {
  const pipeline = front.pipeline()
  for (const { id, user: whose = 'U1', at, steps = '', flow = 'inbound' } of traces) {
    const text = writeTrace({ message: id, user: whose }, at) + steps
    pipeline.hset(base + journalKey(journalOf(safeId(id), at)), journalField('shop', flow, safeId(id)), text)
  }
  await pipeline.exec()
}

const delivered = writeStep({ what: 'delivered', afterMs: 40, attempt: 1, status: 200 })

describe('a message that went through', () => {
  let process: Process
  const ids = {
    message: '515790000000000001',
    user,
    event: '01JABCDEFGHJKMNPQRSTVWXYZ0',
    remote: 'aa11bb22cc33dd44ee55ff6677889900',
  }
  beforeAll(async () => {
    process = await createProcess(store)
    process.deliver(({ id }) => ({ status: 200, remoteId: id === ids.message ? ids.remote : 'r2' }))
    await process.admit('shop', 'inbound', [
      heard({ ...inbound(ids.message, user), eventId: ids.event }),
      heard(inbound('515790000000000002', 'U-somebody-else')),
    ])
    await process.until(() => process.told('message.delivered').length === 2)
  })

  test.each(Object.entries(ids))('is found by its %s', async (_what, id) => {
    const { items, complete } = await process.find(id)
    expect(complete).toBe(true)
    expect(items).toEqual([
      {
        ids,
        channel: 'shop',
        direction: 'inbound',
        state: 'delivered',
        steps: [
          { at: expect.any(Number), what: 'received' },
          { at: expect.any(Number), what: 'delivered', status: 200, attempt: 1 },
        ],
      },
    ])
  })

  test.each(['U7a41c09e', ids.event.slice(1), '200', '1', '515790000000000003', 'shop', ';d', '%', '*'])(
    'is not found by %s, which is none of its ids',
    async (id) => {
      expect(await process.find(id)).toEqual({ items: [], complete: true })
    },
  )
})

test('an agent’s message is found by its conversation and by the request key of its channel', async () => {
  const process = await createProcess(store, { channels: ['shop', 'other'] })
  process.deliver<OutboundMessage>(({ id }) => ({ status: 200, remoteId: `46123096684206-${id.length}` }), {
    flow: 'outbound',
    receipt: receiptOf,
  })
  process.deliver(() => undefined, { flow: 'receipts' })
  const conversationId = '0d9b4a3e-1c2d-4e5f-8a6b-7c8d9e0f1a2b'
  const message = { ...outbound('3b9f:with colon', user), conversationId }
  await process.admit('shop', 'outbound', [heard(message), heard(outbound('another'))])
  await process.until(() => process.told('message.delivered').filter(({ flow }) => flow === 'receipts').length === 2)

  const byConversation = await process.find(conversationId)
  expect(byConversation.items).toMatchObject([
    { ids: { message: '3b9f:with colon', conversation: conversationId }, direction: 'outbound', state: 'delivered' },
  ])
  expect(byConversation.items[0]?.steps.map(({ what }) => what)).toEqual(['received', 'delivered', 'receipt delivered'])

  const keyOwner = (channel: string) => (channel === 'shop' ? (id: string) => id === '3b9f:with colon' : undefined)
  expect(await process.find('the-key', { keyOwner })).toEqual({ items: byConversation.items, complete: true })
  expect((await process.find('the-key')).items).toEqual([])
  expect((await process.find('46123096684206-15')).items).toEqual(byConversation.items)
})

test('all messages of a customer are found, newest first, and the search says when there are more than it shows', async () => {
  const process = await createProcess(store)
  const now = Date.now()
  const numbers = Array.from({ length: 12 }, (_, index) => index)
  await lay(process, [
    ...numbers.map((number) => ({ id: `m${number}`, user, at: now - number * dayMs, steps: delivered })),
    { id: 'other', user: 'U2', at: now, steps: delivered },
  ])
  const whole = await process.find(user)
  expect(whole.items.map(({ ids }) => ids.message)).toEqual(numbers.map((number) => `m${number}`))
  expect(whole.complete).toBe(true)
  const cut = await process.find(user, { limitItems: 5 })
  expect(cut.items.map(({ ids }) => ids.message)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4'])
  expect(cut.complete).toBe(false)
})

test('a search that runs out of time says so', async () => {
  const process = await createProcess(store)
  await lay(process, [{ id: 'm1', user, at: Date.now(), steps: delivered }])
  expect(await process.find(user, { limitMs: 0 })).toEqual({ items: [], complete: false })
  // The message's own id needs no search.
  expect((await process.find('m1', { limitMs: 0 })).items).toHaveLength(1)
})

test('a hundred thousand traces are looked through soon, and Redis serves others meanwhile', async () => {
  const process = await createProcess(store)
  const now = Date.now()
  for (let from = 0; from < 100_000; from += 10_000)
    await lay(
      process,
      Array.from({ length: 10_000 }, (_, index) => ({
        id: `${515_790_000_000_000 + from + index}`,
        user: `U${String(from + index).padStart(32, '0')}`,
        at: now - (from % 3) * dayMs,
        steps: delivered,
      })),
    )
  const other = store.open()
  await other.ping()
  let answered = 0
  let searching = true
  const asking = (async () => {
    while (searching) {
      await other.ping()
      answered += 1
    }
  })()
  const { items, complete } = await process.find(`U${'77777'.padStart(32, '0')}`)
  searching = false
  await asking
  expect(items.map(({ ids }) => ids.message)).toEqual(['515790000077777'])
  expect(complete).toBe(true)
  // Some 150 steps leave room for as many. Were each day looked through at once, there would be 35.
  expect(answered).toBeGreaterThan(60)
}, 60_000)

describe('a message that has not ended', () => {
  test('is delivering, retrying, held, or waiting behind another one', async () => {
    const process = await createProcess(store)
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    process.deliver(async (message) => {
      if (message.id === 'slow') await ended
      if (message.id === 'broken') throw failing({ do: 'retry', mayHaveArrived: false }, 503)
      if (message.id === 'locked') throw failing({ do: 'hold' }, 401)
      return undefined
    })
    await process.admit('shop', 'inbound', [
      heard(inbound('slow', 'U1')),
      heard(inbound('next', 'U1')),
      heard(inbound('broken', 'U2')),
      heard(inbound('locked', 'U3')),
    ])
    const stateOf = async (id: string) => (await process.find(id)).items[0]?.state
    await eventually(async () => (await stateOf('slow')) === 'delivering')
    await eventually(async () => (await stateOf('broken')) === 'retrying')
    await eventually(async () => (await stateOf('locked')) === 'held')
    expect(await stateOf('next')).toBe('waiting')
    const steps = async (id: string) => (await process.find(id)).items[0]?.steps
    expect(await steps('locked')).toMatchObject([{ what: 'received' }, { what: 'held', status: 401, attempt: 1 }])
    expect((await steps('broken'))?.[1]).toMatchObject({ what: 'failed', status: 503, attempt: 1 })
    end()
    await eventually(async () => (await stateOf('next')) === 'delivered')
  })

  test('waits far behind in a long lane', async () => {
    const process = await createProcess(store)
    await process.admit(
      'shop',
      'inbound',
      Array.from({ length: 300 }, (_, index) => heard(inbound(`m${index}`))),
    )
    for (const id of ['m0', 'm199', 'm200', 'm299'])
      expect((await process.find(id)).items).toMatchObject([{ state: 'waiting' }])
  })
})

test('traces of an earlier release and of this one are found alike, by customer and by event', async () => {
  const process = await createProcess(store)
  const at = Date.now() - 2_000
  const event = ulidAt(at - 300)
  const text = writeTrace({ message: 'new', user, event }, at) + delivered
  const old = `${at.toString(36)}|${squeeze(user)}|${event}|;d14,1,200`
  for (const [id, trace] of Object.entries({ old, new: text }))
    await process.front.hset(process.base + journalKey(journalOf(id, at)), journalField('shop', 'inbound', id), trace)
  for (const id of [user, event]) {
    const { items } = await process.find(id)
    expect(items.map(({ ids }) => ids.message).sort()).toEqual(['new', 'old'])
    for (const { ids, state, steps } of items) {
      expect({ ...ids, state }).toMatchObject({ user, event, state: 'delivered' })
      expect(steps[0]).toEqual({ at, what: 'received' })
    }
  }
  for (const form of [...formsOf(user), ...formsOf(event)])
    expect({ form, found: form === event || (await process.find(form)).items.length > 0 }).toEqual({
      form,
      found: form === event,
    })
})

test('an event without a message is found by its own id only', async () => {
  const process = await createProcess(store)
  await process.admit('shop', 'inbound', [
    { kind: 'ignored', id: 'follow-1', reason: 'follow', effects: [{ kind: 'unblocked', user, at: 1 }] },
    heard(inbound('m1', user)),
  ])
  expect((await process.find('follow-1')).items).toMatchObject([{ state: 'noted', steps: [{ what: 'received' }] }])
  expect((await process.find(user)).items.map(({ ids }) => ids.message)).toEqual(['m1'])
})

test('a dead letter is dead, and names no reason’s words', async () => {
  const process = await createProcess(store)
  process.deliver(() => {
    throw failing({ do: 'give-up', reason: { code: 'invalid_message', message: 'It was refused.' } }, 400)
  })
  await process.admit('shop', 'inbound', [heard(inbound('m1', user))])
  await process.until(() => process.told('message.failed').length === 1)
  expect((await process.find('m1')).items).toMatchObject([
    { state: 'dead', steps: [{ what: 'received' }, { what: 'dead', status: 400, attempt: 1 }] },
  ])
})

test.each(['plain-1', 'a:b c', '==', 'ไทย', '🙂=1f642.', '=3d.'])('the id %s can be read back', (id) => {
  expect(originalId(safeId(id))).toBe(id)
})
