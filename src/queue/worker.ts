import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError, type Job, type Processor, UnrecoverableError, Worker } from 'bullmq'
import type { Emit } from '../bridge/events.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import type { Redis } from '../lib/redis.ts'
import { type After, createAttempts, type OnReceipt, type Route } from './attempts.ts'
import { createCrew } from './crew.ts'
import type { Codec } from './envelope.ts'
import { createHands } from './hands.ts'
import type { Lanes, Place } from './lanes.ts'
import { queueName } from './names.ts'
import type { Item } from './payload.ts'
import type { HeadJob, Queues } from './queues.ts'

export type { QueuedDelivery, Route } from './attempts.ts'

/** A worker that has not renewed its lock for so long is dead, and another takes its messages over. */
const lockMs = 2_500

/**
 * How long a worker waits to be woken for a job until it looks for itself, in seconds. Redis wakes one worker a job; if that one
 * dies in this moment, no other knows of it. BullMQ's own 5 s would be as long as all healing may take.
 */
const lookAtLeastEverySeconds = 2

/** How long a worker leaves a Redis alone that refuses its commands. */
const restMs = 1_000

/** How many messages of a lane follow each other without a job; then another conversation gets the place. */
const mostInARow = 20

/** How many receipts may be sent without a job of their own at once: they come no faster than messages are delivered. */
const mostAtOnce = 100

/**
 * Takes the jobs of one flow of one channel, and is the only place that turns what comes of an attempt into what BullMQ does next.
 *
 * A job stands for the head of a lane. When it has been delivered, the lane's next message follows at once, without a job of its own; it gets
 * one as soon as it has to wait. The same goes for receipts. So BullMQ, which costs as much as a delivery, is asked once for a
 * conversation's messages and not once for each.
 */
export function createWorker<T extends Item>(settings: {
  readonly route: Route<T>
  readonly lanes: Lanes
  readonly queues: Queues
  readonly codec: Codec
  readonly redis: Redis
  readonly prefix: string
  readonly onReceipt: OnReceipt
  readonly emit: Emit
  readonly onError: (error: Error) => void
  readonly faults: FaultPoints
}) {
  const { route, lanes, queues, codec, redis, prefix, onReceipt, emit, onError, faults } = settings
  const queue = queueName(route.channel, route.flow)
  const stopping = new AbortController()
  const { signal } = stopping
  setMaxListeners(0, signal)
  let waits = newWaits()
  const hands = createHands({ lanes, onError })
  const attempts = createAttempts<T>({
    route,
    lanes,
    codec,
    signal,
    waits: () => waits.signal,
    onReceipt,
    onReleased: (ids) => void queues.promote(queue, ids).catch(onError),
    emit,
    onError,
    faults,
  })

  const underWay = new Map<string, Promise<unknown>>()

  /**
   * One at a time in a lane. When Redis was away for longer than a lock lives, BullMQ brings a job a second time while its delivery
   * is still under way here. The second one waits, and then mostly finds that its message is no head any more.
   */
  async function alone<Result>(lane: string, run: () => Promise<Result>): Promise<Result> {
    for (let other = underWay.get(lane); other; other = underWay.get(lane)) await other.catch(() => undefined)
    const running = run()
    underWay.set(lane, running)
    try {
      return await running
    } finally {
      underWay.delete(lane)
    }
  }

  async function process(job: Job<HeadJob>, token: string | undefined): Promise<void> {
    const { user, id: message } = queues.begin(job)
    const after = await alone(user, async () => {
      const first = await attempts.tryHead({ queue, user, id: message })
      if (first.do === 'next' && first.next !== undefined) await goOn({ queue, user, id: first.next })
      return first
    })
    if (after.do === 'later') {
      await job.moveToDelayed(Date.now() + after.delayMs, token)
      throw new DelayedError()
    }
    if (after.do === 'dead') {
      if (after.next !== undefined) void add({ queue, user, id: after.next })
      // The dashboard shows it as failed; the message itself is a dead letter now.
      throw new UnrecoverableError(after.why)
    }
  }

  /**
   * Delivers a lane from this head on, for as long as all goes well. Never throws.
   * @param fresh the head itself, when it has just been stored here
   */
  async function goOn(head: Place, fresh?: { readonly item: T; readonly receivedAt: number }): Promise<void> {
    const began = waits
    // Who waits for a process to die at that point should not have to wait for long.
    const most = faults.armed('next.added') ? 1 : mostInARow
    let place = head
    for (let inARow = 1; inARow <= most && !began.signal.aborted; inARow += 1) {
      const current = place
      let after: After
      try {
        after = await hands.hold(current, () =>
          fresh && current === head ? attempts.tryFresh(current, fresh) : attempts.tryHead(current),
        )
      } catch (error) {
        // It is still owed a job, and gets one from the sweep.
        return onError(error as Error)
      }
      if (after.do === 'later') return void add(current, after.delayMs)
      if (after.do === 'nothing' || after.next === undefined) return
      place = { ...current, id: after.next }
    }
    const added = add(place)
    if (faults.armed('next.added')) await added
    faults.reach('next.added')
  }

  /** Redis keeps a note of heads without a job, so nobody has to wait for this or to mend its failure. */
  const add = (head: Place, delayMs = 0): Promise<void> => queues.addHeads([head], delayMs).catch(onError)

  function makeWorker(work: Processor<HeadJob>, concurrency: number): Worker<HeadJob> {
    const worker = new Worker<HeadJob>(queue, work, {
      connection: redis,
      prefix,
      autorun: false,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: 500,
      drainDelay: lookAtLeastEverySeconds,
      // When BullMQ finds the connection closed: its own 15 s would outlast most failovers.
      runRetryDelay: 1_000,
      // A job that stalls is one whose process died. It says nothing about the message, which must be run again however often.
      // Not `skipVersionCheck`: without knowing the server's version, BullMQ rounds waits for delayed jobs up to whole seconds.
      maxStalledCount: 1_000_000_000,
    })
    worker.on('error', (error) => {
      onError(error)
      if (error.name === 'ReplyError') void rest(worker).catch(onError)
    })
    return worker
  }
  const crew = createCrew<HeadJob>({ process, make: makeWorker, onError })

  const resting = new Set<Worker>()
  /** A Redis that answers, but with errors (read-only, full), would else be asked again and again without a breath. */
  async function rest(worker: Worker): Promise<void> {
    if (resting.has(worker)) return
    resting.add(worker)
    await worker.pause(true)
    await sleep(restMs, undefined, { signal }).catch(() => undefined)
    resting.delete(worker)
    if (!signal.aborted) await worker.resume()
  }

  const direct = new Set<Promise<void>>()

  return {
    queue,
    start: crew.start,
    /** Held messages are tried at once. */
    release(): void {
      const released = attempts.release()
      if (released.length > 0) queues.promote(queue, released).catch(onError)
    },
    /**
     * Delivers a head at once that has no job yet, if there is a place for it.
     * @returns false: it needs a job
     */
    runNow(head: Place, fresh: { readonly item: T; readonly receivedAt: number }): boolean {
      if (signal.aborted || direct.size >= mostAtOnce) return false
      const run = alone(head.user, () => goOn(head, fresh)).finally(() => direct.delete(run))
      direct.add(run)
      return true
    },
    /** Sends back to their lanes what waits for a permit: the queue is stopped. */
    putBack(): void {
      waits.abort()
      if (!signal.aborted) waits = newWaits()
    },
    /** Takes no new jobs, ends waits, lets deliveries in flight finish. */
    async stop(): Promise<void> {
      stopping.abort()
      waits.abort()
      await Promise.all([crew.close(), ...direct])
      hands.close()
    },
  }
}

function newWaits(): AbortController {
  const waits = new AbortController()
  setMaxListeners(0, waits.signal)
  return waits
}
