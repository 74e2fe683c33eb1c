import { WebhookRejected } from '../bridge/errors.ts'
import type { MediaContent, MediaKind, OutboundContent, OutboundMessage } from '../bridge/message.ts'
import type { Heard } from '../bridge/side.ts'
import { asId, asList, asNumber, asObject, asText, asWord } from '../lib/loose.ts'
import { quickReplyText, structuredText } from './structured-text.ts'
import type { GenesysContent, GenesysOutbound } from './wire.ts'

/** Why a webhook carries no message for the customer. A closed list, since the reasons become metric labels. */
export type GenesysIgnored =
  | 'misrouted'
  | 'typing'
  | 'unknown_event'
  | 'receipt'
  | 'receipt_failed'
  | 'echo'
  | 'empty'
  | 'unknown_content'
  | 'unknown_type'

/** What the reading of a webhook has to know besides its body. */
export interface Reading {
  /** The channel's configured name. */
  readonly channel: string
  readonly integrationId: string
  /** Stands in for a missing `id`: the same for the same bytes. */
  readonly fallbackId: string
  /** Stands in for a missing or unreadable `channel.time`, ms since the epoch. */
  readonly receivedAt: number
}

const ignored = (reason: GenesysIgnored, what?: string): Heard<OutboundMessage> => ({
  kind: 'ignored',
  reason,
  ...(what && { what }),
})

const text = (value: string): OutboundContent => ({ kind: 'text', text: value })

const mediaKinds: Readonly<Record<string, MediaKind>> = { Image: 'image', Video: 'video', Audio: 'audio', File: 'file' }

/** Genesys names the kind; where it does not, the media type's first half may. */
const mediaKind = (mediaType: unknown, mime: string | undefined): MediaKind =>
  mediaKinds[asText(mediaType) ?? ''] ??
  (/^(image|video|audio)\//.exec(mime ?? '')?.[1] as MediaKind | undefined) ??
  'file'

/** An attachment, then its caption. One without an address leaves its caption only. */
function attachmentContent(value: unknown): OutboundContent[] {
  const attachment = asObject(value)
  const url = asText(attachment.url)
  const caption = asText(attachment.text)
  const fileName = asText(attachment.filename)
  if (attachment.mediaType === 'Link') {
    const words = [caption ?? fileName, url].filter((part) => part !== undefined)
    return words.length > 0 ? [text(words.join('\n'))] : []
  }
  const captions = caption ? [text(caption)] : []
  if (!url) return captions
  const mime = asText(attachment.mime)
  const bytes = asNumber(attachment.contentSizeBytes)
  const media: MediaContent = {
    kind: 'media',
    media: mediaKind(attachment.mediaType, mime),
    source: { by: 'url', url },
    ...(mime && { mime }),
    ...(fileName && { fileName }),
    ...(bytes !== undefined && bytes >= 0 && { bytes }),
  }
  return [media, ...captions]
}

function elementContent(content: GenesysContent, told: string): OutboundContent[] {
  if (content.contentType === 'Attachment') return attachmentContent(content.attachment)
  const words = structuredText(content, told)
  const header = content.contentType === 'Notification' ? asObject(asObject(content.template).header).media : undefined
  return [...attachmentContent(header), ...(words ? [text(words)] : [])]
}

/**
 * Text, then the elements in their order; quick replies, one element each, make one list, under the prompt if they
 * follow it.
 */
function allContent(told: string | undefined, elements: readonly GenesysContent[]): OutboundContent[] {
  const content: OutboundContent[] = told ? [text(told)] : []
  const replies = elements.filter((element) => element.contentType === 'QuickReply')
  const choices = quickReplyText(replies.map((element) => element.quickReply))
  let listed = false
  for (const element of elements) {
    if (element.contentType !== 'QuickReply') content.push(...elementContent(element, told ?? ''))
    else if (choices && !listed) {
      listed = true
      if (told && content.length === 1) content[0] = text(`${told}\n${choices}`)
      else content.push(text(choices))
    }
  }
  return content
}

/** What may stand in an alert's detail: it goes to the log, so anything but plain ids and codes stays out. */
const plain = (value: unknown): string =>
  typeof value === 'string' && /^[\w.-]{1,128}$/.test(value) ? value : '(unreadable)'

/**
 * A receipt about one of our inbound messages. `Failed` means that the message was not shown, although Genesys had
 * accepted it. https://developer.genesys.cloud/commdigital/digital/openmessaging/receipts
 */
function fromReceipt(body: GenesysOutbound): Heard<OutboundMessage> {
  if (body.status !== 'Failed' || body.direction === 'Outbound') return ignored('receipt')
  const codes = asList(body.reasons).map((reason) => plain(asObject(reason).code))
  const detail = `Genesys took the message and then could not show it: ${codes.join(', ') || 'no reason given'}.`
  const remote = asId(body.id)
  return {
    kind: 'ignored',
    ...(remote && { id: `receipt-${remote}` }),
    reason: 'receipt_failed' satisfies GenesysIgnored,
    effects: [
      remote
        ? { kind: 'not_shown', remote, detail }
        : { kind: 'alert', alert: 'not_shown', detail: `a message without an id: ${codes.join(', ')}` },
    ],
  }
}

function fromEvent(body: GenesysOutbound): Heard<OutboundMessage> {
  const typing = asList(body.events).some((event) => asObject(event).eventType === 'Typing')
  return typing ? ignored('typing') : ignored('unknown_event', asWord(asObject(asList(body.events)[0]).eventType))
}

const authors: Readonly<Record<string, 'human' | 'bot'>> = { Human: 'human', Bot: 'bot' }

/**
 * A webhook body → the message to carry, or why there is none. Never throws for content that it does not know.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages
 * @throws {WebhookRejected} `bad_body` when a message names no recipient.
 */
export function fromGenesys(body: GenesysOutbound, reading: Reading): Heard<OutboundMessage> {
  const integration = asId(body.channel.id)
  if (integration && integration !== reading.integrationId) {
    const detail = `webhook of integration ${plain(integration)}`
    return {
      kind: 'ignored',
      reason: 'misrouted' satisfies GenesysIgnored,
      effects: [{ kind: 'alert', alert: 'misrouted', detail }],
    }
  }
  if (body.type === 'Event') return fromEvent(body)
  if (body.type === 'Receipt') return fromReceipt(body)
  if (body.direction === 'Inbound') return ignored('echo')

  const known = body.type === 'Text' || body.type === 'Structured'
  const user = asId(asObject(body.channel.to).id)
  if (!user) {
    if (!known) return ignored('unknown_type', asWord(body.type))
    throw new WebhookRejected('bad_body', 'The message names no recipient (channel.to.id).')
  }
  const elements = asList(body.content).map(asObject)
  const content = allContent(asText(body.text), elements)
  if (content.length === 0) {
    if (!known) return ignored('unknown_type', asWord(body.type))
    return elements.length > 0 ? ignored('unknown_content', asWord(elements[0]?.contentType)) : ignored('empty')
  }

  const id = asId(body.id) ?? asId(body.channel.messageId) ?? reading.fallbackId
  const at = Date.parse(asText(body.channel.time) ?? '')
  const author = authors[asText(body.originatingEntity) ?? '']
  const conversationId = asId(body.conversationId)
  const message: OutboundMessage = {
    id,
    conversation: { channel: reading.channel, user },
    at: Number.isNaN(at) ? reading.receivedAt : at,
    content,
    ...(author && { author }),
    ...(conversationId && { conversationId }),
  }
  return { kind: 'message', id, message }
}
