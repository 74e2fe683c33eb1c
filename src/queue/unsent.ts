import type { Redis } from '../lib/redis.ts'
import { createLetterEraser } from './letter-eraser.ts'
import { originalId, parseQueueName } from './names.ts'

/** A file of a message that was taken back may just be on its way into the media store; it is looked for again after this time. */
const watchedMs = 120_000
const messagesPerRound = 1_000

/** Which message, by the platform's own ids. */
export interface UnsentMessage {
  readonly channel: string
  readonly direction: 'inbound'
  readonly messageId: string
  /** Whose conversation it was in. */
  readonly user: string
}

/**
 * Erases what is still there of messages that customers took back. The admission script notes them in the sorted set `unsent`, in
 * the same go in which it empties their place in the lane; dead letters follow here, and what others keep of them, such as files,
 * whatever dies meanwhile.
 * @param settings.eraseFiles erases whatever else is kept of a message; may be called twice for it
 */
export function createUnsent(settings: {
  readonly redis: Redis
  readonly base: string
  readonly eraseFiles: (message: UnsentMessage) => Promise<unknown>
}) {
  const { redis, base, eraseFiles } = settings
  const letters = createLetterEraser({ redis, base })
  const key = `${base}unsent`
  /** What this process has erased, and will look at once more when its time is over. */
  let erased = new Set<string>()

  async function erase(member: string): Promise<void> {
    const [queue = '', user = '', id = ''] = member.split(' ')
    await letters.wipe(queue, id)
    const { channel } = parseQueueName(queue)
    await eraseFiles({ channel, direction: 'inbound', messageId: originalId(id), user: originalId(user) })
  }

  return {
    /** @param now ms since the epoch */
    async sweep(now: number): Promise<void> {
      const noted = await redis.zrange(key, '0', String(messagesPerRound - 1), 'WITHSCORES')
      const known = erased
      erased = new Set()
      for (let i = 0; i < noted.length; i += 2) {
        const member = noted[i] ?? ''
        const over = now - Number(noted[i + 1]) > watchedMs
        if (over || !known.has(member)) await erase(member)
        if (over) await redis.zrem(key, member)
        else erased.add(member)
      }
    },
  }
}
