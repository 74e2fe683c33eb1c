import type { MessageIds } from '../bridge/events.ts'

/**
 * The compact trace of a message: when it came, which ids it has, what happened to it. It outlives the message and never holds
 * texts. There is one for every message of the last weeks, so each byte counts: ids of known shapes are squeezed, times are
 * differences, and one line holds it all: `received|user|event|conversation;step;step…`
 */

const hexId = /^([UCR])([0-9a-f]{32})$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const plainId = /^[\w-]{1,80}$/
const squeezedHex = /^([UCR])\.([A-Za-z0-9_-]{22})$/
const squeezedUuid = /^~([A-Za-z0-9_-]{22})$/

const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
const toHex = (text: string): string => Buffer.from(text, 'base64url').toString('hex')

/** Shortens LINE user ids (33 → 24 characters) and UUIDs (36 → 23); other ids stay, made safe for the line. */
export function squeeze(id: string | undefined): string {
  if (!id) return ''
  const platformId = hexId.exec(id)
  if (platformId?.[1] && platformId[2]) return `${platformId[1]}.${toBase64(platformId[2])}`
  if (uuid.test(id)) return `~${toBase64(id.replaceAll('-', ''))}`
  if (plainId.test(id)) return id
  return encodeURI(id.slice(0, 80).toWellFormed()).replaceAll(
    /[;|,~.]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The inverse of {@link squeeze}, except for ids above 80 characters. */
export function unsqueeze(text: string): string | undefined {
  if (!text) return undefined
  const platformId = squeezedHex.exec(text)
  if (platformId?.[1] && platformId[2]) return platformId[1] + toHex(platformId[2])
  const short = squeezedUuid.exec(text)
  if (short?.[1]) return toHex(short[1]).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return decodeURIComponent(text)
}

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
  | { readonly what: 'receipt'; readonly afterMs: number; readonly status: string }
  /** The contact centre took the message, and then said that it could not show it. */
  | { readonly what: 'not_shown'; readonly afterMs: number; readonly code: string }
  /** What people did: the dead letter went back to its lane, or was given up for good; the customer took the message back. */
  | { readonly what: 'replayed' | 'discarded' | 'withdrawn'; readonly afterMs: number }

/** The letter of each kind of step; `f` is known to the scripts, which drop failed attempts from overlong traces. */
const letters = {
  failed: 'f',
  delivered: 'd',
  dead: 'x',
  receipt: 'p',
  not_shown: 'n',
  replayed: 'r',
  discarded: 'c',
  withdrawn: 'w',
} as const

export function writeTrace(ids: MessageIds, receivedAt: number): string {
  return [receivedAt.toString(36), squeeze(ids.user), squeeze(ids.event), squeeze(ids.conversation)].join('|')
}

export function writeStep(step: TraceStep): string {
  const time = Math.max(0, Math.round(step.afterMs)).toString(36)
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

export function readTrace(text: string): Trace {
  const [head = '', ...lines] = text.split(';')
  const [received = '0', user = '', event = '', conversation = ''] = head.split('|')
  const steps = lines.map(readStep)
  const eventId = unsqueeze(event)
  const conversationId = unsqueeze(conversation)
  const remote = steps.findLast((step) => step.what === 'delivered')?.remote
  return {
    receivedAt: Number.parseInt(received, 36),
    ids: {
      user: unsqueeze(user) ?? '',
      ...(eventId && { event: eventId }),
      ...(conversationId && { conversation: conversationId }),
      ...(remote && { remote }),
    },
    steps,
  }
}

function readStep(line: string): TraceStep {
  const afterMs = Number.parseInt(line.slice(1).split(',')[0] ?? '', 36)
  const [first = '', second = '', third = ''] = line.split(',').slice(1)
  switch (line[0]) {
    case letters.failed:
      return { what: 'failed', afterMs, attempt: Number(first), ...(second && { status: Number(second) }), next: third }
    case letters.delivered: {
      const remote = unsqueeze(third)
      return { what: 'delivered', afterMs, attempt: Number(first), status: Number(second), ...(remote && { remote }) }
    }
    case letters.dead:
      return { what: 'dead', afterMs, attempt: Number(first), ...(second && { status: Number(second) }), code: third }
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
