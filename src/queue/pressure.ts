import type { Emit, Flow } from '../bridge/events.ts'
import type { Redis } from '../lib/redis.ts'
import { isTurnJob, queueName } from './names.ts'

/** When webhooks are refused, so that what was accepted can still be carried. */
export interface OverloadLimits {
  /** Messages that wait in one direction of one channel, whatever they wait for. */
  readonly maxWaiting: number
  /** How long messages may have to wait for their first attempt; absent: as long as it takes. */
  readonly maxWaitingSeconds?: number
  /** Of the memory that Redis may use: its `maxmemory`, or where that is 0, the memory of its machine. */
  readonly maxRedisMemoryPercent: number
}

/** What webhooks ask before they store. */
export interface Pressure {
  /** Known beforehand, so it costs a webhook nothing. */
  refuses(channel: string, flow: Flow): boolean
  /** Looks now; `start` does it about once a second. Never rejects: a Redis that is away refuses by itself. */
  refresh(): Promise<void>
  start(): void
  stop(): Promise<void>
}

const everyMs = 1_000
/** Refusing ends when this part of a limit is reached again, so that it does not begin anew with the next message. */
const easedShare = 0.9
const easedPercentPoints = 5
/** Overload that lasts is told again. */
const remindMs = 600_000
/** The job that waits longest stands at the end of BullMQ's list, with luck behind a few that were tried before. */
const lookedAt = 20
/** Stands for all channels where an alert is about none in particular; no channel is called so. */
const everyChannel = '*'

/**
 * Watches how much waits and how full Redis is, and says when webhooks are to be refused: a platform that gets 503 now sends again
 * later, while a full Redis would refuse the workers too. Workers and receipts are never held up by it. Each direction of each channel is judged
 * by itself, except that a Redis which is nearly full takes nothing more.
 *
 * The age that counts is that of a message which could be tried at once, and only waits for its turn. A message that is held for a wrong
 * set-up, waits for its next attempt, or stands in a paused queue is old without anybody being overloaded; it counts in `maxWaiting` alone.
 *
 * @param settings.memoryBytes the memory of Redis' container, where that is known; Redis itself only tells that of its machine
 */
export function createPressure(settings: {
  readonly redis: Redis
  readonly prefix: string
  readonly channels: readonly string[]
  readonly limits: OverloadLimits
  readonly memoryBytes?: number
  readonly emit: Emit
  readonly onError: (error: Error) => void
}): Pressure {
  const { redis, prefix, channels, limits, memoryBytes = Number.POSITIVE_INFINITY, emit, onError } = settings
  const { maxWaiting, maxWaitingSeconds, maxRedisMemoryPercent } = limits
  const watched = channels.flatMap((channel) =>
    (['inbound', 'outbound'] as const).map((flow) => ({ channel, flow, name: queueName(channel, flow) })),
  )
  const overloaded = new Set<string>()
  const toldAt = new Map<string, number>()
  let full = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  function tell(kind: 'overload' | 'evicting_store', channel: string, detail: string): void {
    const key = `${kind} ${channel} ${detail}`
    const now = performance.now()
    if (now - (toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < remindMs) return
    toldAt.set(key, now)
    emit({ type: 'alert.raised', kind, channel, detail })
  }

  function judgeMemory(info: string): void {
    const number = (field: string): number => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
    const machine = Math.min(number('total_system_memory') || Number.POSITIVE_INFINITY, memoryBytes)
    const percent = (number('used_memory') / (number('maxmemory') || machine)) * 100
    full = percent >= maxRedisMemoryPercent - (full ? easedPercentPoints : 0)
    if (full)
      tell('overload', everyChannel, `Redis uses ${maxRedisMemoryPercent} % of its memory or more; webhooks get 503.`)
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
    if (policy !== 'noeviction')
      tell(
        'evicting_store',
        everyChannel,
        `Redis may evict keys (maxmemory-policy ${policy}), which would lose messages. Set noeviction.`,
      )
  }

  /** Age of the oldest job that is ready and was never tried; 0 when there is none, or the queue is paused. */
  async function readyForSeconds(name: string): Promise<number> {
    const key = `${prefix}:${name}`
    const [paused, ids] = await Promise.all([
      redis.hexists(`${key}:meta`, 'paused'),
      redis.lrange(`${key}:wait`, -lookedAt, -1),
    ])
    if (paused === 1) return 0
    const first = ids.filter((id) => !isTurnJob(id))
    const jobs = await Promise.all(first.map((id) => redis.hmget(`${key}:${id}`, 'timestamp', 'ats')))
    const untried = jobs.flatMap(([at, attempts]) => (at && Number(attempts ?? 0) === 0 ? [Number(at)] : []))
    return untried.length === 0 ? 0 : (Date.now() - Math.min(...untried)) / 1000
  }

  async function judgeQueue(about: (typeof watched)[number], waiting: number): Promise<void> {
    const { channel, flow, name } = about
    const share = overloaded.has(name) ? easedShare : 1
    const tooMany = waiting >= maxWaiting * share
    const tooOld = maxWaitingSeconds !== undefined && (await readyForSeconds(name)) >= maxWaitingSeconds * share
    if (!tooMany && !tooOld) {
      overloaded.delete(name)
      return
    }
    overloaded.add(name)
    const why = tooMany
      ? `${maxWaiting} ${flow} messages or more wait`
      : `${flow} messages wait for ${maxWaitingSeconds} s or longer`
    tell('overload', channel, `${why}; webhooks get 503.`)
  }

  async function refresh(): Promise<void> {
    try {
      const [info, depth] = await Promise.all([redis.info('memory'), redis.hgetall(`${prefix}:depth`)])
      judgeMemory(info)
      await Promise.all(watched.map((about) => judgeQueue(about, Number(depth[about.name] ?? 0))))
    } catch (error) {
      onError(error as Error)
    }
  }

  function schedule(): void {
    running = refresh().then(() => {
      timer = setTimeout(schedule, everyMs)
      timer.unref()
    })
  }

  return {
    refuses: (channel, flow) => full || (overloaded.size > 0 && overloaded.has(queueName(channel, flow))),
    refresh,
    start: schedule,
    async stop() {
      await running
      clearTimeout(timer)
    },
  }
}
