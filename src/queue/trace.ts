import type { MessageIds } from '../bridge/events.ts'
import { shapes, squeeze, ulidTime, unsqueeze } from './squeeze.ts'

/**
 * The compact trace of a message: when it came, which ids it has, what happened to it. It outlives the message and never holds
 * texts. There is one for every message of the last weeks, so each byte counts: ids of known shapes are squeezed, times are
 * differences, and one line holds it all: `received|user|event|conversation;step;step…`
 *
 * Most messages are of LINE customers, with events whose ids are ULIDs, which tell the time: `late|user|event;step…`, both ids bare and
 * the reception counted from the event's time.
 */

/** What may follow the reception. `afterMs`: since the reception. */
export type TraceStep =
  | {
      readonly what: 'failed'
      readonly afterMs: number
      readonly attempt: number
      readonly status?: number
      readonly next: string
    }
  | {
      readonly what: 'delivered'
      readonly afterMs: number
      readonly attempt: number
      readonly status: number
      readonly remote?: string
    }
  | {
      readonly what: 'dead'
      readonly afterMs: number
      readonly attempt: number
      readonly code: string
      readonly status?: number
    }
  /** It could certainly not be delivered, and was never tried. */
  | { readonly what: 'refused'; readonly afterMs: number; readonly code: string }
  | { readonly what: 'receipt'; readonly afterMs: number; readonly status: string }
  /** The contact centre took the message, and then said that it could not show it. */
  | { readonly what: 'not_shown'; readonly afterMs: number; readonly code: string }
  /** What people did: the dead letter went back to its lane, or was given up for good; the customer took the message back. */
  | { readonly what: 'replayed' | 'discarded' | 'withdrawn'; readonly afterMs: number }

/**
 * The letter of each kind of step; `f` is known to the scripts, which drop failed attempts from overlong traces, and so is `d`, which tells the
 * other platform's id.
 */
const letters = {
  failed: 'f',
  delivered: 'd',
  dead: 'x',
  refused: 'u',
  receipt: 'p',
  not_shown: 'n',
  replayed: 'r',
  discarded: 'c',
  withdrawn: 'w',
} as const

/**
 * Delivered at the first attempt with status 200, as nearly all are: `D<time>,<squeezed id>`, or `E<time>,<bare UUID>`. The scripts know them,
 * too.
 */
const atOnce = { squeezed: 'D', bare: 'E' } as const

/** A reception that is further from its event (25 days) is told by its own time. */
const mostLateMs = 36 ** 6

export function writeTrace(ids: MessageIds, receivedAt: number): string {
  const { user, event, conversation } = ids
  const [bareUser, bareEvent] = [shapes.user.bare(user), shapes.ulid.bare(event)]
  if (bareUser && event && bareEvent && !conversation) {
    const lateMs = receivedAt - ulidTime(event)
    if (Math.abs(lateMs) < mostLateMs) return [lateMs.toString(36), bareUser, bareEvent].join('|')
  }
  return [receivedAt.toString(36), squeeze(user), squeeze(event), squeeze(conversation)].join('|')
}

export function writeStep(step: TraceStep): string {
  const time = Math.max(0, Math.round(step.afterMs)).toString(36)
  if (step.what === 'delivered' && step.attempt === 1 && step.status === 200) {
    const bare = shapes.uuid.bare(step.remote)
    return bare
      ? `;${atOnce.bare}${time},${bare}`
      : `;${atOnce.squeezed}${time},${squeeze(step.remote)}`.replace(/,$/, '')
  }
  const line = [letters[step.what] + time, ...fieldsOf(step)].join(',')
  return `;${line.replace(/,+$/, '')}`
}

function fieldsOf(step: TraceStep): readonly (string | number)[] {
  switch (step.what) {
    case 'failed':
      return [step.attempt, step.status ?? '', step.next]
    case 'delivered':
      return [step.attempt, step.status, squeeze(step.remote)]
    case 'dead':
      return [step.attempt, step.status ?? '', step.code]
    case 'receipt':
      return [step.status]
    case 'refused':
    case 'not_shown':
      return [step.code]
    default:
      return []
  }
}

/** A trace as people read it. */
export interface Trace {
  readonly receivedAt: number
  readonly ids: Omit<MessageIds, 'message'>
  readonly steps: readonly TraceStep[]
}

/** When the message came, in ms since the epoch, without reading the rest. */
export const receivedAtOf = (text: string): number => readHead(text.split(';', 1)[0] ?? '').receivedAt

export function readTrace(text: string): Trace {
  const [head = '', ...lines] = text.split(';')
  const { receivedAt, ids } = readHead(head)
  const steps = lines.map(readStep)
  const remote = steps.findLast((step) => step.what === 'delivered')?.remote
  return { receivedAt, ids: { ...ids, ...(remote && { remote }) }, steps }
}

function readHead(head: string): Pick<Trace, 'receivedAt' | 'ids'> {
  const [received = '0', user = '', event = '', conversation] = head.split('|')
  if (conversation === undefined) {
    const ids = { user: shapes.user.full(user), event: shapes.ulid.full(event) }
    if (ids.user && ids.event)
      return {
        receivedAt: ulidTime(ids.event) + Number.parseInt(received, 36),
        ids: { user: ids.user, event: ids.event },
      }
  }
  const eventId = unsqueeze(event)
  const conversationId = unsqueeze(conversation ?? '')
  return {
    receivedAt: Number.parseInt(received, 36),
    ids: {
      user: unsqueeze(user) ?? '',
      ...(eventId && { event: eventId }),
      ...(conversationId && { conversation: conversationId }),
    },
  }
}

function readStep(line: string): TraceStep {
  const afterMs = Number.parseInt(line.slice(1).split(',')[0] ?? '', 36)
  const [first = '', second = '', third = ''] = line.split(',').slice(1)
  switch (line[0]) {
    case atOnce.squeezed:
    case atOnce.bare: {
      const remote = line[0] === atOnce.bare ? shapes.uuid.full(first) : unsqueeze(first)
      return { what: 'delivered', afterMs, attempt: 1, status: 200, ...(remote && { remote }) }
    }
    case letters.failed:
      return { what: 'failed', afterMs, attempt: Number(first), ...(second && { status: Number(second) }), next: third }
    case letters.delivered: {
      const remote = unsqueeze(third)
      return { what: 'delivered', afterMs, attempt: Number(first), status: Number(second), ...(remote && { remote }) }
    }
    case letters.dead:
      return { what: 'dead', afterMs, attempt: Number(first), ...(second && { status: Number(second) }), code: third }
    case letters.refused:
      return { what: 'refused', afterMs, code: first }
    case letters.not_shown:
      return { what: 'not_shown', afterMs, code: first }
    case letters.replayed:
      return { what: 'replayed', afterMs }
    case letters.discarded:
      return { what: 'discarded', afterMs }
    case letters.withdrawn:
      return { what: 'withdrawn', afterMs }
    default:
      return { what: 'receipt', afterMs, status: first }
  }
}
