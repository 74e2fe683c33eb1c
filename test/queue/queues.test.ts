import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createParts, entryOf, inbound, type Store, startStore } from './harness.ts'

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
  expect(jobs.map(({ data }) => data)).toEqual([{ v: 1, ids: { message: '1', user: 'U1' } }])
  expect(await lanes.owed(Date.now(), 10, 0)).toEqual([])
})

test('heads that come one by one are added in their order, to the queues they name', async () => {
  const { queues } = createParts(store, undefined, ['shop', 'spa'])
  const all = [...heads(150), ...heads(150, 'spa-outbound')]
  await Promise.all(all.map((head) => queues.addHeads([head])))
  for (const queue of [queues.get('shop', 'inbound'), queues.get('spa', 'outbound')]) {
    const jobs = await queue.getJobs(['waiting'], 0, -1, true)
    expect(jobs.map(({ data }) => data.ids.message)).toEqual(heads(150).map(({ id }) => id))
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
