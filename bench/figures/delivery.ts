import { profileKey } from '../../src/channels/line/cache-keys.ts'
import { type BridgeSettings, startBareReceiver, startBridge } from '../bridge.ts'
import { fill } from '../fill.ts'
import type { Arrived, PlatformQuestions } from '../platform.ts'
import { type Helper, type Measured, startHelper, startMeasured } from '../processes.ts'
import { type BenchRedis, startRedis } from '../redis.ts'
import { type Row, ratioTarget } from '../rows.ts'
import { account, type Source, userId } from '../traffic.ts'
import { type Effort, type Figure, forShort, inPairs, scaled } from './figure.ts'

/** As the bridge's workers have it, so that neither side keeps more requests under way than the other. */
export const concurrency = 100

/** One kind of delivery. */
interface Kind {
  readonly name: string
  readonly what: string
  /** Whose webhooks fill the queue; what they bring is delivered to the other platform. */
  readonly source: Source
  readonly messages: number
  readonly receipts: 'all' | 'failures'
  /** Whether the bridge has seen the customers' profiles within the last day, as those of people who write more than once. */
  readonly customers?: 'known' | 'new'
  readonly answerAfterMs: number
  /** Absent: for information. */
  readonly target?: number
}

interface Delivered extends Arrived {
  readonly perSecond: number
  readonly cpuMicros: number
  readonly redisMicros: number
}

/** Waits for all that a kind of delivery brings, and reads what it cost. */
async function watch(
  kind: Kind & { readonly count: number },
  parts: {
    readonly redis: BenchRedis
    readonly platform: Helper<PlatformQuestions>
    readonly start: () => Promise<Measured> | Measured
    readonly ordered: boolean
  },
): Promise<Delivered> {
  const { redis, platform, start, ordered } = parts
  await platform.ask('reset', { answerAfterMs: kind.answerAfterMs })
  const worker = await start()
  try {
    // What the start costs is no matter of this figure.
    await platform.ask('until', { messages: 1, receipts: 0 })
    const [cpu, redisCpu] = [worker.cpuMicros(), await redis.cpuMicros()]
    const receipts = kind.source === 'genesys' && kind.receipts === 'all' && ordered ? kind.count : 0
    const arrived = await platform.ask('until', { messages: kind.count, receipts })
    const cpuMicros = (worker.cpuMicros() - cpu) / kind.count
    const redisMicros = ((await redis.cpuMicros()) - redisCpu) / kind.count
    if (arrived.repeated > 0) throw new Error(`${arrived.repeated} messages came twice.`)
    if (ordered && arrived.outOfOrder > 0) throw new Error(`${arrived.outOfOrder} messages came out of order.`)
    return { ...arrived, cpuMicros, redisMicros, perSecond: (kind.count / arrived.elapsedMs) * 1_000 }
  } finally {
    await worker.stop()
  }
}

/** Puts the customers' profiles where the bridge remembers them. */
async function knowCustomers(redis: BenchRedis, users: number): Promise<void> {
  const pipeline = redis.client.pipeline()
  for (let number = 0; number < users; number += 1) {
    const key = profileKey({ channel: account.channel, user: userId(number) })
    pipeline.set(`{bridge}:cache:${key}`, JSON.stringify({ name: `Customer ${number}`, language: 'th' }), 'EX', 3_600)
  }
  await pipeline.exec()
}

/** Half as many users as messages: two messages of each, so that order matters. */
const usersOf = (count: number): number => count / 2

async function measureKind(kind: Kind, effort: Effort): Promise<readonly Row[]> {
  const { folder, bridgeFlags } = effort
  const count = scaled(kind.messages, effort)
  const posting = { source: kind.source, count, users: usersOf(count) }
  const platform = startHelper<PlatformQuestions>('bench/platform.ts')
  const platformUrl = await platform.ask('listen')

  async function withRedis(measure: (redis: BenchRedis) => Promise<Delivered>): Promise<Delivered> {
    const redis = await startRedis()
    return measure(redis).finally(redis.stop)
  }
  const bridge = (redis: BenchRedis): BridgeSettings => ({
    redisUrl: redis.url,
    folder,
    platformUrl,
    receipts: kind.receipts,
  })

  const short = kind.answerAfterMs === 0 && kind.target !== undefined
  const found = await inPairs(short ? forShort(effort) : effort, `${kind.name}, ${kind.what}`, {
    ours: () =>
      withRedis(async (redis) => {
        await fill(() => startBridge({ ...bridge(redis), roles: 'receiver' }), posting)
        if (kind.customers === 'known') await knowCustomers(redis, posting.users)
        const start = () => startBridge({ ...bridge(redis), roles: 'worker', flags: bridgeFlags })
        return watch({ ...kind, count }, { redis, platform, start, ordered: true })
      }),
    reference: () =>
      withRedis(async (redis) => {
        await fill(() => startBareReceiver({ redisUrl: redis.url, folder }), posting)
        const start = () =>
          startMeasured({
            program: `bench/bare/${kind.source === 'line' ? 'inbound' : 'outbound'}-worker.ts`,
            environment: { REDIS_URL: redis.url, PLATFORM_URL: platformUrl, CONCURRENCY: String(concurrency) },
            output: `${folder}/bare-worker.log`,
          })
        return watch({ ...kind, count }, { redis, platform, start, ordered: false })
      }),
  }).finally(platform.stop)

  const most = Math.max(...found.ours.map(({ mostAtOnce }) => mostAtOnce))
  if (most > concurrency)
    throw new Error(`The bridge has ${most} requests under way at once, its reference ${concurrency}.`)
  const row = (what: string, unit: string, value: (result: Delivered) => number): Row => ({
    figure: kind.name,
    what: `${kind.what}: ${what}`,
    unit,
    ours: found.ours.map(value),
    reference: found.reference.map(value),
  })
  const rate = row('messages', '/s', ({ perSecond }) => perSecond)
  return [
    kind.target === undefined ? rate : { ...rate, target: ratioTarget(rate, '≥', kind.target) },
    row('process CPU per message', 'µs', ({ cpuMicros }) => cpuMicros),
    row('Redis CPU per message', 'µs', ({ redisMicros }) => redisMicros),
  ]
}

const figureOf = (name: string, about: string, kinds: readonly Omit<Kind, 'name'>[]): Figure => ({
  name,
  about,
  async measure(effort) {
    const rows: Row[] = []
    for (const kind of kinds) rows.push(...(await measureKind({ ...kind, name }, effort)))
    return rows
  },
})

const toGenesys = { source: 'line', receipts: 'all', what: 'to Genesys', customers: 'known' } as const
const toLine = [
  { source: 'genesys', receipts: 'failures', what: 'to LINE, receipts: failures' },
  { source: 'genesys', receipts: 'all', what: 'to LINE, receipts: all' },
] as const
const slow = { messages: 5_000, answerAfterMs: 50, target: 0.95 } as const

/** Messages that wait in the queue, delivered to Genesys. */
export const inbound = figureOf(
  'inbound',
  'from the queue to Genesys, two messages of each user, from the first to the last; compared with a BullMQ worker and the SDK',
  [
    { ...toGenesys, messages: 10_000, answerAfterMs: 0, target: 1.5 },
    // Each customer's first message of a day brings a request for the profile, which the reference never makes.
    { ...toGenesys, what: 'to Genesys, profiles asked for', customers: 'new', messages: 10_000, answerAfterMs: 0 },
  ],
)

/** Messages that wait in the queue, delivered to LINE; with receipts, until the last receipt is there. */
export const outbound = figureOf(
  'outbound',
  'from the queue to LINE, and the receipts to Genesys; compared with a BullMQ worker and pushMessage, without receipts',
  [
    { ...toLine[0], messages: 10_000, answerAfterMs: 0, target: 1.5 },
    { ...toLine[1], messages: 10_000, answerAfterMs: 0, target: 1 },
  ],
)

/** The same towards a platform that answers after 50 ms. */
export const slowPlatform = figureOf(
  'slow-platform',
  `the same with a platform that answers after 50 ms, ${concurrency} requests at once on both sides`,
  [
    { ...toGenesys, ...slow },
    { ...toLine[0], ...slow },
    { ...toLine[1], ...slow },
  ],
)
