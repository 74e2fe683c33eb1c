import type { Emit, Flow } from '../bridge/events.ts'
import { createFaultPoints, type FaultPoints } from '../lib/fault-points.ts'
import type { Redis } from '../lib/redis.ts'
import type { Sealer } from '../lib/seal.ts'
import { createAdmission, type HeardMessage, StoreUnavailable } from './admission.ts'
import type { OnReceipt } from './attempts.ts'
import { type Budget, createBudget, prepareBudgets } from './budget.ts'
import { createCodec } from './envelope.ts'
import { type QueueFigures, readFigures } from './figures.ts'
import { createFinder, type Finder } from './find.ts'
import { createLanes, type Place } from './lanes.ts'
import { createLetters } from './letters.ts'
import { createOperations, type Operations } from './operations.ts'
import { createPauses } from './pauses.ts'
import type { Item } from './payload.ts'
import { createPressure, type OverloadLimits } from './pressure.ts'
import { createQueues, type Queue } from './queues.ts'
import { createSweep } from './sweep.ts'
import { createUnsent, type UnsentMessage } from './unsent.ts'
import { createWorker, type Route } from './worker.ts'

export { StoreUnavailable } from './admission.ts'
export type { Budget } from './budget.ts'
export type { DeadLetter, LetterFilter } from './letters.ts'
export type { Chosen, Moved, Operations, Paused, Skip } from './operations.ts'
export type { QueuedDelivery, Route } from './worker.ts'

/** Leaves time to answer 503 within 1.5 s. */
const admissionTimeoutMs = 1_000

/** Everything between a webhook that was read and a delivery that is to be made. */
export interface Queueing {
  /** @throws {StoreUnavailable} */
  admit(channel: string, flow: Flow, heard: readonly HeardMessage[]): Promise<void>
  /** The request budget of that name; the same object for the same name. */
  budget(name: string, perMinute?: number): Budget
  /** Starts to deliver one flow of one channel. */
  work<T extends Item>(route: Route<T>): void
  /** Mends and erases, in the background. */
  startSweep(): void
  /** Watches for overload, in the background: `admit` then refuses what would be too much. */
  watchPressure(): void
  /** For the dashboard. */
  readonly queues: readonly Queue[]
  figures(): Promise<readonly QueueFigures[]>
  /** The search over all messages of the last weeks. */
  readonly find: Finder['find']
  /** What people may do to dead letters and queues. */
  readonly operations: Operations
  /** Lets everything that waits for its next attempt be tried now. */
  retryNow(): Promise<void>
  /** Ends waits, lets deliveries in flight finish, then closes. */
  stop(): Promise<void>
}

/**
 * @param settings.eraseFiles erases what else is kept of a message that was taken back, such as its files; absent where the media store
 *   cannot be reached
 * @param settings.front refuses commands at once while Redis is away; used for what webhooks wait for
 * @param settings.back waits for Redis to come back; used by workers
 * @param settings.faults where this process is to die, for tests
 * @param settings.overload when to refuse webhooks; absent: never
 * @param settings.redisMemoryBytes see {@link createPressure}
 */
export function createQueueing(settings: {
  readonly front: Redis
  readonly back: Redis
  readonly keyPrefix: string
  readonly sealer: Sealer
  readonly channels: readonly string[]
  readonly traceDays: number
  readonly deadLetterDays: number
  readonly emit: Emit
  readonly onError: (error: Error) => void
  readonly faults?: FaultPoints
  readonly overload?: OverloadLimits
  readonly redisMemoryBytes?: number
  readonly eraseFiles?: (message: UnsentMessage) => Promise<unknown>
}): Queueing {
  const { front, back, keyPrefix, sealer, channels, traceDays, deadLetterDays, emit, onError } = settings
  const { faults = createFaultPoints(undefined), eraseFiles } = settings
  // The braces are a hash tag: a Redis Cluster then keeps all our keys in one slot, as scripts need it.
  const prefix = `{${keyPrefix}}`
  const base = `${prefix}:`
  const codec = createCodec(sealer)
  prepareBudgets(back)
  const lanes = createLanes({ redis: back, base, traceDays })
  const frontLanes = createLanes({ redis: front, base, traceDays })
  const queues = createQueues({ redis: back, lanes, prefix, channels, failedDays: deadLetterDays, onError })
  const letters = createLetters({ redis: back, base })
  const admission = createAdmission({
    lanes: frontLanes,
    codec,
    emit,
    timeoutMs: admissionTimeoutMs,
    onHeads: (heads) => {
      const left = heads.filter((head) => !workerOf(head)?.takeUp(head))
      void queues.addNew(left).catch(onError)
    },
    faults,
  })
  const sweep = createSweep({
    redis: back,
    base,
    lanes,
    queues,
    letters,
    pauses: createPauses({ redis: back, base, queues }),
    deadLetterDays,
    ...(eraseFiles && { unsent: createUnsent({ redis: back, base, eraseFiles }) }),
    onPaused: (names) => {
      for (const worker of workers) if (names.includes(worker.queue)) worker.putBack()
    },
    onError,
  })
  const operations = createOperations({
    redis: front,
    base,
    queues,
    letters: createLetters({ redis: front, base }),
    pauses: createPauses({ redis: front, base, queues }),
    codec,
    onError,
  })
  const finder = createFinder({ redis: front, base, channels, traceDays })
  const { overload, redisMemoryBytes } = settings
  const pressure =
    overload &&
    createPressure({
      redis: front,
      prefix,
      channels,
      limits: overload,
      emit,
      onError,
      ...(redisMemoryBytes !== undefined && { memoryBytes: redisMemoryBytes }),
    })
  const workers: ReturnType<typeof createWorker>[] = []
  const budgets = new Map<string, Budget>()

  /** The worker of this process for what waits there. */
  const workerOf = (head: Place) => workers.find(({ queue }) => queue === head.queue)

  /** A receipt is sent at once if this process has a place for it; else, or if that fails, it gets a job. */
  const onReceipt: OnReceipt = async (place, head) => {
    const receipts = workerOf(place)
    if (receipts) await receipts.runNow(place, head)
    else void queues.addNew([place]).catch(onError)
  }

  return {
    admit(channel, flow, heard) {
      if (heard.length > 0 && pressure?.refuses(channel, flow))
        return Promise.reject(new StoreUnavailable('Too much is waiting already.'))
      return admission.admit(channel, flow, heard)
    },

    budget(name, perMinute) {
      const known = budgets.get(name)
      if (known) return known
      const made = createBudget({ redis: back, base, name, ...(perMinute !== undefined && { perMinute }) })
      budgets.set(name, made)
      return made
    },

    work(route) {
      const worker = createWorker({
        route,
        lanes,
        queues,
        codec,
        redis: back,
        prefix,
        onReceipt,
        emit,
        onError,
        faults,
      })
      workers.push(worker)
      worker.start()
    },

    startSweep: sweep.start,
    watchPressure: () => pressure?.start(),
    queues: queues.all,
    figures: () => readFigures({ redis: front, base, lanes: frontLanes, queues, letters }),
    find: finder.find,
    operations,
    async retryNow() {
      for (const worker of workers) worker.release()
      await Promise.all([...budgets.values()].map((budget) => budget.lift()))
      await queues.retryNow()
    },

    async stop() {
      await Promise.all([pressure?.stop(), sweep.stop(), ...workers.map((worker) => worker.stop())])
      await queues.close()
    },
  }
}
