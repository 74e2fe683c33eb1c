import type { Direction } from '../bridge/message.ts'
import type { Redis } from '../lib/redis.ts'
import { parseQueueName, queueName } from './names.ts'
import type { Paused } from './operations.ts'
import type { Queues } from './queues.ts'

type StoredPause = Pick<Paused, 'reason' | 'who' | 'at'>

/**
 * Queues that an operator has stopped. What is written down in our own hash counts, because it can be seen; BullMQ's switch follows.
 * Receipts are never stopped: they tell of what has happened already.
 */
export function createPauses(settings: { readonly redis: Redis; readonly base: string; readonly queues: Queues }) {
  const { redis, base, queues } = settings
  const key = `${base}paused`

  return {
    async pause(order: {
      readonly channel: string
      readonly direction: Direction
      readonly reason: string
      readonly who: string
    }): Promise<boolean> {
      const { channel, direction, reason, who } = order
      if (!queues.has(queueName(channel, direction))) return false
      const stored: StoredPause = { reason, who, at: Date.now() }
      await redis.hset(key, queueName(channel, direction), JSON.stringify(stored))
      await queues.get(channel, direction).pause()
      return true
    },

    async resume({
      channel,
      direction,
    }: {
      readonly channel: string
      readonly direction: Direction
    }): Promise<boolean> {
      if (!queues.has(queueName(channel, direction))) return false
      await redis.hdel(key, queueName(channel, direction))
      await queues.get(channel, direction).resume()
      return true
    },

    async paused(): Promise<readonly Paused[]> {
      const found = await redis.hgetall(key)
      return Object.entries(found)
        .filter(([queue]) => queues.has(queue))
        .map(([queue, text]) => {
          const { channel, flow } = parseQueueName(queue)
          const direction = flow === 'inbound' ? 'inbound' : 'outbound'
          return { channel, direction, ...(JSON.parse(text) as StoredPause) }
        })
    },

    /** The names of the queues that are stopped. */
    names: (): Promise<readonly string[]> => redis.hkeys(key),

    /** Brings BullMQ's switches to where they belong, in case a process died between the two steps of a pause. */
    async mend(): Promise<void> {
      for (const queue of queues.all) {
        const stopped = await queue.isPaused()
        // Read last: somebody may be about it just now, and has written it down first.
        const wanted = (await redis.hexists(key, queue.name)) === 1
        if (wanted && !stopped) await queue.pause()
        else if (stopped && !wanted) await queue.resume()
      }
    },
  }
}

export type Pauses = ReturnType<typeof createPauses>
