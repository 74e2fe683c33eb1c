import { startBareReceiver, startBridge } from '../bridge.ts'
import { fill } from '../fill.ts'
import type { PlatformQuestions } from '../platform.ts'
import { type Helper, startHelper } from '../processes.ts'
import { type BenchRedis, startRedis } from '../redis.ts'
import { atMost, type Row } from '../rows.ts'
import type { Effort, Figure } from './figure.ts'

/** Not fewer in a quick run: what tables cost once would count for too much. */
const count = 10_000

interface Bytes {
  readonly waiting: number
  readonly delivered: number
  readonly profile: number
}

async function deleteProfiles(redis: BenchRedis): Promise<number> {
  let deleted = 0
  for await (const keys of redis.client.scanStream({ match: '*:profile:*', count: 1_000 })) {
    if (keys.length > 0) deleted += await redis.client.del(...keys)
  }
  return deleted
}

/**
 * Memory before, with so many messages waiting, and after they were delivered. Processes are ended before each look, because their
 * connections have buffers in Redis.
 */
async function ours(effort: Effort, users: number, platform: Helper<PlatformQuestions>): Promise<Bytes> {
  const { folder } = effort
  const redis = await startRedis()
  const start = (roles: string) => async () =>
    startBridge({ redisUrl: redis.url, folder, platformUrl: await platformUrl, roles })
  const platformUrl = platform.ask('listen')
  try {
    async function deliver(messages: number): Promise<void> {
      await platform.ask('reset', { answerAfterMs: 0 })
      const worker = await start('worker')()
      await platform.ask('until', { messages, receipts: 0 })
      await worker.stop()
    }
    // A message of its own, so that the scripts and tables of both roles are there before.
    await fill(start('receiver'), { source: 'line', count: 1, users: 1, first: 9_999_999 })
    await deliver(1)
    await deleteProfiles(redis)
    const empty = await redis.settledBytes()
    await fill(start('receiver'), { source: 'line', count, users })
    const full = await redis.settledBytes()
    await deliver(count)
    const delivered = await redis.settledBytes()
    const profiles = await deleteProfiles(redis)
    const traces = await redis.settledBytes()
    return {
      waiting: (full - empty) / count,
      delivered: (traces - empty) / count,
      profile: (delivered - traces) / profiles,
    }
  } finally {
    await redis.stop()
  }
}

async function reference(effort: Effort, users: number): Promise<number> {
  const redis = await startRedis()
  const start = () => startBareReceiver({ redisUrl: redis.url, folder: effort.folder })
  try {
    await fill(start, { source: 'line', count: 1, users: 1, first: 9_999_999 })
    const empty = await redis.settledBytes()
    await fill(start, { source: 'line', count, users })
    return ((await redis.settledBytes()) - empty) / count
  } finally {
    await redis.stop()
  }
}

/** What a message takes of Redis while it waits, and when it has been delivered. */
export const redisMemory: Figure = {
  name: 'redis-memory',
  about:
    'bytes of Redis for each message with a text of 25 characters, waiting and delivered; compared with a bare queue',
  async measure(effort) {
    const rows: Row[] = []
    for (const [users, whose] of [
      [count, 'each of another user'],
      [count / 2, 'two of each user'],
    ] as const) {
      effort.say(`redis-memory: ${whose}`)
      const platform = startHelper<PlatformQuestions>('bench/platform.ts')
      const found = await ours(effort, users, platform).finally(platform.stop)
      const bare = await reference(effort, users)
      const row = (what: string, value: number): Row => ({
        figure: 'redis-memory',
        what: `${what}, ${whose}`,
        unit: 'B',
        ours: [value],
      })
      const waiting = { ...row('a waiting message', found.waiting), reference: [bare] }
      const delivered = row('a delivered message', found.delivered)
      rows.push(
        { ...waiting, target: atMost(waiting, 1_000, 'B') },
        { ...delivered, target: atMost(delivered, 150, 'B') },
        row('a known customer (profile, kept for a day)', found.profile),
      )
    }
    return rows
  },
}
