import type { Flow, MessageIds } from '../bridge/events.ts'
import type { FailureReason, Receipt } from '../bridge/message.ts'
import type { Delivered } from '../bridge/side.ts'
import type { Codec } from './envelope.ts'
import { insist } from './insist.ts'
import { type Ending, type Lanes, laneEntry, type Place, type Taken } from './lanes.ts'
import { writeLetter } from './letters.ts'
import { journalField, journalKey, journalOf, queueName, safeId } from './names.ts'
import { type Item, writeItem } from './payload.ts'
import type { Queues } from './queues.ts'
import { writeStep } from './trace.ts'

/** How a message left its lane. */
export type Outcome = { readonly status?: number } & (
  | { readonly delivered: Delivered }
  | { readonly reason: FailureReason; readonly kind: 'message' | 'expired' }
)

/** One attempt at the head of a lane. */
export interface Attempt {
  readonly place: Place
  readonly taken: Taken
  readonly ids: MessageIds
  readonly startedAt: number
}

/** Where the trace of a message is kept; a receipt has none of its own. */
export function traceOf(channel: string, flow: Flow, id: string, receivedAt: number) {
  const field = journalField(channel, flow === 'receipts' ? 'outbound' : flow, id)
  return { journal: journalKey(journalOf(id, receivedAt)), field }
}

/** Writes down how messages end: lane, dead letter, receipt, trace and the next head's job. */
export function createEndings<T extends Item>(settings: {
  readonly channel: string
  readonly flow: Flow
  readonly lanes: Lanes
  readonly queues: Queues
  readonly codec: Codec
  readonly signal: AbortSignal
  readonly receipt?: (item: T, outcome: { readonly at: number; readonly reason?: FailureReason }) => Receipt | undefined
  readonly onError: (error: Error) => void
}) {
  const { channel, flow, lanes, queues, codec, signal, receipt, onError } = settings

  /** A receipt has a lane of its own, whose name begins with what makes it urgent. Its age is its message's, whose trace it ends. */
  function receiptPlace(made: Receipt, receivedAt: number): Place & { readonly entry: string } {
    const id = safeId(made.id)
    const entry = laneEntry(id, receivedAt, writeItem(codec, made))
    return { queue: queueName(channel, 'receipts'), user: `${made.status}.${id}`, id, entry }
  }

  function stepOf({ taken }: Attempt, item: T, outcome: Outcome, afterMs: number): string {
    const { attempt } = taken
    if (flow === 'receipts') {
      const { status } = item as Receipt
      return writeStep({ what: 'receipt', afterMs, status: 'reason' in outcome ? `${status} refused` : status })
    }
    if ('reason' in outcome) {
      const { status, reason } = outcome
      return writeStep({ what: 'dead', afterMs, attempt, code: reason.code, ...(status !== undefined && { status }) })
    }
    const { status, remoteId } = outcome.delivered
    return writeStep({ what: 'delivered', afterMs, attempt, status, ...(remoteId && { remote: remoteId }) })
  }

  async function store(attempt: Attempt, item: T, outcome: Outcome): Promise<void> {
    const { place, taken } = attempt
    const now = Date.now()
    const made = receipt?.(item, { at: now, ...('reason' in outcome && { reason: outcome.reason }) })
    const ownReceipt = made && receiptPlace(made, taken.receivedAt)
    const afterMs = now - taken.receivedAt
    const letter =
      'reason' in outcome && flow !== 'receipts'
        ? writeLetter({
            id: place.id,
            ...taken,
            kind: outcome.kind,
            reason: outcome.reason,
            attempts: taken.attempt,
            now,
          })
        : undefined
    const details: Ending = {
      now,
      trace: { ...traceOf(channel, flow, place.id, taken.receivedAt), step: stepOf(attempt, item, outcome, afterMs) },
      ...(letter !== undefined && { letter }),
      ...(ownReceipt && { receipt: ownReceipt }),
    }
    const next = await insist(() => lanes.finish(place, details), signal)
    const heads: Place[] = next === undefined ? [] : [{ ...place, id: next }]
    if (ownReceipt) heads.push(ownReceipt)
    // Redis keeps a note of heads without a job, so nobody has to wait for this or to mend its failure.
    queues.addHeads(heads).catch(onError)
  }

  return {
    end: store,
  }
}
