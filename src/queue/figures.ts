import type { Flow } from '../bridge/events.ts'
import type { Redis } from '../lib/redis.ts'
import type { Lanes } from './lanes.ts'
import type { createLetters } from './letters.ts'
import { parseQueueName } from './names.ts'
import type { Queues } from './queues.ts'

/** How one queue stands. */
export interface QueueFigures {
  readonly channel: string
  readonly direction: Flow
  /**
   * Messages by state: `waiting` (not taken up yet, those behind others included), `active` (in somebody's hands), `delayed`, `failed`
   * (dead letters).
   */
  readonly jobs: Readonly<Record<string, number>>
  /** Age of the oldest message that has not been delivered, whatever it waits for. */
  readonly oldestWaitingSeconds: number
}

/** So many messages in hands are counted, of all queues together; a hundred processes have fewer. */
const mostInHands = 10_000

/** Reads the figures of all queues. */
export async function readFigures(settings: {
  readonly redis: Redis
  readonly base: string
  readonly lanes: Pick<Lanes, 'inHands'>
  readonly queues: Queues
  readonly letters: ReturnType<typeof createLetters>
}): Promise<readonly QueueFigures[]> {
  const { redis, base, lanes, queues, letters } = settings
  const now = Date.now()
  const inHands = Map.groupBy(await lanes.inHands(mostInHands), ({ queue }) => queue)
  return Promise.all(
    queues.all.map(async (queue): Promise<QueueFigures> => {
      const { name } = queue
      const [depth, oldest, counts, failed] = await Promise.all([
        redis.hget(`${base}depth`, name),
        redis.zrange(`${base}lanes:${name}`, '0', '0', 'WITHSCORES'),
        queue.getJobCounts('delayed'),
        letters.count(name),
      ])
      const { delayed = 0 } = counts
      const active = inHands.get(name)?.length ?? 0
      const receivedAt = Number(oldest[1] ?? now)
      const { channel, flow } = parseQueueName(name)
      return {
        channel,
        direction: flow,
        jobs: { waiting: Math.max(0, Number(depth ?? 0) - active - delayed), active, delayed, failed },
        oldestWaitingSeconds: Math.max(0, now - receivedAt) / 1000,
      }
    }),
  )
}
