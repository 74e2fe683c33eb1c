import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from './redis.ts'

/**
 * What became of Redis' append-only file: `rewritten`; `off`: there is none; `refused`: the server does not let us;
 * `late`: it goes on, and was not waited for any longer.
 */
export type Rewrite = 'rewritten' | 'off' | 'refused' | 'late'

const askAgainMs = 50

/**
 * Has Redis write its append-only file anew. The file is a history: what was removed from Redis, be it years ago or by us
 * just now, can be read in it until then.
 * https://redis.io/docs/latest/commands/bgrewriteaof/
 * @throws {Error} when Redis is away
 */
export async function rewriteHistory(redis: Redis, waitMs: number): Promise<Rewrite> {
  const persistence = () => redis.info('persistence')
  const isOn = (text: string, field: string) => new RegExp(`^${field}:1\\b`, 'm').test(text)
  const before = await persistence()
  if (!isOn(before, 'aof_enabled')) return 'off'
  const deadline = Date.now() + waitMs
  // One that runs already may have begun before the last removal.
  while (isOn(await persistence(), 'aof_rewrite_in_progress')) {
    if (Date.now() > deadline) return 'late'
    await sleep(askAgainMs)
  }
  try {
    await redis.bgrewriteaof()
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return 'refused'
    throw error
  }
  for (;;) {
    const now = await persistence()
    if (!isOn(now, 'aof_rewrite_in_progress') && !isOn(now, 'aof_rewrite_scheduled'))
      return /^aof_last_bgrewrite_status:ok/m.test(now) ? 'rewritten' : 'refused'
    if (Date.now() > deadline) return 'late'
    await sleep(askAgainMs)
  }
}

const hourMs = 3_600_000

/**
 * Has a Redis of our own forget its history once a day. By itself it does so only when the file has grown to 64 MB, which
 * may take a small bridge years, and all that time everything that was delivered could be read in it.
 * @param settings.firstMs when the first time is due; an hour after the start unless given
 */
export function createHistoryRetention(settings: {
  readonly redis: Redis
  readonly onError: (error: Error) => void
  readonly firstMs?: number
}) {
  const { redis, onError, firstMs = hourMs } = settings
  let timer: NodeJS.Timeout | undefined

  function schedule(afterMs: number): void {
    timer = setTimeout(() => {
      redis.bgrewriteaof().catch(onError)
      schedule(24 * hourMs)
    }, afterMs)
  }

  return {
    start: () => schedule(firstMs),
    stop: () => clearTimeout(timer),
  }
}
