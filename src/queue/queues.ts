import { type BulkJobOptions, type Job, type JobsOptions, Queue, UnrecoverableError } from 'bullmq'
import type { Flow } from '../bridge/events.ts'
import type { Redis } from '../lib/redis.ts'
import type { Head, Lanes, Place } from './lanes.ts'
import { flows, jobId, messageOf, parseQueueName, parseTurnJobId, queueName, turnJobId } from './names.ts'

/**
 * A job of ours: which heads can be taken. The messages themselves lie in their lanes. Several that became heads at about the same time
 * share a job, because BullMQ costs as much for each as a delivery does.
 */
export interface HeadsJob {
  readonly v: 3
  readonly heads: readonly (readonly [user: string, id: string])[]
  /** The turn for which its only head waited; 0 when its heads have never waited for one. Absent: whatever they wait for. */
  readonly turn?: number
  /** Why its message was given up, if it was: the job only tells of that in the dashboard. */
  readonly dead?: string
}

/** A job for one head that waits; its name tells the message and the turn. While a platform is away, each waiting customer has one. */
interface TurnJob {
  readonly v: 3
  readonly user: string
}

/** What earlier releases wrote: one head, whose id is the job's own. Version 1 named it once more. */
interface HeadJob {
  readonly v: 1 | 2
  readonly ids: { readonly message?: string; readonly user: string }
}

export type LaneJob = HeadsJob | TurnJob | HeadJob

function headsOf(job: Job<LaneJob>): readonly Head[] {
  const { queueName: queue, data } = job
  if ('ids' in data) {
    const { user, message = messageOf(job.id ?? '') } = data.ids
    return [{ queue, user, id: message, turn: 0 }]
  }
  if ('user' in data) return [{ queue, user: data.user, ...parseTurnJobId(job.id ?? '') }]
  const { heads, turn } = data
  return heads.map(([user, id]) => ({ queue, user, id, ...(turn !== undefined && { turn }) }))
}

/** When heads are to be taken. */
export interface HowSoon {
  readonly atFront?: true
  readonly addedAt?: number
  readonly delayMs?: number
}

/** The BullMQ queues, one for each channel and flow, and the way in which lanes' heads get their jobs. */
export interface Queues {
  readonly all: readonly Queue[]
  has(name: string): boolean
  get(channel: string, flow: Flow): Queue
  /**
   * Gives heads their jobs; many calls at about the same time become one. Rejects when Redis is away: the sweep then does it.
   * @param about.atFront before all others; `addedAt` when they had a job first, in ms since the epoch; `delayMs` not before
   */
  addHeads(heads: readonly Head[], about?: HowSoon): Promise<void>
  /** As {@link addHeads}, for heads that have never been tried. */
  addNew(heads: readonly Place[]): Promise<void>
  /** Gives a head that has to wait a job of its own. */
  addLater(head: Place, wait: { readonly turn: number; readonly delayMs: number }): Promise<void>
  /** Shows a message that was given up in the dashboard. */
  addDead(message: Place, why: string): Promise<void>
  /**
   * As {@link headsOf}, before anything is done for the job: it also tells BullMQ what becomes of it.
   * @throws {UnrecoverableError} when the job only tells that a message was given up
   */
  begin(job: Job<LaneJob>): readonly Head[]
  /** Names the heads of a job. */
  headsOf(job: Job<LaneJob>): readonly Head[]
  /** Lets heads of a queue that wait for these turns be tried now. */
  promote(queue: string, waiting: readonly Pick<Required<Head>, 'id' | 'turn'>[]): Promise<void>
  /** Lets everything that waits for its next attempt be tried now. */
  retryNow(): Promise<void>
  close(): Promise<void>
}

/** More urgent receipts first: who waits for an answer should learn at once that it failed. BullMQ: 1 is the most urgent. */
const receiptPriority = (id: string): number => (id.startsWith('failed.') ? 1 : 2)

/** Few enough that those of a job are begun at about the same time. */
const headsPerJob = 16

/** A job that is to be added. */
interface Due {
  readonly queue: string
  readonly heads: readonly Head[]
  readonly data: LaneJob
  readonly opts: BulkJobOptions
}

/** A job is only a pointer, so it may be tried for as long as the lane has its message; the worker decides when to give up. */
const unlimitedAttempts = 2 ** 31 - 1

/** Nobody listens to BullMQ's events, which are as large as traces; it would keep the latest 10,000 of each queue. */
const keptEvents = 100

/**
 * @param settings.prefix BullMQ's key prefix, hash tag included: `{bridge}`
 * @param settings.failedDays how long jobs of dead letters stay visible in the dashboard
 */
export function createQueues(settings: {
  readonly redis: Redis
  readonly lanes: Lanes
  readonly prefix: string
  readonly channels: readonly string[]
  readonly failedDays: number
  readonly onError: (error: Error) => void
}): Queues {
  const { redis, lanes, prefix, channels, failedDays, onError } = settings
  const queues = new Map<string, Queue>()
  for (const channel of channels) {
    for (const flow of flows) {
      const name = queueName(channel, flow)
      const queue = new Queue(name, {
        connection: redis,
        prefix,
        skipVersionCheck: true,
        streams: { events: { maxLen: keptEvents } },
        // Heads can get their jobs as soon as Redis answers; BullMQ would first wait for a signal of its own.
        skipWaitingForReady: true,
      })
      queue.on('error', onError)
      queues.set(name, queue)
    }
  }

  function named(name: string): Queue {
    const queue = queues.get(name)
    if (!queue) throw new Error(`There is no queue ${name}.`)
    return queue
  }

  /** The same for all jobs. BullMQ would store it with each; it looks at a job's options only when the job has ended. */
  const whatBecomesOfJobs: JobsOptions = {
    attempts: unlimitedAttempts,
    backoff: { type: 'fixed', delay: 1_000 },
    removeOnComplete: true,
    removeOnFail: { age: failedDays * 86_400, count: 10_000 },
  }

  const prioritized = (queue: string, id: string): BulkJobOptions =>
    parseQueueName(queue).flow === 'receipts' ? { priority: receiptPriority(id) } : {}

  const toJob = ({ queue, data, opts }: Due) => ({ name: parseQueueName(queue).flow, data, opts })

  /** Adds jobs to one queue. For several BullMQ makes a pipeline, which takes longer than all else that a single message needs. */
  async function addTo(queue: Queue, jobs: readonly ReturnType<typeof toJob>[]): Promise<void> {
    const [first, ...others] = jobs
    if (first && others.length === 0) await queue.add(first.name, first.data, first.opts)
    else await queue.addBulk([...jobs])
  }

  /** Where one queue fails, the others have their jobs. */
  async function add(jobs: readonly Due[]): Promise<void> {
    const byQueue = [...Map.groupBy(jobs, ({ queue }) => queue)]
    const added = await Promise.allSettled(byQueue.map(async ([name, some]) => addTo(named(name), some.map(toJob))))
    const paid = byQueue.filter((_, index) => added[index]?.status === 'fulfilled')
    await lanes.paid(paid.flatMap(([, some]) => some.flatMap(({ heads }) => heads)))
    for (const one of added) if (one.status === 'rejected') throw one.reason
  }

  /** Heads of one queue and of one priority share jobs. */
  function shared(heads: readonly Head[], opts: BulkJobOptions = {}): readonly Due[] {
    const alike = Map.groupBy(
      heads,
      ({ queue, id, turn }) => `${queue} ${prioritized(queue, id).priority ?? ''} ${turn ?? ''}`,
    )
    const jobs: Due[] = []
    for (const some of alike.values()) {
      const { queue, id, turn } = some[0] as Head
      for (let from = 0; from < some.length; from += headsPerJob) {
        const heads = some.slice(from, from + headsPerJob)
        const names = heads.map((head) => [head.user, head.id] as const)
        const data: HeadsJob = { v: 3, heads: names, ...(turn !== undefined && { turn }) }
        jobs.push({ queue, heads, data, opts: { ...opts, ...prioritized(queue, id) } })
      }
    }
    return jobs
  }

  // While one call is under way, the next ones gather and then go together.
  let gathering: { heads: Head[]; jobs: Due[]; done: Promise<void> } | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  function gathered() {
    if (gathering) return gathering
    const next = { heads: [] as Head[], jobs: [] as Due[], done: Promise.resolve() }
    next.done = underWay.then(() => {
      gathering = undefined
      return add([...shared(next.heads), ...next.jobs])
    })
    underWay = next.done.catch(() => undefined)
    gathering = next
    return next
  }

  return {
    all: [...queues.values()],
    has: (name) => queues.has(name),
    get: (channel, flow) => named(queueName(channel, flow)),

    addHeads(heads, about) {
      if (heads.length === 0) return Promise.resolve()
      const { heads: all, jobs, done } = gathered()
      if (about) {
        const { atFront, addedAt, delayMs } = about
        const opts = {
          ...(atFront && { lifo: true }),
          ...(addedAt !== undefined && { timestamp: addedAt }),
          ...(delayMs !== undefined && { delay: delayMs }),
        }
        jobs.push(...shared(heads, opts))
      } else all.push(...heads)
      return done
    },

    addNew(heads) {
      if (heads.length === 0) return Promise.resolve()
      const { heads: all, done } = gathered()
      for (const { queue, user, id } of heads) all.push({ queue, user, id, turn: 0 })
      return done
    },

    addLater(head, { turn, delayMs }) {
      const { queue, id } = head
      const opts = { jobId: turnJobId(id, turn), delay: Math.ceil(delayMs), ...prioritized(queue, id) }
      const { jobs, done } = gathered()
      jobs.push({ queue, heads: [{ ...head, turn }], data: { v: 3, user: head.user }, opts })
      return done
    },

    async addDead({ queue, user, id }, why) {
      const data: HeadsJob = { v: 3, heads: [[user, id]], dead: why }
      await named(queue).add(parseQueueName(queue).flow, data, { jobId: jobId(id) })
    },

    begin(job) {
      Object.assign(job.opts, whatBecomesOfJobs)
      if ('dead' in job.data && job.data.dead !== undefined) throw new UnrecoverableError(job.data.dead)
      return headsOf(job)
    },
    headsOf,

    async promote(name, waiting) {
      const found = await Promise.all(waiting.map(({ id, turn }) => named(name).getJob(turnJobId(id, turn))))
      // One that does not wait any more is being tried, or was taken up by another process: all the better.
      await Promise.allSettled(found.map((job) => job?.promote()))
    },

    async retryNow() {
      await Promise.all([...queues.values()].map((queue) => queue.promoteJobs()))
    },

    async close() {
      await underWay
      await Promise.all([...queues.values()].map((queue) => queue.close()))
    },
  }
}

export type { Job, Queue }
