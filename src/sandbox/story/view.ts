import type { Direction } from '../../bridge/message.ts'
import { panelsInWords } from './desk-panels.ts'
import { type DeskAnswer, type DeskCustomer, type DeskView, inboundDesk, outboundDesk } from './desk-view.ts'
import { type LogLine, logOf } from './log.ts'
import { present } from './loose.ts'
import { type PhoneItem, type PhoneSender, pushedItem, quickRepliesOf, senderOf, writtenItem } from './phone-items.ts'
import type { PhoneQuickReply } from './phone-taps.ts'
import type { Attempt, Tale } from './tale.ts'

/** A message on the customer's phone. */
export interface PhoneView {
  readonly at: number
  readonly items: readonly PhoneItem[]
  readonly quick?: readonly PhoneQuickReply[]
  readonly sender?: PhoneSender
  /** Inbound: the account has marked it as read. */
  readonly isRead?: boolean
  /** Inbound: LINE's id of a message that can be taken back. */
  readonly message?: string
}

/** One message in its three places; the page replaces what it shows of a message by the newest view. */
export interface MessageView {
  readonly id: string
  readonly no: number
  readonly channel: string
  readonly direction: Direction
  readonly at: number
  /** `behind`: an earlier one of the same conversation and direction is not through yet. */
  readonly state: 'waiting' | 'behind' | 'delivered' | 'failed' | 'withdrawn'
  /** Number of the one that it waits behind. */
  readonly behind?: number
  /** When it is tried again. */
  readonly retryAt?: number
  /** Words before the seconds until `retryAt`. */
  readonly next?: string
  /** The answer to an accepted attempt was lost; asking again did not show it twice. */
  readonly once?: boolean
  /** `isTheirs`: in the conversation's language. */
  readonly snippet: { readonly text: string; readonly isTheirs: boolean }
  /** ms since it was written; `received` is always 0. */
  readonly steps: {
    readonly received: number
    readonly queued?: number
    readonly delivered?: number
    readonly receipt?: number
  }
  readonly tries: readonly { readonly label: string; readonly count: number; readonly isWait: boolean }[]
  readonly log: readonly LogLine[]
  /** Missing until the phone shows it. */
  readonly phone?: PhoneView
  /** Missing until the desk shows it. */
  readonly desk?: DeskView
}

/** What the view needs to know besides the tale itself. */
export interface ViewContext {
  /** Number of the oldest message of the same lane that has not ended, if that is another one. */
  readonly behind?: number | undefined
  readonly customer?: DeskCustomer | undefined
  /** The agent's message with this id, in the same conversation. */
  readonly offerer: (id: string) => DeskAnswer['to'] | undefined
}

function phoneOf(tale: Tale): PhoneView | undefined {
  if (tale.said.by === 'customer') {
    const { event, tapped } = tale.said
    if (tale.isUnsent) return { at: tale.at, items: [] }
    const id = event.message?.id ?? event.webhookEventId
    const item = writtenItem(event, `files/phone/${tale.channel}/${id}`, tapped)
    return present({ at: tale.at, items: [item], isRead: tale.isRead, message: event.message?.id })
  }
  const shown = tale.pushes.filter((push) => push.shown)
  const messages = shown.flatMap((push) => push.messages)
  const [first] = messages
  const last = messages.at(-1)
  if (!first || !last) return undefined
  // Only the last message object's quick replies are shown.
  const quick = quickRepliesOf(last)
  return present({
    at: first.at,
    items: messages.map(pushedItem),
    quick: quick.length > 0 ? quick : undefined,
    sender: senderOf(first),
  })
}

const kindWords = { image: 'picture', video: 'video', audio: 'voice message', file: 'file' } as const

function snippetOf(desk: DeskView | undefined, phone: PhoneView | undefined): MessageView['snippet'] {
  const [item] = phone?.items ?? []
  if (item?.type === 'note') {
    const words = item.chosen === undefined ? item.text : `chosen: ${item.chosen.replace('T', ' ')}`
    return { text: desk?.text ?? words, isTheirs: desk?.text !== undefined }
  }
  // Agents name their files; LINE names none but those that were sent as files.
  const sent = desk?.attachments?.[0]
  if (sent && desk.status) return { text: `${kindWords[sent.kind]} ${sent.name}`, isTheirs: false }
  const structured = panelsInWords(desk?.panels ?? [])
  if (structured !== undefined) return { text: desk?.text ?? structured, isTheirs: true }
  switch (item?.type) {
    case 'sticker':
      return { text: `sticker: ${item.label}`, isTheirs: false }
    case 'location':
      return { text: `location: ${item.title ?? item.address ?? 'map'}`, isTheirs: false }
    case 'file':
      return { text: `file ${item.name}`, isTheirs: false }
    case 'image':
    case 'video':
    case 'audio':
      return { text: kindWords[item.type], isTheirs: false }
    default:
      return { text: desk?.text ?? (item && 'text' in item ? item.text : '…'), isTheirs: true }
  }
}

function triesOf(attempts: readonly Attempt[]): MessageView['tries'] {
  const tries = new Map<string, { label: string; count: number; isWait: boolean }>()
  for (const attempt of attempts) {
    if (attempt.outcome === 'delivered') continue
    const label =
      attempt.status === undefined ? (attempt.outcome === 'give-up' ? 'given up' : 'lost') : String(attempt.status)
    const old = tries.get(label)
    tries.set(label, { label, count: (old?.count ?? 0) + 1, isWait: attempt.outcome === 'wait' })
  }
  return [...tries.values()]
}

function stateOf(tale: Tale, behind: number | undefined): Pick<MessageView, 'state' | 'behind' | 'retryAt' | 'next'> {
  if (tale.deliveredAt !== undefined) return { state: 'delivered' }
  if (tale.failed || tale.wasNeverTaken) return { state: 'failed' }
  if (tale.isUnsent) return { state: 'withdrawn' }
  if (behind !== undefined) return { state: 'behind', behind }
  const last = tale.attempts.at(-1)
  if (last?.retryInMs === undefined) return { state: 'waiting' }
  const spent = tale.attempts.filter((one) => one.outcome === 'retry').length
  const what = last.status === undefined ? 'no answer' : String(last.status)
  const next =
    last.outcome === 'wait'
      ? `${what}, waits`
      : last.outcome === 'hold'
        ? `${what}, held`
        : `${what} ×${spent}, again in`
  return { state: 'waiting', retryAt: last.at + last.retryInMs, next }
}

/** A message as the page shows it. */
export function viewOf(tale: Tale, context: ViewContext): MessageView {
  const phone = phoneOf(tale)
  const { customer, offerer } = context
  const desk = tale.direction === 'inbound' ? inboundDesk(tale, { customer, offerer }) : outboundDesk(tale)
  const since = (at: number | undefined) => (at === undefined ? undefined : Math.max(0, at - tale.at))
  // What Genesys took was delivered then; the bridge hears of it a moment later, when the receipt may be there already.
  const [taken] = tale.taken
  const acceptedAt = tale.deliveredAt === undefined ? undefined : (taken?.at ?? tale.deliveredAt)
  const steps = { queued: since(tale.storedAt), delivered: since(acceptedAt), receipt: since(tale.toldAt) }
  const last = tale.attempts.findLast((attempt) => attempt.outcome === 'delivered')
  return {
    id: tale.id,
    no: tale.no,
    channel: tale.channel,
    direction: tale.direction,
    at: tale.at,
    ...stateOf(tale, context.behind),
    ...(last?.status === 409 ? { once: true } : {}),
    snippet: snippetOf(desk, phone),
    steps: {
      received: 0,
      ...(steps.queued === undefined ? {} : { queued: steps.queued }),
      ...(steps.delivered === undefined ? {} : { delivered: steps.delivered }),
      ...(steps.receipt === undefined ? {} : { receipt: steps.receipt }),
    },
    tries: triesOf(tale.attempts),
    log: logOf(tale),
    ...(phone ? { phone } : {}),
    ...(desk ? { desk } : {}),
  }
}
