import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { AdmitEntry, Ending, Lanes } from '../../src/queue/lanes.ts'
import { createParts, entryOf, inbound, type Store, startStore } from './harness.ts'

/*
 * A message waits many times, each time for another turn, and each turn has a job of its own. BullMQ may bring a job late or twice: one
 * whose turn is over must do nothing.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const now = Date.now()
const noTrace = { journal: 'journal:0:0', field: 'none', step: '' }
const ending = (more: Partial<Ending> = {}): Ending => ({ now, trace: noTrace, ...more })
const about = { channel: 'shop', holdKey: 'hold:test' }
const [one, two] = ['1', '2'].map((id) => entryOf(inbound(id))) as [AdmitEntry, AdmitEntry]

async function admitted() {
  const parts = createParts(store)
  await parts.lanes.admit([one, two], now)
  const { lanes } = parts
  const take = (turn?: number) => lanes.take({ ...one, ...about, ...(turn !== undefined && { turn }) })
  return {
    ...parts,
    take,
    /** An attempt that fails. @returns the turn for which the message waits then */
    async fail(turn?: number): Promise<number | undefined> {
      const taken = await take(turn)
      return taken && settle(lanes, taken.token)
    },
  }
}

const settle = (lanes: Lanes, token: string) =>
  lanes.settle(one, token, { attempts: 1, inDoubt: false, spentMs: 0 }, noTrace)

describe('a turn', () => {
  test('comes after each failed attempt, and every one is another', async () => {
    const { fail } = await admitted()
    expect(await fail()).toBe(1)
    expect(await fail(1)).toBe(2)
    expect(await fail(2)).toBe(3)
  })

  test('that is over lets nothing be done', async () => {
    const { fail, take } = await admitted()
    await fail()
    await fail(1)
    expect(await take(1)).toBeUndefined()
    expect(await take(2)).toMatchObject({ attempt: 2, inDoubt: false, overtakes: false })
  })

  test('does not matter to a job of several heads', async () => {
    const { fail, take } = await admitted()
    await fail()
    await fail(1)
    expect(await take()).toMatchObject({ attempt: 2 })
  })

  test('does not matter to a job for heads that were never tried, until there is one', async () => {
    const { fail, take, abandon } = await admitted()
    expect(await take(0)).toMatchObject({ attempt: 1 })
    await abandon()
    // The job has stalled, and comes again.
    expect(await take(0)).toMatchObject({ attempt: 2, overtakes: true })
    await abandon()
    expect(await fail()).toBe(1)
    expect(await take(0)).toBeUndefined()
    expect(await take(1)).toMatchObject({ overtakes: false })
  })

  test('is over as soon as somebody else has tried the message meanwhile', async () => {
    const { fail, take } = await admitted()
    expect(await fail()).toBe(1)
    expect(await fail()).toBe(2)
    expect(await take(1)).toBeUndefined()
  })

  test('is still there when who took it up has died', async () => {
    const { fail, take, abandon } = await admitted()
    await fail()
    await take(1)
    expect(await take(1)).toBeUndefined()
    await abandon()
    // Its job stalled, or its debt is paid with one of several heads: either may go on.
    expect(await take(1)).toMatchObject({ attempt: 3, inDoubt: true, overtakes: true })
  })

  test('of one message says nothing of the next one', async () => {
    const { fail, lanes } = await admitted()
    await fail()
    await fail(1)
    await lanes.finish(one, ending())
    expect(await lanes.heads([one])).toEqual([{ queue: 'shop-inbound', user: 'U1', id: '2', owed: true }])
    const token = (await lanes.take({ ...two, ...about }))?.token ?? ''
    expect(await lanes.settle(two, token, { attempts: 1, inDoubt: false, spentMs: 0 }, noTrace)).toBe(1)
  })

  test('ends with its message', async () => {
    const { fail, take, lanes } = await admitted()
    await fail()
    await lanes.finish(one, ending())
    expect(await take(1)).toBeUndefined()
  })
})

describe('the debt of a head that waits for a turn', () => {
  const debt = 'shop-inbound U1 1'

  // Its process died before the head had the job of its turn, while another one gave back a job that names it.
  test('is paid by a job of that turn, or of any, and by no other', async () => {
    const { fail, lanes, debts } = await admitted()
    await fail()
    await fail(1)
    for (const turn of [0, 1, 3]) await lanes.paid([{ ...one, turn }])
    expect(await debts()).toEqual([debt])
    await lanes.paid([{ ...one, turn: 2 }])
    expect(await debts()).toEqual([])
    await fail(2)
    await lanes.paid([one])
    expect(await debts()).toEqual([])
  })

  test('is paid by a job for heads that were never tried, when it was not', async () => {
    const { lanes, debts } = await admitted()
    await lanes.paid([{ ...one, turn: 0 }])
    expect(await debts()).toEqual([])
  })
})

describe('a message that was to be tried and is to wait on', () => {
  test('waits for another turn, and for that alone', async () => {
    const { fail, take, lanes, debts } = await admitted()
    await fail()
    await lanes.paid([one])
    expect(await lanes.postpone({ ...one, turn: 1 })).toBe(2)
    expect(await lanes.postpone({ ...one, turn: 1 })).toBeUndefined()
    expect(await take(1)).toBeUndefined()
    // Until that has its job.
    expect(await debts()).toEqual(['shop-inbound U1 1'])
    // Nothing was spent.
    expect(await take(2)).toMatchObject({ attempt: 2, inDoubt: false })
  })

  test('waits on, too, when a job of several heads has named it', async () => {
    const { fail, lanes } = await admitted()
    await fail()
    expect(await lanes.postpone(one)).toBe(2)
  })

  test('is tried when it never was', async () => {
    const { lanes } = await admitted()
    expect(await lanes.postpone(one)).toBe(0)
    // Nor was anything written down.
    expect(await lanes.heads([one])).toEqual([{ queue: 'shop-inbound', user: 'U1', id: '1', owed: true }])
  })

  test('is left alone when it is in somebody’s hands', async () => {
    const { fail, take, lanes, abandon } = await admitted()
    await fail()
    const taken = await take(1)
    expect(await lanes.postpone(one)).toBeUndefined()
    expect(await settle(lanes, taken?.token ?? '')).toBe(2)
    await take(2)
    await abandon()
    expect(await lanes.postpone(one)).toBe(3)
    // Whoever died has not got it in hands any more, and may have delivered it all the same.
    expect(await lanes.heads([one])).toMatchObject([{ turn: 3, owed: true }])
    expect(await take(3)).toMatchObject({ inDoubt: true, overtakes: false })
  })

  test('is left alone when it is no head, or gone', async () => {
    const { lanes } = await admitted()
    expect(await lanes.postpone(two)).toBeUndefined()
    await lanes.finish(one, ending())
    expect(await lanes.postpone(one)).toBeUndefined()
  })
})

describe('how a lane’s head stands', () => {
  const place = { queue: 'shop-inbound', user: 'U1', id: '1' }

  test('is told in each of its states', async () => {
    const { lanes, take } = await admitted()
    const standing = async () => (await lanes.heads([one]))[0]
    expect(await standing()).toEqual({ ...place, owed: true })
    await lanes.paid([one])
    expect(await standing()).toEqual({ ...place, owed: false })
    const taken = await take()
    expect(await standing()).toEqual({ ...place, owed: true })
    await settle(lanes, taken?.token ?? '')
    expect(await standing()).toEqual({ ...place, owed: true, turn: 1 })
    await lanes.paid([one])
    expect(await standing()).toEqual({ ...place, owed: false, turn: 1 })
    await take(1)
    expect(await standing()).toEqual({ ...place, owed: true })
  })

  test('is told for many lanes in their order, and an empty one waits no longer', async () => {
    const { lanes, redis, base } = await admitted()
    await redis.zadd(`${base}lanes:shop-inbound`, 1, 'U-empty')
    const lanesOf = ['U-empty', 'U1', 'U-empty'].map((user) => ({ queue: 'shop-inbound', user }))
    expect(await lanes.heads(lanesOf)).toEqual([undefined, { ...place, owed: true }, undefined])
    expect(await redis.zrange(`${base}lanes:shop-inbound`, '0', '-1')).toEqual(['U1'])
  })
})
