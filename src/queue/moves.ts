import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result } from 'ioredis'
import type { Redis } from '../lib/redis.ts'
import type { Place } from './lanes.ts'
import { type KeptLetter, type LetterFilter, type LetterPlace, type Letters, parseLetterId } from './letters.ts'
import { jobId, journalField, journalKey, journalOf, parseQueueName, safeId } from './names.ts'
import type { Chosen, Moved, Skip } from './operations.ts'
import type { Queues } from './queues.ts'
import { defineScripts } from './scripts.ts'
import { writeStep } from './trace.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    lettersReplay(base: string, ...values: (string | number)[]): Result<number[], Context>
    lettersDiscard(base: string, ...values: (string | number)[]): Result<number[], Context>
    lockRelease(base: string, ...values: string[]): Result<number, Context>
  }
}

/** Letters of one script call: a few ms for Redis at most. */
const lettersPerSlice = 100
const lettersPerPage = 500
/** Who is not heard of for so long while working at a slice is taken for dead. */
const lockMs = 4_000
/** A worker that has just given a message up lets go of its job in a moment; one that died does so when its lock has run out. */
const busyMs = 6_000

/** What has to be known of a letter to bring many into order. */
interface Candidate {
  /** The letter's public id. */
  readonly name: string
  readonly queue: string
  readonly id: string
  readonly lane: string
  readonly firstAt: number
  readonly order: number
}

/** What became of a slice. */
type Replayed = Moved & { readonly heads: readonly Place[] }

type Order = Chosen & { readonly confirmUncertain?: boolean | undefined }

/**
 * Moves dead letters, many at a time. Each letter is moved by a script, whole or not at all, so that it can be broken off and begun
 * again anywhere. Only what has been dead at the beginning is moved: a letter that dies again at once does not come round.
 */
export function createMoves(settings: {
  readonly redis: Redis
  readonly base: string
  readonly queues: Queues
  readonly letters: Letters
  readonly onError: (error: Error) => void
}) {
  const { redis, base, queues, letters, onError } = settings
  defineScripts(redis, { lettersReplay: 'replay', lettersDiscard: 'discard', lockRelease: 'release' })

  async function candidatesOf(queue: string, places: readonly Pick<LetterPlace, 'id'>[], filter?: LetterFilter) {
    const found = await letters.read(
      queue,
      places.map(({ id }) => id),
    )
    return found.map((kept): Candidate | undefined => {
      if (!kept || (filter?.reason !== undefined && kept.letter.reason.code !== filter.reason)) return undefined
      const { letter, id, user, order } = kept
      return { name: letter.id, queue, id, lane: `${queue} ${user}`, firstAt: letter.firstAt, order }
    })
  }

  async function chooseByFilter(filter: LetterFilter): Promise<Candidate[]> {
    const chosen: Candidate[] = []
    for (const queue of letterQueues(queues, filter)) {
      for (let before: LetterPlace | undefined; ; ) {
        const places = await letters.places(queue, before, lettersPerPage)
        before = places.at(-1)
        if (!before) break
        for (const candidate of await candidatesOf(queue, places, filter)) if (candidate) chosen.push(candidate)
      }
    }
    return chosen
  }

  async function chooseByIds(ids: readonly string[], skip: (id: string, why: Skip) => void): Promise<Candidate[]> {
    const chosen: Candidate[] = []
    const wanted = [...new Set(ids)].flatMap((name) => {
      const parsed = parseLetterId(name)
      if (parsed && queues.has(parsed.queue)) return [{ name, ...parsed }]
      skip(name, parsed ? 'unknown_channel' : 'not_found')
      return []
    })
    for (const [queue, all] of Map.groupBy(wanted, (one) => one.queue)) {
      for (let from = 0; from < all.length; from += lettersPerPage) {
        const some = all.slice(from, from + lettersPerPage)
        const found = await candidatesOf(queue, some)
        for (const [index, { name }] of some.entries()) {
          const candidate = found[index]
          if (candidate) chosen.push(candidate)
          else skip(name, 'not_found')
        }
      }
    }
    return chosen
  }

  /** Only one at a time: who removes a job must be sure that nobody has just given it to the same message anew. */
  async function exclusively<T>(work: (token: string) => Promise<T>): Promise<T> {
    const token = randomUUID()
    while ((await redis.set(`${base}operating`, token, 'PX', lockMs, 'NX')) === null) await sleep(20)
    try {
      return await work(token)
    } finally {
      await redis.lockRelease(base, 'operating', token).catch(onError)
    }
  }

  /** 0: a worker has it. Only one that is there: BullMQ looks for others in all it has, which takes Redis ever longer. */
  async function removeJob({ queue, id }: KeptLetter): Promise<number> {
    return (await named(queue).getJob(jobId(id))) ? named(queue).remove(jobId(id)) : 1
  }

  /** BullMQ would take no new job for a message whose failed one is still shown. Returns those whose job cannot be removed. */
  async function removeJobs(some: readonly KeptLetter[]): Promise<readonly KeptLetter[]> {
    let left = some
    for (const until = Date.now() + busyMs; ; ) {
      const removed = await Promise.all(left.map(removeJob))
      left = left.filter((_, index) => removed[index] === 0)
      if (left.length === 0 || Date.now() >= until) return left
      await Promise.all([sleep(50), redis.pexpire(`${base}operating`, lockMs)])
    }
  }

  function named(name: string) {
    const { channel, flow } = parseQueueName(name)
    return queues.get(channel, flow)
  }

  /** Reads a slice once more, as it is now, and leaves aside what must stay. */
  async function readSlice(
    slice: readonly Candidate[],
    skip: (id: string, why: Skip) => void,
    why: (kept: KeptLetter) => Skip | undefined,
  ): Promise<KeptLetter[]> {
    const found = new Map<Candidate, KeptLetter | undefined>()
    for (const [queue, some] of Map.groupBy(slice, ({ queue }) => queue)) {
      const kept = await letters.read(
        queue,
        some.map(({ id }) => id),
      )
      for (const [index, candidate] of some.entries()) found.set(candidate, kept[index])
    }
    return slice.flatMap((candidate) => {
      const kept = found.get(candidate)
      const reason = kept ? why(kept) : 'not_found'
      if (reason) skip(candidate.name, reason)
      return kept && !reason ? [kept] : []
    })
  }

  async function move(
    order: Order,
    act: (slice: readonly Candidate[], skip: (id: string, why: Skip) => void) => Promise<number>,
  ): Promise<Moved> {
    const skipped: { id: string; why: Skip }[] = []
    const skip = (id: string, why: Skip) => void skipped.push({ id, why })
    const chosen = 'ids' in order ? await chooseByIds(order.ids, skip) : await chooseByFilter(order.filter)
    let done = 0
    for (const slice of toSlices(chosen)) done += await act(slice, skip)
    return { done, skipped }
  }

  async function replaySlice(
    slice: readonly Candidate[],
    why: (kept: KeptLetter) => Skip | undefined,
    token: string,
  ): Promise<Replayed | undefined> {
    const skipped: { id: string; why: Skip }[] = []
    const skip = (id: string, reason: Skip) => void skipped.push({ id, why: reason })
    const ready = await readSlice(slice, skip, why)
    const busy = new Set(await removeJobs(ready))
    for (const { letter } of busy) skip(letter.id, 'busy')
    const moving = ready.filter((kept) => !busy.has(kept))
    if (moving.length === 0) return { done: 0, heads: [], skipped }
    const now = Date.now()
    const values = moving.flatMap((kept) => {
      const { queue, user, id, letter } = kept
      return [queue, user, id, ...traceStep(kept, 'replayed', now), letter.kind === 'uncertain' ? 1 : 0]
    })
    const answers = await redis.lettersReplay(base, token, now, ...values)
    if (answers.length === 0) return undefined
    for (const [index, { letter }] of moving.entries()) {
      if (answers[index] === 0) skip(letter.id, 'not_found')
      if (answers[index] === 1) skip(letter.id, 'no_content')
    }
    const moved = moving.filter((_, index) => (answers[index] ?? 0) >= 2)
    const heads = moving.filter((_, index) => answers[index] === 3).map(({ queue, user, id }) => ({ queue, user, id }))
    return { done: moved.length, heads, skipped }
  }

  return {
    replay(order: Order): Promise<Moved> {
      const why = ({ letter, envelope }: KeptLetter): Skip | undefined => {
        if (envelope === undefined) return 'no_content'
        return letter.kind === 'uncertain' && !order.confirmUncertain ? 'uncertain' : undefined
      }
      return move(order, async (slice, skip) => {
        // Who was too slow has lost the lock, moved nothing, and begins the slice again.
        let outcome: Replayed | undefined
        while (!outcome) outcome = await exclusively((token) => replaySlice(slice, why, token))
        for (const { id, why } of outcome.skipped) skip(id, why)
        // Redis keeps a note of heads without a job, so that a failure mends itself.
        await queues.addNew(outcome.heads).catch(onError)
        return outcome.done
      })
    },

    discard(order: Order): Promise<Moved> {
      const why = ({ letter }: KeptLetter): Skip | undefined =>
        letter.kind === 'uncertain' && !order.confirmUncertain ? 'uncertain' : undefined
      return move(order, async (slice, skip) => {
        const ready = await readSlice(slice, skip, why)
        if (ready.length === 0) return 0
        const now = Date.now()
        const values = ready.flatMap((kept) => [kept.queue, kept.id, ...traceStep(kept, 'discarded', now)])
        const answers = await redis.lettersDiscard(base, ...values)
        const gone = ready.filter((_, index) => answers[index] === 1)
        for (const [index, { letter }] of ready.entries()) if (answers[index] !== 1) skip(letter.id, 'not_found')
        await Promise.all(gone.map(removeJob)).catch(onError)
        return gone.length
      })
    },
  }
}

/** The queues of which letters can be, as far as a filter leaves any. */
export const letterQueues = (queues: Queues, { channel, direction }: LetterFilter): readonly string[] =>
  queues.all
    .map(({ name }) => name)
    .filter((name) => {
      const { channel: own, flow } = parseQueueName(name)
      return flow !== 'receipts' && (channel ?? own) === own && (direction ?? flow) === flow
    })

/** Journal, field and step for the trace of a letter's message; the message of a lost one may not be known. */
function traceStep({ letter, queue }: KeptLetter, what: 'replayed' | 'discarded', now: number): readonly string[] {
  const { ids, firstAt } = letter
  if (!ids.message) return ['', '', '']
  const { channel, flow } = parseQueueName(queue)
  const id = safeId(ids.message)
  return [
    journalKey(journalOf(id, firstAt)),
    journalField(channel, flow, id),
    writeStep({ what, afterMs: now - firstAt }),
  ]
}

/**
 * Slices in which each conversation is in its original order, and as a rule whole, so that no newer message gets between its letters.
 */
function toSlices(chosen: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const lanes = [...Map.groupBy(chosen, ({ lane }) => lane).values()].map((letters) =>
    letters.toSorted((one, other) => one.firstAt - other.firstAt || one.order - other.order),
  )
  lanes.sort((one, other) => (one[0]?.firstAt ?? 0) - (other[0]?.firstAt ?? 0))
  const slices: Candidate[][] = []
  let slice: Candidate[] = []
  for (const letters of lanes) {
    if (slice.length > 0 && slice.length + letters.length > lettersPerSlice) {
      slices.push(slice)
      slice = []
    }
    for (let from = 0; from < letters.length; from += lettersPerSlice) {
      if (from > 0) {
        slices.push(slice)
        slice = []
      }
      slice.push(...letters.slice(from, from + lettersPerSlice))
    }
  }
  if (slice.length > 0) slices.push(slice)
  return slices
}
