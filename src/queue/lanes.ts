import type { Result } from 'ioredis'
import { Stopping } from '../bridge/errors.ts'
import type { Redis } from '../lib/redis.ts'
import { defineScripts } from './scripts.ts'

/**
 * Order within a conversation, and once-only admission.
 *
 * The waiting messages of a conversation lie in a Redis list, its *lane*, one for each direction. BullMQ holds one job a lane:
 * for the lane's head. Who finishes a head adds the job of the next one. So BullMQ does what it is good at (workers, locks,
 * delays) and never needs to know about order. Every change of a lane is one script, hence atomic.
 *
 * A head without a job could never move. Between the script that makes a head and the call that gives it a job lies a moment in
 * which a process can die; so the script also writes the lane down as *owed* a job, and the {@link createSweep} pays old debts.
 *
 * | the process dies | what remains | healed by |
 * | --- | --- | --- |
 * | before `admit` | nothing, and no 200 | the platform's redelivery |
 * | between `admit` and the job | a head that is owed a job | the sweep |
 * | while delivering, or before `finish` | a stalled job; the attempt is in doubt | BullMQ runs it again; LINE knows the retry key |
 * | between `finish` and the next job | a head that is owed a job | the sweep |
 * | after that, before the job is completed | a job whose message is no head any more | it runs, finds that out, and ends |
 */
export interface Lanes {
  admit(entries: readonly AdmitEntry[], now: number): Promise<readonly Admission[]>
  take(place: Place & { readonly channel: string; readonly holdKey: string }): Promise<Taken | undefined>
  /** Does nothing when the attempt of that number was overtaken by another one. */
  settle(place: Place, attempt: number, state: AttemptState, trace: TraceAddress): Promise<void>
  finish(place: Place, ending: Ending): Promise<string | undefined>
  /** The ids of the lanes' heads, in the given order; '' for an empty lane. */
  heads(lanes: readonly LaneName[]): Promise<readonly string[]>
  /** @throws {Stopping} when somebody else has finished the message meanwhile */
  savePlan(place: Place, plan: string): Promise<void>
  /** `parts`: how many are done by now, so that saying it twice does no harm. */
  partDone(place: Place, parts: number): Promise<void>
  /** These heads have a job now. */
  paid(heads: readonly Place[]): Promise<void>
  /** Heads that have been owed a job since before `until` (ms), oldest first. Some may have got one, or be gone, meanwhile. */
  owed(until: number, limit: number, offset: number): Promise<readonly Place[]>
}

/** A lane: a queue's name, and the customer's id in {@link safeId} form (or, for receipts, the receipt's own name). */
export interface LaneName {
  readonly queue: string
  readonly user: string
}

/** A message's place: its lane and its id in {@link safeId} form. */
export interface Place extends LaneName {
  readonly id: string
}

/** Where a message's trace is kept, and what to add to it (from {@link writeStep}, or ''). */
export interface TraceAddress {
  readonly journal: string
  readonly field: string
  readonly step: string
}

/** One event to store. Without `entry` it is only noted, so that its repeats are recognised. */
export interface AdmitEntry extends Place {
  readonly channel: string
  /** Where repeats are looked for, and the trace that starts. */
  readonly trace: { readonly day: number; readonly shard: number; readonly field: string; readonly text: string }
  /** From {@link laneEntry}. */
  readonly entry?: string
  /** The customer can be reached or not: `m` is the weak sign of life that a message is. */
  readonly mark?: { readonly sign: 'b' | 'u' | 'm'; readonly user: string; readonly at: number }
}

/** `first`: stored at the head of an empty lane, which needs a job now. */
export type Admission = 'duplicate' | 'behind' | 'first' | 'noted'

/** What an attempt starts from. */
export interface Taken {
  readonly receivedAt: number
  readonly envelope: string
  /** 1 for the first. */
  readonly attempt: number
  readonly inDoubt: boolean
  /** The sum of the planned delays so far. */
  readonly spentMs: number
  readonly plan: string | undefined
  readonly partsDone: number
  readonly blocked: boolean
  /** How long everything that shares this queue's budget still has to wait. */
  readonly heldMs: number
}

/** How an attempt ended that will be followed by another. */
export interface AttemptState {
  readonly attempts: number
  readonly inDoubt: boolean
  readonly spentMs: number
}

/** How a message leaves its lane. */
export interface Ending {
  readonly now: number
  readonly trace: TraceAddress
  /** The dead letter, when it was given up. */
  readonly letter?: string
  /** The receipt to send, stored together with the ending so that no crash can part them. */
  readonly receipt?: LaneName & { readonly entry: string }
}

/** Repeats are recognised for 72 h: today and three days before. https://developers.line.biz/en/docs/messaging-api/receiving-messages/#webhook-redelivery */
const rememberedDays = 3

const secondsPerDay = 86_400

/** A lane's list entry: id and time in front, so that scripts need no JSON. */
export const laneEntry = (id: string, receivedAt: number, envelope: string): string => `${id} ${receivedAt} ${envelope}`

/** The inverse of {@link laneEntry}. */
export function parseLaneEntry(entry: string): {
  readonly id: string
  readonly receivedAt: number
  readonly envelope: string
} {
  const afterId = entry.indexOf(' ')
  const afterTime = entry.indexOf(' ', afterId + 1)
  return {
    id: entry.slice(0, afterId),
    receivedAt: Number(entry.slice(afterId + 1, afterTime)),
    envelope: entry.slice(afterTime + 1),
  }
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    laneAdmit(base: string, ...values: (string | number)[]): Result<number[], Context>
    laneTake(
      base: string,
      ...values: string[]
    ): Result<[string, number, string, string, string, string, number, number] | null, Context>
    laneSettle(base: string, ...values: (string | number)[]): Result<number, Context>
    laneFinish(base: string, ...values: (string | number)[]): Result<string | null, Context>
    laneNote(base: string, ...values: (string | number)[]): Result<number, Context>
    laneHeads(base: string, ...values: string[]): Result<string[], Context>
  }
}

const scripts = {
  laneAdmit: 'admit',
  laneTake: 'take',
  laneSettle: 'settle',
  laneFinish: 'finish',
  laneNote: 'note',
  laneHeads: 'heads',
}
const answers: readonly Admission[] = ['duplicate', 'behind', 'first', 'noted']

/**
 * @param settings.base what every key starts with, hash tag included: `{bridge}:`
 * @param settings.traceDays how long traces are kept
 */
export function createLanes(settings: {
  readonly redis: Redis
  readonly base: string
  readonly traceDays: number
}): Lanes {
  const { redis, base, traceDays } = settings
  defineScripts(redis, scripts)
  const keepSeconds = Math.ceil(Math.max(traceDays + 1, rememberedDays + 2) * secondsPerDay)

  return {
    async admit(entries, now) {
      const values = entries.flatMap(({ queue, channel, user, trace, entry, mark }) => [
        entry === undefined ? 'n' : 'm',
        queue,
        channel,
        user,
        trace.day,
        trace.shard,
        trace.field,
        trace.text,
        entry ?? '',
        mark?.sign ?? '',
        mark?.user ?? '',
        mark?.at ?? 0,
      ])
      const found = await redis.laneAdmit(base, now, rememberedDays, keepSeconds, ...values)
      return found.map((answer) => answers[answer] ?? 'noted')
    },

    async take({ queue, user, id, channel, holdKey }) {
      const found = await redis.laneTake(base, queue, user, id, channel, holdKey)
      if (!found) return undefined
      const [entry, attempt, doubt, spent, plan, parts, blocked, held] = found
      return {
        ...parseLaneEntry(entry),
        attempt,
        inDoubt: doubt === '1',
        spentMs: Number(spent),
        plan: plan === '' ? undefined : plan,
        partsDone: Number(parts),
        blocked: blocked === 1,
        heldMs: held,
      }
    },

    async settle({ queue, user, id }, attempt, state, { journal, field, step }) {
      const { attempts, inDoubt, spentMs } = state
      await redis.laneSettle(base, queue, user, id, attempts, inDoubt ? 1 : 0, spentMs, journal, field, step, attempt)
    },

    async finish({ queue, user, id }, { now, trace, letter, receipt }) {
      const { journal, field, step } = trace
      const about = [receipt?.queue ?? '', receipt?.user ?? '', receipt?.entry ?? '']
      const next = await redis.laneFinish(base, queue, user, id, now, journal, field, step, letter ?? '', ...about)
      return next || undefined
    },

    heads: (lanes) => redis.laneHeads(base, ...lanes.flatMap(({ queue, user }) => [queue, user])),

    async savePlan({ queue, user, id }, plan) {
      const saved = await redis.laneNote(base, queue, user, id, 'plan', plan)
      if (saved === 0) throw new Stopping('Somebody else has finished this message.')
    },

    async partDone({ queue, user, id }, parts) {
      await redis.laneNote(base, queue, user, id, 'parts', parts)
    },

    async paid(heads) {
      if (heads.length > 0)
        await redis.zrem(`${base}owed`, ...heads.map(({ queue, user, id }) => `${queue} ${user} ${id}`))
    },

    async owed(until, limit, offset) {
      const members = await redis.zrangebyscore(`${base}owed`, '-inf', until, 'LIMIT', offset, limit)
      return members.map((member) => {
        const [queue = '', user = '', id = ''] = member.split(' ')
        return { queue, user, id }
      })
    },
  }
}
