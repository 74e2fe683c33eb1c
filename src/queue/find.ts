import { setImmediate as breathe } from 'node:timers/promises'
import type { Result } from 'ioredis'
import type { Redis } from '../lib/redis.ts'
import {
  journalField,
  journalKey,
  journalOf,
  originalId,
  parseJournalField,
  queueName,
  safeId,
  shards,
} from './names.ts'
import { defineScripts } from './scripts.ts'
import { formsOf, squeeze } from './squeeze.ts'
import { stateOf, stepsOf, type Timeline } from './timeline.ts'
import { readTrace, receivedAtOf, type Trace } from './trace.ts'

/** `complete`: false when the search ended before it had looked at everything. */
export interface Found {
  readonly items: readonly Timeline[]
  readonly complete: boolean
}

/** What a search may be told. */
export interface FindOptions {
  /** Default 5 s. */
  readonly limitMs?: number
  /** Default 100. */
  readonly limitItems?: number
  /** Tells for a channel which messages' requests carry the wanted key; undefined when it has not the form of one. */
  readonly keyOwner?: (channel: string) => ((messageId: string) => boolean) | undefined
}

/** See {@link createFinder}. */
export interface Finder {
  /**
   * Finds messages by LINE user id, LINE message id, webhook event id, Genesys message id, conversation id, the other platform's id,
   * or a request key of a channel. Newest first. Rejects while Redis is away.
   * @param id as a person typed it, not empty
   */
  find(id: string, options?: FindOptions): Promise<Found>
}

/** A message's trace and where it lies. */
interface Hit {
  readonly day: number
  readonly shard: number
  readonly field: string
  readonly text: string
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    traceFind(base: string, ...values: (string | number)[]): Result<[number, string, string[]], Context>
    traceWhereabouts(base: string, ...values: (string | number)[]): Result<(string | number)[], Context>
  }
}

/** Redis looks at so many traces in one go, which takes it about a millisecond. */
const tracesPerSlice = 2_000
/** Where each has to be looked at here, this process is kept busy for some milliseconds by so many. */
const tracesPerLook = 500
/** More of one day are not gathered: a person looks at the newest. */
const hitsPerDay = 5_000
/** So far is looked into a lane; behind that a message waits for certain. */
const laneDepth = 200
/** As long as repeats are looked for, traces stay, whatever `traceDays` says. */
const leastDays = 5

function newestFirst(hits: readonly Hit[]): readonly Hit[] {
  const times = new Map(hits.map((hit) => [hit, receivedAtOf(hit.text)]))
  return hits.toSorted((one, other) => (times.get(other) ?? 0) - (times.get(one) ?? 0))
}

/**
 * The search over all traces, by any id. The message's own id leads to its trace; for all other ids every trace is looked at, newest
 * day first, in slices between which Redis serves others.
 * @param settings.traceDays how long traces are kept
 */
export function createFinder(settings: {
  readonly redis: Redis
  readonly base: string
  readonly channels: readonly string[]
  readonly traceDays: number
}): Finder {
  const { redis, base, channels, traceDays } = settings
  defineScripts(redis, { traceFind: 'find', traceWhereabouts: 'whereabouts' })
  const keptDays = Math.ceil(Math.max(traceDays + 1, leastDays))

  /** From tomorrow on: another process' clock may already be past midnight. */
  function daysOf(now: number): number[] {
    const { day: today } = journalOf('', now)
    return Array.from({ length: keptDays + 2 }, (_, back) => today + 1 - back)
  }

  async function byMessageId(id: string, days: readonly number[]): Promise<Hit[]> {
    const { shard } = journalOf(safeId(id), 0)
    const fields = channels.flatMap((channel) =>
      (['inbound', 'outbound'] as const).map((flow) => journalField(channel, flow, safeId(id))),
    )
    const found = await Promise.all(days.map((day) => redis.hmget(`${base}${journalKey({ day, shard })}`, ...fields)))
    return days.flatMap((day, index) =>
      fields.flatMap((field, place): Hit[] => {
        const text = found[index]?.[place]
        return text ? [{ day, shard, field, text }] : []
      }),
    )
  }

  /**
   * Looks at a whole day.
   * @param wanted the id in all forms in which traces hold it; none: all outbound messages
   * @returns whether it came to the day's end
   */
  async function lookThrough(
    day: number,
    wanted: readonly string[],
    until: number,
    hear: (hit: Hit) => boolean,
  ): Promise<boolean> {
    const slice = wanted.length === 0 ? tracesPerLook : tracesPerSlice
    for (let shard = 0, cursor = '0'; shard >= 0; ) {
      if (Date.now() >= until) return false
      const [next, nextCursor, found] = await redis.traceFind(base, day, shards, shard, cursor, slice, ...wanted)
      for (let i = 0; i < found.length; i += 2) {
        const [field = '', text = ''] = [found[i], found[i + 1]]
        const hit: Hit = { day, shard: journalOf(parseJournalField(field).id, 0).shard, field, text }
        if (!hear(hit)) return false
      }
      shard = next
      cursor = nextCursor
      // Whoever waits for an answer of this process, webhooks above all, comes before the next slice.
      await breathe()
    }
    return true
  }

  async function search(
    days: readonly number[],
    wanted: readonly string[],
    limits: Limits,
    fits: (hit: Hit) => boolean,
  ): Promise<{ readonly hits: readonly Hit[]; readonly complete: boolean }> {
    const hits = new Map<string, Hit>()
    for (const day of days) {
      let gathered = 0
      const whole = await lookThrough(day, wanted, limits.until, (hit) => {
        if (!fits(hit)) return true
        // A shard that grows meanwhile may be told twice.
        hits.set(`${day} ${hit.field}`, hit)
        gathered += 1
        return gathered < hitsPerDay
      })
      if (!whole || hits.size >= limits.items)
        return { hits: [...hits.values()], complete: whole && day === days.at(-1) }
    }
    return { hits: [...hits.values()], complete: true }
  }

  async function toTimelines(hits: readonly Hit[]): Promise<Timeline[]> {
    if (hits.length === 0) return []
    const messages = hits.map((hit) => {
      const { channel, flow, id } = parseJournalField(hit.field)
      return { ...hit, channel, direction: flow, id, user: safeId(readTrace(hit.text).ids.user) }
    })
    const answers = await redis.traceWhereabouts(
      base,
      laneDepth,
      ...messages.flatMap(({ day, shard, field, channel, direction, user, id }) => [
        journalKey({ day, shard }),
        field,
        queueName(channel, direction),
        user,
        id,
      ]),
    )
    return messages.map(({ channel, direction, id, text }, index): Timeline => {
      const [latest, place, active] = answers.slice(index * 3)
      const trace = readTrace(String(latest) || text)
      return {
        ids: { message: originalId(id), ...trace.ids },
        channel,
        direction,
        state: stateOf(trace, { place: Number(place), active: Number(active) === 1 }),
        steps: stepsOf(trace),
      }
    })
  }

  return {
    async find(id, options = {}) {
      const { limitMs = 5_000, limitItems = 100, keyOwner } = options
      const now = Date.now()
      const limits: Limits = { until: now + limitMs, items: limitItems }
      const days = daysOf(now)
      const result = async (hits: readonly Hit[], complete: boolean): Promise<Found> => {
        const items = await toTimelines(newestFirst(hits).slice(0, limitItems))
        return { items, complete: complete && hits.length <= limitItems }
      }

      // Receipts and the like are noted under ids of their own, and nobody looks for those.
      const direct = (await byMessageId(id, days)).filter(({ text }) => readTrace(text).ids.user !== '')
      if (direct.length > 0) return result(direct, true)

      const wanted = squeeze(id)
      const named = await search(days, formsOf(id), limits, ({ text }) => holds(readTrace(text), wanted))
      const owners = new Map(channels.map((channel) => [channel, keyOwner?.(channel)]))
      if (named.hits.length > 0 || ![...owners.values()].some(Boolean)) {
        const { items, complete } = await result(named.hits, named.complete)
        // Who looks for a customer looks for messages, not for what else their phone told.
        return { items: items.filter(({ state }) => state !== 'noted'), complete }
      }

      // A key belongs to one message, so that the first one found is all there is to find.
      const keyed = await search(days, [], { ...limits, items: 1 }, ({ field }) => {
        const { channel, id: message } = parseJournalField(field)
        return owners.get(channel)?.(originalId(message)) ?? false
      })
      return result(keyed.hits, keyed.hits.length > 0 || (named.complete && keyed.complete))
    },
  }
}

/** `until`: ms since the epoch. */
interface Limits {
  readonly until: number
  readonly items: number
}

/** Is it one of its ids, and not another word that looks alike? */
const holds = ({ ids }: Trace, wanted: string): boolean =>
  Object.values(ids).some((id: string) => squeeze(id) === wanted)
