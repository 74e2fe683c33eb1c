import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { UnrecoverableError } from 'bullmq'
import { createParts, entryOf, eventually, inbound, type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const heads = (count: number, queue = 'shop-inbound') =>
  Array.from({ length: count }, (_, index) => ({ queue, user: `U${index}`, id: String(index) }))

test('there is a queue for each channel and flow', () => {
  const { queues } = createParts(store, undefined, ['shop', 'spa'])
  expect(queues.all.map(({ name }) => name).sort()).toEqual([
    'shop-inbound',
    'shop-outbound',
    'shop-receipts',
    'spa-inbound',
    'spa-outbound',
    'spa-receipts',
  ])
  expect(queues.has('spa-inbound')).toBe(true)
  expect(queues.has('gone-inbound')).toBe(false)
})

test('heads that need jobs at about the same time share them, and are owed none any more', async () => {
  const { queues, lanes, debts } = createParts(store)
  const entries = [1, 2, 3].map((number) => entryOf(inbound(String(number), `U${number}`)))
  await lanes.admit(entries, Date.now())
  await Promise.all(entries.map((entry) => queues.addHeads([entry])))
  const jobs = await queues.get('shop', 'inbound').getJobs(['waiting'])
  const expected = entries.map(({ user, id }) => [user, id])
  expect(jobs.map(({ data }) => data)).toEqual([{ v: 3, heads: expected }])
  expect(jobs.map(queues.headsOf)).toEqual([expected.map(([user, id]) => ({ queue: 'shop-inbound', user, id }))])
  expect(await debts()).toEqual([])
})

test('a job names sixteen heads at most', async () => {
  const { queues } = createParts(store)
  const sizes = async () => (await queue.getJobs(['waiting'])).map((job) => queues.headsOf(job).length).toSorted()
  const queue = queues.get('shop', 'inbound')
  await queues.addHeads(heads(16))
  expect(await sizes()).toEqual([16])
  await queues.addHeads(heads(17))
  expect(await sizes()).toEqual([1, 16, 16])
})

test('a head that is asked for again while it has a job gets another one, which names nobody else', async () => {
  const { queues, debts } = createParts(store)
  for (let times = 0; times < 3; times += 1) await queues.addHeads(heads(1))
  const jobs = await queues.get('shop', 'inbound').getJobs(['waiting'])
  expect(jobs).toHaveLength(3)
  expect(new Set(jobs.map(({ data }) => JSON.stringify(data)))).toEqual(new Set(['{"v":3,"heads":[["U0","0"]]}']))
  expect(await debts()).toEqual([])
})

test('heads that were never tried have jobs of their own kind', async () => {
  const { queues, debts, lanes } = createParts(store)
  const entries = [1, 2].map((number) => entryOf(inbound(String(number), `U${number}`)))
  await lanes.admit(entries, Date.now())
  const [known, ...others] = heads(1)
  if (!known) throw new Error('There is no head.')
  await Promise.all([queues.addNew(entries), queues.addHeads([known, ...others])])
  const jobs = await queues.get('shop', 'inbound').getJobs(['waiting'], 0, -1, true)
  expect(jobs.map(({ data }) => data)).toEqual([
    { v: 3, heads: entries.map(({ user, id }) => [user, id]), turn: 0 },
    { v: 3, heads: [['U0', '0']] },
  ])
  expect(jobs.map((job) => queues.headsOf(job).map(({ turn }) => turn))).toEqual([[0, 0], [undefined]])
  expect(await debts()).toEqual([])
})

test('heads that go back to the front are before all others, as old as they were, and keep their turns', async () => {
  const { queues } = createParts(store)
  const queue = queues.get('shop', 'inbound')
  await queues.addHeads(heads(3))
  const back = [
    { queue: 'shop-inbound', user: 'U7', id: '7', turn: 4 },
    { queue: 'shop-inbound', user: 'U8', id: '8', turn: 0 },
  ]
  await queues.addHeads(back, { atFront: true, addedAt: 1_790_000_000_000 })
  const jobs = await queue.getJobs(['waiting'], 0, -1, true)
  expect(jobs.map((job) => queues.headsOf(job).map(({ id, turn }) => [id, turn]))).toContainEqual([['7', 4]])
  expect(
    jobs
      .slice(0, 2)
      .flatMap((job) => queues.headsOf(job).map(({ id }) => id))
      .toSorted(),
  ).toEqual(['7', '8'])
  expect(jobs.slice(0, 2).map(({ timestamp }) => timestamp)).toEqual([1_790_000_000_000, 1_790_000_000_000])
  expect(jobs[2]?.timestamp).toBeGreaterThan(1_790_000_000_000)
})

test('heads that are to be taken later wait for that', async () => {
  const { queues, debts } = createParts(store)
  await queues.addHeads(heads(2), { delayMs: 60_000 })
  const [job, ...others] = await queues.get('shop', 'inbound').getJobs(['delayed'])
  expect(others).toEqual([])
  expect(job?.delay).toBe(60_000)
  expect(job?.data.heads).toHaveLength(2)
  expect(await debts()).toEqual([])
})

test('where the heads of one queue cannot get jobs, those of another have theirs', async () => {
  const { queues, lanes, debts } = createParts(store)
  const [gone, fine] = [entryOf(inbound('1'), { channel: 'gone' }), entryOf(inbound('2'))]
  await lanes.admit([gone, fine], Date.now())
  const both = await Promise.allSettled([queues.addHeads([gone]), queues.addHeads([fine])])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await queues.get('shop', 'inbound').getJobCountByTypes('waiting')).toBe(1)
  expect(await debts()).toEqual(['gone-inbound U1 1'])
})

test('heads that come one by one are added in their order, to the queues they name', async () => {
  const { queues } = createParts(store, undefined, ['shop', 'spa'])
  const all = [...heads(150), ...heads(150, 'spa-outbound')]
  await Promise.all(all.map((head) => queues.addHeads([head])))
  for (const queue of [queues.get('shop', 'inbound'), queues.get('spa', 'outbound')]) {
    const jobs = await queue.getJobs(['waiting'], 0, -1, true)
    expect(jobs.flatMap((job) => queues.headsOf(job).map(({ id }) => id))).toEqual(heads(150).map(({ id }) => id))
  }
})

test('the heads of an unknown queue are refused and stay owed', async () => {
  const { queues, lanes, debts } = createParts(store)
  const entry = entryOf(inbound('1'), { channel: 'gone' })
  await lanes.admit([entry], Date.now())
  await expect(queues.addHeads([entry])).rejects.toThrow('gone-inbound')
  expect(await debts()).toEqual(['gone-inbound U1 1'])
  // And later ones are not held up by it.
  await queues.addHeads(heads(1))
})

test('failed receipts come before delivered ones', async () => {
  const { queues } = createParts(store)
  const receipts = ['delivered.1', 'failed.2', 'delivered.3', 'failed.4']
  await queues.addHeads(receipts.map((id) => ({ queue: 'shop-receipts', user: id.slice(-1), id })))
  const jobs = await queues.get('shop', 'receipts').getJobs(['prioritized'], 0, -1, true)
  // And no job has heads of both kinds.
  expect(jobs.map(({ data }) => data.heads.map(([user]: [string]) => user))).toEqual([
    ['2', '4'],
    ['1', '3'],
  ])
})

test('what waits for its next attempt can be told to try now', async () => {
  const { queues } = createParts(store)
  const queue = queues.get('shop', 'inbound')
  await queue.add('inbound', {}, { jobId: 'm-1', delay: 3_600_000 })
  await queues.retryNow()
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 1, delayed: 0 })
})

describe('a head that has to wait', () => {
  const [head] = heads(1)
  if (!head) throw new Error('There is no head.')

  test('gets a job of its own for its turn, and is owed none any more', async () => {
    const { queues, lanes, debts } = createParts(store)
    const entry = entryOf(inbound('1'))
    await lanes.admit([entry], Date.now())
    await Promise.all([queues.addHeads(heads(2)), queues.addLater(entry, { turn: 2, delayMs: 999.5 })])
    const queue = queues.get('shop', 'inbound')
    const [job, ...others] = await queue.getJobs(['delayed'])
    if (!job) throw new Error('There is no job.')
    expect(others).toEqual([])
    expect(job).toMatchObject({ id: 'm-1~2', name: 'inbound', delay: 1_000 })
    expect(queues.headsOf(job)).toEqual([{ queue: 'shop-inbound', user: 'U1', id: '1', turn: 2 }])
    expect(await queue.getJobCountByTypes('waiting')).toBe(1)
    expect(await debts()).toEqual([])
  })

  test('gets one job for a turn, and another for the next one although the first is still there', async () => {
    const { queues } = createParts(store)
    for (const turn of [1, 1, 2]) await queues.addLater(head, { turn, delayMs: 60_000 })
    const jobs = await queues.get('shop', 'inbound').getJobs(['delayed'])
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(['m-0~1', 'm-0~2'])
  })

  test('for its receipt keeps its rank', async () => {
    const { queues } = createParts(store)
    const receipts = ['delivered.1', 'failed.2'].map((id) => ({ queue: 'shop-receipts', user: id.slice(-1), id }))
    for (const receipt of receipts) await queues.addLater(receipt, { turn: 1, delayMs: 60_000 })
    const turns = receipts.map(({ id }) => ({ id, turn: 1 }))
    await queues.promote('shop-receipts', turns)
    const jobs = await queues.get('shop', 'receipts').getJobs(['prioritized'], 0, -1, true)
    expect(jobs.map(({ id }) => id)).toEqual(['m-failed.2~1', 'm-delivered.1~1'])
  })

  test('is tried at once when told so, in the turn that was named', async () => {
    const { queues } = createParts(store)
    const [one, two] = heads(2)
    if (!one || !two) throw new Error('There are no heads.')
    for (const turn of [1, 2]) await queues.addLater(one, { turn, delayMs: 60_000 })
    await queues.addLater(two, { turn: 1, delayMs: 60_000 })
    // One that has no job any more does no harm, nor one that does not wait.
    await queues.promote('shop-inbound', [
      { id: '0', turn: 2 },
      { id: '7', turn: 1 },
    ])
    await queues.promote('shop-inbound', [{ id: '0', turn: 2 }])
    const queue = queues.get('shop', 'inbound')
    expect((await queue.getJobs(['waiting'])).map(({ id }) => id)).toEqual(['m-0~2'])
    expect((await queue.getJobs(['delayed'])).map(({ id }) => id).toSorted()).toEqual(['m-0~1', 'm-1~1'])
  })
})

test('a message that was given up has a job that tells why, and stands for nothing to be done', async () => {
  const { queues, debts } = createParts(store)
  await queues.addDead({ queue: 'shop-inbound', user: 'U1', id: '7' }, 'general: It was refused.')
  const job = await queues.get('shop', 'inbound').getJob('m-7')
  if (!job) throw new Error('There is no job.')
  expect(() => queues.begin(job)).toThrow(new UnrecoverableError('general: It was refused.'))
  expect(job.opts.removeOnFail).toMatchObject({ age: 30 * 86_400 })
  expect(await debts()).toEqual([])
})

describe('what jobs take in Redis', () => {
  const user = 'U8189cf6745fc0d808977bdb0b9f22995'
  const id = '468789577898262530'
  // https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/
  const fieldsOf = async ({ redis, base }: ReturnType<typeof createParts>, job: string) => {
    const fields = Object.entries(await redis.hgetall(`${base}shop-inbound:${job}`))
    return { longest: Math.max(...fields.map(([, { length }]) => length)), all: fields.flat().join('').length }
  }

  // There are as many of them as customers whose messages wait, while a platform is away.
  test('is little for a LINE message that waits: a small hash, even of a Redis that was set up for nothing', async () => {
    const parts = createParts(store)
    await parts.queues.addLater({ queue: 'shop-inbound', user, id }, { turn: 12, delayMs: 60_000 })
    const { longest, all } = await fieldsOf(parts, `m-${id}~12`)
    expect(all).toBeLessThanOrEqual(220)
    expect(longest).toBeLessThanOrEqual(64)
  })

  test('is less for each of many heads', async () => {
    const parts = createParts(store)
    const all = Array.from({ length: 16 }, (_, index) => ({ queue: 'shop-inbound', user, id: `${id}${index}` }))
    await parts.queues.addHeads(all)
    expect((await fieldsOf(parts, '1')).all / 16).toBeLessThanOrEqual(80)
  })
})

describe('the job of an earlier release', () => {
  // Like one of ours for a head that was never tried: it comes for nothing once the message has a turn.
  const place = { queue: 'shop-inbound', user: 'U1', id: '7', turn: 0 }

  test('which names its message, stands for the same head', async () => {
    const { queues } = createParts(store)
    const queue = queues.get('shop', 'inbound')
    const job = await queue.add('inbound', { v: 1, ids: { message: '7', user: 'U1' } }, { jobId: 'm-7' })
    expect(queues.begin(job)).toEqual([place])
  })

  test('which names its message by its own id, stands for the same head', async () => {
    const { queues } = createParts(store)
    const queue = queues.get('shop', 'inbound')
    const job = await queue.add('inbound', { v: 2, ids: { user: 'U1' } }, { jobId: 'm-7' })
    expect(queues.begin(job)).toEqual([place])
    expect(queues.headsOf(job)).toEqual([place])
  })
})

test('BullMQ’s events, to which nobody listens, are not kept', async () => {
  const { queues, redis, base } = createParts(store)
  await eventually(async () => (await redis.hget(`${base}shop-inbound:meta`, 'opts.maxLenEvents')) === '100')
  await queues.addHeads(heads(1_000))
  expect(await redis.xlen(`${base}shop-inbound:events`)).toBeLessThanOrEqual(300)
})
