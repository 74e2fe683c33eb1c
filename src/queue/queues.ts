import { type Job, type JobsOptions, Queue } from 'bullmq'
import type { Flow } from '../bridge/events.ts'
import type { Redis } from '../lib/redis.ts'
import type { Lanes, Place } from './lanes.ts'
import { flows, jobId, messageOf, parseQueueName, queueName } from './names.ts'

/**
 * A job of ours: which lane's head it stands for. The message itself lies in the lane, and its id is the job's own: there are as many jobs
 * as customers whose messages wait, so that each byte counts. Version 1 named the message once more.
 */
export interface HeadJob {
  readonly v: 1 | 2
  readonly ids: { readonly message?: string; readonly user: string }
}

/** The BullMQ queues, one for each channel and flow, and the way in which a lane's head gets its job. */
export interface Queues {
  readonly all: readonly Queue[]
  has(name: string): boolean
  get(channel: string, flow: Flow): Queue
  /**
   * Gives heads their jobs; many calls at about the same time become one. Rejects when Redis is away: the sweep then does it.
   * @param delayMs how long they have to wait, if at all
   */
  addHeads(heads: readonly Place[], delayMs?: number): Promise<void>
  /** Names the head that a job stands for. To be called before anything is done for it: it also tells BullMQ what becomes of the job. */
  begin(job: Job<HeadJob>): Place
  /** Lets these messages of a queue be tried now, those of them that wait for their next attempt. */
  promote(queue: string, ids: readonly string[]): Promise<void>
  /** Lets everything that waits for its next attempt be tried now. */
  retryNow(): Promise<void>
  close(): Promise<void>
}

/** More urgent receipts first: who waits for an answer should learn at once that it failed. BullMQ: 1 is the most urgent. */
const receiptPriority = (id: string): number => (id.startsWith('failed.') ? 1 : 2)

/** A head that is to get a job. */
type Due = Place & { readonly delayMs: number }

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

  const toJob = ({ queue, user, id, delayMs }: Due) => ({
    name: parseQueueName(queue).flow,
    data: { v: 2, ids: { user } } satisfies HeadJob,
    opts: {
      jobId: jobId(id),
      ...(delayMs > 0 && { delay: Math.ceil(delayMs) }),
      ...(parseQueueName(queue).flow === 'receipts' && { priority: receiptPriority(id) }),
    },
  })

  async function add(heads: readonly Due[]): Promise<void> {
    const byQueue = Map.groupBy(heads, ({ queue }) => queue)
    await Promise.all([...byQueue].map(([name, places]) => named(name).addBulk(places.map(toJob))))
    await lanes.paid(heads)
  }

  // While one call is under way, the next ones gather and then go together.
  let gathering: { heads: Due[]; done: Promise<void> } | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  return {
    all: [...queues.values()],
    has: (name) => queues.has(name),
    get: (channel, flow) => named(queueName(channel, flow)),

    addHeads(heads, delayMs = 0) {
      if (heads.length === 0) return Promise.resolve()
      if (!gathering) {
        const next: { heads: Due[]; done: Promise<void> } = { heads: [], done: Promise.resolve() }
        next.done = underWay.then(() => {
          gathering = undefined
          return add(next.heads)
        })
        underWay = next.done.catch(() => undefined)
        gathering = next
      }
      for (const head of heads) gathering.heads.push({ ...head, delayMs })
      return gathering.done
    },

    begin(job) {
      Object.assign(job.opts, whatBecomesOfJobs)
      const { user, message = messageOf(job.id ?? '') } = job.data.ids
      return { queue: job.queueName, user, id: message }
    },

    async promote(name, ids) {
      const jobs = await Promise.all(ids.map((id) => named(name).getJob(jobId(id))))
      // One that does not wait any more is being tried, or was taken up by another process: all the better.
      await Promise.allSettled(jobs.map((job) => job?.promote()))
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
