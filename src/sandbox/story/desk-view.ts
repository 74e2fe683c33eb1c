import type { InboundItem, Json } from '../platforms.ts'
import { type DeskPanel, deskPanels } from './desk-panels.ts'
import { asObject, asText, present } from './loose.ts'
import type { Tale } from './tale.ts'

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

/** What the customer touched, as the flow that offered it gets it. */
export interface DeskAnswer {
  readonly kind: 'Button' | 'Quick reply' | 'Date'
  readonly label: string
  readonly payload: string
  /** The message that had offered it: its number, and its id on the page. */
  readonly to?: { readonly no: number; readonly id: string }
}

/** A message on the agent's desk. */
export interface DeskView {
  readonly at: number
  readonly text?: string
  readonly attachments?: readonly DeskAttachment[]
  readonly panels?: readonly DeskPanel[]
  readonly answer?: DeskAnswer
  readonly isBot?: boolean
  /** Outbound: by the receipt that Genesys got. */
  readonly status?: 'sent' | 'delivered' | 'failed'
  /** Outbound: why it failed, in the receipt's words. */
  readonly why?: string
  /** Inbound only. */
  readonly customer?: DeskCustomer
}

/** The customer as an inbound message's body tells it: nothing is shown on the desk that did not cross. */
export function customerOf(item: InboundItem, queue: string): DeskCustomer {
  const channel = asObject(item.body.channel)
  const nickname = asObject(channel.from).nickname
  const attributes = Object.fromEntries(
    Object.entries(asObject(asObject(channel.metadata).customAttributes)).map(([name, value]) => [name, String(value)]),
  )
  return {
    id: item.userId,
    ...(typeof nickname === 'string' ? { name: nickname } : {}),
    attributes,
    queue,
    because: attributes.market ? `because market is ${attributes.market}` : 'by default: no market was sent',
  }
}

const kinds = ['image', 'video', 'audio'] as const
const kindOf = (mediaType: unknown): DeskAttachment['kind'] =>
  kinds.find((kind) => kind === String(mediaType).toLowerCase()) ?? 'file'

const answerKinds: Readonly<Record<string, DeskAnswer['kind']>> = { QuickReply: 'Quick reply', DatePicker: 'Date' }

function answerOf(response: Json, to: DeskAnswer['to'] | undefined): DeskAnswer {
  const { type, text, payload } = response
  return present({
    kind: answerKinds[String(type)] ?? 'Button',
    label: asText(text) ?? '',
    payload: asText(payload) ?? '',
    to,
  })
}

/** @param context.offerer finds the agent's message with this id */
export function inboundDesk(
  tale: Tale,
  context: {
    readonly customer: DeskCustomer | undefined
    readonly offerer: (id: string) => DeskAnswer['to'] | undefined
  },
): DeskView | undefined {
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
  const answered = items.find((item) => item.buttonResponse !== undefined)
  return present({
    at: first.at,
    text: texts.length > 0 ? texts.join('\n') : undefined,
    attachments: attachments.length > 0 ? attachments : undefined,
    answer:
      answered?.buttonResponse &&
      answerOf(answered.buttonResponse, context.offerer(answered.originatingMessageId ?? '')),
    customer: context.customer,
  })
}

export function outboundDesk(tale: Tale): DeskView | undefined {
  if (tale.said.by !== 'agent') return undefined
  const { item } = tale.said
  const attachments = item.content.flatMap((element) => {
    if (!element.attachment) return []
    const { mediaType, filename } = asObject(element.attachment)
    return [{ kind: kindOf(mediaType), name: asText(filename) ?? 'attachment', url: `files/desk/${item.id}` }]
  })
  const panels = deskPanels(item.content)
  const isFailed = tale.receipt?.status === 'Failed'
  return present({
    at: tale.at,
    text: asText(item.text),
    attachments: attachments.length > 0 ? attachments : undefined,
    panels: panels.length > 0 ? panels : undefined,
    isBot: item.author === 'Bot',
    status: isFailed ? 'failed' : tale.receipt ? 'delivered' : 'sent',
    why: isFailed ? (tale.receipt?.reasons.map((reason) => reason.message).join(' ') ?? '') : undefined,
  })
}
