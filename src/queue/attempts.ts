import { setTimeout as sleep } from 'node:timers/promises'
import { DeliveryError, Stopping } from '../bridge/errors.ts'
import type { BridgeEvent, Emit, Flow } from '../bridge/events.ts'
import type { FailureReason, Receipt } from '../bridge/message.ts'
import type { Delivered, Delivery } from '../bridge/side.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import type { Budget, Urgency } from './budget.ts'
import { type Attempt, createEndings, traceOf } from './endings.ts'
import type { Codec } from './envelope.ts'
import { createHolds } from './holds.ts'
import { insist } from './insist.ts'
import type { Lanes, Place, Taken } from './lanes.ts'
import { originalId } from './names.ts'
import { type Item, idsOf, readItem } from './payload.ts'
import { holdMs } from './schedule.ts'
import { writeStep } from './trace.ts'
import { giveUpUncertain, isUncertain, judge, type Verdict } from './verdict.ts'

/** For so long after its beginning an attempt is certainly the latest at its message: locks live for longer. */
const freshMs = 1_000

/**
 * Who takes a message over from an attempt that has not ended waits for so long first. Its process may be alive, cut off from Redis
 * for a while, and just be sending: then it says so within this time.
 */
const graceMs = 300

/** Where a message stands that was never tried. */
const untried: Taken = {
  receivedAt: 0,
  envelope: undefined,
  attempt: 1,
  token: '',
  inDoubt: false,
  spentMs: 0,
  plan: undefined,
  partsDone: 0,
  keyUsedAt: undefined,
  blocked: false,
  heldMs: 0,
  overtakes: false,
}

/** A delivery as the queue can prepare it; files are added by whoever knows where they lie. */
export type QueuedDelivery = Omit<Delivery, 'publish'> & {
  /** When the message was stored, in ms since the epoch: the same for every attempt. */
  readonly receivedAt: number
}

/** Gets each receipt, which is stored already, at its place; it is as old as its message. */
export type OnReceipt = (place: Place, head: { readonly item: Receipt; readonly receivedAt: number }) => void

/** What is carried where. */
export interface Route<T extends Item> {
  readonly channel: string
  readonly flow: Flow
  readonly budget: Budget
  urgency(item: T): Urgency
  /** Told whose message is about to be taken from Redis, so that what is known of them can be fetched meanwhile. */
  readonly prepare?: (user: string) => void
  /** @throws {DeliveryError} which says what to do next */
  deliver(item: T, delivery: QueuedDelivery): Promise<Delivered>
  /** The receipt to send after an ending; undefined for none. */
  readonly receipt?: (item: T, outcome: { readonly at: number; readonly reason?: FailureReason }) => Receipt | undefined
}

/** What has to be done after an attempt. `next`: the lane's head from now on, if it has one. */
export type After =
  /** The message was no head: somebody else has finished it. */
  | { readonly do: 'nothing' }
  | { readonly do: 'next'; readonly next: string | undefined }
  /** It is a dead letter now; `why` is fit for the dashboard. */
  | { readonly do: 'dead'; readonly next: string | undefined; readonly why: string }
  | { readonly do: 'later'; readonly delayMs: number }

/**
 * Makes attempts at the heads of the lanes of one flow of one channel, and writes down what comes of them. Written once for all flows; it
 * knows neither platform, nor who calls and what runs an attempt again.
 * @param settings.waits aborted when whoever waits for a permit has to come back; another one takes its place then
 * @param settings.onReleased gets the ids of held messages that may be tried at once
 */
export function createAttempts<T extends Item>(settings: {
  readonly route: Route<T>
  readonly lanes: Lanes
  readonly codec: Codec
  readonly signal: AbortSignal
  readonly waits: () => AbortSignal
  readonly onReceipt: OnReceipt
  readonly onReleased: (ids: readonly string[]) => void
  readonly emit: Emit
  readonly onError: (error: Error) => void
  readonly faults: FaultPoints
}) {
  const { route, lanes, codec, signal, waits, onReceipt, onReleased, emit, onError, faults } = settings
  const { channel, flow, budget } = route
  const endings = createEndings<T>({
    channel,
    flow,
    lanes,
    codec,
    signal,
    onReceipt,
    faults,
    ...(route.receipt && { receipt: route.receipt }),
  })
  const holds = createHolds({ now: () => performance.now() })

  /**
   * Tries to deliver a message if it is its lane's head.
   * @throws when Redis refuses, or what has happened could not be written down before the process stopped
   */
  async function tryHead(place: Place): Promise<After> {
    if (!holds.mayTry(place.id)) return { do: 'later', delayMs: holdMs }
    const startedAt = Date.now()
    route.prepare?.(originalId(place.user))
    const taken = await lanes.take({ ...place, channel, holdKey: budget.holdKey })
    if (!taken) return { do: 'nothing' }
    const { envelope } = taken
    if (envelope === undefined) {
      const { next } = await endings.withdraw({ place, taken })
      emit({ type: 'message.ignored', channel, flow, reason: 'withdrawn' })
      return { do: 'next', next }
    }
    budget.heardHold(taken.heldMs)
    if (taken.overtakes) {
      await sleep(graceMs, undefined, { signal }).catch(() => undefined)
      if (!(await lanes.isCurrent(place, taken.token))) return { do: 'nothing' }
    }
    const attempt: Attempt = { place, taken, ids: { message: place.id, user: place.user }, startedAt }
    let opened: ReturnType<typeof open>
    try {
      opened = open(place, taken, envelope)
    } catch (error) {
      return follow(attempt, undefined, verdictOf(error, taken))
    }
    const { item, plan } = opened
    const known = { ...attempt, ids: idsOf(item) }
    if (isUncertain(flow, taken, startedAt)) return follow(known, item, giveUpUncertain(taken))
    return carryOut(known, item, plan)
  }

  /**
   * As {@link tryHead}, for a head that this process has just stored itself: nothing has been tried before, and nothing has to be read.
   * @param head.receivedAt ms since the epoch
   */
  function tryFresh(place: Place, head: { readonly item: T; readonly receivedAt: number }): Promise<After> {
    const { item, receivedAt } = head
    const taken = { ...untried, receivedAt }
    return carryOut({ place, taken, ids: idsOf(item), startedAt: Date.now() }, item, undefined)
  }

  async function carryOut(known: Attempt, item: T, plan: string | undefined): Promise<After> {
    const { taken } = known
    const delivery = deliveryOf(known, item, plan)
    let delivered: Delivered
    try {
      delivered = await route.deliver(item, delivery)
    } catch (error) {
      // What was in doubt before has been confirmed, if a part was: only this attempt says how things stand with the next one.
      const inDoubt = taken.inDoubt && delivery.confirmed() === taken.partsDone
      return follow(known, item, verdictOf(error, { ...taken, inDoubt }))
    }
    faults.reach('delivery.accepted')
    return succeed(known, item, delivered)
  }

  async function succeed(attempt: Attempt, item: T, delivered: Delivered): Promise<After> {
    const { taken } = attempt
    const { done, next } = await endings.end(attempt, item, { delivered })
    const released = holds.release()
    if (released.length > 0) onReleased(released)
    attempted(attempt, { outcome: 'delivered', status: delivered.status })
    // Another process took it for abandoned, and has told of its end.
    if (!done) return { do: 'nothing' }
    const at = Date.now()
    const ids = delivered.remoteId ? { ...attempt.ids, remote: delivered.remoteId } : attempt.ids
    emit({ type: 'message.delivered', channel, flow, ids, at, sinceReceivedMs: at - taken.receivedAt })
    return { do: 'next', next }
  }

  function verdictOf(cause: unknown, taken: Taken): Verdict {
    if (!(cause instanceof DeliveryError || cause instanceof Stopping)) onError(cause as Error)
    return judge(cause, { flow, taken, random: Math.random() })
  }

  function open({ id, user }: Place, { receivedAt, plan }: Taken, envelope: string) {
    try {
      return {
        item: readItem<T>(codec, { channel, id, user, receivedAt }, envelope),
        plan: plan === undefined ? undefined : codec.open(plan),
      }
    } catch {
      throw new DeliveryError('The message cannot be opened: is its key still in redis.encryptionKey?', { do: 'hold' })
    }
  }

  function deliveryOf(
    { place, taken, startedAt }: Attempt,
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
      async permit() {
        await budget.permit(urgency, waits())
        if (taken.token === untried.token || Date.now() - startedAt < freshMs) return
        // It waited, perhaps for longer than BullMQ's lock lives without Redis: another process may have taken the message over.
        if (!(await lanes.isCurrent(place, taken.token))) throw new Stopping('Somebody else delivers this message.')
      },
      plan,
      savePlan: (made) => lanes.savePlan(place, codec.seal(made), taken.token),
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

  /** Does what the verdict says comes next. */
  async function follow(attempt: Attempt, item: T | undefined, verdict: Verdict): Promise<After> {
    const { error, status, alert } = verdict
    if (alert) emit({ type: 'alert.raised', kind: alert, channel, detail: error })
    if (verdict.do !== 'give-up') return settle(attempt, verdict)
    if (item === undefined) throw new Error(error)
    const { taken, ids } = attempt
    const { kind, reason, inDoubt } = verdict
    const about = status === undefined ? {} : { status }
    const attempts = kind === 'uncertain' ? taken.attempt - 1 : taken.attempt
    const { done, next } = await endings.end(attempt, item, { kind, reason, inDoubt, attempts, ...about })
    if (kind !== 'uncertain') attempted(attempt, { error, ...about, outcome: 'give-up' })
    if (!done) return { do: 'nothing' }
    emit({ type: 'message.failed', channel, flow, ids, at: Date.now(), code: reason.code, reason: reason.message })
    faults.reach('give-up.after')
    return { do: 'dead', next, why: `${reason.code}: ${error}` }
  }

  async function settle(attempt: Attempt, verdict: Exclude<Verdict, { do: 'give-up' }>): Promise<After> {
    const { place, taken } = attempt
    const { error, status, delayMs, state } = verdict
    const about = status === undefined ? {} : { status }
    if (verdict.do === 'wait' && verdict.all) await budget.hold(delayMs).catch(onError)
    if (verdict.do === 'hold') holds.hold(place.id)
    const afterMs = Date.now() - taken.receivedAt
    const step =
      verdict.do === 'stop' || flow === 'receipts'
        ? ''
        : writeStep({ what: 'failed', afterMs, attempt: taken.attempt, next: verdict.do, ...about })
    // Redis knows nothing of a fresh attempt yet.
    const token =
      taken.token === untried.token
        ? (await insist(() => lanes.take({ ...place, channel, holdKey: budget.holdKey }), signal))?.token
        : taken.token
    if (token === undefined) return { do: 'nothing' }
    await insist(
      () => lanes.settle(place, token, state, { ...traceOf(channel, flow, place.id, taken.receivedAt), step }),
      signal,
    )
    if (verdict.do !== 'stop') attempted(attempt, { error, ...about, outcome: verdict.do, retryInMs: delayMs })
    return { do: 'later', delayMs }
  }

  function attempted(
    { ids, taken, startedAt }: Attempt,
    result: Pick<Extract<BridgeEvent, { type: 'delivery.attempted' }>, 'outcome' | 'status' | 'error' | 'retryInMs'>,
  ): void {
    const at = Date.now()
    const { attempt } = taken
    emit({ type: 'delivery.attempted', channel, flow, ids, at, attempt, durationMs: at - startedAt, ...result })
  }

  return {
    tryHead,
    tryFresh,
    /** Lets held messages be tried at once. @returns their ids */
    release: holds.release,
  }
}
