import { setTimeout as sleep } from 'node:timers/promises'
import { DeliveryError, Stopping } from '../bridge/errors.ts'
import type { BridgeEvent, Emit, Flow } from '../bridge/events.ts'
import type { FailureReason, Receipt } from '../bridge/message.ts'
import type { Delivered, Delivery } from '../bridge/side.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import type { Budget, Urgency } from './budget.ts'
import { type Attempt, createEndings, traceOf } from './endings.ts'
import type { Codec } from './envelope.ts'
import type { Leave } from './gate.ts'
import { createHolds, type Held } from './holds.ts'
import { insist } from './insist.ts'
import type { Following, Head, Lanes, Place, Taken } from './lanes.ts'
import { originalId } from './names.ts'
import { type Item, idsOf, readItem } from './payload.ts'
import type { Places } from './places.ts'
import { holdMs } from './schedule.ts'
import { writeStep } from './trace.ts'
import { giveUpUncertain, isUncertain, judge, type Verdict } from './verdict.ts'

/** For so long after it was asked for an attempt is certainly the latest at its message: debts stay young for longer. */
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
  askedAt: 0,
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

/**
 * Gets each receipt, which is stored already, at its place; it is as old as its message. Resolves when somebody has it in hand: were that not
 * waited for, a busy process would begin ever more messages and end none.
 */
export type OnReceipt = (place: Place, head: { readonly item: Receipt; readonly receivedAt: number }) => Promise<void>

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

/** Asked when a message has left its lane: is the next one to be taken at once? */
export type GoesOn = () => boolean

/** What has to be done after an attempt. `next`: the lane's head from now on, if it has one. */
export type After =
  /** The message was no head, or is in somebody else's hands. */
  | { readonly do: 'nothing' }
  | { readonly do: 'next'; readonly next: Following | undefined }
  /** It is a dead letter now; `why` is fit for the dashboard. */
  | { readonly do: 'dead'; readonly next: Following | undefined; readonly why: string }
  /** It needs a job for that turn; `added` is to be told when the job is there. */
  | { readonly do: 'later'; readonly delayMs: number; readonly turn: number; readonly added?: () => void }

/**
 * Makes attempts at the heads of the lanes of one flow of one channel, and writes down what comes of them. Written once for all flows; it
 * knows neither platform, nor who calls and what runs an attempt again.
 * @param settings.waits aborted when whoever waits for a permit has to come back; another one takes its place then
 * @param settings.places where a request waits until there are not too many under way
 * @param settings.onReleased gets the held messages that may be tried at once
 */
export function createAttempts<T extends Item>(settings: {
  readonly route: Route<T>
  readonly lanes: Lanes
  readonly codec: Codec
  readonly signal: AbortSignal
  readonly waits: () => AbortSignal
  readonly places: Pick<Places, 'request'>
  readonly onReceipt: OnReceipt
  readonly onReleased: (held: readonly Held[]) => void
  readonly emit: Emit
  readonly onError: (error: Error) => void
  readonly faults: FaultPoints
}) {
  const { route, lanes, codec, signal, waits, places, onReceipt, onReleased, emit, onError, faults } = settings
  const { channel, flow, budget } = route
  const endings = createEndings<T>({
    channel,
    flow,
    holdKey: budget.holdKey,
    lanes,
    codec,
    signal,
    onReceipt,
    faults,
    ...(route.receipt && { receipt: route.receipt }),
  })
  const holds = createHolds({ now: () => performance.now() })

  /**
   * Takes a head into this process' hands, so that it can be tried.
   * @throws when Redis refuses
   */
  async function take(head: Head): Promise<After | { readonly do: 'try'; readonly taken: Taken }> {
    if (!holds.mayTry(head.id)) {
      const since = holds.releases()
      const turn = await lanes.postpone(head)
      if (turn === undefined) return { do: 'nothing' }
      if (turn > 0) return hold(head.id, turn, since)
    }
    route.prepare?.(originalId(head.user))
    const taken = await lanes.take({ ...head, channel, holdKey: budget.holdKey })
    return taken ? { do: 'try', taken } : { do: 'nothing' }
  }

  /**
   * Tries to deliver a message that was taken.
   * @throws when Redis refuses, or what has happened could not be written down before the process stopped
   */
  async function tryTaken(place: Place, taken: Taken, goesOn: GoesOn): Promise<After> {
    const startedAt = Date.now()
    const attempt: Attempt = { place, taken, ids: { message: place.id, user: place.user }, startedAt, goesOn }
    const { envelope } = taken
    if (envelope === undefined) {
      const { next } = await endings.withdraw(attempt)
      emit({ type: 'message.ignored', channel, flow, reason: 'withdrawn' })
      return { do: 'next', next }
    }
    budget.heardHold(taken.heldMs)
    if (taken.overtakes) {
      await sleep(graceMs, undefined, { signal }).catch(() => undefined)
      if (!(await lanes.isCurrent(place, taken.token))) return { do: 'nothing' }
    }
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

  /** Something may be delivered while its job is being added: then it is tried at once as well. */
  function hold(id: string, turn: number, since: number): After {
    const added = () => {
      if (!holds.hold(id, turn, since)) onReleased([{ id, turn }])
    }
    return { do: 'later', delayMs: holdMs, turn, added }
  }

  /**
   * As {@link tryTaken}, for a head that this process has just stored itself: nothing has been tried before, and nothing has to be read.
   * @param head.receivedAt ms since the epoch
   */
  function tryFresh(
    place: Place,
    head: { readonly item: T; readonly receivedAt: number },
    goesOn: GoesOn,
  ): Promise<After> {
    const { item, receivedAt } = head
    const taken = { ...untried, receivedAt }
    return carryOut({ place, taken, ids: idsOf(item), startedAt: Date.now(), goesOn }, item, undefined)
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
    } finally {
      delivery.requested()
    }
    faults.reach('delivery.accepted')
    return succeed(known, item, delivered)
  }

  async function succeed(attempt: Attempt, item: T, delivered: Delivered): Promise<After> {
    const { taken } = attempt
    const { done, next } = await endings.end(attempt, item, { delivered })
    release()
    const at = Date.now()
    const sinceReceivedMs = at - taken.receivedAt
    const ids = delivered.remoteId ? { ...attempt.ids, remote: delivered.remoteId } : attempt.ids
    attempted({ ...attempt, ids }, { outcome: 'delivered', status: delivered.status, sinceReceivedMs })
    // Another process took it for abandoned, and has told of its end.
    if (!done) return { do: 'nothing' }
    emit({ type: 'message.delivered', channel, flow, ids, at, sinceReceivedMs })
    return { do: 'next', next }
  }

  /** Lets held messages be tried at once. */
  function release(): void {
    const released = holds.release()
    if (released.length > 0) onReleased(released)
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
    { place, taken }: Attempt,
    item: T,
    plan: string | undefined,
  ): QueuedDelivery & { readonly confirmed: () => number; readonly requested: () => void } {
    const urgency = route.urgency(item)
    let parts = taken.partsDone
    let requested: Leave | undefined
    return {
      attempt: taken.attempt,
      mayHaveArrived: taken.inDoubt,
      blocked: taken.blocked,
      receivedAt: taken.receivedAt,
      signal,
      async permit() {
        const ended = waits()
        if (!requested) {
          const free = places.request()
          requested = free instanceof Promise ? await free : free
        }
        if (!requested || ended.aborted) throw new Stopping('The process stops.')
        await budget.permit(urgency, ended)
        if (taken.token === untried.token || Date.now() - taken.askedAt < freshMs) return
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
      requested: () => requested?.(),
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
    const since = holds.releases()
    if (verdict.do === 'wait' && verdict.all) await budget.hold(delayMs).catch(onError)
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
    const turn = await insist(
      () => lanes.settle(place, token, state, { ...traceOf(channel, flow, place.id, taken.receivedAt), step }),
      signal,
    )
    if (verdict.do !== 'stop') attempted(attempt, { error, ...about, outcome: verdict.do, retryInMs: delayMs })
    if (turn === undefined) return { do: 'nothing' }
    return verdict.do === 'hold' ? hold(place.id, turn, since) : { do: 'later', delayMs, turn }
  }

  function attempted(
    { ids, taken, startedAt }: Attempt,
    result: Pick<
      Extract<BridgeEvent, { type: 'delivery.attempted' }>,
      'outcome' | 'status' | 'error' | 'retryInMs' | 'sinceReceivedMs'
    >,
  ): void {
    const at = Date.now()
    const { attempt } = taken
    emit({ type: 'delivery.attempted', channel, flow, ids, at, attempt, durationMs: at - startedAt, ...result })
  }

  return {
    take,
    tryTaken,
    tryFresh,
    release,
  }
}
