import { startBridge } from '../bridge.ts'
import type { LoadQuestions } from '../load.ts'
import type { PlatformQuestions } from '../platform.ts'
import { startHelper } from '../processes.ts'
import { startRedis } from '../redis.ts'
import { atMost, type Row } from '../rows.ts'
import { percentile } from '../statistics.ts'
import { type Effort, type Figure, scaled } from './figure.ts'

const perSecond = 100
const messages = 3_000
const warmUp = 500
const users = 5_000

interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly worstMs: number
  readonly answerP99Ms: number
  /** The most that the generator was late; this is no fault of the bridge. */
  readonly generatorLateMs: number
}

/** Times each message from the first byte of its webhook to the arrival of the request at Genesys. */
async function measureOnce(effort: Effort): Promise<Latency> {
  const redis = await startRedis()
  const platform = startHelper<PlatformQuestions>('bench/platform.ts')
  const load = startHelper<LoadQuestions>('bench/load.ts')
  const count = scaled(messages, effort)
  const bridge = await startBridge({
    redisUrl: redis.url,
    folder: effort.folder,
    platformUrl: await platform.ask('listen'),
    flags: effort.bridgeFlags,
  })
  try {
    const all = warmUp + count
    await load.ask('prepare', { url: bridge.url, source: 'line', first: 0, count: all, users, connections: 4 })
    await load.ask('runOpen', { requests: warmUp, perSecond })
    const { result, sentAtNs, latestMs } = await load.ask('runOpen', { requests: count, perSecond })
    if (result.refused > 0) throw new Error(`${result.refused} webhooks were not answered with 200.`)
    await platform.ask('until', { messages: all, receipts: 0 })
    const arrivals = new Map(await platform.ask('arrivals'))
    const durations = sentAtNs.map(
      (sent, index) => Number(BigInt(arrivals.get(warmUp + index) ?? 0) - BigInt(sent)) / 1e6,
    )
    durations.sort((a, b) => a - b)
    return {
      p50Ms: percentile(durations, 0.5),
      p99Ms: percentile(durations, 0.99),
      worstMs: percentile(durations, 1),
      answerP99Ms: result.p99Ms,
      generatorLateMs: latestMs,
    }
  } finally {
    await load.stop()
    await bridge.stop()
    await platform.stop()
    await redis.stop()
  }
}

/** What the bridge adds to a message's way. */
export const latency: Figure = {
  name: 'latency',
  about: `from the webhook to the request at Genesys, ${perSecond} messages a second at random moments, whole bridge in one process`,
  async measure(effort) {
    const runs: Latency[] = []
    for (let run = 1; run <= Math.min(3, effort.pairs); run += 1) {
      effort.say(`latency: run ${run}`)
      runs.push(await measureOnce(effort))
    }
    const row = (what: string, value: (latency: Latency) => number): Row => ({
      figure: 'latency',
      what,
      unit: 'ms',
      ours: runs.map(value),
    })
    const p50 = row('webhook to Genesys, p50', ({ p50Ms }) => p50Ms)
    const p99 = row('webhook to Genesys, p99', ({ p99Ms }) => p99Ms)
    return [
      { ...p50, target: atMost(p50, 3, 'ms') },
      { ...p99, target: atMost(p99, 15, 'ms') },
      row('webhook to Genesys, slowest', ({ worstMs }) => worstMs),
      row('webhook to its 200, p99', ({ answerP99Ms }) => answerP99Ms),
      row('generator late by at most', ({ generatorLateMs }) => generatorLateMs),
    ]
  },
}
