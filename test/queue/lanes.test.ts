import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Stopping } from '../../src/bridge/errors.ts'
import { type Ending, laneEntry, parseLaneEntry } from '../../src/queue/lanes.ts'
import { createParts, entryOf, inbound, type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const now = Date.now()
const day = 86_400_000
const noTrace = { journal: 'journal:0:0', field: 'none', step: '' }
const ending = (more: Partial<Ending> = {}): Ending => ({ now, trace: noTrace, ...more })
const take = { channel: 'shop', holdKey: 'hold:test' }

test('a lane entry gives back its parts, spaces in the envelope included', () => {
  expect(parseLaneEntry(laneEntry('1', 5, '{"a": "b c"}'))).toEqual({
    id: '1',
    receivedAt: 5,
    envelope: '{"a": "b c"}',
  })
})

describe('admission', () => {
  test('stores an event once that comes twice in one body', async () => {
    const { lanes, redis, base } = createParts(store)
    const answers = await lanes.admit([entryOf(inbound('1')), entryOf(inbound('1')), entryOf(inbound('2'))], now)
    expect(answers).toEqual(['first', 'duplicate', 'behind'])
    expect(await redis.llen(`${base}lane:shop-inbound:U1`)).toBe(2)
  })

  test('stores an event once that comes in parallel over many connections, and again later', async () => {
    const parts = createParts(store)
    const others = Array.from({ length: 7 }, () => createParts(store, parts.keyPrefix))
    const copies = await Promise.all([parts, ...others].map(({ lanes }) => lanes.admit([entryOf(inbound('1'))], now)))
    expect(copies.flat().filter((answer) => answer === 'first')).toHaveLength(1)
    expect(copies.flat().filter((answer) => answer === 'duplicate')).toHaveLength(7)
    expect(await parts.lanes.finish(entryOf(inbound('1')), ending())).toBeUndefined()
    expect(await parts.lanes.admit([entryOf(inbound('1'))], now)).toEqual(['duplicate'])
  })

  test('takes the same id on another channel or flow for another message', async () => {
    const { lanes } = createParts(store)
    const message = inbound('1')
    const entries = [entryOf(message), entryOf(message, { channel: 'other' }), entryOf(message, { flow: 'outbound' })]
    expect(await lanes.admit(entries, now)).toEqual(['first', 'first', 'first'])
  })

  test('recognises a repeat for 72 hours', async () => {
    const { lanes } = createParts(store)
    await lanes.admit([entryOf(inbound('1'), { receivedAt: now })], now)
    const later = entryOf(inbound('1'), { receivedAt: now + 3 * day })
    expect(await lanes.admit([later], now + 3 * day)).toEqual(['duplicate'])
  })

  test.each([
    ['as old as it is', 0],
    ['an hour older than it can be', -3_600_000],
    ['of the future, by a clock that is wrong', 5 * day],
    ['of the beginning of time', -now],
  ])('recognises a repeat after days whose sender says that it is %s', async (_, error) => {
    const { lanes } = createParts(store)
    const madeAt = now + error
    await lanes.admit([{ ...entryOf(inbound('1'), { receivedAt: now }), madeAt }], now)
    const later = now + 3 * day
    const repeat = { ...entryOf(inbound('1'), { receivedAt: later }), madeAt }
    expect(await lanes.admit([repeat], later)).toEqual(['duplicate'])
  })

  // Two processes, midnight between their clocks: the one that was behind once did not see what the other had stored.
  test('recognises a repeat when the other process’ clock was ahead, past midnight', async () => {
    const { lanes } = createParts(store)
    const midnight = Math.ceil(now / day) * day
    await lanes.admit([entryOf(inbound('1'), { receivedAt: midnight + 5 })], midnight + 5)
    expect(await lanes.admit([entryOf(inbound('1'), { receivedAt: midnight - 5 })], midnight - 5)).toEqual([
      'duplicate',
    ])
  })

  test('keeps traces for their time and no longer', async () => {
    const { lanes, redis, base } = createParts(store)
    const { trace, ...entry } = entryOf(inbound('1'))
    await lanes.admit([{ ...entry, trace }], now)
    const seconds = await redis.ttl(`${base}journal:${trace.day}:${trace.shard}`)
    expect(seconds / 86_400).toBeGreaterThan(30)
    expect(seconds / 86_400).toBeLessThanOrEqual(31)
  })

  test('notes an event without a message, and recognises its repeat', async () => {
    const { lanes, debts } = createParts(store)
    const { entry: _entry, ...noted } = entryOf(inbound('E1'))
    expect(await lanes.admit([noted, noted], now)).toEqual(['noted', 'duplicate'])
    expect(await debts()).toEqual([])
  })
})

describe('a customer who blocked the account', () => {
  const marked = (id: string, sign: 'b' | 'u' | 'm', at: number) => ({
    ...entryOf(inbound(id)),
    mark: { sign, user: 'U1', at },
  })
  const isBlocked = async (marks: readonly (readonly ['b' | 'u' | 'm', number])[]) => {
    const { lanes } = createParts(store)
    await lanes.admit(
      marks.map(([sign, at], index) => marked(String(index), sign, at)),
      now,
    )
    return (await lanes.take({ ...entryOf(inbound('0')), ...take }))?.blocked
  }

  test('is known to be out of reach until a follow or a message', async () => {
    expect(await isBlocked([['b', 10]])).toBe(true)
    const freed = [
      ['b', 10],
      ['u', 20],
    ] as const
    expect(await isBlocked(freed)).toBe(false)
    const wrote = [
      ['b', 10],
      ['m', 20],
    ] as const
    expect(await isBlocked(wrote)).toBe(false)
  })

  test('is judged by when it happened, not by when it was heard', async () => {
    const heardLate = [
      ['b', 20],
      ['u', 10],
    ] as const
    expect(await isBlocked(heardLate)).toBe(true)
    const blockHeardLate = [
      ['u', 20],
      ['b', 10],
    ] as const
    expect(await isBlocked(blockHeardLate)).toBe(false)
  })

  test('is not remembered for merely writing', async () => {
    const { lanes, redis, base } = createParts(store)
    await lanes.admit([marked('1', 'm', 10)], now)
    expect(await redis.exists(`${base}blocked:shop`)).toBe(0)
  })
})

describe('an attempt', () => {
  const message = entryOf(inbound('1'))
  const behind = entryOf(inbound('2'))
  async function admitted() {
    const parts = createParts(store)
    await parts.lanes.admit([message, behind], now)
    return parts
  }
  /** Begins an attempt. @returns its token */
  async function begin({ lanes }: ReturnType<typeof createParts>): Promise<string> {
    return (await lanes.take({ ...message, ...take }))?.token ?? ''
  }

  test('is made at the head of a lane only', async () => {
    const { lanes } = await admitted()
    expect(await lanes.take({ ...behind, ...take })).toBeUndefined()
    expect(await lanes.take({ ...message, ...take })).toMatchObject({ attempt: 1, inDoubt: false, partsDone: 0 })
  })

  test('that nobody ended leaves its successor in doubt', async () => {
    const { lanes, abandon } = await admitted()
    await lanes.take({ ...message, ...take })
    await abandon()
    expect(await lanes.take({ ...message, ...take })).toMatchObject({ attempt: 2, inDoubt: true, overtakes: true })
  })

  test('hands on what was settled, its plan and its parts', async () => {
    const parts = await admitted()
    const { lanes } = parts
    const token = await begin(parts)
    const plan = 'A plan: "ข้อความ" \\ 😀\n\u0001\u2028\r\n'
    await lanes.savePlan(message, plan, token)
    await lanes.partDone(message, 1)
    await lanes.settle(message, token, { attempts: 1, inDoubt: false, spentMs: 500 }, noTrace)
    const expected = { attempt: 2, inDoubt: false, spentMs: 500, plan, partsDone: 1 }
    expect(await lanes.take({ ...message, ...take })).toMatchObject(expected)
  })

  // It used to count upwards: an answer that was lost on the way made a part be skipped.
  test('counts a part once, however often it is told', async () => {
    const { lanes, abandon } = await admitted()
    await lanes.take({ ...message, ...take })
    await lanes.partDone(message, 1)
    await lanes.partDone(message, 1)
    await abandon()
    expect(await lanes.take({ ...message, ...take })).toMatchObject({ partsDone: 1 })
  })

  test('that was overtaken has no say in what comes next', async () => {
    const parts = await admitted()
    const { lanes, abandon } = parts
    const token = await begin(parts)
    await abandon()
    expect(await begin(parts)).not.toBe('')
    const state = { attempts: 1, inDoubt: false, spentMs: 500 }
    expect(await lanes.settle(message, token, state, noTrace)).toBeUndefined()
    await abandon()
    expect(await lanes.take({ ...message, ...take })).toMatchObject({ attempt: 3, inDoubt: true, spentMs: 0 })
  })

  // A wait spends no attempt, so that the next one has the same number.
  test('that was overtaken by one of the same number has no say either', async () => {
    const parts = await admitted()
    const { lanes } = parts
    const overtaken = await begin(parts)
    await parts.abandon()
    const other = await begin(parts)
    expect(await lanes.settle(message, other, { attempts: 0, inDoubt: false, spentMs: 0 }, noTrace)).toBe(1)
    const latest = await lanes.take({ ...message, ...take })
    expect(latest?.attempt).toBe(1)
    for (const token of [overtaken, other]) {
      expect(await lanes.isCurrent(message, token)).toBe(false)
      await expect(lanes.savePlan(message, 'the plan', token)).rejects.toBeInstanceOf(Stopping)
      expect(await lanes.finish(message, ending({ letter: '{}', givenUpBy: token }))).toBe(false)
      const state = { attempts: 7, inDoubt: true, spentMs: 500 }
      expect(await lanes.settle(message, token, state, noTrace)).toBeUndefined()
    }
    const token = latest?.token ?? ''
    expect(await lanes.isCurrent(message, token)).toBe(true)
    await lanes.savePlan(message, 'the plan', token)
    expect(await lanes.settle(message, token, { attempts: 1, inDoubt: false, spentMs: 0 }, noTrace)).toBe(2)
    expect(await lanes.take({ ...message, ...take })).toMatchObject({ attempt: 2, spentMs: 0, plan: 'the plan' })
  })

  // Its notes used to fall to the next message, which was then sent with a plan that was not its own.
  test('whose message was finished by somebody else leaves nothing to the next message', async () => {
    const parts = await admitted()
    const { lanes } = parts
    const token = await begin(parts)
    expect(await lanes.finish(message, ending())).toEqual({ id: '2' })
    await expect(lanes.savePlan(message, 'the plan', token)).rejects.toBeInstanceOf(Stopping)
    await lanes.partDone(message, 1)
    await lanes.settle(message, token, { attempts: 7, inDoubt: true, spentMs: 500 }, noTrace)
    const fresh = { attempt: 1, inDoubt: false, spentMs: 0, plan: undefined, partsDone: 0 }
    expect(await lanes.take({ ...behind, ...take })).toMatchObject(fresh)
  })

  test('whose end cannot be written down keeps its message, and touches no other', async () => {
    const parts = await admitted()
    const { lanes, redis, base } = parts
    const other = entryOf(inbound('9', 'U9'))
    await lanes.admit([other], Date.now())
    const receipt = { queue: 'shop-receipts', user: 'r1', entry: 'r1 1 {}' }
    await redis.set(`${base}lane:shop-receipts:r1`, 'of another kind')
    const [failed, done] = await Promise.allSettled([
      lanes.finish(message, ending({ letter: '{}', receipt })),
      lanes.finish(other, ending()),
    ])
    expect(failed).toMatchObject({ status: 'rejected' })
    expect(done).toEqual({ status: 'fulfilled', value: undefined })
    expect(await lanes.heads([message])).toMatchObject([{ id: '1' }])
    await redis.del(`${base}lane:shop-receipts:r1`)
    expect(await lanes.finish(message, ending({ letter: '{}', receipt }))).toEqual({ id: '2' })
    expect(await redis.lrange(`${base}lane:shop-receipts:r1`, 0, -1)).toEqual(['r1 1 {}'])
  })

  test('learns how long its budget is held', async () => {
    const { lanes, redis, base } = await admitted()
    await redis.set(`${base}hold:test`, 1, 'PX', 60_000)
    const taken = await lanes.take({ ...message, ...take })
    expect(taken?.heldMs).toBeGreaterThan(50_000)
  })

  test('that failed again and again keeps a trace of bearable length', async () => {
    const parts = await admitted()
    const { lanes, redis, base } = parts
    const { day, shard, field } = message.trace
    const journal = `journal:${day}:${shard}`
    for (let attempt = 1; attempt <= 200; attempt += 1) {
      const token = await begin(parts)
      const state = { attempts: attempt, inDoubt: false, spentMs: 0 }
      await lanes.settle(message, token, state, { journal, field, step: `;fa,${attempt},503,retry` })
    }
    await lanes.finish(message, ending({ trace: { journal, field, step: ';dz,201,200' } }))
    const trace = await redis.hget(`${base}${journal}`, field)
    expect(trace?.length).toBeLessThan(650)
    expect(trace).toMatch(/;dz,201,200$/)
  })
})

describe('an ending', () => {
  test('takes only the head off its lane, once, and names the next one', async () => {
    const { lanes, redis, base } = createParts(store)
    const [one, two, three] = ['1', '2', '3'].map((id) => entryOf(inbound(id))) as [
      ReturnType<typeof entryOf>,
      ReturnType<typeof entryOf>,
      ReturnType<typeof entryOf>,
    ]
    await lanes.admit([one, two, three], now)
    expect(await lanes.finish(two, ending())).toBe(false)
    expect(await lanes.finish(one, ending())).toEqual({ id: '2' })
    expect(await lanes.finish(one, ending())).toBe(false)
    expect(await lanes.heads([one])).toMatchObject([{ id: '2' }])
    expect(await lanes.finish(two, ending())).toEqual({ id: '3' })
    expect(await lanes.finish(three, ending())).toBeUndefined()
    expect(await lanes.heads([one])).toEqual([undefined])
    expect(await redis.hget(`${base}depth`, 'shop-inbound')).toBe('0')
    expect(await redis.exists(`${base}lanes:shop-inbound`)).toBe(0)
  })

  test('files the letter and stores the receipt in the same step', async () => {
    const { lanes, redis, base, abandon } = createParts(store)
    const message = entryOf(inbound('1'), { flow: 'outbound' })
    await lanes.admit([message], now)
    const receipt = { queue: 'shop-receipts', user: '1', entry: laneEntry('failed.1.a', now, '{}') }
    await lanes.finish(message, ending({ letter: '{"v":2}', receipt }))
    const letter = JSON.parse((await redis.hget(`${base}letters:shop-outbound`, '1')) ?? '')
    expect(letter).toEqual({ v: 2, order: 1, entry: message.entry })
    expect(await redis.zscore(`${base}dead:shop-outbound`, '1')).toBe(String(now))
    expect(await lanes.heads([receipt])).toMatchObject([{ id: 'failed.1.a', owed: true }])
    await abandon()
    const owed = await lanes.owed(10, 0)
    expect(owed).toContainEqual({ queue: 'shop-receipts', user: '1', id: 'failed.1.a' })
  })

  test('that comes a second time stores no second receipt', async () => {
    const { lanes, redis, base } = createParts(store)
    const message = entryOf(inbound('1'), { flow: 'outbound' })
    await lanes.admit([message], now)
    const receipt = { queue: 'shop-receipts', user: '1', entry: laneEntry('delivered.1.a', now, '{}') }
    await Promise.all([lanes.finish(message, ending({ receipt })), lanes.finish(message, ending({ receipt }))])
    expect(await redis.llen(`${base}lane:shop-receipts:1`)).toBe(1)
  })
})
