import { WebhookRejected } from '../bridge/errors.ts'
import type { OutboundMessage } from '../bridge/message.ts'
import type { Heard } from '../bridge/side.ts'
import { asId, asList, asNumber, asObject, asText, asWord } from '../lib/loose.ts'
import { structuredContent } from './structured/index.ts'
import { wordsOf } from './structured/words.ts'
import type { GenesysOutbound } from './wire.ts'

/** Why a webhook carries no message for the customer. A closed list, by which people search the log; the README names them. */
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

/** ms since the epoch. */
function timeOf(body: GenesysOutbound, { receivedAt }: Reading): number {
  const at = Date.parse(asText(body.channel.time) ?? '')
  return Number.isNaN(at) ? receivedAt : at
}

/** For how long an agent may be taken to go on writing where Genesys does not tell; it is what it mostly tells. */
const usualTypingMs = 5_000

/**
 * Of the events only `Typing` is known to come to a webhook, and only where a platform configuration profile lets it.
 * Nothing is kept of it, so it needs no id.
 * https://help.genesys.cloud/articles/platform-configuration-profiles-overview/
 */
function fromEvent(body: GenesysOutbound, reading: Reading): Heard<OutboundMessage> {
  const events = asList(body.events).map(asObject)
  const event = events.find(({ eventType }) => eventType === 'Typing')
  if (!event) return ignored('unknown_event', asWord(events[0]?.eventType))
  const { type, duration } = asObject(event.typing)
  const user = asId(asObject(body.channel.to).id)
  if (!user || (type !== undefined && type !== 'On')) return ignored('typing')
  const told = asNumber(duration) ?? 0
  const forMs = told > 0 ? told : usualTypingMs
  return { ...ignored('typing'), effects: [{ kind: 'typing', user, at: timeOf(body, reading), forMs }] }
}

const authors: ReadonlyMap<unknown, 'human' | 'bot'> = new Map([
  ['Human', 'human'],
  ['Bot', 'bot'],
])

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
  if (body.type === 'Event') return fromEvent(body, reading)
  if (body.type === 'Receipt') return fromReceipt(body)
  if (body.direction === 'Inbound') return ignored('echo')

  const known = body.type === 'Text' || body.type === 'Structured'
  const user = asId(asObject(body.channel.to).id)
  if (!user) {
    if (!known) return ignored('unknown_type', asWord(body.type))
    throw new WebhookRejected('bad_body', 'The message names no recipient (channel.to.id).')
  }
  const elements = asList(body.content).map(asObject)
  const author = authors.get(body.originatingEntity)
  const words = wordsOf(author)
  const content = structuredContent(words(body.text), elements, words)
  if (content.length === 0) {
    if (!known) return ignored('unknown_type', asWord(body.type))
    return elements.length > 0 ? ignored('unknown_content', asWord(elements[0]?.contentType)) : ignored('empty')
  }

  const id = asId(body.id) ?? asId(body.channel.messageId) ?? reading.fallbackId
  const conversationId = asId(body.conversationId)
  const message: OutboundMessage = {
    id,
    conversation: { channel: reading.channel, user },
    at: timeOf(body, reading),
    content,
    ...(author && { author }),
    ...(conversationId && { conversationId }),
  }
  return { kind: 'message', id, message }
}
