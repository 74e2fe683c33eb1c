import { afterAll, beforeAll, expect, test } from '@jest/globals'
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

test('a head gets one job, however often it is asked for, and is owed none any more', async () => {
  const { queues, lanes } = createParts(store)
  const entry = entryOf(inbound('1'))
  await lanes.admit([entry], Date.now())
  await Promise.all([queues.addHeads([entry]), queues.addHeads([entry]), queues.addHeads([entry, entry])])
  await queues.addHeads([entry])
  const jobs = await queues.get('shop', 'inbound').getJobs(['waiting'])
  expect(jobs.map(({ data }) => data)).toEqual([{ v: 2, ids: { user: 'U1' } }])
  expect(jobs.map(queues.begin)).toEqual([{ queue: 'shop-inbound', user: 'U1', id: '1' }])
  expect(await lanes.owed(Date.now(), 10, 0)).toEqual([])
})

test('heads that come one by one are added in their order, to the queues they name', async () => {
  const { queues } = createParts(store, undefined, ['shop', 'spa'])
  const all = [...heads(150), ...heads(150, 'spa-outbound')]
  await Promise.all(all.map((head) => queues.addHeads([head])))
  for (const queue of [queues.get('shop', 'inbound'), queues.get('spa', 'outbound')]) {
    const jobs = await queue.getJobs(['waiting'], 0, -1, true)
    expect(jobs.map((job) => queues.begin(job).id)).toEqual(heads(150).map(({ id }) => id))
  }
})

test('the heads of an unknown queue are refused and stay owed', async () => {
  const { queues, lanes } = createParts(store)
  const entry = entryOf(inbound('1'), { channel: 'gone' })
  await lanes.admit([entry], Date.now())
  await expect(queues.addHeads([entry])).rejects.toThrow('gone-inbound')
  expect(await lanes.owed(Date.now(), 10, 0)).toHaveLength(1)
  // And later ones are not held up by it.
  await queues.addHeads(heads(1))
})

test('failed receipts come before delivered ones', async () => {
  const { queues } = createParts(store)
  const receipts = ['delivered.1', 'failed.2', 'delivered.3', 'failed.4']
  await queues.addHeads(receipts.map((id) => ({ queue: 'shop-receipts', user: id.slice(-1), id })))
  const jobs = await queues.get('shop', 'receipts').getJobs(['prioritized'], 0, -1, true)
  expect(jobs.map(({ data }) => data.ids.user)).toEqual(['2', '4', '1', '3'])
})

test('what waits for its next attempt can be told to try now', async () => {
  const { queues } = createParts(store)
  const queue = queues.get('shop', 'inbound')
  await queue.add('inbound', {}, { jobId: 'm-1', delay: 3_600_000 })
  await queues.retryNow()
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 1, delayed: 0 })
})

test('the job of a LINE message takes little: its fields fit into a small hash, even of a Redis that was set up for nothing', async () => {
  const { queues, redis, base } = createParts(store)
  const head = { queue: 'shop-inbound', user: 'U8189cf6745fc0d808977bdb0b9f22995', id: '468789577898262530' }
  await queues.addHeads([head])
  const fields = await redis.hgetall(`${base}shop-inbound:m-${head.id}`)
  // https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/
  for (const value of Object.values(fields)) expect(value.length).toBeLessThanOrEqual(64)
  expect(Object.entries(fields).flat().join('').length).toBeLessThanOrEqual(180)
})

test('the job of an earlier release, which names its message, stands for the same head', async () => {
  const { queues } = createParts(store)
  const queue = queues.get('shop', 'inbound')
  const job = await queue.add('inbound', { v: 1, ids: { message: '7', user: 'U1' } }, { jobId: 'm-7' })
  expect(queues.begin(job)).toEqual({ queue: 'shop-inbound', user: 'U1', id: '7' })
})

test('BullMQ’s events, to which nobody listens, are not kept', async () => {
  const { queues, redis, base } = createParts(store)
  await eventually(async () => (await redis.hget(`${base}shop-inbound:meta`, 'opts.maxLenEvents')) === '100')
  await queues.addHeads(heads(1_000))
  expect(await redis.xlen(`${base}shop-inbound:events`)).toBeLessThanOrEqual(300)
})
