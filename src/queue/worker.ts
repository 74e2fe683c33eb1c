import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq'
import { DeliveryError, Stopping } from '../bridge/errors.ts'
import type { BridgeEvent, Emit, Flow } from '../bridge/events.ts'
import type { FailureReason, Receipt } from '../bridge/message.ts'
import type { Delivered, Delivery } from '../bridge/side.ts'
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
import { judge } from './verdict.ts'

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

/** How many conversations of one queue a process serves at once. */
const concurrency = 50

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
}) {
  const { route, lanes, queues, codec, redis, prefix, emit, onError } = settings
  const { channel, flow, budget } = route
  const queue = queueName(channel, flow)
  const stopping = new AbortController()
  const { signal } = stopping
  setMaxListeners(0, signal)
  const receipt = route.receipt
  const endings = createEndings<T>({
    channel,
    flow,
    lanes,
    queues,
    codec,
    signal,
    onError,
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
    const taken = await lanes.take({ ...place, channel, holdKey: budget.holdKey })
    // Not the head of its lane: somebody has finished it before this job could be removed.
    if (!taken) return
    budget.heardHold(taken.heldMs)
    const attempt: Attempt = { place, taken, ids: job.data.ids, startedAt: Date.now() }
    let opened: ReturnType<typeof open>
    let delivered: Delivered
    try {
      opened = open(taken)
    } catch (error) {
      return follow(attempt, undefined, error, job, token)
    }
    const { item, plan } = opened
    const known = { ...attempt, ids: idsOf(item) }
    try {
      delivered = await route.deliver(item, deliveryOf(known, item, plan))
    } catch (error) {
      return follow(known, item, error, job, token)
    }
    await endings.end(known, item, { delivered })
    release()
    attempted(known, { outcome: 'delivered', status: delivered.status })
    const { remoteId } = delivered
    const at = Date.now()
    const ids = remoteId ? { ...known.ids, remote: remoteId } : known.ids
    emit({ type: 'message.delivered', channel, flow, ids, at, sinceReceivedMs: at - taken.receivedAt })
  }

  function open({ envelope, plan }: Taken): { readonly item: T; readonly plan: string | undefined } {
    try {
      return {
        item: readItem<T>(codec, channel, envelope),
        plan: plan === undefined ? undefined : codec.open(plan),
      }
    } catch {
      throw new DeliveryError('The message cannot be opened: is its key still in redis.encryptionKey?', { do: 'hold' })
    }
  }

  function deliveryOf({ place, taken }: Attempt, item: T, plan: string | undefined): QueuedDelivery {
    const urgency = route.urgency(item)
    let parts = taken.partsDone
    return {
      attempt: taken.attempt,
      mayHaveArrived: taken.inDoubt,
      blocked: taken.blocked,
      receivedAt: taken.receivedAt,
      signal,
      permit: () => budget.permit(urgency, signal),
      plan,
      savePlan: (made) => lanes.savePlan(place, codec.seal(made)),
      partsDone: taken.partsDone,
      partDone: () => {
        parts += 1
        const done = parts
        return insist(() => lanes.partDone(place, done), signal)
      },
    }
  }

  /** Does what the error says comes next. */
  async function follow(
    attempt: Attempt,
    item: T | undefined,
    cause: unknown,
    job: Job<HeadJob>,
    token: string | undefined,
  ): Promise<never> {
    const { place, taken, ids } = attempt
    const verdict = judge(cause, { flow, taken, random: Math.random() })
    const { error, status, alert } = verdict
    const about = { error, ...(status !== undefined && { status }) }
    if (!(cause instanceof DeliveryError || cause instanceof Stopping)) onError(cause as Error)
    if (alert) emit({ type: 'alert.raised', kind: alert, channel, detail: error })
    if (verdict.do === 'give-up' && item !== undefined) {
      const { kind, reason } = verdict
      await endings.end(attempt, item, { kind, reason, ...(status !== undefined && { status }) })
      attempted(attempt, { ...about, outcome: 'give-up' })
      emit({ type: 'message.failed', channel, flow, ids, at: Date.now(), code: reason.code, reason: reason.message })
      // The dashboard shows it as failed; the message itself is a dead letter now.
      throw new UnrecoverableError(`${reason.code}: ${error}`)
    }
    if (verdict.do === 'give-up') throw cause
    const { delayMs, state } = verdict
    if (verdict.do === 'wait') await budget.hold(delayMs).catch(onError)
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
    release,
    /** Takes no new jobs, ends waits, lets deliveries in flight finish. */
    async stop(): Promise<void> {
      stopping.abort()
      await worker.close()
    },
  }
}
