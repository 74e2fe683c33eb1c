import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createHands } from '../../src/queue/hands.ts'
import { jobId } from '../../src/queue/names.ts'
import { bodyOf, createCarrier, gate, usersTo } from './carrier.ts'
import { createParts, entryOf, eventually, failing, inbound, type Store, startStore } from './harness.ts'

/*
 * What the jobs of BullMQ do, which name heads that can be taken. A job is over when its heads are in somebody's hands; whatever brings it
 * late, twice or to the wrong process must not deliver anything twice, and lose nothing.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const noTrace = { journal: 'journal:0:0', field: 'none', step: '' }
const about = { channel: 'shop', holdKey: 'hold:test' }
/** One message of each customer, named as the customer is. */
const entriesOf = (users: readonly string[]) => users.map((user) => entryOf(inbound(user, user)))

/** Messages that are stored already, before there is a process that delivers; `jobs`: what BullMQ has of them. */
async function stored(users: readonly string[]) {
  const parts = createParts(store)
  const entries = entriesOf(users)
  await parts.lanes.admit(entries, Date.now())
  const jobs = parts.queues.get('shop', 'inbound')
  return {
    ...parts,
    entries,
    first: entries[0] as (typeof entries)[number],
    jobs,
    /** Until no job waits, or is being done. */
    idle: () => eventually(async () => (await jobs.getJobCountByTypes('waiting', 'active', 'delayed')) === 0),
  }
}

describe('a job of several heads', () => {
  test('is over when all of them are taken, while their deliveries still run', async () => {
    const { keyPrefix, queues, entries, jobs, idle, debts } = await stored(usersTo(20))
    await queues.addHeads(entries)
    expect(await jobs.getWaitingCount()).toBe(2)
    const { pass, open } = gate()
    let begun = 0
    const { arrived, until, told, nothingLeft } = await createCarrier(
      store,
      () => {
        begun += 1
        return pass()
      },
      keyPrefix,
    )
    await eventually(() => begun === 20)
    await idle()
    expect(await jobs.getJobs()).toEqual([])
    expect(arrived).toEqual([])
    // They are in hands, and known to be.
    expect(await debts()).toEqual(entries.map(({ queue, user, id }) => `${queue} ${user} ${id}`).toSorted())
    open()
    await until(() => told('message.delivered').length === 20)
    expect(arrived.toSorted()).toEqual(usersTo(20).toSorted())
    await nothingLeft()
  })

  test('one of whose heads cannot be taken has the others taken, and that one is tried again', async () => {
    const { keyPrefix, queues, entries, redis, base, jobs } = await stored(usersTo(16))
    const broken = `${base}attempt:shop-inbound:U7`
    await queues.addHeads(entries)
    await redis.set(broken, 'of another kind')
    const { arrived, until, told, nothingLeft, errors } = await createCarrier(store, undefined, keyPrefix)
    await until(() => told('message.delivered').length === 15)
    // It has a job of its own, which comes a little later, again and again.
    await eventually(async () => (await jobs.getDelayedCount()) === 1 && (await jobs.getJobs()).length === 1)
    expect((await jobs.getJobs()).map(({ data }) => data.heads)).toEqual([[['U7', 'U7']]])
    await redis.del(broken)
    await until(() => told('message.delivered').length === 16)
    expect(arrived.toSorted()).toEqual(usersTo(16).toSorted())
    expect(arrived.at(-1)).toBe('U7')
    expect(told('delivery.attempted').every(({ attempt }) => attempt === 1)).toBe(true)
    expect(errors.every(({ message }) => message.startsWith('WRONGTYPE'))).toBe(true)
    expect(errors.length).toBeGreaterThan(0)
    await nothingLeft()
  })

  test('that names heads which others have delivered meanwhile is over at once', async () => {
    const { keyPrefix, queues, lanes, entries, first, idle } = await stored(usersTo(3))
    await queues.addHeads(entries)
    await lanes.finish(first, { now: Date.now(), trace: noTrace })
    const { arrived, until, told, nothingLeft } = await createCarrier(store, undefined, keyPrefix)
    await until(() => told('message.delivered').length === 2)
    await idle()
    expect(arrived.toSorted()).toEqual(['U2', 'U3'])
    await nothingLeft()
  })

  test('of which there are many for the same heads delivers each once', async () => {
    const { keyPrefix, queues, entries, idle } = await stored(usersTo(5))
    for (let times = 0; times < 10; times += 1) await queues.addHeads([...entries, ...entries])
    const [one, other] = [
      await createCarrier(store, undefined, keyPrefix),
      await createCarrier(store, undefined, keyPrefix),
    ]
    await idle()
    await eventually(() => one.arrived.length + other.arrived.length >= 5)
    expect([...one.arrived, ...other.arrived].toSorted()).toEqual(usersTo(5))
    await one.nothingLeft()
  })
})

describe('a job that names a head in living hands', () => {
  test('leaves it alone, takes the others, and is over', async () => {
    const { keyPrefix, queues, lanes, entries, first, idle } = await stored(usersTo(3))
    await lanes.take({ ...first, ...about })
    const hands = createHands({ lanes, onError: () => {} })
    const letGo = hands.hold(first)
    await queues.addHeads(entries)
    const { arrived, told, until, nothingLeft } = await createCarrier(store, undefined, keyPrefix)
    await until(() => told('message.delivered').length === 2)
    await idle()
    expect(arrived.toSorted()).toEqual(['U2', 'U3'])
    // And so does one that comes much later.
    const begun = Date.now()
    await eventually(() => Date.now() - begun > 2_500)
    await queues.addHeads(entries)
    await idle()
    expect(arrived).toHaveLength(2)
    letGo()
    hands.close()
    await lanes.finish(first, { now: Date.now(), trace: noTrace })
    await nothingLeft()
  })

  test('is over at once although the hands are those of its own process', async () => {
    const { keyPrefix, queues, entries, jobs, idle } = await stored(usersTo(1))
    const { pass, open, reached } = gate()
    const { arrived, told, until, nothingLeft } = await createCarrier(store, pass, keyPrefix)
    await queues.addHeads(entries)
    await reached
    await queues.addHeads(entries)
    await idle()
    expect(await jobs.getJobs()).toEqual([])
    expect(arrived).toEqual([])
    open()
    await until(() => told('message.delivered').length === 1)
    expect(arrived).toEqual(['U1'])
    await nothingLeft()
  })
})

describe('heads for which there is no place', () => {
  test('go back to the front, as old as they were, in a job that is as old as the end of their wait', async () => {
    const { pass, open } = gate()
    const begun: string[] = []
    let opened = false
    let readyAt = 0
    const { admitElsewhere, arrived, until, told, jobs, nothingLeft } = await createCarrier(store, (id) => {
      if (id !== 'waits') {
        begun.push(id)
        return pass()
      }
      if (opened) return undefined
      readyAt = Date.now() + 1_000
      throw failing({ do: 'wait', afterMs: 1_000, only: 'conversation' })
    })
    await admitElsewhere('shop', 'inbound', bodyOf(['waits'], 'U-waits'))
    await until(() => told('delivery.attempted').length > 0)
    // Fewer are left over than jobs are taken at once: the one that waits would else never be reached while nothing is delivered.
    const users = usersTo(304)
    const before = Date.now()
    await admitElsewhere(
      'shop',
      'inbound',
      users.flatMap((user) => bodyOf([user], user)),
    )
    await eventually(() => begun.length === 300)
    const waits = async () => {
      const found = await jobs.getJobs(['waiting', 'active'])
      return found.filter(({ id, data }) => !id?.includes('~') && data.heads[0][0] === 'U-waits')
    }
    await eventually(async () => (await waits()).length > 0)
    const [job] = await waits()
    expect(job?.timestamp).toBeGreaterThanOrEqual(readyAt - 100)
    expect(job?.timestamp).toBeLessThanOrEqual(Date.now())
    const others = (await jobs.getJobs(['waiting'])).filter(({ data }) => data.heads[0][0] !== 'U-waits')
    for (const { timestamp } of others) expect(timestamp - before).toBeLessThan(1_000)
    opened = true
    open()
    await until(() => told('message.delivered').length === 305)
    expect(arrived.toSorted()).toEqual([...users, 'waits'].toSorted())
    await nothingLeft()
  }, 20_000)
})

describe('the job of a turn', () => {
  /** A message that waits for its second turn, whose job is lost. */
  async function waiting() {
    const parts = await stored(usersTo(1))
    const { lanes, first, debts } = parts
    for (const turn of [1, 2]) {
      const taken = await lanes.take({ ...first, ...about })
      const state = { attempts: turn, inDoubt: false, spentMs: 0 }
      expect(await lanes.settle(first, taken?.token ?? '', state, noTrace)).toBe(turn)
    }
    await lanes.paid([first])
    expect(await debts()).toEqual([])
    return parts
  }

  test('does nothing when that is over, and is over itself', async () => {
    const { keyPrefix, queues, first, jobs, idle, lanes } = await waiting()
    await queues.addLater(first, { turn: 1, delayMs: 0 })
    const { arrived, told, until, nothingLeft } = await createCarrier(store, undefined, keyPrefix)
    await idle()
    expect(await jobs.getJobs()).toEqual([])
    expect(arrived).toEqual([])
    expect(await lanes.heads([first])).toMatchObject([{ id: 'U1', turn: 2, owed: false }])
    // The one of the current turn does it.
    await queues.addLater(first, { turn: 2, delayMs: 0 })
    await until(() => told('message.delivered').length === 1)
    expect(told('delivery.attempted')).toMatchObject([{ attempt: 3 }])
    await nothingLeft()
  })

  test('does nothing after the message was tried before its time', async () => {
    const { keyPrefix, queues, first, idle } = await waiting()
    let failures = 1
    const { arrived, told, until, retryNow, jobs, nothingLeft } = await createCarrier(
      store,
      () => {
        if (failures-- > 0) throw failing({ do: 'hold' })
      },
      keyPrefix,
    )
    await queues.addLater(first, { turn: 2, delayMs: 300 })
    await queues.addHeads([first])
    await until(() => told('delivery.attempted').length === 1)
    await eventually(async () => (await jobs.getDelayed()).some(({ id }) => id === `${jobId('U1')}~3`))
    // The time of the second turn comes and goes.
    await eventually(async () => (await jobs.getJobCountByTypes('delayed', 'waiting', 'active')) === 1)
    expect(told('delivery.attempted')).toHaveLength(1)
    await retryNow()
    await until(() => told('message.delivered').length === 1)
    await idle()
    expect(arrived).toEqual(['U1'])
    await nothingLeft()
  })
})

describe('a held message', () => {
  test('is tried again at once when another is delivered while its own job is still being added', async () => {
    const { pass, open } = gate()
    let failures = 1
    const tried: string[] = []
    const { admit, arrived, until, told, nothingLeft } = await createCarrier(store, async (id) => {
      tried.push(id)
      await pass()
      if (id === 'U2' && failures-- > 0) throw failing({ do: 'hold' })
    })
    await admit('shop', 'inbound', [...bodyOf(['U1'], 'U1'), ...bodyOf(['U2'], 'U2')])
    await eventually(() => tried.length === 2)
    open()
    await until(() => told('message.delivered').length === 2)
    expect(tried.slice(2)).toEqual(['U2'])
    expect(arrived.toSorted()).toEqual(['U1', 'U2'])
    await nothingLeft()
  })
})

describe('a queue that is stopped', () => {
  test('takes back the job whose heads have not all begun, and when it goes on nothing is lost or doubled', async () => {
    const { pass, open } = gate()
    const begun: string[] = []
    const { admitElsewhere, arrived, until, told, operations, jobs, startSweep, nothingLeft } = await createCarrier(
      store,
      (id) => {
        begun.push(id)
        return pass()
      },
    )
    startSweep()
    const users = usersTo(350)
    await admitElsewhere(
      'shop',
      'inbound',
      users.flatMap((user) => bodyOf([user], user)),
    )
    // As many as may hang at once; the rest waits for a place.
    await eventually(() => begun.length === 300)
    const order = { channel: 'shop', direction: 'inbound' } as const
    await operations.pause({ ...order, reason: 'test', who: 'me' })
    await eventually(async () => (await jobs.getActiveCount()) === 0)
    // Sixteen do not divide three hundred: one job had begun with some of its heads.
    const named = (await jobs.getWaiting()).flatMap(({ data }) => data.heads.map(([user]: [string]) => user))
    expect(named.toSorted()).toEqual(users.filter((user) => !begun.includes(user)).toSorted())
    open()
    await until(() => told('message.delivered').length === 300)
    expect(begun).toHaveLength(300)
    await operations.resume(order)
    await until(() => told('message.delivered').length === 350)
    expect(arrived.toSorted()).toEqual(users.toSorted())
    expect(told('delivery.attempted').every(({ attempt }) => attempt === 1)).toBe(true)
    await nothingLeft()
  }, 20_000)
})

describe('jobs of earlier releases', () => {
  const jobOf = (version: 1 | 2, user: string) =>
    version === 1 ? { v: 1, ids: { message: user, user } } : { v: 2, ids: { user } }

  test('are carried out, both kinds of them, and the lane goes on', async () => {
    const { keyPrefix, lanes, entries, jobs } = await stored(['U1', 'U2'])
    await lanes.admit([entryOf(inbound('behind', 'U2'))], Date.now())
    await lanes.paid(entries)
    await jobs.add('inbound', jobOf(1, 'U1'), { jobId: jobId('U1') })
    await jobs.add('inbound', jobOf(2, 'U2'), { jobId: jobId('U2') })
    const { arrived, told, until, nothingLeft } = await createCarrier(store, undefined, keyPrefix)
    await until(() => told('message.delivered').length === 3)
    expect(arrived.filter((id) => id !== 'U1')).toEqual(['U2', 'behind'])
    await nothingLeft()
  })

  test('that waited for a further attempt are carried out, and a further wait has a job of its own', async () => {
    const { keyPrefix, lanes, first, jobs, redis, base } = await stored(['U1'])
    // What was left behind by an attempt of theirs knew of no turns.
    const attempt = { id: 'U1', attempts: 3, token: 'old', doubt: 1, spent: 500, open: 0 }
    await redis.hset(`${base}attempt:shop-inbound:U1`, attempt)
    await lanes.paid([first])
    await jobs.add('inbound', jobOf(2, 'U1'), { jobId: jobId('U1'), delay: 50 })
    let failures = 1
    const { told, until, retryNow, nothingLeft } = await createCarrier(
      store,
      () => {
        if (failures-- > 0) throw failing({ do: 'retry', mayHaveArrived: false })
      },
      keyPrefix,
    )
    await until(() => told('delivery.attempted').length === 1)
    await eventually(async () => (await jobs.getDelayed()).some(({ id }) => id === `${jobId('U1')}~1`))
    await eventually(async () => (await jobs.getJob(jobId('U1'))) === undefined)
    await retryNow()
    await until(() => told('message.delivered').length === 1)
    expect(told('delivery.attempted').map(({ attempt: number }) => number)).toEqual([4, 5])
    await nothingLeft()
  })

  test('whose process died in the midst of an attempt are carried out, in doubt', async () => {
    const { keyPrefix, lanes, first, jobs, redis, base } = await stored(['U1'])
    const attempt = { id: 'U1', attempts: 1, token: 'old', doubt: 1, open: 1 }
    await redis.hset(`${base}attempt:shop-inbound:U1`, attempt)
    await redis.zrem(`${base}owed`, 'shop-inbound U1 U1')
    await lanes.paid([first])
    await jobs.add('inbound', jobOf(2, 'U1'), { jobId: jobId('U1') })
    const seen: (readonly [number, boolean])[] = []
    const { told, until, nothingLeft } = await createCarrier(
      store,
      (_id, _message, { attempt: number, mayHaveArrived }) => void seen.push([number, mayHaveArrived]),
      keyPrefix,
    )
    await until(() => told('message.delivered').length === 1)
    expect(seen).toEqual([[2, true]])
    await nothingLeft()
  })

  test('that come a second time, beside one of ours, deliver nothing twice', async () => {
    const { keyPrefix, queues, entries, jobs, idle } = await stored(usersTo(4))
    for (const user of usersTo(4)) await jobs.add('inbound', jobOf(2, user), { jobId: jobId(user) })
    await queues.addHeads(entries)
    const { arrived, told, until, nothingLeft } = await createCarrier(store, undefined, keyPrefix)
    await until(() => told('message.delivered').length === 4)
    await idle()
    expect(arrived.toSorted()).toEqual(usersTo(4))
    await nothingLeft()
  })
})
