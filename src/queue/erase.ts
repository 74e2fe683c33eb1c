import type { Result } from 'ioredis'
import type { Direction } from '../bridge/message.ts'
import type { Redis } from '../lib/redis.ts'
import { ownerOfLetter } from './letter-content.ts'
import { createLetterEraser } from './letter-eraser.ts'
import { createMarks } from './marks.ts'
import { journalOf, originalId, parseJournalField, queueName, safeId, shards } from './names.ts'
import { defineScripts } from './scripts.ts'
import { formsOf } from './squeeze.ts'
import { readTrace } from './trace.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    eraseLane(base: string, ...values: (string | number)[]): Result<[number, number], Context>
  }
}

/** A customer of a channel. */
export interface Person {
  readonly channel: string
  readonly user: string
}

/** A message that traces tell of. */
export interface TracedMessage {
  readonly channel: string
  readonly direction: Direction
  /** As the platform gave it, unless it was longer than 120 characters. */
  readonly messageId: string
}

const directions: readonly Direction[] = ['inbound', 'outbound']
/** What Redis does in one go takes it about a millisecond. */
const entriesPerSlice = 500
const lettersPerSlice = 100
const tracesPerSlice = 2_000
/** As long as repeats are looked for, traces stay, whatever `traceDays` says. */
const leastDays = 5

/**
 * Takes what a customer wrote or was told out of the queues. Whatever is done here may be done twice, be broken off, and be done
 * while the bridge runs.
 *
 * Left in place, because they hold ids and times only: traces, receipts, jobs, and the places of messages in lanes and among dead
 * letters.
 */
export function createQueueEraser(settings: {
  readonly redis: Redis
  readonly keyPrefix: string
  readonly traceDays: number
}) {
  const { redis, keyPrefix, traceDays } = settings
  const base = `{${keyPrefix}}:`
  defineScripts(redis, { eraseLane: 'erase-lane', traceFind: 'find' })
  const letters = createLetterEraser({ redis, base })
  const marks = createMarks({ redis, base })

  async function waitingIn(queue: string, user: string): Promise<number> {
    let erased = 0
    for (let from = 0; ; ) {
      const [now, seen] = await redis.eraseLane(base, queue, user, from, entriesPerSlice)
      erased += now
      from += seen
      if (seen < entriesPerSlice) return erased
    }
  }

  async function lettersIn(queue: string, user: string): Promise<number> {
    const key = `${base}letters:${queue}`
    let erased = 0
    for (let cursor: string | undefined; cursor !== '0'; ) {
      const [next, page]: [string, string[]] = await redis.hscan(key, cursor ?? '0', 'COUNT', lettersPerSlice)
      cursor = next
      for (let i = 0; i < page.length; i += 2) {
        const [id = '', text = ''] = [page[i], page[i + 1]]
        if (ownerOfLetter(text) === user) erased += (await letters.wipe(queue, id)) ? 1 : 0
      }
    }
    return erased
  }

  return {
    /**
     * Takes the content out of the customer's waiting messages of one direction. They end without a delivery when their turn
     * comes. @returns how many had content
     */
    waiting: ({ channel, user }: Person, direction: Direction): Promise<number> =>
      waitingIn(queueName(channel, direction), safeId(user)),

    /** Takes the content out of the customer's dead letters, which stay listed. @returns how many had content */
    async letters({ channel, user }: Person): Promise<number> {
      let erased = 0
      for (const direction of directions) erased += await lettersIn(queueName(channel, direction), user)
      return erased
    },

    /** How many of the customer's messages a worker has in its hands now: their words may still arrive. At most one a direction. */
    async underWay({ channel, user }: Person): Promise<number> {
      let count = 0
      for (const direction of directions) {
        const queue = queueName(channel, direction)
        const [[id], [tried, open]] = await Promise.all([
          redis.lindex(`${base}lane:${queue}:${safeId(user)}`, 0).then((entry) => entry?.split(' ') ?? []),
          redis.hmget(`${base}attempt:${queue}:${safeId(user)}`, 'id', 'open'),
        ])
        // An attempt that has not ended; if its process has died, another one begins anew within seconds.
        if (id && id === tried && open === '1') count += 1
      }
      return count
    },

    /** All messages of the customer that traces still tell of, both ways. Looks through every trace of the channel's days. */
    async messagesOf({ channel, user }: Person): Promise<readonly TracedMessage[]> {
      const wanted = formsOf(user)
      const { day: today } = journalOf('', Date.now())
      const found = new Map<string, TracedMessage>()
      for (let back = -1; back <= Math.ceil(Math.max(traceDays + 1, leastDays)); back += 1) {
        for (let shard = 0, cursor = '0'; shard >= 0; ) {
          const slice = [today - back, shards, shard, cursor, tracesPerSlice, ...wanted]
          const [nextShard, nextCursor, hits] = await redis.traceFind(base, ...slice)
          shard = nextShard
          cursor = nextCursor
          for (let i = 0; i < hits.length; i += 2) {
            const [field = '', text = ''] = [hits[i], hits[i + 1]]
            const { channel: of, flow, id } = parseJournalField(field)
            if (of === channel && readTrace(text).ids.user === user)
              found.set(field, { channel, direction: flow, messageId: originalId(id) })
          }
        }
      }
      return [...found.values()]
    },

    blocked: marks.blocked,
  }
}

export type QueueEraser = ReturnType<typeof createQueueEraser>
