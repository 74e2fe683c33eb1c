import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createProcess, eventually, failing, heard, inbound, type Store, startStore } from './harness.ts'

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
