import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Worker } from 'bullmq'
import { laneEntry } from '../../src/queue/lanes.ts'
import { writeLetter } from '../../src/queue/letters.ts'
import { jobId } from '../../src/queue/names.ts'
import {
  createParts,
  createProcess,
  entryOf,
  eventually,
  inbound,
  plainCodec,
  type Store,
  startStore,
} from './harness.ts'

/*
 * The table at the head of lanes.ts, line by line. A death is the first half of what a process does, done by hand. The cases run
 * side by side, because healing takes its time.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const healedWithinMs = 5_000
const noTrace = { journal: 'journal:0:0', field: 'none', step: '' }

/** Another process, which lives, and what it delivers. */
async function survivor(keyPrefix: string) {
  const process = await createProcess(store, { keyPrefix })
  const arrived: { readonly id: string; readonly attempt: number; readonly mayHaveArrived: boolean }[] = []
  process.deliver(({ id }, { attempt, mayHaveArrived }) => void arrived.push({ id, attempt, mayHaveArrived }))
  process.startSweep()
  return { ...process, arrived }
}

test.concurrent('a death between admission and the head’s job is healed', async () => {
  const { keyPrefix, lanes } = createParts(store)
  const entries = [entryOf(inbound('1')), entryOf(inbound('2')), entryOf(inbound('3', 'U2'))]
  await lanes.admit(entries, Date.now())
  const { arrived, until, told } = await survivor(keyPrefix)
  await until(() => told('message.delivered').length === 3, healedWithinMs)
  expect(arrived.filter(({ id }) => id !== '3').map(({ id }) => id)).toEqual(['1', '2'])
  expect(arrived.every(({ attempt }) => attempt === 1)).toBe(true)
})

test.concurrent('a death while delivering is healed, and the next attempt knows of the doubt', async () => {
  const { keyPrefix, lanes, queues } = createParts(store)
  const script = fileURLToPath(new URL('./fixtures/deliver-and-hang.ts', import.meta.url))
  const child = spawn(process.execPath, [script, store.url, keyPrefix], { stdio: ['ignore', 'pipe', 'inherit'] })
  const entries = [entryOf(inbound('1')), entryOf(inbound('2'))]
  await lanes.admit(entries, Date.now())
  await queues.addHeads(entries.slice(0, 1))
  const [line] = await once(child.stdout, 'data')
  expect(String(line)).toBe('delivering 1\n')
  const { arrived, until, told } = await survivor(keyPrefix)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await until(() => told('message.delivered').length === 2, healedWithinMs)
  expect(arrived).toEqual([
    { id: '1', attempt: 2, mayHaveArrived: true },
    { id: '2', attempt: 1, mayHaveArrived: false },
  ])
})

test.concurrent('a death between the ending and the next head’s job is healed', async () => {
  const { keyPrefix, lanes, queues } = createParts(store)
  const [one, two] = [entryOf(inbound('1')), entryOf(inbound('2'))]
  await lanes.admit([one, two], Date.now())
  await queues.addHeads([one])
  expect(await lanes.finish(one, { now: Date.now(), trace: noTrace })).toBe('2')
  const { arrived, until, told } = await survivor(keyPrefix)
  await until(() => told('message.delivered').length === 1, healedWithinMs)
  // The job of the first one is still there; it runs, finds that its message is no head any more, and ends.
  expect(arrived.map(({ id }) => id)).toEqual(['2'])
  await eventually(async () => (await queues.get('shop', 'inbound').getJob(jobId('1'))) === undefined)
})

test.concurrent('a death after the next head’s job was added delivers nothing twice', async () => {
  const { keyPrefix, lanes, queues } = createParts(store)
  const [one, two, three] = [entryOf(inbound('1')), entryOf(inbound('2')), entryOf(inbound('3'))]
  await lanes.admit([one, two, three], Date.now())
  await queues.addHeads([one])
  await lanes.finish(one, { now: Date.now(), trace: noTrace })
  await queues.addHeads([two])
  const { arrived, until, told } = await survivor(keyPrefix)
  await until(() => told('message.delivered').length === 2, healedWithinMs)
  expect(arrived.map(({ id }) => id)).toEqual(['2', '3'])
})

test.concurrent('a death between giving up and the receipt’s job loses no receipt', async () => {
  const { keyPrefix, lanes } = createParts(store)
  const entry = entryOf(inbound('1'), { flow: 'outbound' })
  await lanes.admit([entry], Date.now())
  const envelope = plainCodec.write({ message: '1', user: 'U1' }, { at: 1, status: 'failed' })
  const receipt = { queue: 'shop-receipts', user: '1', entry: laneEntry('failed.1.a', Date.now(), envelope) }
  await lanes.finish(entry, { now: Date.now(), trace: noTrace, letter: '{"v":2}', receipt })
  const process = await createProcess(store, { keyPrefix })
  const statuses: unknown[] = []
  process.deliver((item) => void statuses.push(item), { flow: 'receipts' })
  process.startSweep()
  await process.until(() => statuses.length === 1, healedWithinMs)
  expect(statuses).toMatchObject([{ id: '1', status: 'failed' }])
})

// There were once so many of them in front that those behind were never looked at.
test.concurrent('thousands of debts are paid at once, and those of channels that left the configuration hold up nobody', async () => {
  const { keyPrefix, lanes, redis, base } = createParts(store)
  const gone = Array.from({ length: 1_200 }, (_, index) =>
    entryOf(inbound(`g${index}`, `G${index}`), { channel: 'gone' }),
  )
  await lanes.admit(gone, Date.now() - 20_000)
  const entries = Array.from({ length: 3_000 }, (_, index) => entryOf(inbound(String(index), `U${index}`)))
  await lanes.admit(entries, Date.now() - 10_000)
  const process = await createProcess(store, { keyPrefix })
  process.startSweep()
  await eventually(async () => (await process.queues[0]?.getWaitingCount()) === 3_000, healedWithinMs)
  await eventually(async () => (await redis.zcard(`${base}owed`)) === 1_200)
})

test.concurrent('a head whose job vanished, or ended without it, gets a new one', async () => {
  const { keyPrefix, lanes, queues } = createParts(store)
  const [vanished, ended, fine] = [
    entryOf(inbound('1', 'U1')),
    entryOf(inbound('2', 'U2')),
    entryOf(inbound('3', 'U3')),
  ]
  await lanes.admit([vanished, ended, fine], Date.now())
  await queues.addHeads([vanished, ended])
  const queue = queues.get('shop', 'inbound')
  await queue.remove(jobId('1'))
  // As if BullMQ had given it up.
  const job = await queue.getJob(jobId('2'))
  await queue.remove(jobId('2'))
  await queue.add('inbound', job?.data, { jobId: jobId('2'), attempts: 1 })
  const failing = new Worker(queue.name, () => Promise.reject(new Error('no')), {
    connection: store.open(),
    prefix: `{${keyPrefix}}`,
  })
  await eventually(async () => (await queue.getJobState(jobId('2'))) === 'failed')
  await failing.close()
  await queues.addHeads([fine])
  const { arrived, until, told } = await survivor(keyPrefix)
  // Each round of the audit is 5 s after the last.
  await until(() => told('message.delivered').length === 3, 2 * healedWithinMs)
  expect(arrived.map(({ id }) => id).toSorted()).toEqual(['1', '2', '3'])
})

test.concurrent('dead letters past their time are erased', async () => {
  const { keyPrefix, lanes, letters } = createParts(store)
  const give = async (id: string, now: number) => {
    const entry = entryOf(inbound(id, id))
    await lanes.admit([entry], now)
    const reason = { code: 'general', message: 'It was refused.' } as const
    const ids = { message: id, user: id }
    const letter = writeLetter({ kind: 'message', reason, attempts: 1, now, ids, inDoubt: false })
    await lanes.finish(entry, { now, trace: noTrace, letter })
  }
  await give('old', Date.now() - 31 * 86_400_000)
  await give('young', Date.now() - 29 * 86_400_000)
  const process = await createProcess(store, { keyPrefix })
  process.startSweep()
  await eventually(async () => (await letters.count('shop-inbound')) === 1)
  expect(await letters.places('shop-inbound', undefined, 10)).toMatchObject([{ id: 'young' }])
})
