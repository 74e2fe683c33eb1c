import { randomBytes } from 'node:crypto'
import type { Result } from 'ioredis'
import { Stopping } from '../bridge/errors.ts'
import { type Redis, sendNow } from '../lib/redis.ts'
import { createDebts, type Debts, debtIsOldMs } from './debts.ts'
import { createSteps, defineScripts } from './scripts.ts'

/**
 * Order within a conversation, and once-only admission.
 *
 * The waiting messages of a conversation lie in a Redis list, its *lane*, one for each direction. Only a lane's head can be
 * delivered. BullMQ hands heads out: a job names a few that can be taken, or one that is to be taken later. Only a process that
 * has just stored a head, and has a place free for it, takes it without a job. Whoever takes a head has it in its hands until it has been
 * delivered, then goes on with the lane's next one, or adds a job for it. So BullMQ does what it is good at (workers, locks,
 * waiting, delays) and never needs to know about order. Every change of a lane is one script, hence atomic.
 *
 * A head without a job, and in nobody's hands, could never move. So the script that makes a head also writes it down as *owed* a
 * job, and so does the one that takes it. Whoever has it in its hands keeps the debt young; when that process dies, the debt grows old,
 * and the {@link createSweep} of another one pays it.
 *
 * | the process dies | what remains | healed by |
 * | --- | --- | --- |
 * | before `admit` | nothing, and no 200 | the platform's redelivery |
 * | between `admit` and the job, or the taking | a head that is owed a job | the sweep |
 * | before all heads of a job are taken | a stalled job | BullMQ runs it again; heads that are gone, or in hands, are left alone |
 * | while delivering, or before `finish` | a head whose debt grows old; the attempt is in doubt | the sweep; LINE knows the retry key |
 * | between `finish` and the next one | a head that is owed a job | the sweep |
 * | after the next job, before its own is completed | a job whose message is no head any more | it runs, finds that out, and ends |
 */
export interface Lanes extends Debts {
  admit(entries: readonly AdmitEntry[], now: number): Promise<readonly Admission[]>
  /**
   * @returns undefined when it is no head (any more), or in the hands of a process that is alive, or waits for a later turn, or has
   *   no job while its queue is stopped
   */
  take(head: Head & Taker): Promise<Taken | undefined>
  /**
   * Lets a head that was to be tried wait for another turn.
   * @returns its turn; undefined as for {@link take}; 0 when it was never tried, and nothing was done
   */
  postpone(head: Head): Promise<number | undefined>
  /** Is the message its lane's head still, and the attempt of that token the latest? */
  isCurrent(place: Place, token: string): Promise<boolean>
  /** @returns the turn for which the message waits now; undefined when the attempt of that token was overtaken by another one */
  settle(place: Place, token: string, state: AttemptState, trace: TraceAddress): Promise<number | undefined>
  /** @returns the lane's next head, undefined when the lane is empty now, or false when nothing was done: it is no head (any more) */
  finish(place: Place, ending: Ending): Promise<Following | undefined | false>
  /** How the lanes' heads stand, in the given order; undefined for an empty lane. */
  heads(lanes: readonly LaneName[]): Promise<readonly (StandingHead | undefined)[]>
  /** @throws {Stopping} when somebody else has finished the message meanwhile, or has begun the next attempt at it */
  savePlan(place: Place, plan: string, token?: string): Promise<void>
  /** `parts`: how many are done by now, so that saying it twice does no harm. */
  partDone(place: Place, parts: number): Promise<void>
}

/** A lane: a queue's name, and the customer's id in {@link safeId} form (or, for receipts, their message's). */
export interface LaneName {
  readonly queue: string
  readonly user: string
}

/** A message's place: its lane and its id in {@link safeId} form. */
export interface Place extends LaneName {
  readonly id: string
}

/**
 * A lane's head that is to be tried. `turn`: the wait that is over, when its job was for that; a message waits many times, and a job that
 * comes for an earlier wait comes for nothing. `jobless`: no job led to it, and BullMQ has not said that its queue may go on.
 */
export interface Head extends Place {
  readonly turn?: number
  readonly jobless?: boolean
}

/** `turn`: it waits for that; absent when it does not wait. `owed`: it is in somebody's hands, or will get a job. */
export interface StandingHead extends Head {
  readonly owed: boolean
}

/** Where a message's trace is kept, and what to add to it (from {@link writeStep}, or ''). */
export interface TraceAddress {
  readonly journal: string
  readonly field: string
  readonly step: string
}

/**
 * One event to store. Without `entry` it is only noted, so that its repeats are recognised. The place is the entry's, which need not be the
 * event's own: of a message that was refused it is its receipt's.
 */
export interface AdmitEntry extends Place {
  readonly channel: string
  /**
   * When the sender made it, in ms since the epoch: it cannot have come before. Absent, or a time that cannot be: it may have come on any of the
   * days that are remembered.
   */
  readonly madeAt?: number
  /** Where repeats are looked for, and the trace that starts. */
  readonly trace: { readonly day: number; readonly shard: number; readonly field: string; readonly text: string }
  /** From {@link laneEntry}. */
  readonly entry?: string
  /** The customer can be reached or not, as of `at` (ms); `m` is the weak sign of life that a message is. */
  readonly mark?: { readonly sign: 'b' | 'u' | 'm'; readonly at: number }
  /** A message of the same lane that was taken back, before `entry` is stored. */
  readonly withdrawn?: { readonly id: string; readonly shard: number; readonly field: string }
  /** A dead letter without a message, from {@link writeLostLetter}. */
  readonly lost?: { readonly id: string; readonly letter: string }
}

/** `first`: stored at the head of an empty lane, which needs a job now. */
export type Admission = 'duplicate' | 'behind' | 'first' | 'noted'

/** What an attempt starts from. */
export interface Taken {
  readonly receivedAt: number
  /** Undefined: the content was taken back while the message waited. */
  readonly envelope: string | undefined
  /** 1 for the first, and for the first after a replay. */
  readonly attempt: number
  /** By which this attempt is told from all others; numbers come again. */
  readonly token: string
  /** When it was asked for, in ms since the epoch: the answer may have come late. */
  readonly askedAt: number
  readonly inDoubt: boolean
  /** The sum of the planned delays so far. */
  readonly spentMs: number
  readonly plan: string | undefined
  readonly partsDone: number
  /** When the key of the first part that is not confirmed was first used, ms since the epoch; undefined before there is a plan. */
  readonly keyUsedAt: number | undefined
  readonly blocked: boolean
  /** How long everything that shares this queue's budget still has to wait. */
  readonly heldMs: number
  /** The attempt before this one has not ended: its process has died, or was out of reach for a while. */
  readonly overtakes: boolean
}

/** What an attempt has to know of the budget that it spends. */
export interface Taker {
  readonly channel: string
  readonly holdKey: string
}

/** The head after one that has left its lane. */
export interface Following {
  readonly id: string
  /** It was taken at once. */
  readonly taken?: Taken
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
  /** The token of the attempt that gives it up: nothing happens when another has begun meanwhile. */
  readonly givenUpBy?: string
  /** The lane's next head is to be taken at once. */
  readonly takeNext?: Taker
  /** The receipt to send, stored together with the ending so that no crash can part them. */
  readonly receipt?: LaneName & { readonly entry: string }
}

/** Repeats are recognised for 72 h: today and three days before. https://developers.line.biz/en/docs/messaging-api/receiving-messages/#webhook-redelivery */
const rememberedDays = 3

/**
 * A platform remembers the key of a request for a day. So long after its first use, a key under which nothing can have arrived is
 * certainly a new one again. https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
 */
const keyIsNewMs = String(25 * 3_600_000)

/** See {@link debtIsOldMs}. */
const youngMs = String(debtIsOldMs)

/** Senders' clocks may go wrong by so much; a time that is further in the future says nothing. */
const madeWithinMs = 3_600_000

const secondsPerDay = 86_400
const msPerDay = 86_400_000
/** Clocks of our machines differ by less than this. */
const nearMidnightMs = 600_000

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

/** What stands in place of an envelope is a word that says why there is none; an envelope is JSON. */
export const contentOf = (envelope: string): string | undefined => (envelope.startsWith('{') ? envelope : undefined)

declare module 'ioredis' {
  interface RedisCommander<Context> {
    laneAdmit(base: string, ...values: (string | number)[]): Result<number[], Context>
    laneHeads(base: string, ...values: string[]): Result<(string | number)[], Context>
    lanePostpone(base: string, ...values: (string | number)[]): Result<number, Context>
  }
}

const scripts = {
  laneAdmit: 'admit',
  laneHeads: 'heads',
  lanePostpone: 'postpone',
}
/** Entry, attempt, doubt, spent ms, plan, parts, blocked, held ms, time of the key, open. */
type TakeAnswer = [string, number, string, string, string, string, number, number, string, number]
const answers: readonly Admission[] = ['duplicate', 'behind', 'first', 'noted']

function takenFrom(answer: TakeAnswer, { token, askedAt }: Pick<Taken, 'token' | 'askedAt'>): Taken {
  const [entry, attempt, doubt, spent, plan, parts, blocked, held, keyAt, open] = answer
  const { receivedAt, envelope } = parseLaneEntry(entry)
  return {
    receivedAt,
    envelope: contentOf(envelope),
    attempt,
    token,
    askedAt,
    inDoubt: doubt === '1',
    spentMs: Number(spent),
    plan: plan === '' ? undefined : plan,
    partsDone: Number(parts),
    // An earlier release saved plans without the time; it cannot have been before the message came.
    keyUsedAt: keyAt !== '' ? Number(keyAt) : plan === '' ? undefined : receivedAt,
    blocked: blocked === 1,
    heldMs: held,
    overtakes: open === 1,
  }
}

/** On how many days before today can an event have come that was made then? */
function daysSince(madeAt: number | undefined, now: number): number {
  if (madeAt === undefined || madeAt > now + madeWithinMs) return rememberedDays
  const days = Math.floor(now / msPerDay) - Math.floor((madeAt - madeWithinMs) / msPerDay)
  return Math.min(days, rememberedDays)
}

/** What an event is to the script, and the content that goes with it. */
function kindOf({ entry, withdrawn, lost }: AdmitEntry): readonly [string, string] {
  if (withdrawn) return ['w', `${withdrawn.id} ${withdrawn.shard} ${withdrawn.field} ${entry ?? ''}`]
  if (entry !== undefined) return ['m', entry]
  return lost ? ['l', `${lost.id} ${lost.letter}`] : ['n', '']
}

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
  const run = createSteps({ redis, base, files: ['take', 'settle', 'finish', 'note'] })
  const keepSeconds = Math.ceil(Math.max(traceDays + 1, rememberedDays + 2) * secondsPerDay)

  const who = randomBytes(6).toString('base64url')
  let takes = 0
  function newToken(): string {
    takes += 1
    return who + takes
  }

  return {
    ...createDebts({ redis, base }),

    async admit(entries, now) {
      const ahead = now % msPerDay > msPerDay - nearMidnightMs ? 1 : 0
      const values: (string | number)[] = []
      for (const event of entries) {
        const { queue, user, trace, mark, madeAt } = event
        const { day, shard, field, text } = trace
        const back = daysSince(madeAt, now)
        const marked = mark ? `${mark.sign} ${Math.trunc(mark.at)}` : '- 0'
        const [kind, content] = kindOf(event)
        values.push(
          `${kind} ${queue} ${user || '-'} ${day} ${back} ${ahead} ${shard} ${field} ${marked}\n${text}\n${content}`,
        )
      }
      const found = redis.laneAdmit(base, now, rememberedDays, keepSeconds, ...values)
      sendNow(redis)
      return (await found).map((answer) => answers[answer] ?? 'noted')
    },

    async take({ queue, user, id, turn = '', jobless, channel, holdKey }) {
      const [token, askedAt] = [newToken(), Date.now()]
      const values = [queue, user, id, channel, holdKey, String(askedAt), keyIsNewMs, token, youngMs, String(turn)]
      if (jobless) values.push('1')
      const found = await run<TakeAnswer | null>('take', values)
      return found ? takenFrom(found, { token, askedAt }) : undefined
    },

    async postpone({ queue, user, id, turn = '' }) {
      const next = await redis.lanePostpone(base, queue, user, id, turn, debtIsOldMs)
      return next === 0 ? undefined : Math.max(next, 0)
    },

    async isCurrent({ queue, user, id }, token) {
      const [head, latest] = await redis.hmget(`${base}attempt:${queue}:${user}`, 'id', 'token')
      return head === id && latest === token
    },

    async settle({ queue, user, id }, token, state, { journal, field, step }) {
      const { attempts, inDoubt, spentMs } = state
      const values = [queue, user, id, `${attempts}`, inDoubt ? '1' : '0', `${spentMs}`, journal, field, step, token]
      return (await run<number>('settle', values)) || undefined
    },

    async finish({ queue, user, id }, { now, trace, letter, receipt, givenUpBy, takeNext }) {
      const { journal, field, step } = trace
      const values = [queue, user, id, String(now), journal, field, step, letter ?? '']
      values.push(receipt?.queue ?? '', receipt?.user ?? '', receipt?.entry ?? '', givenUpBy ?? '')
      const [token, askedAt] = [takeNext ? newToken() : '', Date.now()]
      if (takeNext) values.push(takeNext.channel, takeNext.holdKey, keyIsNewMs, token, youngMs)
      const next = await run<string | TakeAnswer | null>('finish', values)
      if (next === null) return false
      if (typeof next === 'string') return next === '' ? undefined : { id: next }
      return { id: parseLaneEntry(next[0]).id, taken: takenFrom(next, { token, askedAt }) }
    },

    async heads(lanes) {
      const found = await redis.laneHeads(base, ...lanes.flatMap(({ queue, user }) => [queue, user]))
      return lanes.map(({ queue, user }, index) => {
        const [id, turn, owed] = found.slice(3 * index, 3 * index + 3) as [string, number, number]
        return id === '' ? undefined : { queue, user, id, owed: owed === 1, ...(turn > 0 && { turn }) }
      })
    },

    async savePlan({ queue, user, id }, plan, token) {
      const saved = await run<number>('note', [queue, user, id, 'plan', plan, String(Date.now()), token ?? ''])
      if (saved === 0) throw new Stopping('Somebody else has finished this message.')
    },

    async partDone({ queue, user, id }, parts) {
      await run('note', [queue, user, id, 'parts', String(parts), String(Date.now())])
    },
  }
}
