import type { Direction } from '../bridge/message.ts'
import type { Redis } from '../lib/redis.ts'
import type { Codec } from './envelope.ts'
import {
  type DeadLetter,
  isBefore,
  type LetterFilter,
  type LetterPlace,
  type Letters,
  parseLetterId,
} from './letters.ts'
import { createMoves, letterQueues } from './moves.ts'
import type { Pauses } from './pauses.ts'
import { type Item, readItem } from './payload.ts'
import type { Queues } from './queues.ts'

/** Why a dead letter was left where it is. */
export type Skip =
  /** There is none of that id, or somebody else was quicker. */
  | 'not_found'
  /** Nobody knows whether it arrived, and the caller did not confirm that it may arrive twice. */
  | 'uncertain'
  /** Its content was erased, or never was ours to keep. */
  | 'no_content'
  /** Its channel is not in the configuration. */
  | 'unknown_channel'
  /** A worker has not let go of it yet; the next try will find it free. */
  | 'busy'

/** Which letters: some, or all that match. */
export type Chosen = { readonly ids: readonly string[] } | { readonly filter: LetterFilter }

/** `done`: how many letters were moved. */
export interface Moved {
  readonly done: number
  readonly skipped: readonly { readonly id: string; readonly why: Skip }[]
}

/** A queue that an operator has stopped. `at`: ms since the epoch. */
export interface Paused {
  readonly channel: string
  readonly direction: Direction
  readonly reason: string
  readonly who: string
  readonly at: number
}

/** What people may do to messages that were given up, and to queues. Nothing here writes the audit line: the caller knows who asks. */
export interface Operations {
  /**
   * Dead letters of the configured channels, the latest given up first. `limit` is 50 unless given, at most 500. A page may be
   * shorter than that, even empty, while `next` is there: a filter by reason has to look through many. The end has no `next`.
   * @throws {RangeError} for a cursor that is none of ours
   */
  listLetters(
    query: LetterFilter & { readonly cursor?: string | undefined; readonly limit?: number | undefined },
  ): Promise<{ readonly items: readonly DeadLetter[]; readonly next?: string }>
  /**
   * One letter and the message itself. No `content`: it was erased or never kept, or (`unreadable`) is sealed with a key that is
   * not in the configuration any more. Undefined: there is no such letter.
   */
  readLetter(
    id: string,
  ): Promise<{ readonly letter: DeadLetter; readonly content?: Item; readonly unreadable?: true } | undefined>
  /**
   * Puts letters back into their lanes, in their original order within each conversation, and never before a message that is being
   * delivered. Safe to repeat, to break off, and to do from several places at once.
   */
  replay(chosen: Chosen & { readonly confirmUncertain?: boolean | undefined }): Promise<Moved>
  /** Ends letters for good. Their traces stay, so that a repeat of the webhook is still known. */
  discard(chosen: Chosen & { readonly confirmUncertain?: boolean | undefined }): Promise<Moved>
  /** Stops deliveries; messages go on to be taken in. False: no such channel. Pausing twice renews reason and name. */
  pause(order: {
    readonly channel: string
    readonly direction: Direction
    readonly reason: string
    readonly who: string
  }): Promise<boolean>
  /** False: no such channel. */
  resume(order: { readonly channel: string; readonly direction: Direction }): Promise<boolean>
  paused(): Promise<readonly Paused[]>
}

/** Ids end at `~`. */
const afterAllIds = '\x7f'
const defaultLimit = 50
const mostPerPage = 500
/** A call that filters looks at so many letters, and then leaves the rest to the next one. */
const lookedAtPerCall = 10_000

/** A letter's place among those of all queues, by its public id. */
interface Ref {
  readonly queue: string
  readonly own: LetterPlace
  readonly place: LetterPlace
}

const writeCursor = ({ at, id }: LetterPlace): string => Buffer.from(`${at} ${id}`).toString('base64url')

function readCursor(cursor: string): LetterPlace {
  const [, at, id] = /^(\d+(?:\.\d+)?) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (!(at && id)) throw new RangeError('This cursor is not one of ours.')
  return { at: Number(at), id }
}

/**
 * What the console and the terminal offer to people.
 * @param settings.codec opens the content of letters
 */
export function createOperations(settings: {
  readonly redis: Redis
  readonly base: string
  readonly queues: Queues
  readonly letters: Letters
  readonly pauses: Pauses
  readonly codec: Codec
  readonly onError: (error: Error) => void
}): Operations {
  const { queues, letters, pauses, codec } = settings
  const moves = createMoves(settings)

  /** The letters of some queues, the latest given up first, in pages. */
  async function* merged(
    names: readonly string[],
    cursor: LetterPlace | undefined,
    size: number,
  ): AsyncGenerator<Ref, undefined> {
    const sources = names.map((queue) => ({ queue, before: ownPlace(queue, cursor), page: [] as Ref[], ended: false }))
    for (;;) {
      await Promise.all(
        sources
          .filter(({ page, ended }) => page.length === 0 && !ended)
          .map(async (source) => {
            const { queue } = source
            const places = await letters.places(queue, source.before, size)
            source.before = places.at(-1)
            source.ended = places.length === 0
            source.page = places.map((own) => ({ queue, own, place: { at: own.at, id: `${queue}-${own.id}` } }))
          }),
      )
      const latest = sources
        .filter(({ page }) => page.length > 0)
        .reduce<(typeof sources)[number] | undefined>(
          (best, one) => (best?.page[0] && one.page[0] && isBefore(one.page[0].place, best.page[0].place) ? best : one),
          undefined,
        )
      const ref = latest?.page.shift()
      if (!ref) return undefined
      yield ref
    }
  }

  /** One letter a place; none where it went away meanwhile. */
  async function lettersOf(refs: readonly Ref[]): Promise<readonly (DeadLetter | undefined)[]> {
    const found = new Map<Ref, DeadLetter | undefined>()
    for (const [queue, some] of Map.groupBy(refs, (ref) => ref.queue)) {
      const ids = some.map(({ own }) => own.id)
      const kept = await letters.read(queue, ids)
      for (const [index, ref] of some.entries()) found.set(ref, kept[index]?.letter)
    }
    return refs.map((ref) => found.get(ref))
  }

  return {
    async listLetters(query) {
      const limit = Math.max(1, Math.min(mostPerPage, query.limit ?? defaultLimit))
      const refs = merged(letterQueues(queues, query), query.cursor ? readCursor(query.cursor) : undefined, limit)
      const items: DeadLetter[] = []
      for (let lookedAt = 0; ; ) {
        const batch = await nextOf(refs, limit)
        const found = await lettersOf(batch)
        for (const [index, ref] of batch.entries()) {
          const letter = found[index]
          lookedAt += 1
          if (letter && (query.reason === undefined || letter.reason.code === query.reason)) items.push(letter)
          if (items.length < limit && lookedAt < lookedAtPerCall) continue
          const more = index < batch.length - 1 || !(await refs.next()).done
          return { items, ...(more && { next: writeCursor(ref.place) }) }
        }
        if (batch.length < limit) return { items }
      }
    },

    async readLetter(name) {
      const parsed = parseLetterId(name)
      if (!(parsed && queues.has(parsed.queue))) return undefined
      const [kept] = await letters.read(parsed.queue, [parsed.id])
      if (!kept) return undefined
      const { letter, envelope, id, user } = kept
      if (envelope === undefined) return { letter }
      try {
        const place = { channel: letter.channel, id, user, receivedAt: letter.firstAt }
        return { letter, content: readItem<Item>(codec, place, envelope) }
      } catch {
        return { letter, unreadable: true }
      }
    },

    replay: moves.replay,
    discard: moves.discard,
    pause: pauses.pause,
    resume: pauses.resume,
    paused: pauses.paused,
  }
}

/** A cursor as one queue sees it: after it come its own letters of an earlier moment, or of the same one with a smaller id. */
function ownPlace(queue: string, cursor: LetterPlace | undefined): LetterPlace | undefined {
  if (!cursor) return undefined
  const { at, id } = cursor
  if (id.startsWith(`${queue}-`)) return { at, id: id.slice(queue.length + 1) }
  // Another queue's letter: all of ours in that moment come before it, or all of them after it.
  return { at, id: `${queue}-` < id ? afterAllIds : '' }
}

/** Up to `count` of what comes next. */
async function nextOf<T>(source: AsyncGenerator<T, undefined>, count: number): Promise<readonly T[]> {
  const found: T[] = []
  while (found.length < count) {
    const { value, done } = await source.next()
    if (done) break
    found.push(value as T)
  }
  return found
}
