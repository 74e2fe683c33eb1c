import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Server, startBridge } from '../bridge.ts'
import { fill, post } from '../fill.ts'
import type { PlatformQuestions } from '../platform.ts'
import { startHelper } from '../processes.ts'
import { startRedis } from '../redis.ts'
import type { Row } from '../rows.ts'
import { type Effort, type Figure, scaled } from './figure.ts'

const cores = availableParallelism()
const messages = 10_000

/** Delivers a full queue with several worker processes. */
async function withWorkers(workers: number, answerAfterMs: number, effort: Effort): Promise<Row> {
  const count = scaled(messages, effort)
  const redis = await startRedis()
  const platform = startHelper<PlatformQuestions>('bench/platform.ts')
  const settings = { redisUrl: redis.url, folder: effort.folder, platformUrl: await platform.ask('listen') }
  const running: Server[] = []
  const rates: number[] = []
  try {
    for (let run = 0; run < effort.pairs; run += 1) {
      effort.say(`scale: ${workers} worker processes, run ${run + 1}`)
      await redis.client.flushall()
      await fill(() => startBridge({ ...settings, roles: 'receiver' }), { source: 'line', count, users: count / 2 })
      await platform.ask('reset', { answerAfterMs })
      running.push(
        ...(await Promise.all(Array.from({ length: workers }, () => startBridge({ ...settings, roles: 'worker' })))),
      )
      const { elapsedMs, repeated, outOfOrder } = await platform.ask('until', { messages: count, receipts: 0 })
      if (repeated + outOfOrder > 0) throw new Error(`${repeated} messages came twice, ${outOfOrder} out of order.`)
      rates.push((count / elapsedMs) * 1_000)
      await Promise.all(running.splice(0).map((worker) => worker.stop()))
    }
  } finally {
    await Promise.all(running.map((worker) => worker.stop()))
    await platform.stop()
    await redis.stop()
  }
  const towards = answerAfterMs > 0 ? `, Genesys answering after ${answerAfterMs} ms` : ''
  return {
    figure: 'scale',
    what: `${workers} worker ${workers === 1 ? 'process' : 'processes'} on ${cores} cores${towards}`,
    unit: '/s',
    ours: rates,
  }
}

const answers = 100_000
const perMinute = 300
/** What the margins of the budget leave under constant load. */
const usedShare = 0.93
const drainedMs = 60_000

/** A broadcast's answers: all of them at once, each of another customer. */
async function flood(effort: Effort): Promise<readonly Row[]> {
  const count = scaled(answers, effort)
  const watchedMs = Math.max(20_000, drainedMs * effort.share)
  effort.say(`scale: a flood of ${count} answers`)
  const redis = await startRedis()
  const platform = startHelper<PlatformQuestions>('bench/platform.ts')
  const settings = {
    redisUrl: redis.url,
    folder: effort.folder,
    platformUrl: await platform.ask('listen'),
    requestsPerMinute: perMinute,
  }
  try {
    const empty = await redis.settledBytes()
    const receiver = await startBridge({ ...settings, roles: 'receiver' })
    const admitted = await post(receiver, { source: 'line', count, users: count }).finally(receiver.stop)
    const full = await redis.settledBytes()
    effort.say(`scale: the flood drains for ${watchedMs / 1_000} s`)
    const worker = await startBridge({ ...settings, roles: 'worker' })
    await platform.ask('until', { messages: 1, receipts: 0 })
    await sleep(watchedMs)
    const { messages: drained, outOfOrder } = await platform.ask('soFar')
    await worker.stop()
    if (outOfOrder > 0) throw new Error(`${outOfOrder} messages came out of order.`)
    const row = (what: string, unit: string, value: number): Row => ({ figure: 'scale', what, unit, ours: [value] })
    const named = `a flood of ${count.toLocaleString('en')} answers`
    return [
      row(`${named}: admitted`, '/s', admitted.perSecond),
      row(`${named}: p99 of admission`, 'ms', admitted.p99Ms),
      row(`${named}: Redis memory`, 'MiB', (full - empty) / 2 ** 20),
      row(`${named}: delivered while watched, ${perMinute} a minute allowed`, '/min', (drained / watchedMs) * 60_000),
      row(`${named}: drained with 1 OAuth client (computed)`, 'h', count / (perMinute * usedShare) / 60),
      row(`${named}: drained with 4 OAuth clients (computed)`, 'h', count / (perMinute * usedShare) / 60 / 4),
    ]
  } finally {
    await platform.stop()
    await redis.stop()
  }
}

/** What more processes bring, and what a broadcast's answers do. Has no targets. */
export const scale: Figure = {
  name: 'scale',
  about: 'messages a second with 1, 2 and 4 worker processes; a flood of 100,000 answers',
  onDemand: true,
  async measure(effort) {
    const rows: Row[] = []
    for (const answerAfterMs of [0, 50])
      for (const workers of [1, 2, 4]) rows.push(await withWorkers(workers, answerAfterMs, effort))
    return [...rows, ...(await flood(effort))]
  },
}
