import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Job, Worker } from 'bullmq'
import type { Emit } from '../bridge/events.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import type { Redis } from '../lib/redis.ts'
import { type After, createAttempts, type OnReceipt, type Route } from './attempts.ts'
import type { Codec } from './envelope.ts'
import { createHands } from './hands.ts'
import type { Head, Lanes, Place, Taken } from './lanes.ts'
import { queueName } from './names.ts'
import type { Item } from './payload.ts'
import { createPlaces } from './places.ts'
import type { LaneJob, Queues } from './queues.ts'

export type { QueuedDelivery, Route } from './attempts.ts'

/** A worker that has not renewed its lock for so long is dead, and another takes its jobs over. */
const lockMs = 2_500

/**
 * How long a worker waits to be woken for a job until it looks for itself, in seconds. Redis wakes one worker a job; if that one
 * dies in this moment, no other knows of it. BullMQ's own 5 s would be as long as all healing may take.
 */
const lookAtLeastEverySeconds = 2

/** How long a worker leaves a Redis alone that refuses its commands, or a lane that cannot be taken. */
const restMs = 1_000

/** Enough that heads always wait for a place, and few enough that the other processes get theirs. */
const jobsAtOnce = 6

/** Behind more than so many others a receipt does not wait for a place, but in the queue. */
const mostAhead = 32

/** How many messages of a lane follow each other without a job; then another conversation gets the place. */
const mostInARow = 20

/**
 * Takes the jobs of one flow of one channel, and is the only place that turns what comes of an attempt into what BullMQ does next.
 *
 * A job names heads of lanes, and is done when all of them are in this process' hands. When one has been delivered, the lane's next message
 * follows at once, without a job of its own; it gets one as soon as it has to wait. The same goes for receipts, and for a head that this
 * process has just stored while it has a place free. So BullMQ, which costs as much as a delivery, is asked once for many messages and
 * not once for each.
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
  const places = createPlaces()
  const hands = createHands({ lanes, onError })
  const attempts = createAttempts<T>({
    route,
    lanes,
    codec,
    signal,
    waits: () => waits.signal,
    places,
    onReceipt,
    onReleased: (held) => void queues.promote(queue, held).catch(onError),
    emit,
    onError,
    faults,
  })

  const underWay = new Map<string, Promise<unknown>>()

  /**
   * One at a time in a lane. When Redis was away for longer than debts stay young, a head may be taken a second time while its delivery
   * is still under way here. The second one waits, and then mostly finds that its message is no head any more.
   */
  function alone(lane: string, run: () => Promise<void>): Promise<void> {
    const again = () => alone(lane, run)
    const other = underWay.get(lane)
    if (other) return other.then(again, again)
    const running = run()
    underWay.set(lane, running)
    const over = () => void underWay.delete(lane)
    running.then(over, over)
    return running
  }

  /** What is in the hands of this process. */
  const running = new Set<Promise<void>>()
  function track(run: Promise<void>): void {
    running.add(run)
    void run.then(() => running.delete(run))
  }

  /**
   * Takes a head into this process' hands, and delivers its lane from there on. Redis is asked first, and only then waited for what is under
   * way in the lane: a job that comes a second time must not wait for it.
   * @returns `begun` as soon as the head is in hands, `nothing` when it is not to be taken, or why it could not be
   */
  function begin(head: Head, leave: () => void): Promise<'begun' | 'nothing' | Error> {
    return new Promise((resolve) => {
      async function run(): Promise<void> {
        const letGo = hands.hold(head)
        try {
          const first = await attempts.take(head)
          if (first.do === 'later') await addLater(head, first)
          resolve(first.do === 'nothing' ? 'nothing' : 'begun')
          if (first.do === 'try') await alone(head.user, () => goOn(head, { taken: first.taken }))
        } catch (error) {
          resolve(error as Error)
        } finally {
          letGo()
          leave()
        }
      }
      track(run())
    })
  }

  /** Where that fails, it is still owed the job, and gets it from the sweep. */
  async function addLater(head: Place, later: Extract<After, { do: 'later' }>): Promise<void> {
    try {
      await queues.addLater(head, later)
      later.added?.()
    } catch (error) {
      onError(error as Error)
    }
  }

  /** A job is done when its heads are in hands. Those for which there is no place here go back to the front of the queue. */
  async function process(job: Job<LaneJob>): Promise<void> {
    const heads = queues.begin(job)
    const { signal: ended } = waits
    const begun: ReturnType<typeof begin>[] = []
    for (const head of heads) {
      const leave = await places.enter()
      if (leave && !ended.aborted) begun.push(begin(head, leave))
      else {
        leave?.()
        break
      }
    }
    if (begun.length < heads.length) {
      // Since then they could have been taken: what they had to wait for before is no sign of overload.
      const addedAt = Math.min(Date.now(), job.timestamp + (job.opts.delay ?? 0))
      await queues.addHeads(heads.slice(begun.length), { atFront: true, addedAt })
    }
    const outcomes = await Promise.all(begun)
    const failed = heads.filter((_, index) => outcomes[index] instanceof Error)
    for (const outcome of outcomes) if (outcome instanceof Error) onError(outcome)
    if (failed.length > 0) await queues.addHeads(failed, { delayMs: restMs })
  }

  /** Takes a head that has no job. One that could not be taken, or must not be, gets a job after all. */
  async function takeWithoutJob(head: Place, leave: () => void): Promise<void> {
    const outcome = await begin({ ...head, turn: 0, jobless: true }, leave)
    if (outcome === 'begun') return
    if (outcome === 'nothing') return queues.addNew([head])
    onError(outcome)
    await queues.addHeads([{ ...head, turn: 0 }], { delayMs: restMs })
  }

  /** Delivers a lane from this head on, for as long as all goes well. Never throws. */
  async function goOn(
    head: Place,
    first: { readonly taken: Taken } | { readonly fresh: { readonly item: T; readonly receivedAt: number } },
  ): Promise<void> {
    const began = waits
    // Who waits for a process to die at that point should not have to wait for long.
    const most = faults.armed('next.added') ? 1 : mostInARow
    let inARow = 1
    const goesOn = () => inARow < most && !began.signal.aborted
    let place = head
    let from = first
    for (;;) {
      const [current, start] = [place, from]
      const letGo = hands.hold(current)
      let after: After
      try {
        after = await ('taken' in start
          ? attempts.tryTaken(current, start.taken, goesOn)
          : attempts.tryFresh(current, start.fresh, goesOn))
      } catch (error) {
        // It is still owed a job, and gets one from the sweep.
        return onError(error as Error)
      } finally {
        letGo()
      }
      if (after.do === 'later') return addLater(current, after)
      if (after.do === 'dead') void queues.addDead(current, after.why).catch(onError)
      if (after.do === 'nothing' || after.next === undefined) return
      place = { queue, user: current.user, id: after.next.id }
      if (!after.next.taken) break
      from = { taken: after.next.taken }
      inARow += 1
    }
    // Redis keeps a note of heads without a job, so nobody has to wait for this or to mend its failure.
    const added = queues.addNew([place]).catch(onError)
    if (faults.armed('next.added')) await added
    faults.reach('next.added')
  }

  function makeWorker(): Worker<LaneJob> {
    const made = new Worker<LaneJob>(queue, process, {
      connection: redis,
      prefix,
      autorun: false,
      concurrency: jobsAtOnce,
      lockDuration: lockMs,
      stalledInterval: 500,
      drainDelay: lookAtLeastEverySeconds,
      // When BullMQ finds the connection closed: its own 15 s would outlast most failovers.
      runRetryDelay: 1_000,
      // A job that stalls is one whose process died. It says nothing about its messages, which must be run again however often.
      // Not `skipVersionCheck`: without knowing the server's version, BullMQ rounds waits for delayed jobs up to whole seconds.
      maxStalledCount: 1_000_000_000,
    })
    made.on('error', (error) => {
      onError(error)
      if (error.name === 'ReplyError') void rest().catch(onError)
    })
    return made
  }
  const worker = makeWorker()

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
    queue,
    start(): void {
      places.start()
      void worker.run().catch(onError)
    },
    /** Held messages are tried at once. */
    release: attempts.release,
    /**
     * Delivers a head that has just been stored here, without a job if there is a place for it, or will be in a moment.
     * @returns when it is in the hands of this process, or is being given a job
     */
    async runNow(head: Place, fresh: { readonly item: T; readonly receivedAt: number }): Promise<void> {
      const leave = await places.enter(mostAhead)
      if (!leave) return void queues.addNew([head]).catch(onError)
      track(alone(head.user, () => goOn(head, { fresh })).finally(leave))
    },
    /**
     * Takes a head that was just stored here, if there is a place for it right now. It needs no job then: to hand one out takes BullMQ longer
     * than all else that a single message needs. Who has to wait does so in the queue, where it is first come, first served.
     * @returns false when there is no place, and it needs a job
     */
    takeUp(head: Place): boolean {
      const leave = places.enterNow()
      if (leave) takeWithoutJob(head, leave).catch(onError)
      return leave !== undefined
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
      places.stop()
      await worker.close()
      await Promise.all(running)
      hands.close()
    },
  }
}

function newWaits(): AbortController {
  const waits = new AbortController()
  setMaxListeners(0, waits.signal)
  return waits
}
