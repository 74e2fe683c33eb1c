import type {
  ChannelsJson,
  DeadLetterJson,
  MessageJson,
  MessagesJson,
  MovedJson,
  PausedJson,
  PauseJson,
} from '../console/api/shapes.ts'
import { table } from './table.ts'

/** Dead letters up to a limit; `more`: there are others. */
export interface ListedLetters {
  readonly items: readonly DeadLetterJson[]
  readonly more: boolean
}

/** `2026-11-21 15:40:11Z`, to be read by people. */
const readable = (iso: string | null): string => (iso === null ? '-' : iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z'))

const pauseText = (pause: PauseJson | null): string => (pause ? `paused by ${pause.who}` : 'flowing')

export function channelsText({ items }: ChannelsJson): string {
  const rows = items.flatMap(({ name, paused, waiting, deadLetters }) =>
    (['inbound', 'outbound'] as const).map((direction) => [
      name,
      direction,
      pauseText(paused[direction]),
      String(waiting[direction]),
      String(deadLetters[direction]),
    ]),
  )
  const sides = items.flatMap(({ name, sides }) =>
    Object.entries(sides).map(([side, { token, lastWebhookAt, lastRefused, webhookUrl }]) => [
      name,
      side,
      token.expiresAt === null ? token.kind : `${token.kind} until ${readable(token.expiresAt)}`,
      readable(lastWebhookAt),
      lastRefused ? `${readable(lastRefused.at)} (${lastRefused.status})` : '-',
      webhookUrl,
    ]),
  )
  const pauses = items.flatMap(({ name, paused }) =>
    (['inbound', 'outbound'] as const).flatMap((direction) => {
      const pause = paused[direction]
      return pause ? [[name, direction, readable(pause.at), pause.who, pause.reason]] : []
    }),
  )
  return [
    table(['CHANNEL', 'DIRECTION', 'STATE', 'WAITING', 'DEAD LETTERS'], rows),
    table(['CHANNEL', 'SIDE', 'TOKEN', 'LAST WEBHOOK', 'LAST REFUSED', 'WEBHOOK ADDRESS'], sides),
    ...(pauses.length > 0 ? [table(['PAUSED', 'DIRECTION', 'SINCE', 'BY', 'BECAUSE'], pauses)] : []),
  ].join('\n')
}

const idsText = (ids: object): string =>
  Object.entries(ids)
    .map(([what, id]) => `${what} ${String(id)}`)
    .join(', ')

function timelineText({ ids, channel, direction, state, steps }: MessageJson): string {
  const rows = steps.map(({ at, what, attempt, status }) => [
    at.replace('T', ' '),
    what,
    attempt === undefined ? '' : `attempt ${attempt}`,
    status === undefined ? '' : `HTTP ${status}`,
  ])
  const { message, ...others } = ids
  return `${message}  ${direction} on ${channel}: ${state}\n${idsText(others)}\n${table(['AT', 'STEP', '', ''], rows)}`
}

export function messagesText({ items, complete }: MessagesJson): string {
  const found = items.map(timelineText).join('\n')
  if (complete) return found || 'Nothing was found.\n'
  const cut = 'The search ended before it had looked at everything: there may be more.\n'
  return found ? `${found}\n${cut}` : cut
}

export function lettersText({ items, more }: ListedLetters): string {
  if (items.length === 0) return 'There are no such dead letters.\n'
  const rows = items.map(({ id, kind, reason, attempts, lastAt, ids }) => [
    id,
    kind,
    reason.code,
    String(attempts),
    readable(lastAt),
    ids.user ?? '-',
    reason.message,
  ])
  const shown = table(['ID', 'KIND', 'REASON CODE', 'ATTEMPTS', 'GIVEN UP', 'USER', 'REASON'], rows)
  return more ? `${shown}\nThere are more: --limit N shows so many.\n` : shown
}

export function letterText(letter: DeadLetterJson): string {
  const { id, channel, direction, kind, reason, attempts, firstAt, lastAt, ids, payload, unreadable } = letter
  const rows = [
    ['id', id],
    ['channel', channel],
    ['direction', direction],
    ['kind', kind],
    ['reason', `${reason.code}: ${reason.message}`],
    ['attempts', String(attempts)],
    ['received', readable(firstAt)],
    ['given up', readable(lastAt)],
    ...Object.entries(ids).map(([what, one]) => [what, String(one)]),
  ]
  const facts = table(['DEAD LETTER', ''], rows)
  if (payload === undefined) return facts
  if (unreadable) return `${facts}\nIts content is sealed with a key that is not configured any more.\n`
  return payload === null
    ? `${facts}\nIts content is not there: it was erased, or never kept.\n`
    : `${facts}\n${JSON.stringify(payload, null, 2)}\n`
}

const done = { replay: 'Put back to be delivered', discard: 'Discarded' } as const

const whys: Readonly<Record<string, string>> = {
  not_found: 'there is none of that id (any more)',
  uncertain: 'it may have arrived: --confirm-uncertain takes it all the same',
  no_content: 'its content was erased, or never kept',
  unknown_channel: 'its channel is not configured',
  busy: 'it is still being put away: try again',
}

export function movedText(action: keyof typeof done, { done: count, skipped }: MovedJson): string {
  const summary = `${done[action]}: ${count}. Skipped: ${skipped.length}.\n`
  if (skipped.length === 0) return summary
  const rows = skipped.map(({ id, why }) => [id, whys[why] ?? why])
  return `${summary}\n${table(['SKIPPED', 'WHY'], rows)}`
}

export const pausedText = ({ channel, direction, paused }: PausedJson): string =>
  paused
    ? `Deliveries ${direction} on ${channel} are paused; messages wait in order.\n`
    : `Deliveries ${direction} on ${channel} go on.\n`
