import type { MessageIds } from '../bridge/events.ts'
import type { Direction, FailureReason } from '../bridge/message.ts'
import type { Redis } from '../lib/redis.ts'
import { contentOf, parseLaneEntry } from './lanes.ts'
import { parseQueueName, queueName, safeId } from './names.ts'
import { isUncertain } from './verdict.ts'

/** A message that was given up and waits for a person. Its content lies sealed elsewhere. */
export interface DeadLetter {
  /** `<channel>-<direction>-<id>`: unique among all letters. */
  readonly id: string
  readonly channel: string
  readonly direction: Direction
  /**
   * `message`: refused for what it is. `expired`: tried for as long as it made sense. `uncertain`: nobody can find out any more
   * whether it arrived, because the platform has forgotten the key of the request.
   */
  readonly kind: 'message' | 'expired' | 'uncertain'
  readonly reason: FailureReason
  readonly attempts: number
  /** When it was first received and when it was given up, in ms since the epoch. */
  readonly firstAt: number
  readonly lastAt: number
  /** Only `remote`, while nobody knows which message the platform's report is about. */
  readonly ids: Partial<MessageIds>
}

/** Which letters are meant; what is absent does not matter. `reason` is the reason's code. */
export interface LetterFilter {
  readonly channel?: string | undefined
  readonly direction?: Direction | undefined
  readonly reason?: string | undefined
}

/** As it lies in Redis. The finishing script adds what only Redis knows for certain: all from `order` on. */
interface StoredLetter {
  /** 1 had neither ids nor anything from `order` on, except the entry. */
  readonly v: 1 | 2
  readonly kind: DeadLetter['kind']
  readonly reason: FailureReason
  readonly attempts: number
  readonly lastAt: number
  readonly ids?: Partial<MessageIds>
  /** An attempt ended without an answer: it may have arrived. */
  readonly doubt?: true
  /** Counts the messages of the queue that were given up, for those that were received in the same moment. Stays through replays. */
  readonly order?: number
  /** The lane entry as it was. Absent: the content never was ours to keep. Its envelope may have been erased since. */
  readonly entry?: string
  /** When the message was received, where no entry tells. */
  readonly firstAt?: number
  /** The requests as they were saved, so that a replay goes on with the same ones. */
  readonly plan?: string
  readonly partsDone?: number
  /** When the key of the first part that is not confirmed was first used. */
  readonly keyUsedAt?: number
}

/** What becomes of a message that is given up, as far as the worker knows it; the finishing script adds the rest. */
export function writeLetter(letter: {
  readonly kind: DeadLetter['kind']
  readonly reason: FailureReason
  readonly attempts: number
  readonly now: number
  readonly ids: MessageIds
  readonly inDoubt: boolean
}): string {
  const { kind, reason, attempts, now, ids, inDoubt } = letter
  const stored: StoredLetter = { v: 2, kind, reason, attempts, lastAt: now, ids, ...(inDoubt && { doubt: true }) }
  return JSON.stringify(stored)
}

/** The id of a letter about a message that the contact centre took and then could not show. */
export const lostLetterId = (remote: string): string => `r-${safeId(remote)}`

/** A letter about such a message. Nothing but the contact centre's own id is known at first, and the content is gone. */
export function writeLostLetter(letter: {
  readonly remote: string
  readonly reason: FailureReason
  readonly now: number
}): string {
  const { remote, reason, now } = letter
  const stored: StoredLetter = {
    v: 2,
    kind: 'message',
    reason,
    attempts: 0,
    lastAt: now,
    ids: { remote },
    firstAt: now,
  }
  return JSON.stringify(stored)
}

/** The same letter, now that its message is known. */
export function withMessage(
  text: string,
  found: { readonly ids: MessageIds; readonly firstAt: number; readonly attempts: number },
): string {
  return JSON.stringify({ ...(JSON.parse(text) as StoredLetter), ...found } satisfies StoredLetter)
}

/** A letter with what is needed to put it back, or to end it. */
export interface KeptLetter {
  readonly letter: DeadLetter
  readonly queue: string
  /** Its id within the queue. */
  readonly id: string
  /** The sealed content; undefined when it was erased or never kept. */
  readonly envelope: string | undefined
  /** The customer's lane. */
  readonly user: string
  readonly order: number
}

/** @throws {SyntaxError} for a text that is no letter */
export function readLetter(queue: string, id: string, text: string, now: number): KeptLetter {
  const stored = JSON.parse(text) as StoredLetter
  const { v, kind, reason, attempts, lastAt, entry, order = 0 } = stored
  const { channel, flow } = parseQueueName(queue)
  const direction = flow === 'inbound' ? 'inbound' : 'outbound'
  const firstAt = entry === undefined ? (stored.firstAt ?? lastAt) : parseLaneEntry(entry).receivedAt
  const envelope = entry === undefined ? undefined : contentOf(parseLaneEntry(entry).envelope)
  const inEnvelope = stored.ids ? undefined : (JSON.parse(envelope ?? '{}') as { readonly ids?: MessageIds }).ids
  const ids = stored.ids ?? inEnvelope ?? { message: id }
  // What an earlier release wrote down does not tell: what expired may have arrived.
  const early = v === 1 && direction === 'outbound'
  const uncertain = isUncertain(
    flow,
    {
      inDoubt: early ? kind === 'expired' : stored.doubt === true,
      keyUsedAt: early ? firstAt : stored.keyUsedAt,
    },
    now,
  )
  const letter: DeadLetter = {
    id: `${queue}-${id}`,
    channel,
    direction,
    kind: uncertain ? 'uncertain' : kind,
    reason,
    attempts,
    firstAt,
    lastAt,
    ids,
  }
  return { letter, queue, id, envelope, user: safeId(ids.user ?? ''), order }
}

/** Splits {@link DeadLetter.id}; undefined for anything else. Channel names hold no `-`. */
export function parseLetterId(id: string): { readonly queue: string; readonly id: string } | undefined {
  const [, channel, direction, own] = /^(\w+)-(inbound|outbound)-(\S+)$/.exec(id) ?? []
  return channel && direction && own ? { queue: queueName(channel, direction as Direction), id: own } : undefined
}

/** A letter's place in the order of time: when it was given up, then by id. */
export interface LetterPlace {
  readonly at: number
  readonly id: string
}

export type Letters = ReturnType<typeof createLetters>

/** The dead letters of all queues. */
export function createLetters(settings: { readonly redis: Redis; readonly base: string }) {
  const { redis, base } = settings

  /** The letters that are there, in the order of the ids. One that cannot be read hides no other. */
  async function read(queue: string, ids: readonly string[]): Promise<readonly (KeptLetter | undefined)[]> {
    if (ids.length === 0) return []
    const texts = await redis.hmget(`${base}letters:${queue}`, ...ids)
    const now = Date.now()
    return ids.map((id, index) => {
      const text = texts[index]
      try {
        return text ? readLetter(queue, id, text, now) : undefined
      } catch {
        return undefined
      }
    })
  }

  return {
    read,

    /**
     * Some places of one queue, the latest given up first, all of them before `before`. Empty only at the end.
     * Stable: letters that come or go meanwhile hide no others.
     */
    async places(queue: string, before: LetterPlace | undefined, limit: number): Promise<readonly LetterPlace[]> {
      // Many letters can share one moment, so that a page may hold nothing new.
      for (let size = limit; ; size *= 2) {
        const max = before?.at ?? '+inf'
        const found = await redis.zrevrangebyscore(`${base}dead:${queue}`, max, '-inf', 'WITHSCORES', 'LIMIT', 0, size)
        const places: LetterPlace[] = []
        for (let i = 0; i < found.length; i += 2) places.push({ id: found[i] ?? '', at: Number(found[i + 1]) })
        const rest = before ? places.filter((place) => isBefore(place, before)) : places
        if (rest.length > 0 || places.length < size) return rest
      }
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
        .zrem(`${base}unresolved`, ...ids.map((id) => `${queue} ${id}`))
        .exec()
      return ids.length
    },
  }
}

/** Was it given up earlier? Redis orders ids of one moment by their bytes, and ours are ASCII. */
export const isBefore = (one: LetterPlace, other: LetterPlace): boolean =>
  one.at < other.at || (one.at === other.at && one.id < other.id)
