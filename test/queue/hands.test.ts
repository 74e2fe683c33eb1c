import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AdmitEntry, type Ending, parseLaneEntry } from '../../src/queue/lanes.ts'
import { createParts, entryOf, eventually, inbound, type Store, startStore } from './harness.ts'

/*
 * Who has a head in its hands, and who may take it. Every head that has no job is owed one; who takes a head owes it, too, and keeps
 * that debt young for as long as it lives.
 */

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
const three = [entryOf(inbound('1')), entryOf(inbound('2')), entryOf(inbound('3', 'U2'))]
const [one, two, other] = three as [AdmitEntry, AdmitEntry, AdmitEntry]

/** Two processes, and three messages in two lanes. */
async function admitted() {
  const parts = createParts(store)
  const { lanes: others } = createParts(store, parts.keyPrefix)
  await parts.lanes.admit(three, now)
  return { ...parts, others }
}

describe('a debt', () => {
  test('stands for every head that has no job yet, until it is paid', async () => {
    const { lanes, abandon } = await admitted()
    await abandon()
    const owed = await lanes.owed(10, 0)
    expect(owed.map(({ id }) => id).sort()).toEqual(['1', '3'])
    await lanes.paid(owed)
    expect(await lanes.owed(10, 0)).toEqual([])
    await lanes.finish(one, ending())
    await abandon()
    expect((await lanes.owed(10, 0)).map(({ id }) => id)).toEqual(['2'])
  })

  test('is not old at once, but soon, and not when it is renewed', async () => {
    const { lanes } = await admitted()
    expect(await lanes.owed(10, 0)).toEqual([])
    expect((await lanes.inHands(10)).map(({ id }) => id).toSorted()).toEqual(['1', '3'])
    const begun = Date.now()
    const renewing = setInterval(() => void lanes.renew([one]), 300)
    try {
      await eventually(async () => (await lanes.owed(10, 0)).length > 0, 3_000)
      expect(await lanes.owed(10, 0)).toEqual([{ queue: 'shop-inbound', user: 'U2', id: '3' }])
      expect(Date.now() - begun).toBeGreaterThan(1_000)
      expect(await lanes.inHands(10)).toEqual([{ queue: 'shop-inbound', user: 'U1', id: '1' }])
    } finally {
      clearInterval(renewing)
    }
  })

  // Process’ clocks differ, and one of them may be wrong by hours.
  test('is young or old by Redis’ clock alone', async () => {
    const { lanes } = createParts(store)
    await lanes.admit([entryOf(inbound('1'))], now - day)
    await lanes.admit([entryOf(inbound('3', 'U2'))], now + day)
    expect(await lanes.owed(10, 0)).toEqual([])
    expect(await lanes.inHands(10)).toHaveLength(2)
    await lanes.take({ ...one, ...take })
    await lanes.finish(one, ending({ now: now - day }))
    expect(await lanes.inHands(10)).toHaveLength(1)
  })

  test('of a head in living hands is not paid by its job', async () => {
    const { lanes, debts } = await admitted()
    await lanes.take({ ...one, ...take })
    // The job was added before, and its answer comes only now.
    await lanes.paid([one, other])
    expect(await debts()).toEqual(['shop-inbound U1 1'])
  })

  test('of a head in dead hands is paid by its job', async () => {
    const { lanes, debts, abandon } = await admitted()
    await lanes.take({ ...one, ...take })
    await abandon()
    await lanes.paid([one])
    expect(await debts()).toEqual(['shop-inbound U2 3'])
  })

  test('of a head that waits for its turn is paid, however young it is', async () => {
    const { lanes, debts } = await admitted()
    const taken = await lanes.take({ ...one, ...take })
    await lanes.settle(one, taken?.token ?? '', { attempts: 1, inDoubt: false, spentMs: 0 }, noTrace)
    // Until it has its job.
    expect(await debts()).toContain('shop-inbound U1 1')
    await lanes.paid([one])
    expect(await debts()).not.toContain('shop-inbound U1 1')
  })

  test('comes back when the head is taken', async () => {
    const { lanes, debts } = await admitted()
    await lanes.paid([one, other])
    await lanes.take({ ...one, ...take })
    expect(await debts()).toEqual(['shop-inbound U1 1'])
  })

  test('of a head in hands comes back when it is renewed', async () => {
    const { lanes, debts, abandon } = await admitted()
    await lanes.take({ ...one, ...take })
    // Its process was out of reach for a while, and another one has paid.
    await abandon()
    await lanes.paid([one])
    expect(await debts()).toEqual(['shop-inbound U2 3'])
    await lanes.renew([one])
    expect(await debts()).toEqual(['shop-inbound U1 1', 'shop-inbound U2 3'])
    expect((await lanes.inHands(10)).map(({ id }) => id)).toEqual(['1'])
  })

  // A Redis whose clock was ahead has failed over to another one.
  test('of the future is old', async () => {
    const { lanes, others, redis, base } = await admitted()
    await lanes.take({ ...one, ...take })
    await redis.zadd(`${base}owed`, Date.now() + 60_000, 'shop-inbound U1 1')
    expect(await lanes.owed(10, 0)).toEqual([{ queue: 'shop-inbound', user: 'U1', id: '1' }])
    expect(await others.take({ ...one, ...take })).toMatchObject({ attempt: 2, overtakes: true })
    expect(await lanes.owed(10, 0)).toEqual([])
  })

  test('is not renewed where there is none', async () => {
    const { lanes, debts } = await admitted()
    await lanes.paid([one, other])
    await lanes.renew([one, other])
    expect(await debts()).toEqual([])
  })
})

describe('a head in somebody’s hands', () => {
  test('is taken by nobody else while its debt is young, not even by the same process', async () => {
    const { lanes, others } = await admitted()
    expect(await lanes.take({ ...one, ...take })).toMatchObject({ attempt: 1 })
    expect(await others.take({ ...one, ...take })).toBeUndefined()
    expect(await lanes.take({ ...one, ...take })).toBeUndefined()
    // Nor was anything changed by the question.
    await lanes.finish(one, ending())
    expect(await others.take({ ...two, ...take })).toMatchObject({ attempt: 1, inDoubt: false, overtakes: false })
  })

  test('stays the first one’s, whose token remains the latest', async () => {
    const { lanes, others } = await admitted()
    const token = (await lanes.take({ ...one, ...take }))?.token ?? ''
    await others.take({ ...one, ...take })
    expect(await lanes.isCurrent(one, token)).toBe(true)
    expect(await lanes.settle(one, token, { attempts: 1, inDoubt: false, spentMs: 0 }, noTrace)).toBe(1)
  })

  test('is taken over once its debt is old, in doubt and as what it is', async () => {
    const { lanes, others, abandon } = await admitted()
    const token = (await lanes.take({ ...one, ...take }))?.token ?? ''
    await abandon()
    const taken = await others.take({ ...one, ...take })
    expect(taken).toMatchObject({ attempt: 2, inDoubt: true, overtakes: true })
    expect(await lanes.isCurrent(one, token)).toBe(false)
    // And is in the hands of that one now.
    expect(await lanes.take({ ...one, ...take })).toBeUndefined()
  })

  test('is taken over when nobody owes it a job any more', async () => {
    const { lanes, others, abandon } = await admitted()
    await lanes.take({ ...one, ...take })
    await abandon()
    await lanes.paid([one])
    expect(await others.take({ ...one, ...take })).toMatchObject({ attempt: 2, inDoubt: true, overtakes: true })
  })

  test('is free again as soon as its attempt has ended, however young its debt', async () => {
    const { lanes, others } = await admitted()
    const token = (await lanes.take({ ...one, ...take }))?.token ?? ''
    await lanes.settle(one, token, { attempts: 1, inDoubt: false, spentMs: 500 }, noTrace)
    expect(await others.take({ ...one, ...take })).toMatchObject({ attempt: 2, inDoubt: false, overtakes: false })
  })

  test('does not keep the lane’s next one from anybody', async () => {
    const { lanes, others } = await admitted()
    await lanes.take({ ...one, ...take })
    expect(await lanes.finish(one, ending())).toEqual({ id: '2' })
    expect(await others.take({ ...two, ...take })).toMatchObject({ attempt: 1, inDoubt: false, overtakes: false })
  })
})

describe('the same question, asked once more because its answer was lost', () => {
  /** A process to which Redis answers only what it is asked a second time. */
  async function hardOfHearing() {
    const parts = await admitted()
    const { redis } = parts
    const ask = redis.runSteps.bind(redis)
    let between: () => Promise<unknown> = async () => undefined
    redis.runSteps = (async (...question: Parameters<typeof ask>) => {
      await ask(...question)
      await between()
      return ask(...question)
    }) as typeof ask
    return {
      ...parts,
      meanwhile(happens: () => Promise<unknown>): void {
        between = happens
      },
    }
  }

  test('is one attempt, and gets its head although that is in its own hands already', async () => {
    const { lanes, others } = await hardOfHearing()
    const taken = await lanes.take({ ...one, ...take })
    expect(taken).toMatchObject({
      attempt: 1,
      inDoubt: false,
      overtakes: false,
      envelope: parseLaneEntry(one.entry ?? '').envelope,
    })
    const token = taken?.token ?? ''
    expect(await others.isCurrent(one, token)).toBe(true)
    await others.settle(one, token, { attempts: 1, inDoubt: false, spentMs: 0 }, noTrace)
    expect(await others.take({ ...one, ...take })).toMatchObject({ attempt: 2, inDoubt: false })
  })

  test('is one attempt also when it is not the first one, and has a turn', async () => {
    const { lanes, others } = await hardOfHearing()
    const token = (await others.take({ ...one, ...take }))?.token ?? ''
    await others.settle(one, token, { attempts: 1, inDoubt: false, spentMs: 500 }, noTrace)
    expect(await lanes.take({ ...one, turn: 1, ...take })).toMatchObject({
      attempt: 2,
      inDoubt: false,
      spentMs: 500,
      overtakes: false,
    })
  })

  test('gets nothing when somebody else has taken the message over meanwhile', async () => {
    const { lanes, others, meanwhile, abandon } = await hardOfHearing()
    meanwhile(async () => {
      await abandon()
      expect(await others.take({ ...one, ...take })).toMatchObject({ attempt: 2, overtakes: true })
    })
    expect(await lanes.take({ ...one, ...take })).toBeUndefined()
  })

  test('gets nothing when the message has been delivered meanwhile', async () => {
    const { lanes, others, meanwhile } = await hardOfHearing()
    meanwhile(() => others.finish(one, ending()))
    expect(await lanes.take({ ...one, ...take })).toBeUndefined()
  })

  test('by who ends a message and takes the next, gives that once more', async () => {
    const { lanes, others, debts } = await hardOfHearing()
    await others.take({ ...one, ...take })
    const next = await lanes.finish(one, ending({ takeNext: take }))
    expect(next).toMatchObject({ id: '2', taken: { attempt: 1, inDoubt: false, overtakes: false } })
    expect(await others.isCurrent(two, next ? (next.taken?.token ?? '') : '')).toBe(true)
    expect(await debts()).toEqual(['shop-inbound U1 2', 'shop-inbound U2 3'])
    // And it was ended once.
    expect(await lanes.finish(other, ending({ takeNext: take }))).toBe(false)
    expect(await others.finish(two, ending())).toBeUndefined()
  })

  test('by who ends a message and takes the next, gets nothing when another has taken that meanwhile', async () => {
    const { lanes, others, meanwhile, abandon } = await hardOfHearing()
    await others.take({ ...one, ...take })
    meanwhile(async () => {
      await abandon()
      expect(await others.take({ ...two, ...take })).toMatchObject({ attempt: 2 })
    })
    expect(await lanes.finish(one, ending({ takeNext: take }))).toBe(false)
  })

  // Nobody has the next head then; the other half of this is in the tests of the sweep.
  test('by another attempt at the ending takes no second one', async () => {
    const { lanes, debts, abandon, others } = await admitted()
    await lanes.take({ ...one, ...take })
    await lanes.finish(one, ending({ takeNext: take }))
    expect(await lanes.finish(one, ending({ takeNext: take }))).toBe(false)
    expect(await debts()).toEqual(['shop-inbound U1 2', 'shop-inbound U2 3'])
    await abandon()
    expect(await others.take({ ...two, ...take })).toMatchObject({ attempt: 2, inDoubt: true })
  })
})

describe('an ending that takes the next head', () => {
  test('begins an attempt at it, which is in the same hands', async () => {
    const { lanes, others, redis, base, debts } = await admitted()
    await redis.set(`${base}hold:test`, 1, 'PX', 60_000)
    await lanes.take({ ...one, ...take })
    const next = await lanes.finish(one, ending({ takeNext: take }))
    expect(next).toMatchObject({
      id: '2',
      taken: {
        attempt: 1,
        inDoubt: false,
        plan: undefined,
        partsDone: 0,
        spentMs: 0,
        blocked: false,
        overtakes: false,
      },
    })
    const { taken } = next as { readonly taken: { token: string; heldMs: number; envelope: string } }
    expect(taken.envelope).toBe(parseLaneEntry(two.entry ?? '').envelope)
    expect(taken.heldMs).toBeGreaterThan(50_000)
    expect(await lanes.isCurrent(two, taken.token)).toBe(true)
    expect(await others.take({ ...two, ...take })).toBeUndefined()
    expect(await debts()).toContain('shop-inbound U1 2')
    const state = { attempts: 1, inDoubt: false, spentMs: 500 }
    expect(await lanes.settle(two, taken.token, state, noTrace)).toBe(1)
    expect(await others.take({ ...two, turn: 1, ...take })).toMatchObject({ attempt: 2, spentMs: 500 })
  })

  test('knows of each attempt by a token of its own', async () => {
    const { lanes } = await admitted()
    const tokens = new Set([(await lanes.take({ ...one, ...take }))?.token])
    const next = await lanes.finish(one, ending({ takeNext: take }))
    tokens.add(next ? next.taken?.token : undefined)
    tokens.add((await lanes.take({ ...other, ...take }))?.token)
    expect(tokens.size).toBe(3)
    expect(tokens).not.toContain(undefined)
  })

  test('takes the next one also when its message is given up', async () => {
    const { lanes } = await admitted()
    const token = (await lanes.take({ ...one, ...take }))?.token ?? ''
    const next = await lanes.finish(one, ending({ letter: '{"v":2}', givenUpBy: token, takeNext: take }))
    expect(next).toMatchObject({ id: '2', taken: { attempt: 1 } })
  })

  test('hears that the customer has blocked the account, and that the next one was taken back', async () => {
    const { lanes } = createParts(store)
    await lanes.admit([one, { ...two, mark: { sign: 'b', at: 5 } }], now)
    const { shard, field } = two.trace
    const { entry: _, ...unsend } = entryOf(inbound('E9'))
    await lanes.admit([{ ...unsend, withdrawn: { id: '2', shard, field } }], now)
    const next = await lanes.finish(one, ending({ takeNext: take }))
    expect(next).toMatchObject({ id: '2', taken: { envelope: undefined, blocked: true } })
  })

  test('takes nothing when the lane is empty then', async () => {
    const { lanes, debts } = await admitted()
    expect(await lanes.finish(other, ending({ takeNext: take }))).toBeUndefined()
    expect(await debts()).toEqual(['shop-inbound U1 1'])
  })

  test('takes nothing when its message is no head, or it was overtaken', async () => {
    const { lanes, others } = await admitted()
    expect(await lanes.finish(two, ending({ takeNext: take }))).toBe(false)
    await lanes.take({ ...one, ...take })
    const late = ending({ letter: '{}', givenUpBy: 'another', takeNext: take })
    expect(await lanes.finish(one, late)).toBe(false)
    await lanes.finish(one, ending())
    expect(await others.take({ ...two, ...take })).toMatchObject({ attempt: 1, inDoubt: false })
  })
})
