import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq'
import { DeliveryError, Stopping } from '../bridge/errors.ts'
import type { BridgeEvent, Emit, Flow } from '../bridge/events.ts'
import type { FailureReason, Receipt } from '../bridge/message.ts'
import type { Delivered, Delivery } from '../bridge/side.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import type { Redis } from '../lib/redis.ts'
import type { Budget, Urgency } from './budget.ts'
import { type Attempt, createEndings, traceOf } from './endings.ts'
import type { Codec } from './envelope.ts'
import { createHolds } from './holds.ts'
import { insist } from './insist.ts'
import type { Lanes, Taken } from './lanes.ts'
import { queueName } from './names.ts'
import { type Item, idsOf, readItem } from './payload.ts'
import type { HeadJob, Queues } from './queues.ts'
import { holdMs } from './schedule.ts'
import { writeStep } from './trace.ts'
import { giveUpUncertain, isUncertain, judge, type Verdict } from './verdict.ts'

/** A delivery as the queue can prepare it; files are added by whoever knows where they lie. */
export type QueuedDelivery = Omit<Delivery, 'publish'> & {
  /** When the message was stored, in ms since the epoch: the same for every attempt. */
  readonly receivedAt: number
}

/** What is carried where. */
export interface Route<T extends Item> {
  readonly channel: string
  readonly flow: Flow
  readonly budget: Budget
  urgency(item: T): Urgency
  /** @throws {DeliveryError} which says what to do next */
  deliver(item: T, delivery: QueuedDelivery): Promise<Delivered>
  /** The receipt to send after an ending; undefined for none. */
  readonly receipt?: (item: T, outcome: { readonly at: number; readonly reason?: FailureReason }) => Receipt | undefined
}

/** A worker that has not renewed its lock for so long is dead, and another takes its messages over. */
const lockMs = 3_000

/** How long a worker leaves a Redis alone that refuses its commands. */
const restMs = 1_000

/**
 * How many conversations of one queue a process serves at once. A delivery that hangs keeps its place for as long as 10 s, and many
 * of them must not hold up the others. Unused places cost nothing: BullMQ asks Redis for one job after the other, with a single
 * blocking call while there is none.
 */
const concurrency = 256

/**
 * Takes the jobs of one flow of one channel, and is the only place that turns what comes of a delivery into what BullMQ does
 * next. Written once for all flows; it knows neither platform.
 */
export function createWorker<T extends Item>(settings: {
  readonly route: Route<T>
  readonly lanes: Lanes
  readonly queues: Queues
  readonly codec: Codec
  readonly redis: Redis
  readonly prefix: string
  readonly emit: Emit
  readonly onError: (error: Error) => void
  readonly faults: FaultPoints
}) {
  const { route, lanes, queues, codec, redis, prefix, emit, onError, faults } = settings
  const { channel, flow, budget } = route
  const queue = queueName(channel, flow)
  const stopping = new AbortController()
  const { signal } = stopping
  setMaxListeners(0, signal)
  let waits = newWaits()
  const receipt = route.receipt
  const endings = createEndings<T>({
    channel,
    flow,
    lanes,
    queues,
    codec,
    signal,
    onError,
    faults,
    ...(receipt && { receipt }),
  })

  const holds = createHolds({ now: () => performance.now() })
  const underWay = new Map<string, Promise<void>>()

  /**
   * When Redis was away for longer than a lock lives, BullMQ brings a job a second time while its delivery is still under way
   * here. The second one waits, and then mostly finds that its message is no head any more.
   */
  async function process(job: Job<HeadJob>, token: string | undefined): Promise<void> {
    const lane = job.data.ids.user
    while (underWay.has(lane)) await underWay.get(lane)?.catch(() => undefined)
    const run = attemptHead(job, token)
    underWay.set(lane, run)
    try {
      await run
    } finally {
      underWay.delete(lane)
    }
  }

  async function attemptHead(job: Job<HeadJob>, token: string | undefined): Promise<void> {
    const { message, user } = job.data.ids
    const place = { queue, user, id: message }
    if (!holds.mayTry(message)) return postpone(job, token, holdMs)
    const startedAt = Date.now()
    const taken = await lanes.take({ ...place, channel, holdKey: budget.holdKey })
    // Not the head of its lane: somebody has finished it before this job could be removed.
    if (!taken) return
    const { envelope } = taken
    if (envelope === undefined) {
      await endings.withdraw({ place, taken })
      return emit({ type: 'message.ignored', channel, flow, reason: 'unsent' })
    }
    budget.heardHold(taken.heldMs)
    const attempt: Attempt = { place, taken, ids: job.data.ids, startedAt }
    let opened: ReturnType<typeof open>
    let delivered: Delivered
    try {
      opened = open(envelope, taken.plan)
    } catch (error) {
      return follow(attempt, undefined, verdictOf(error, taken), job, token)
    }
    const { item, plan } = opened
    const known = { ...attempt, ids: idsOf(item) }
    if (isUncertain(taken, startedAt)) return follow(known, item, giveUpUncertain(taken), job, token)
    const delivery = deliveryOf(known, item, plan)
    try {
      delivered = await route.deliver(item, delivery)
    } catch (error) {
      // What was in doubt before has been confirmed, if a part was: only this attempt says how things stand with the next one.
      const inDoubt = taken.inDoubt && delivery.confirmed() === taken.partsDone
      return follow(known, item, verdictOf(error, { ...taken, inDoubt }), job, token)
    }
    faults.reach('delivery.accepted')
    await endings.end(known, item, { delivered })
    release()
    attempted(known, { outcome: 'delivered', status: delivered.status })
    const { remoteId } = delivered
    const at = Date.now()
    const ids = remoteId ? { ...known.ids, remote: remoteId } : known.ids
    emit({ type: 'message.delivered', channel, flow, ids, at, sinceReceivedMs: at - taken.receivedAt })
  }

  function verdictOf(cause: unknown, taken: Taken): Verdict {
    if (!(cause instanceof DeliveryError || cause instanceof Stopping)) onError(cause as Error)
    return judge(cause, { flow, taken, random: Math.random() })
  }

  function open(envelope: string, plan: string | undefined): { readonly item: T; readonly plan: string | undefined } {
    try {
      return {
        item: readItem<T>(codec, channel, envelope),
        plan: plan === undefined ? undefined : codec.open(plan),
      }
    } catch {
      throw new DeliveryError('The message cannot be opened: is its key still in redis.encryptionKey?', { do: 'hold' })
    }
  }

  function deliveryOf(
    { place, taken }: Attempt,
    item: T,
    plan: string | undefined,
  ): QueuedDelivery & { readonly confirmed: () => number } {
    const urgency = route.urgency(item)
    let parts = taken.partsDone
    return {
      attempt: taken.attempt,
      mayHaveArrived: taken.inDoubt,
      blocked: taken.blocked,
      receivedAt: taken.receivedAt,
      signal,
      permit: () => budget.permit(urgency, waits.signal),
      plan,
      savePlan: (made) => lanes.savePlan(place, codec.seal(made), taken.attempt),
      partsDone: taken.partsDone,
      partDone: () => {
        faults.reach('delivery.accepted')
        parts += 1
        const done = parts
        return insist(() => lanes.partDone(place, done), signal)
      },
      confirmed: () => parts,
    }
  }

  /** Does what the error says comes next. */
  async function follow(
    attempt: Attempt,
    item: T | undefined,
    verdict: Verdict,
    job: Job<HeadJob>,
    token: string | undefined,
  ): Promise<never> {
    const { place, taken, ids } = attempt
    const { error, status, alert } = verdict
    const about = { error, ...(status !== undefined && { status }) }
    if (alert) emit({ type: 'alert.raised', kind: alert, channel, detail: error })
    if (verdict.do === 'give-up' && item !== undefined) {
      const { kind, reason, inDoubt } = verdict
      const attempts = kind === 'uncertain' ? taken.attempt - 1 : taken.attempt
      await endings.end(attempt, item, { kind, reason, inDoubt, attempts, ...(status !== undefined && { status }) })
      if (kind !== 'uncertain') attempted(attempt, { ...about, outcome: 'give-up' })
      emit({ type: 'message.failed', channel, flow, ids, at: Date.now(), code: reason.code, reason: reason.message })
      faults.reach('give-up.after')
      // The dashboard shows it as failed; the message itself is a dead letter now.
      throw new UnrecoverableError(`${reason.code}: ${error}`)
    }
    if (verdict.do === 'give-up') throw new Error(error)
    const { delayMs, state } = verdict
    if (verdict.do === 'wait' && verdict.all) await budget.hold(delayMs).catch(onError)
    if (verdict.do === 'hold') holds.hold(place.id)
    const afterMs = Date.now() - taken.receivedAt
    const step =
      verdict.do === 'stop' || flow === 'receipts'
        ? ''
        : writeStep({
            what: 'failed',
            afterMs,
            attempt: taken.attempt,
            next: verdict.do,
            ...(status !== undefined && { status }),
          })
    await insist(
      () => lanes.settle(place, taken.attempt, state, { ...traceOf(channel, flow, place.id, taken.receivedAt), step }),
      signal,
    )
    if (verdict.do !== 'stop') attempted(attempt, { ...about, outcome: verdict.do, retryInMs: delayMs })
    return postpone(job, token, delayMs)
  }

  async function postpone(job: Job<HeadJob>, token: string | undefined, delayMs: number): Promise<never> {
    await job.moveToDelayed(Date.now() + delayMs, token)
    throw new DelayedError()
  }

  /** What was held for the set-up's sake is tried at once, now that the set-up works. */
  function release(): void {
    const released = holds.release()
    if (released.length > 0) queues.promote(queue, released).catch(onError)
  }

  function attempted(
    { ids, taken, startedAt }: Attempt,
    result: Pick<Extract<BridgeEvent, { type: 'delivery.attempted' }>, 'outcome' | 'status' | 'error' | 'retryInMs'>,
  ): void {
    const at = Date.now()
    const { attempt } = taken
    emit({ type: 'delivery.attempted', channel, flow, ids, at, attempt, durationMs: at - startedAt, ...result })
  }

  const worker = new Worker<HeadJob>(queue, process, {
    connection: redis,
    prefix,
    autorun: false,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: 1_000,
    // When BullMQ finds the connection closed: its own 15 s would outlast most failovers.
    runRetryDelay: 1_000,
    // A job that stalls is one whose process died. It says nothing about the message, which must be run again however often.
    // Not `skipVersionCheck`: without knowing the server's version, BullMQ rounds waits for delayed jobs up to whole seconds.
    maxStalledCount: 1_000_000_000,
  })
  worker.on('error', (error) => {
    onError(error)
    if (error.name === 'ReplyError') void rest().catch(onError)
  })

  let resting = false
  /** A Redis that answers, but with errors (read-only, full), would else be asked again and again without a breath. */
  async function rest(): Promise<void> {
    if (resting) return
    resting = true
    await worker.pause(true)
    await sleep(restMs, undefined, { signal }).catch(() => undefined)
    resting = false
    if (!signal.aborted) await worker.resume()
  }

  return {
    start(): void {
      void worker.run().catch(onError)
    },
    /** Held messages are tried at once. */
    queue,
    release,
    /** Sends back to their lanes what waits for a permit: the queue is stopped. */
    putBack(): void {
      waits.abort()
      if (!signal.aborted) waits = newWaits()
    },
    /** Takes no new jobs, ends waits, lets deliveries in flight finish. */
    async stop(): Promise<void> {
      stopping.abort()
      waits.abort()
      await worker.close()
    },
  }
}

function newWaits(): AbortController {
  const waits = new AbortController()
  setMaxListeners(0, waits.signal)
  return waits
}
