import type { MessageIds } from '../bridge/events.ts'
import type { FailureReason } from '../bridge/message.ts'
import type { Redis } from '../lib/redis.ts'
import { laneEntry, parseLaneEntry } from './lanes.ts'
import { parseQueueName } from './names.ts'

/** A message that was given up and waits for a person. Its content lies sealed in `envelope`. */
export interface DeadLetter {
  readonly id: string
  readonly channel: string
  readonly direction: 'inbound' | 'outbound'
  /** `message`: refused for what it is; `expired`: tried for as long as it made sense. */
  readonly kind: 'message' | 'expired'
  readonly reason: FailureReason
  readonly attempts: number
  /** ms since the epoch. */
  readonly firstAt: number
  readonly lastAt: number
  readonly ids: MessageIds
}

interface StoredLetter {
  readonly v: 1
  readonly kind: DeadLetter['kind']
  readonly reason: FailureReason
  readonly attempts: number
  readonly lastAt: number
  /** The lane entry as it was, so that a replay can put it back; without it the content has been erased. */
  readonly entry: string
}

/** A dead letter as the finishing script files it. */
export function writeLetter(letter: {
  readonly id: string
  readonly receivedAt: number
  readonly envelope: string
  readonly kind: DeadLetter['kind']
  readonly reason: FailureReason
  readonly attempts: number
  readonly now: number
}): string {
  const { id, receivedAt, envelope, kind, reason, attempts, now } = letter
  const stored: StoredLetter = { v: 1, kind, reason, attempts, lastAt: now, entry: laneEntry(id, receivedAt, envelope) }
  return JSON.stringify(stored)
}

function readLetter(queue: string, text: string): DeadLetter {
  const { kind, reason, attempts, lastAt, entry } = JSON.parse(text) as StoredLetter
  const { id, receivedAt, envelope } = parseLaneEntry(entry)
  const { channel, flow } = parseQueueName(queue)
  const { ids } = JSON.parse(envelope) as { ids: MessageIds }
  const direction = flow === 'inbound' ? 'inbound' : 'outbound'
  return { id, channel, direction, kind, reason, attempts, firstAt: receivedAt, lastAt, ids }
}

/** The dead letters of all queues, newest last. */
export function createLetters(settings: { readonly redis: Redis; readonly base: string }) {
  const { redis, base } = settings
  return {
    /** Up to `limit` letters of one queue, oldest first, from place `offset` on. */
    async list(queue: string, offset: number, limit: number): Promise<readonly DeadLetter[]> {
      const ids = await redis.zrange(`${base}dead:${queue}`, String(offset), String(offset + limit - 1))
      if (ids.length === 0) return []
      const texts = await redis.hmget(`${base}letters:${queue}`, ...ids)
      return texts.flatMap((text) => (text ? [readLetter(queue, text)] : []))
    },

    /** How many there are. */
    count: (queue: string): Promise<number> => redis.zcard(`${base}dead:${queue}`),

    /** Erases letters older than `before` (ms since the epoch); their traces stay. Returns how many there were. */
    async sweep(queue: string, before: number): Promise<number> {
      const ids = await redis.zrangebyscore(`${base}dead:${queue}`, '-inf', String(before), 'LIMIT', 0, 1_000)
      if (ids.length === 0) return 0
      await redis
        .multi()
        .hdel(`${base}letters:${queue}`, ...ids)
        .zrem(`${base}dead:${queue}`, ...ids)
        .exec()
      return ids.length
    },
  }
}
