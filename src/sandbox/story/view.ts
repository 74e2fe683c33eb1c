import type { Direction } from '../../bridge/message.ts'
import type { InboundItem, Json } from '../platforms.ts'
import { type LogLine, logOf } from './log.ts'
import { type PhoneButton, type PhoneItem, pushedItem, quickRepliesOf, writtenItem } from './phone-items.ts'
import type { Attempt, Tale } from './tale.ts'

/** What Genesys knows of a customer, as the message brought it. */
export interface DeskCustomer {
  readonly id: string
  readonly name?: string
  readonly attributes: Readonly<Record<string, string>>
  readonly queue: string
  /** Why Architect chose the queue. */
  readonly because: string
}

export interface DeskAttachment {
  readonly kind: 'image' | 'video' | 'audio' | 'file'
  readonly name: string
  readonly url: string
}

/** A message on the agent's desk. */
export interface DeskView {
  readonly at: number
  readonly text?: string
  readonly attachments?: readonly DeskAttachment[]
  readonly cards?: readonly { readonly title: string; readonly text: string }[]
  readonly quick?: readonly string[]
  readonly isBot?: boolean
  /** Outbound: by the receipt that Genesys got. */
  readonly status?: 'sent' | 'delivered' | 'failed'
  /** Outbound: why it failed, in the receipt's words. */
  readonly why?: string
  /** Inbound only. */
  readonly customer?: DeskCustomer
}

/** A message on the customer's phone. */
export interface PhoneView {
  readonly at: number
  readonly items: readonly PhoneItem[]
  readonly quick?: readonly PhoneButton[]
}

/** One message in its three places; the page replaces what it shows of a message by the newest view. */
export interface MessageView {
  readonly id: string
  readonly no: number
  readonly channel: string
  readonly direction: Direction
  readonly at: number
  /** `behind`: an earlier one of the same conversation and direction is not through yet. */
  readonly state: 'waiting' | 'behind' | 'delivered' | 'failed'
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
}

const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const asText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

const kinds = ['image', 'video', 'audio'] as const
const kindOf = (mediaType: unknown): DeskAttachment['kind'] =>
  kinds.find((kind) => kind === String(mediaType).toLowerCase()) ?? 'file'

function inboundDesk(tale: Tale, customer: DeskCustomer | undefined): DeskView | undefined {
  const [first] = tale.taken
  if (!first) return undefined
  const unique = new Map<string, InboundItem>(tale.taken.map((item) => [item.messageId ?? item.id, item]))
  const items = [...unique.values()]
  const texts = items.flatMap((item) => (item.text === undefined || item.text === '' ? [] : [item.text]))
  const attachments = items.flatMap(({ attachment }) =>
    attachment
      ? [{ kind: kindOf(attachment.mediaType), name: attachment.fileName ?? 'attachment', url: attachment.url }]
      : [],
  )
  return {
    at: first.at,
    ...(texts.length > 0 ? { text: texts.join('\n') } : {}),
    ...(attachments.length > 0 ? { attachments } : {}),
    ...(customer ? { customer } : {}),
  }
}

function outboundDesk(tale: Tale): DeskView | undefined {
  if (tale.said.by !== 'agent') return undefined
  const { item } = tale.said
  const attachments: DeskAttachment[] = []
  const cards: { title: string; text: string }[] = []
  const quick: string[] = []
  for (const element of item.content) {
    const attachment = asObject(element.attachment)
    if (element.attachment)
      attachments.push({
        kind: kindOf(attachment.mediaType),
        name: asText(attachment.filename) ?? 'attachment',
        url: `files/desk/${item.id}`,
      })
    const reply = asText(asObject(element.quickReply).text)
    if (reply) quick.push(reply)
    const carousel = asObject(element.carousel).cards
    for (const card of [...(Array.isArray(carousel) ? carousel : []), ...(element.card ? [element.card] : [])]) {
      const { title, description } = asObject(card)
      cards.push({ title: asText(title) ?? '', text: asText(description) ?? '' })
    }
  }
  const isFailed = tale.receipt?.status === 'Failed'
  return {
    at: tale.at,
    ...(item.text ? { text: item.text } : {}),
    ...(attachments.length > 0 ? { attachments } : {}),
    ...(cards.length > 0 ? { cards } : {}),
    ...(quick.length > 0 ? { quick } : {}),
    isBot: item.author === 'Bot',
    status: isFailed ? 'failed' : tale.receipt ? 'delivered' : 'sent',
    ...(isFailed ? { why: tale.receipt?.reasons.map((reason) => reason.message).join(' ') ?? '' } : {}),
  }
}

function phoneOf(tale: Tale): PhoneView | undefined {
  if (tale.said.by === 'customer') {
    const { event } = tale.said
    const id = event.message?.id ?? event.webhookEventId
    return { at: tale.at, items: [writtenItem(event, `files/phone/${tale.channel}/${id}`)] }
  }
  const shown = tale.pushes.filter((push) => push.shown)
  const messages = shown.flatMap((push) => push.messages.map((one) => one.message))
  const [first] = shown
  if (!first) return undefined
  const quick = messages.flatMap(quickRepliesOf)
  return { at: first.at, items: messages.map(pushedItem), ...(quick.length > 0 ? { quick } : {}) }
}

const kindWords = { image: 'picture', video: 'video', audio: 'voice message', file: 'file' } as const

function snippetOf(desk: DeskView | undefined, phone: PhoneView | undefined): MessageView['snippet'] {
  const [item] = phone?.items ?? []
  // Agents name their files; LINE names none but those that were sent as files.
  const sent = desk?.attachments?.[0]
  if (sent && desk.status) return { text: `${kindWords[sent.kind]} ${sent.name}`, isTheirs: false }
  if (desk?.cards) return { text: `carousel of ${desk.cards.length} cards`, isTheirs: false }
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
  const desk = tale.direction === 'inbound' ? inboundDesk(tale, context.customer) : outboundDesk(tale)
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
