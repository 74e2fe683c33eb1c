import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { FailureReason, OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import { createFaultPoints, type FaultPoint } from '../../src/lib/fault-points.ts'
import { createAdmission, StoreUnavailable } from '../../src/queue/admission.ts'
import { type HeardMessage, toEntry } from '../../src/queue/admit-entry.ts'
import { queueName } from '../../src/queue/names.ts'
import { everythingIn } from '../support/everything.ts'
import {
  createParts,
  createProcess,
  eventually,
  heard,
  outbound,
  plainCodec,
  receiptOf,
  type Store,
  startStore,
} from './harness.ts'

/*
 * A message to a customer that can certainly not be delivered is never queued: its failed receipt is stored in the same go in which the
 * message is noted, in a lane in which nothing is before it.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const reason: FailureReason = { code: 'media_too_large', message: 'The file is too large. Send a smaller one.' }
const refused = (id: string, user = 'U1'): HeardMessage => ({
  kind: 'refused',
  id,
  message: { ...outbound(id, user, 'zebra crossing'), conversationId: 'C1' },
  reason,
})

type Process = Awaited<ReturnType<typeof createProcess>>

/** Has a process deliver receipts, into a list. */
function reporting(process: Process, reported: Receipt[] = []): Receipt[] {
  process.deliver<Receipt>((receipt) => void reported.push(receipt), {
    flow: 'receipts',
    urgency: ({ status }) => (status === 'failed' ? 1 : 2),
  })
  return reported
}

const receiptsIn = ({ front, base }: Process, id: string) => front.lrange(`${base}lane:shop-receipts:${id}`, 0, -1)

describe('a message that is refused', () => {
  test('fails at once, whatever waits for the customer, and keeps no words and no dead letter', async () => {
    const process = await createProcess(store)
    const { promise: never, resolve: release } = Promise.withResolvers<undefined>()
    store.later(() => release(undefined))
    let begun = 0
    process.deliver<OutboundMessage>(
      () => {
        begun += 1
        return never
      },
      { flow: 'outbound', receipt: receiptOf },
    )
    const reported = reporting(process)
    await process.admit('shop', 'outbound', [heard(outbound('1')), heard(outbound('2'))])
    await eventually(() => begun === 1)
    const before = Date.now()
    await process.admit('shop', 'outbound', [refused('3'), heard(outbound('4'))])
    await eventually(() => reported.length === 1)
    expect(reported).toEqual([
      { id: '3', conversation: { channel: 'shop', user: 'U1' }, at: expect.any(Number), status: 'failed', reason },
    ])
    expect(reported[0]?.at).toBeGreaterThanOrEqual(before)
    const waiting = await process.front.lrange(`${process.base}lane:shop-outbound:U1`, 0, -1)
    expect(waiting.map((entry) => entry.split(' ')[0])).toEqual(['1', '2', '4'])
    expect(await everythingIn(process.front, `${process.base}*`)).not.toContain('zebra')
    expect(await process.operations.listLetters({})).toEqual({ items: [] })
    release(undefined)
  })

  test('is told as received and failed', async () => {
    const { admit, events } = await createProcess(store)
    await admit('shop', 'outbound', [refused('1')])
    const about = { channel: 'shop', flow: 'outbound', ids: { message: '1', user: 'U1', conversation: 'C1' } }
    expect(events).toMatchObject([
      { ...about, type: 'message.received' },
      { ...about, type: 'message.failed', code: reason.code, reason: reason.message },
    ])
  })

  test.each(['1', 'U1', 'C1'])(
    'is found by %s, with a failure that was no attempt, and its receipt',
    async (wanted) => {
      const process = await createProcess(store)
      await process.admit('shop', 'outbound', [refused('1')])
      const states = async () => (await process.find(wanted)).items.map(({ state }) => state)
      expect(await states()).toEqual(['refused'])
      const reported = reporting(process)
      await process.until(() => reported.length === 1 && process.told('message.delivered').length === 1)
      const [found] = (await process.find(wanted)).items
      expect(found).toMatchObject({ ids: { message: '1', user: 'U1' }, direction: 'outbound', state: 'refused' })
      expect(found?.steps).toEqual([
        { at: expect.any(Number), what: 'received' },
        { at: expect.any(Number), what: 'failed' },
        { at: expect.any(Number), what: 'receipt failed' },
      ])
    },
  )

  test('that comes many times at once, through two processes, fails once', async () => {
    const one = await createProcess(store)
    const other = await createProcess(store, { keyPrefix: one.keyPrefix })
    const body = [refused('1'), refused('1'), heard(outbound('2')), refused('3')]
    await Promise.all([one, other, one, other, one].map(({ admit }) => admit('shop', 'outbound', body)))
    expect(await receiptsIn(one, '1')).toHaveLength(1)
    expect(await receiptsIn(one, '3')).toHaveLength(1)
    const told = [one, other].flatMap((process) => process.told('message.failed').map(({ ids }) => ids.message))
    expect(told.toSorted()).toEqual(['1', '3'])
    expect([...one.told('message.duplicate'), ...other.told('message.duplicate')]).toHaveLength(5 * 4 - 3)
    const reported = reporting(one)
    await eventually(() => reported.length === 2)
    await other.admit('shop', 'outbound', body)
    await one.until(() => one.told('message.delivered').length === 2)
    expect(await receiptsIn(one, '1')).toEqual([])
    expect(reported.map(({ id }) => id).toSorted()).toEqual(['1', '3'])
  })

  test('is the same message as one that was queued, whichever came first', async () => {
    const process = await createProcess(store)
    await process.admit('shop', 'outbound', [refused('1'), heard(outbound('2'))])
    await process.admit('shop', 'outbound', [heard(outbound('1')), refused('2')])
    expect(process.told('message.duplicate').map(({ ids }) => ids.message)).toEqual(['1', '2'])
    const waiting = await process.front.lrange(`${process.base}lane:shop-outbound:U1`, 0, -1)
    expect(waiting.map((entry) => entry.split(' ')[0])).toEqual(['2'])
    expect(await receiptsIn(process, '2')).toEqual([])
  })

  test('is known for 72 hours', async () => {
    const { lanes } = createParts(store)
    const admitAt = async (receivedAt: number) => {
      const about = {
        channel: 'shop',
        flow: 'outbound',
        queue: queueName('shop', 'outbound'),
        codec: plainCodec,
      } as const
      const entry = toEntry(refused('1'), { ...about, receivedAt })
      return lanes.admit(entry ? [entry] : [], receivedAt)
    }
    const now = Date.now()
    expect(await admitAt(now)).toEqual(['first'])
    expect(await admitAt(now + 72 * 3_600_000)).toEqual(['duplicate'])
    expect(await admitAt(now + 5 * 86_400_000)).toEqual(['behind'])
  })

  test('needs no other ids than those that the platforms give', async () => {
    const process = await createProcess(store)
    const id = 'an id: with {everything} 👋'
    await process.admit('shop', 'outbound', [refused(id, 'user with space')])
    const reported = reporting(process)
    await eventually(() => reported.length === 1)
    expect(reported).toMatchObject([{ id, conversation: { user: 'user with space' } }])
  })
})

describe('a process that dies', () => {
  /** The way into the queues of a process that ends at a point: whatever it would have done then is left undone. */
  function dyingAt(point: FaultPoint, keyPrefix: string) {
    const { lanes } = createParts(store, keyPrefix)
    return createAdmission({
      lanes,
      codec: plainCodec,
      emit: () => {},
      timeoutMs: 5_000,
      onHeads: () => {
        throw new Error('It should be dead.')
      },
      faults: {
        ...createFaultPoints(undefined),
        reach(name) {
          if (name === point) throw new Error('It dies here.')
        },
      },
    })
  }

  test.each<[FaultPoint, string]>([
    ['admit.before', 'received'],
    ['admit.after', 'duplicate'],
  ])('at %s answers nothing; the repeat is %s, and one receipt is sent', async (point, told) => {
    const process = await createProcess(store)
    const dying = dyingAt(point, process.keyPrefix)
    await expect(dying.admit('shop', 'outbound', [refused('1')])).rejects.toBeInstanceOf(StoreUnavailable)
    await process.admit('shop', 'outbound', [refused('1')])
    expect(process.events.map(({ type }) => type)).toContain(`message.${told}`)
    const reported = reporting(process)
    process.startSweep()
    await process.until(() => process.told('message.delivered').length === 1)
    // Whatever else there is would be sent by now.
    await process.admit('shop', 'outbound', [refused('last')])
    await eventually(() => reported.some(({ id }) => id === 'last'))
    expect(reported.map(({ id }) => id)).toEqual(['1', 'last'])
  })

  test('before it sent the receipt leaves it to the next one, which still knows the message', async () => {
    const first = await createProcess(store)
    await first.admit('shop', 'outbound', [refused('1')])
    await first.stop()
    const next = await createProcess(store, { keyPrefix: first.keyPrefix })
    await next.admit('shop', 'outbound', [refused('1')])
    expect(next.told('message.duplicate')).toHaveLength(1)
    const reported = reporting(next)
    await eventually(() => reported.length === 1)
    expect(reported).toMatchObject([{ id: '1', status: 'failed', reason }])
  })
})
