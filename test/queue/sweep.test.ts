import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Worker } from 'bullmq'
import { createHands } from '../../src/queue/hands.ts'
import { type AdmitEntry, laneEntry } from '../../src/queue/lanes.ts'
import { writeLetter } from '../../src/queue/letters.ts'
import { turnJobId } from '../../src/queue/names.ts'
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
const about = { channel: 'shop', holdKey: 'hold:test' }
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

test.concurrent('a death with several heads in hands, of one job, is healed for each of them', async () => {
  const { keyPrefix, lanes, queues } = createParts(store)
  const users = ['U1', 'U2', 'U3']
  const entries = users.flatMap((user) => [entryOf(inbound(`${user}-1`, user)), entryOf(inbound(`${user}-2`, user))])
  await lanes.admit(entries, Date.now())
  await queues.addHeads(entries.filter(({ id }) => id.endsWith('-1')))
  const script = fileURLToPath(new URL('./fixtures/deliver-and-hang.ts', import.meta.url))
  const child = spawn(process.execPath, [script, store.url, keyPrefix], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (text) => {
    said += String(text)
  })
  await eventually(() => said.split('\n').length > 3)
  const { arrived, until, told } = await survivor(keyPrefix)
  // Its job is over, and tells nobody anything.
  await eventually(async () => (await queues.get('shop', 'inbound').getJobs()).length === 0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await until(() => told('message.delivered').length === 6, healedWithinMs)
  for (const user of users)
    expect(arrived.filter(({ id }) => id.startsWith(user))).toEqual([
      { id: `${user}-1`, attempt: 2, mayHaveArrived: true },
      { id: `${user}-2`, attempt: 1, mayHaveArrived: false },
    ])
})

test.concurrent('a death right after an ending that took the next head is healed', async () => {
  const { keyPrefix, lanes, queues } = createParts(store)
  const [one, two] = [entryOf(inbound('1')), entryOf(inbound('2'))]
  await lanes.admit([one, two, entryOf(inbound('3'))], Date.now())
  await queues.addHeads([one])
  await lanes.take({ ...one, ...about })
  const next = await lanes.finish(one, { now: Date.now(), trace: noTrace, takeNext: about })
  expect(next).toMatchObject({ id: two.id, taken: { attempt: 1 } })
  const { arrived, until, told } = await survivor(keyPrefix)
  await until(() => told('message.delivered').length === 2, healedWithinMs)
  expect(arrived).toEqual([
    { id: '2', attempt: 2, mayHaveArrived: true },
    { id: '3', attempt: 1, mayHaveArrived: false },
  ])
})

test.concurrent('a death between a failed attempt and the job of the next one is healed', async () => {
  const { keyPrefix, lanes } = createParts(store)
  const entry = entryOf(inbound('1'))
  await lanes.admit([entry], Date.now())
  const taken = await lanes.take({ ...entry, ...about })
  await lanes.settle(entry, taken?.token ?? '', { attempts: 1, inDoubt: false, spentMs: 500 }, noTrace)
  const { arrived, until, told } = await survivor(keyPrefix)
  await until(() => told('message.delivered').length === 1, healedWithinMs)
  expect(arrived).toEqual([{ id: '1', attempt: 2, mayHaveArrived: false }])
})

test.concurrent('a death between the ending and the next head’s job is healed', async () => {
  const { keyPrefix, lanes, queues } = createParts(store)
  const [one, two] = [entryOf(inbound('1')), entryOf(inbound('2'))]
  await lanes.admit([one, two], Date.now())
  await queues.addHeads([one])
  expect(await lanes.finish(one, { now: Date.now(), trace: noTrace })).toEqual({ id: '2' })
  const { arrived, until, told } = await survivor(keyPrefix)
  await until(() => told('message.delivered').length === 1, healedWithinMs)
  // The job of the first one is still there; it runs, finds that its message is no head any more, and ends.
  expect(arrived.map(({ id }) => id)).toEqual(['2'])
  await eventually(async () => (await queues.get('shop', 'inbound').getJobs()).length === 0)
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
  const { keyPrefix, lanes, queues, redis, base } = createParts(store)
  const gone = Array.from({ length: 1_200 }, (_, index) =>
    entryOf(inbound(`g${index}`, `G${index}`), { channel: 'gone' }),
  )
  await lanes.admit(gone, Date.now() - 20_000)
  const entries = Array.from({ length: 3_000 }, (_, index) => entryOf(inbound(String(index), `U${index}`)))
  await lanes.admit(entries, Date.now() - 10_000)
  const process = await createProcess(store, { keyPrefix })
  process.startSweep()
  const named = async () => {
    const jobs = await queues.get('shop', 'inbound').getWaiting()
    return jobs.flatMap((job) => queues.headsOf(job).map(({ id }) => id))
  }
  await eventually(async () => (await named()).length >= 3_000, healedWithinMs)
  expect(new Set(await named()).size).toBe(3_000)
  await eventually(async () => (await redis.zcard(`${base}owed`)) === 1_200)
})

/** Lets a message fail once. @returns the turn for which it waits now, without a job and owed none */
async function failed({ lanes }: ReturnType<typeof createParts>, entry: AdmitEntry): Promise<number> {
  const taken = await lanes.take({ ...entry, ...about })
  const state = { attempts: 1, inDoubt: false, spentMs: 500 }
  const turn = await lanes.settle(entry, taken?.token ?? '', state, noTrace)
  await lanes.paid([entry])
  if (turn === undefined) throw new Error('It was not in our hands.')
  return turn
}

const named = (ids: readonly string[]) => ids.map((id) => entryOf(inbound(id, `U-${id}`)))

test.concurrent('a head whose job vanished, or ended without it, gets a new one', async () => {
  const parts = createParts(store)
  const { keyPrefix, lanes, queues, debts } = parts
  const entries = named(['never tried', 'vanished', 'ended', 'postponed', 'fine'])
  const [untried, vanished, ended, postponed, fine] = entries as [
    AdmitEntry,
    AdmitEntry,
    AdmitEntry,
    AdmitEntry,
    AdmitEntry,
  ]
  await lanes.admit(entries, Date.now())
  const queue = queues.get('shop', 'inbound')
  await queues.addHeads([untried])
  for (const job of await queue.getWaiting()) await job.remove()
  await queues.addLater(vanished, { turn: await failed(parts, vanished), delayMs: 60_000 })
  for (const job of await queue.getDelayed()) await job.remove()
  // Its process died before it was given the job of its next turn, which it is owed.
  expect(await lanes.postpone({ ...postponed, turn: await failed(parts, postponed) })).toBe(2)
  // As if BullMQ had given it up.
  const name = turnJobId(ended.id, await failed(parts, ended))
  await queue.add('inbound', { v: 3, heads: [[ended.user, ended.id]], turn: 1 }, { jobId: name, attempts: 1 })
  const failing = new Worker(queue.name, () => Promise.reject(new Error('no')), {
    connection: store.open(),
    prefix: `{${keyPrefix}}`,
  })
  await eventually(async () => (await queue.getJobState(name)) === 'failed')
  await failing.close()
  await queues.addHeads([fine])
  expect(await debts()).toEqual(['shop-inbound U-postponed postponed'])
  const { arrived, until, told } = await survivor(keyPrefix)
  // Each round of the audit is 5 s after the last.
  await until(() => told('message.delivered').length === 5, 2 * healedWithinMs)
  expect(arrived.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toEqual(
    [
      ['ended', 2],
      ['fine', 1],
      ['never tried', 1],
      ['postponed', 2],
      ['vanished', 2],
    ].map(([id, attempt]) => ({ id, attempt, mayHaveArrived: false })),
  )
  await eventually(async () => (await queue.getJobs()).length === 0)
})

describe('the audit', () => {
  /** Until it has looked twice at the least. */
  async function audited(keyPrefix: string): Promise<void> {
    const { startSweep, stop } = await createProcess(store, { keyPrefix })
    startSweep()
    const begun = Date.now()
    await eventually(() => Date.now() - begun > 7_500)
    await stop()
  }
  const idsOf = async ({ queues }: ReturnType<typeof createParts>) =>
    (await queues.get('shop', 'inbound').getJobs()).map(({ id }) => id).toSorted()

  test.concurrent.each([
    ['', false],
    [' of a queue that is paused', true],
  ])('leaves alone the heads that wait in jobs%s', async (_, paused) => {
    const parts = createParts(store)
    const { keyPrefix, lanes, queues } = parts
    const entries = named(['waits', 'waits too', 'later'])
    const [one, two, later] = entries as [AdmitEntry, AdmitEntry, AdmitEntry]
    await lanes.admit(entries, Date.now())
    await queues.addHeads([one, two])
    await queues.addLater(later, { turn: await failed(parts, later), delayMs: 60_000 })
    if (paused) {
      const { operations } = await createProcess(store, { keyPrefix })
      await operations.pause({ channel: 'shop', direction: 'inbound', reason: 'test', who: 'me' })
    }
    const before = await idsOf(parts)
    expect(before).toHaveLength(2)
    await audited(keyPrefix)
    expect(await idsOf(parts)).toEqual(before)
  })

  test.concurrent('leaves alone the heads that jobs name which are being done', async () => {
    const parts = createParts(store)
    const { keyPrefix, lanes, queues } = parts
    const entries = named(['1', '2'])
    await lanes.admit(entries, Date.now())
    await queues.addHeads(entries)
    const { promise: done, resolve: end } = Promise.withResolvers<void>()
    const worker = new Worker('shop-inbound', () => done, { connection: store.open(), prefix: `{${keyPrefix}}` })
    await eventually(async () => (await queues.get('shop', 'inbound').getActiveCount()) === 1)
    await audited(keyPrefix)
    expect(await idsOf(parts)).toHaveLength(1)
    end()
    await worker.close()
  })

  test.concurrent('finds a head that was never tried and has no job, although other jobs wait all the time', async () => {
    const parts = createParts(store)
    const { keyPrefix, lanes, queues } = parts
    const [lost, old, young] = named(['lost', 'old', 'young']) as [AdmitEntry, AdmitEntry, AdmitEntry]
    await lanes.admit([lost, old], Date.now())
    const queue = queues.get('shop', 'inbound')
    const waiting = async () =>
      (await queue.getWaiting()).flatMap((job) => queues.headsOf(job).map(({ id }) => id)).toSorted()
    await queues.addNew([lost])
    for (const job of await queue.getWaiting()) await job.remove()
    await queues.addNew([old])
    const [job] = await queue.getWaiting()
    const { startSweep, stop } = await createProcess(store, { keyPrefix })
    startSweep()
    // As long as that one waits, another job of the same time may be about the other, too.
    const begun = Date.now()
    await eventually(() => Date.now() - begun > 2_000)
    expect(await waiting()).toEqual(['old'])
    await lanes.admit([young], Date.now())
    await queues.addNew([young])
    await lanes.finish(old, { now: Date.now(), trace: noTrace })
    await job?.remove()
    await eventually(async () => (await waiting()).length > 1)
    await stop()
    expect(await waiting()).toEqual(['lost', 'young'])
  })

  test.concurrent('leaves alone the heads in living hands', async () => {
    const parts = createParts(store)
    const { keyPrefix, lanes } = parts
    const [entry] = named(['1']) as [AdmitEntry]
    await lanes.admit([entry], Date.now())
    await lanes.take({ ...entry, ...about })
    const hands = createHands({ lanes, onError: () => {} })
    const letGo = hands.hold(entry)
    await audited(keyPrefix)
    letGo()
    hands.close()
    expect(await idsOf(parts)).toEqual([])
  })
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
