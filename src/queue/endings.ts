import type { Flow, MessageIds } from '../bridge/events.ts'
import type { FailureReason, Receipt } from '../bridge/message.ts'
import type { Delivered } from '../bridge/side.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import type { GoesOn } from './attempts.ts'
import type { Codec } from './envelope.ts'
import { insist } from './insist.ts'
import type { Ending, Following, Lanes, Place, Taken, Taker } from './lanes.ts'
import { type DeadLetter, writeLetter } from './letters.ts'
import { journalField, journalKey, journalOf } from './names.ts'
import type { Item } from './payload.ts'
import { receiptPlace } from './receipt-place.ts'
import { writeStep } from './trace.ts'

/** How a message left its lane. */
export type Outcome = { readonly status?: number } & (
  | { readonly delivered: Delivered }
  | {
      readonly reason: FailureReason
      readonly kind: DeadLetter['kind']
      readonly inDoubt: boolean
      readonly attempts: number
    }
)

/** One attempt at the head of a lane. */
export interface Attempt {
  readonly place: Place
  readonly taken: Taken
  readonly ids: MessageIds
  readonly startedAt: number
  readonly goesOn: GoesOn
}

/** Where the trace of a message is kept; a receipt has none of its own. */
export function traceOf(channel: string, flow: Flow, id: string, receivedAt: number) {
  const field = journalField(channel, flow === 'receipts' ? 'outbound' : flow, id)
  return { journal: journalKey(journalOf(id, receivedAt)), field }
}

/** `done`: false when somebody else has ended the message. `next`: the lane's head now, which is owed a job if it was not taken. */
export interface Left {
  readonly done: boolean
  readonly next: Following | undefined
}

/**
 * Writes down how messages end: lane, dead letter, receipt and trace.
 * @param settings.onReceipt gets each receipt, which is stored already and is owed a job
 */
export function createEndings<T extends Item>(settings: {
  readonly channel: string
  readonly flow: Flow
  readonly holdKey: string
  readonly lanes: Lanes
  readonly codec: Codec
  readonly signal: AbortSignal
  readonly receipt?: (item: T, outcome: { readonly at: number; readonly reason?: FailureReason }) => Receipt | undefined
  readonly onReceipt: (place: Place, head: { readonly item: Receipt; readonly receivedAt: number }) => Promise<void>
  readonly faults: FaultPoints
}) {
  const { channel, flow, holdKey, lanes, codec, signal, receipt, onReceipt, faults } = settings
  const taker: Taker = { channel, holdKey }

  function stepOf({ taken }: Attempt, item: T, outcome: Outcome, afterMs: number): string {
    const { attempt } = taken
    if (flow === 'receipts') {
      const { status } = item as Receipt
      return writeStep({ what: 'receipt', afterMs, status: 'reason' in outcome ? `${status} refused` : status })
    }
    if ('reason' in outcome) {
      const { status, reason, attempts } = outcome
      return writeStep({
        what: 'dead',
        afterMs,
        attempt: attempts,
        code: reason.code,
        ...(status !== undefined && { status }),
      })
    }
    const { status, remoteId } = outcome.delivered
    return writeStep({ what: 'delivered', afterMs, attempt, status, ...(remoteId && { remote: remoteId }) })
  }

  async function end(attempt: Attempt, item: T, outcome: Outcome): Promise<Left> {
    const { place, taken, ids } = attempt
    const now = Date.now()
    const made = receipt?.(item, 'reason' in outcome ? { at: now, reason: outcome.reason } : { at: now })
    const ownReceipt = made && receiptPlace(made, codec, taken.receivedAt)
    const step = stepOf(attempt, item, outcome, now - taken.receivedAt)
    const trace = { ...traceOf(channel, flow, flow === 'receipts' ? place.user : place.id, taken.receivedAt), step }
    const details: { -readonly [Name in keyof Ending]: Ending[Name] } = { now, trace }
    if ('reason' in outcome) {
      const { kind, reason, attempts, inDoubt } = outcome
      details.givenUpBy = taken.token
      if (flow !== 'receipts') details.letter = writeLetter({ kind, reason, attempts, now, ids, inDoubt })
    }
    if (ownReceipt) details.receipt = ownReceipt
    if (attempt.goesOn()) details.takeNext = taker
    const left = await leave(place, details)
    if (left.done && made && ownReceipt) await onReceipt(ownReceipt, { item: made, receivedAt: taken.receivedAt })
    return left
  }

  async function leave(place: Place, details: Ending): Promise<Left> {
    let tries = 0
    const next = await insist(() => {
      tries += 1
      return lanes.finish(place, details)
    }, signal)
    faults.reach('finish.after')
    // When Redis went away in the midst of the first try, it may have been done then.
    if (next === false) return { done: tries > 1, next: undefined }
    return { done: true, next }
  }

  return {
    end,

    /** Ends a message whose content was taken back while it waited. */
    withdraw({ place, taken, goesOn }: Pick<Attempt, 'place' | 'taken' | 'goesOn'>): Promise<Left> {
      const now = Date.now()
      const step = writeStep({ what: 'withdrawn', afterMs: now - taken.receivedAt })
      return leave(place, {
        now,
        trace: { ...traceOf(channel, flow, place.id, taken.receivedAt), step },
        ...(goesOn() && { takeNext: taker }),
      })
    },
  }
}
