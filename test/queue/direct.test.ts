import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import { createHands } from '../../src/queue/hands.ts'
import { jobId, turnJobId } from '../../src/queue/names.ts'
import { bodyOf, createCarrier, type Deliver, gate, idsTo, usersTo } from './carrier.ts'
import {
  createParts,
  entryOf,
  eventually,
  failing,
  heard,
  inbound,
  outbound,
  receiptOf,
  type Store,
  startStore,
} from './harness.ts'

/*
 * The messages that follow a lane's first one, receipts, and what comes to a process with a place free, are delivered without a job of their own. Nobody but Redis' note of a debt
 * knows of them, so whatever stops such a run must leave its next message to somebody.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const healedWithinMs = 5_000
const reason = { code: 'invalid_message', message: 'It was refused.' } as const
const begin = (deliver?: Deliver, keyPrefix?: string) => createCarrier(store, deliver, keyPrefix)

describe('a long conversation', () => {
  test('goes through in its order with one job for many messages', async () => {
    const { admitElsewhere, until, told, arrived, jobsEver, nothingLeft } = await begin()
    const ids = idsTo(60)
    await admitElsewhere('shop', 'inbound', bodyOf(ids))
    await until(() => told('message.delivered').length === 60)
    expect(arrived).toEqual(ids)
    // Twenty messages each.
    expect(await jobsEver('inbound')).toBe(3)
    await nothingLeft()
  })

  test('gives its place to others now and then', async () => {
    const { admit, until, told, arrived } = await begin(async (_, { conversation: { user } }) => {
      if (user.startsWith('long')) await new Promise((resolve) => setTimeout(resolve, 5))
    })
    const talkers = Array.from({ length: 50 }, (_, number) => `long${number}`)
    await admit(
      'shop',
      'inbound',
      talkers.flatMap((user) =>
        bodyOf(
          idsTo(45).map((id) => `${user}-${id}`),
          user,
        ),
      ),
    )
    await until(() => arrived.length > 0)
    await admit('shop', 'inbound', bodyOf(['short'], 'U-short'))
    await until(() => told('message.delivered').length === 50 * 45 + 1, 20_000)
    expect(arrived.indexOf('short')).toBeLessThan(50 * 35)
  }, 30_000)
})

describe('a message that comes to a process that can deliver it', () => {
  const order = { channel: 'shop', direction: 'inbound' } as const

  test('needs no job', async () => {
    const { admit, until, told, jobsEver, nothingLeft } = await begin()
    await admit(
      'shop',
      'inbound',
      usersTo(20).flatMap((user) => bodyOf([user], user)),
    )
    await until(() => told('message.delivered').length === 20)
    expect(await jobsEver('inbound')).toBe(0)
    await nothingLeft()
  })

  test('waits in the queue when all places are taken', async () => {
    const { pass, open } = gate()
    const begun: string[] = []
    const { admit, arrived, until, told, jobsEver, nothingLeft } = await begin((id) => {
      begun.push(id)
      return pass()
    })
    const users = usersTo(150)
    await admit(
      'shop',
      'inbound',
      users.flatMap((user) => bodyOf([user], user)),
    )
    await eventually(async () => (await jobsEver('inbound')) > 0)
    await eventually(() => begun.length >= 128)
    open()
    await until(() => told('message.delivered').length === 150)
    expect(arrived.toSorted()).toEqual(users.toSorted())
    await nothingLeft()
  })

  test('is not delivered from the moment on in which its queue is stopped, but gets a job', async () => {
    const { admit, until, told, arrived, operations, jobs, nothingLeft } = await begin()
    await operations.pause({ ...order, reason: 'test', who: 'me' })
    await admit('shop', 'inbound', bodyOf(['1']))
    await eventually(async () => (await jobs.getWaitingCount()) === 1)
    expect(arrived).toEqual([])
    await operations.resume(order)
    await until(() => told('message.delivered').length === 1)
    await nothingLeft()
  })

  test('gets a job after all when Redis does not let it be taken', async () => {
    const { admit, until, told, arrived, errors, redis, base, jobsEver, nothingLeft } = await begin()
    // What a script finds there it can do nothing with.
    await redis.set(`${base}attempt:shop-inbound:U1`, 'no hash')
    await admit('shop', 'inbound', bodyOf(['1']))
    await eventually(() => errors.length > 0)
    await redis.del(`${base}attempt:shop-inbound:U1`)
    await until(() => told('message.delivered').length === 1)
    expect(arrived).toEqual(['1'])
    expect(await jobsEver('inbound')).toBeGreaterThan(0)
    await nothingLeft()
  })
})

describe('a message without a job', () => {
  test('that has to wait gets one, and the rest waits behind it', async () => {
    let failures = 1
    const { admit, until, told, arrived, jobs, retryNow, redis, base, nothingLeft } = await begin((id) => {
      if (id === '3' && failures-- > 0) throw failing({ do: 'hold' }, 401)
    })
    await admit('shop', 'inbound', bodyOf(idsTo(6)))
    await until(() => told('delivery.attempted').some(({ outcome }) => outcome === 'hold'))
    await eventually(async () => (await jobs.getDelayed()).some(({ id }) => id === turnJobId('3', 1)))
    await eventually(async () => (await jobs.getJobCountByTypes('active', 'wait')) === 0)
    expect(arrived).toEqual(['1', '2'])
    expect(await redis.llen(`${base}lane:shop-inbound:U1`)).toBe(4)
    expect(await redis.zcard(`${base}owed`)).toBe(0)
    await retryNow()
    await until(() => told('message.delivered').length === 6)
    expect(arrived).toEqual(idsTo(6))
    await nothingLeft()
  })

  test('that is given up makes way for the next one', async () => {
    const { admitElsewhere, until, told, arrived, operations, jobs, jobsEver } = await begin((id) => {
      if (id === '2' || id === '3') throw failing({ do: 'give-up', reason }, 400)
    })
    await admitElsewhere('shop', 'inbound', bodyOf(idsTo(5)))
    await until(() => told('message.delivered').length === 3)
    expect(arrived).toEqual(['1', '4', '5'])
    expect((await operations.listLetters({})).items.map(({ ids }) => ids.message).toSorted()).toEqual(['2', '3'])
    // The dashboard shows them as failed, each in a job of its own, which needs no lane and touches none.
    await eventually(async () => (await jobs.getFailedCount()) === 2)
    const failed = await jobs.getFailed()
    expect(failed.map(({ id, failedReason }) => [id, failedReason]).toSorted()).toEqual([
      [jobId('2'), 'invalid_message: It failed.'],
      [jobId('3'), 'invalid_message: It failed.'],
    ])
    expect(await jobsEver('inbound')).toBe(3)
  })

  test('that is given up and is the lane’s last one is shown as failed, too, and once', async () => {
    const { admit, until, told, jobs, nothingLeft, redis, base } = await begin((id) => {
      if (id === '2') throw failing({ do: 'give-up', reason }, 400)
    })
    await admit('shop', 'inbound', bodyOf(idsTo(2)))
    await until(() => told('message.failed').length === 1)
    await eventually(async () => (await jobs.getFailedCount()) === 1)
    expect((await jobs.getFailed()).map(({ id, attemptsStarted }) => [id, attemptsStarted])).toEqual([[jobId('2'), 1]])
    await redis.del(`${base}shop-inbound:${jobId('2')}`)
    await nothingLeft()
  })

  test('that is given up a second time is shown as failed again', async () => {
    const { admit, until, told, jobs, operations } = await begin((id) => {
      if (id === '2') throw failing({ do: 'give-up', reason }, 400)
    })
    const failedAt = async () => (await jobs.getJob(jobId('2')))?.finishedOn ?? 0
    await admit('shop', 'inbound', bodyOf(idsTo(3)))
    await until(() => told('message.delivered').length === 2)
    await eventually(async () => (await failedAt()) > 0)
    const before = await failedAt()
    expect(await operations.replay({ filter: {} })).toEqual({ done: 1, skipped: [] })
    await until(() => told('message.failed').length === 2)
    await eventually(async () => (await failedAt()) > before)
    expect(await jobs.getFailedCount()).toBe(1)
  })

  test('that meets a bug of ours is tried again, and overtaken by nothing', async () => {
    let bugs = 1
    const { admit, until, told, arrived } = await begin((id) => {
      if (id === '2' && bugs-- > 0) throw new TypeError('a bug')
    })
    await admit('shop', 'inbound', bodyOf(idsTo(4)))
    await until(() => told('message.delivered').length === 4)
    expect(arrived).toEqual(idsTo(4))
  })

  test('is the last one when its queue is paused, until that is resumed', async () => {
    const { pass, open, reached } = gate()
    const { admit, until, told, arrived, operations, jobs, startSweep, nothingLeft } = await begin((id) =>
      id === '2' ? pass() : undefined,
    )
    startSweep()
    await admit('shop', 'inbound', bodyOf(idsTo(5)))
    await reached
    const order = { channel: 'shop', direction: 'inbound' } as const
    await operations.pause({ ...order, reason: 'test', who: 'me' })
    // Processes hear of it within a second.
    const pausedAt = Date.now()
    await eventually(() => Date.now() - pausedAt > 1_300)
    open()
    await eventually(async () => (await jobs.getWaiting()).some(({ data }) => data.heads[0][1] === '3'))
    await until(() => told('message.delivered').length === 2)
    expect(await jobs.getJobCountByTypes('active')).toBe(0)
    expect(arrived).toEqual(['1', '2'])
    await operations.resume(order)
    await until(() => told('message.delivered').length === 5)
    expect(arrived).toEqual(idsTo(5))
    await nothingLeft()
  })

  test('is the last one when its process stops, and another goes on at once', async () => {
    const { pass, open, reached } = gate()
    const { admit, arrived, stop, keyPrefix, told } = await begin((id) => (id === '2' ? pass() : undefined))
    await admit('shop', 'inbound', bodyOf(idsTo(5)))
    await reached
    const stopped = stop()
    open()
    await stopped
    expect(arrived).toEqual(['1', '2'])
    expect(told('message.delivered')).toHaveLength(2)
    // There is no sweep: the process left a job behind.
    const next = await begin(undefined, keyPrefix)
    await next.until(() => next.told('message.delivered').length === 3, 2_000)
    expect(next.arrived).toEqual(['3', '4', '5'])
    await next.nothingLeft()
  })
})

describe('a head in somebody’s hands', () => {
  const held = async () => {
    const { lanes, keyPrefix, queues, redis, base } = createParts(store)
    const entries = idsTo(3).map((id) => entryOf(inbound(id)))
    const [one, two] = entries
    if (!one || !two) throw new Error('There are no entries.')
    await lanes.admit(entries, Date.now())
    await queues.addHeads([one])
    const about = { channel: 'shop', holdKey: 'hold:test' }
    await lanes.take({ ...one, ...about })
    const ending = { now: Date.now(), trace: { journal: 'journal:0:0', field: 'none', step: '' } }
    expect(await lanes.finish(one, ending)).toEqual({ id: '2' })
    await lanes.take({ ...two, ...about })
    return { lanes, keyPrefix, two, redis, base }
  }

  test('is left alone for as long as its process lives, and taken over soon after that', async () => {
    const { lanes, keyPrefix, two } = await held()
    const hands = createHands({ lanes, onError: () => {} })
    const letGo = hands.hold(two)
    const seen: (readonly [string, number, boolean])[] = []
    const survivor = await begin((id, _, { attempt, mayHaveArrived }) => {
      seen.push([id, attempt, mayHaveArrived])
    }, keyPrefix)
    survivor.startSweep()
    const begun = Date.now()
    await eventually(() => Date.now() - begun > 4_000)
    expect(seen).toEqual([])
    // It dies.
    hands.close()
    await survivor.until(() => survivor.told('message.delivered').length === 2, healedWithinMs)
    expect(seen).toEqual([
      ['2', 2, true],
      ['3', 1, false],
    ])
    letGo()
  }, 20_000)

  test('is owed nothing again once it has left its lane, however late its debt is renewed', async () => {
    const { lanes, two, redis, base } = await held()
    await lanes.finish(two, { now: Date.now(), trace: { journal: 'journal:0:0', field: 'none', step: '' } })
    await lanes.renew([two])
    expect(await redis.zrange(`${base}owed`, '0', '-1')).toEqual(['shop-inbound U1 3'])
  })
})

describe('receipts', () => {
  const messages = (count: number) => idsTo(count).map((id) => heard(outbound(id, `U${id}`)))

  /** A process that carries agents' words, and receipts as told. */
  async function carry(deliver: (receipt: Receipt) => Promise<void> | void) {
    const { nothingLeft, jobsEver, ...process } = await begin()
    process.deliver<OutboundMessage>(() => undefined, { flow: 'outbound', receipt: receiptOf })
    const sent: string[] = []
    process.deliver<Receipt>(
      async (receipt) => {
        await deliver(receipt)
        sent.push(`${receipt.status} ${receipt.id}`)
        return undefined
      },
      { flow: 'receipts' },
    )
    const done = () => process.told('message.delivered').filter(({ flow }) => flow === 'receipts').length
    return { ...process, sent, nothingLeft, jobsEver, done }
  }

  test('are sent without jobs', async () => {
    const { admit, until, done, sent, jobsEver, nothingLeft } = await carry(() => {})
    await admit('shop', 'outbound', messages(30))
    await until(() => done() === 30)
    expect(sent.toSorted()).toEqual(
      idsTo(30)
        .map((id) => `delivered ${id}`)
        .toSorted(),
    )
    expect(await jobsEver('receipts')).toBe(0)
    await nothingLeft()
  })

  test('get jobs when 128 are under way, and none is lost', async () => {
    const { pass, open } = gate()
    let begun = 0
    const { admit, until, done, told, sent, jobsEver, nothingLeft } = await carry(() => {
      begun += 1
      return pass()
    })
    await admit('shop', 'outbound', messages(150))
    await until(() => told('message.delivered').filter(({ flow }) => flow === 'outbound').length === 150)
    await eventually(() => begun === 150)
    // Twenty-two of them, and up to sixteen share a job.
    expect(await jobsEver('receipts')).toBeGreaterThanOrEqual(2)
    expect(await jobsEver('receipts')).toBeLessThanOrEqual(22)
    open()
    await until(() => done() === 150)
    expect(sent.toSorted()).toEqual(
      idsTo(150)
        .map((id) => `delivered ${id}`)
        .toSorted(),
    )
    await nothingLeft()
  })

  test('that have to wait get jobs, too', async () => {
    let failures = 1
    const { admit, until, done, sent, jobsEver } = await carry(() => {
      if (failures-- > 0) throw failing({ do: 'retry', mayHaveArrived: false }, 503)
    })
    await admit('shop', 'outbound', messages(1))
    await until(() => done() === 1)
    expect(sent).toEqual(['delivered 1'])
    expect(await jobsEver('receipts')).toBe(1)
  })

  test('under way are waited for when the process stops', async () => {
    const { pass, open, reached } = gate()
    const { admit, sent, stop } = await carry(pass)
    await admit('shop', 'outbound', messages(1))
    await reached
    const stopped = stop()
    open()
    await stopped
    expect(sent).toEqual(['delivered 1'])
  })
})
