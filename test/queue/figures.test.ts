import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { AdmitEntry } from '../../src/queue/lanes.ts'
import {
  createParts,
  createProcess,
  entryOf,
  eventually,
  failing,
  heard,
  inbound,
  type Store,
  startStore,
} from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const about = async (process: Awaited<ReturnType<typeof createProcess>>) => {
  const found = (await process.figures()).find(({ direction }) => direction === 'inbound')
  if (!found) throw new Error('There are no figures of the inbound queue.')
  return found
}

test('an empty bridge has nothing waiting anywhere', async () => {
  const figures = await (await createProcess(store, { channels: ['shop', 'spa'] })).figures()
  expect(figures).toHaveLength(6)
  for (const { jobs, oldestWaitingSeconds } of figures) {
    expect(jobs).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 })
    expect(oldestWaitingSeconds).toBe(0)
  }
})

test('messages are counted by their state, those behind others included', async () => {
  const process = await createProcess(store)
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  const admit = (user: string, ids: readonly string[]) =>
    process.admit(
      'shop',
      'inbound',
      ids.map((id) => heard(inbound(`${user}-${id}`, user))),
    )
  await admit('slow', ['1', '2', '3'])
  await admit('failing', ['1', '2'])
  await admit('refused', ['1'])
  process.deliver(async ({ conversation: { user } }) => {
    if (user === 'slow') await answered
    if (user === 'failing') throw failing({ do: 'hold' })
    if (user === 'refused')
      throw failing({ do: 'give-up', reason: { code: 'invalid_message', message: 'It was refused.' } })
    return undefined
  })
  try {
    const expected = JSON.stringify({ waiting: 3, active: 1, delayed: 1, failed: 1 })
    await eventually(async () => JSON.stringify((await about(process)).jobs) === expected)
    const { oldestWaitingSeconds } = await about(process)
    await eventually(async () => (await about(process)).oldestWaitingSeconds > oldestWaitingSeconds + 0.05)
  } finally {
    answer()
  }
  await eventually(async () => (await about(process)).jobs.waiting === 1)
})

test('the age is that of the oldest message which was not delivered, also when its head is delivered', async () => {
  const process = await createProcess(store)
  await process.admit('shop', 'inbound', [heard(inbound('1')), heard(inbound('2'))])
  const waited = () => about(process).then(({ oldestWaitingSeconds }) => oldestWaitingSeconds)
  await eventually(async () => (await waited()) > 0.1)
  const { promise: never, resolve: release } = Promise.withResolvers<void>()
  process.deliver(async ({ id }) => {
    if (id === '2') await never
    return undefined
  })
  await process.until(() => process.told('message.delivered').length === 1)
  expect(await waited()).toBeGreaterThan(0.1)
  release()
  await eventually(async () => (await waited()) === 0)
})

test('what is in somebody’s hands is active, in whichever process, and one that died has nothing in its hands', async () => {
  const process = await createProcess(store)
  const { lanes, queues, abandon } = createParts(store, process.keyPrefix)
  const entries = ['1', '2', '3', '4'].map((id) => entryOf(inbound(id, `U${id}`)))
  const [one, two] = entries as [AdmitEntry, AdmitEntry]
  await lanes.admit([...entries, entryOf(inbound('behind', 'U1'))], Date.now())
  await queues.addHeads(entries)
  expect((await about(process)).jobs).toEqual({ waiting: 5, active: 0, delayed: 0, failed: 0 })
  for (const entry of [one, two]) await lanes.take({ ...entry, channel: 'shop', holdKey: 'hold:test' })
  expect((await about(process)).jobs).toEqual({ waiting: 3, active: 2, delayed: 0, failed: 0 })
  await lanes.finish(two, { now: Date.now(), trace: { journal: 'journal:0:0', field: 'none', step: '' } })
  expect((await about(process)).jobs).toEqual({ waiting: 3, active: 1, delayed: 0, failed: 0 })
  await abandon()
  expect((await about(process)).jobs).toEqual({ waiting: 4, active: 0, delayed: 0, failed: 0 })
})

test('deliveries without jobs of their own are counted as active while they last', async () => {
  const process = await createProcess(store)
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  let begun = 0
  process.deliver(async () => {
    begun += 1
    await answered
    return undefined
  })
  const ids = Array.from({ length: 40 }, (_, index) => String(index))
  await process.admit(
    'shop',
    'inbound',
    ids.map((id) => heard(inbound(id, `U${id}`))),
  )
  await eventually(() => begun === 40)
  const jobs = { waiting: 0, active: 40, delayed: 0, failed: 0 }
  await eventually(async () => JSON.stringify((await about(process)).jobs) === JSON.stringify(jobs))
  // For as long as they last.
  const begin = Date.now()
  await eventually(() => Date.now() - begin > 2_500)
  expect((await about(process)).jobs).toEqual(jobs)
  answer()
  await eventually(async () => (await about(process)).jobs.active === 0)
})
