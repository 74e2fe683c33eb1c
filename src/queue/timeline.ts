import type { MessageIds } from '../bridge/events.ts'
import type { Direction } from '../bridge/message.ts'
import type { Trace, TraceStep } from './trace.ts'

/**
 * How a message stands. Not ended: `waiting` (never tried, or behind another one), `delivering`, `retrying`, `held` (until the set-up
 * is mended). Ended: `delivered`, `dead` (also when the letter has been erased since), `refused` (it could certainly not be delivered,
 * and was never tried), `discarded`, `withdrawn` (the customer unsent it). `noted`: an event that carried no message.
 */
export type MessageState =
  | 'waiting'
  | 'delivering'
  | 'retrying'
  | 'held'
  | 'delivered'
  | 'dead'
  | 'refused'
  | 'discarded'
  | 'withdrawn'
  | 'noted'

/** What became of one message, its oldest step first. Never holds texts. */
export interface Timeline {
  readonly ids: MessageIds
  readonly channel: string
  readonly direction: Direction
  readonly state: MessageState
  readonly steps: readonly TimelineStep[]
}

/** `at`: ms since the epoch. */
export interface TimelineStep {
  readonly at: number
  readonly what: string
  readonly status?: number
  readonly attempt?: number
}

/** Where a message was found: `place` 0 is the head of its lane, -1 is in no lane; `active`: it is being delivered. */
export interface Whereabouts {
  readonly place: number
  readonly active: boolean
}

/** What ends a message, and `replayed`, which begins it anew. */
const ends: Readonly<Record<string, MessageState | undefined>> = {
  delivered: 'delivered',
  dead: 'dead',
  refused: 'refused',
  not_shown: 'dead',
  discarded: 'discarded',
  withdrawn: 'withdrawn',
}

/** How a message stands by its trace and its place. */
export function stateOf({ steps }: Trace, { place, active }: Whereabouts): MessageState {
  if (active) return 'delivering'
  const latest = steps.findLast(({ what }) => what === 'failed' || what === 'replayed' || what in ends)
  const ended = latest && ends[latest.what]
  // What a customer takes back after it was delivered has been delivered all the same.
  if (ended === 'withdrawn' && steps.some(({ what }) => what === 'delivered')) return 'delivered'
  if (ended) return ended
  if (place < 0) return 'noted'
  if (latest?.what !== 'failed') return 'waiting'
  return latest.next === 'hold' ? 'held' : 'retrying'
}

/** A failed attempt is told by what followed from it; what was never tried has failed without one. */
const failures: Readonly<Record<string, string>> = { hold: 'held', wait: 'postponed' }

function wordOf(step: TraceStep): string {
  if (step.what === 'failed') return failures[step.next] ?? 'failed'
  if (step.what === 'refused') return 'failed'
  return step.what === 'receipt' ? `receipt ${step.status}` : step.what
}

/** A trace's steps in words, with the reception in front. */
export const stepsOf = ({ receivedAt, steps }: Trace): TimelineStep[] => [
  { at: receivedAt, what: 'received' },
  ...steps.map((step) => ({
    at: receivedAt + step.afterMs,
    what: wordOf(step),
    ...('status' in step && typeof step.status === 'number' && { status: step.status }),
    ...('attempt' in step && { attempt: step.attempt }),
  })),
]
