import type { MessageIds } from '../bridge/events.ts'
import type { InboundMessage, OutboundMessage, Receipt } from '../bridge/message.ts'
import type { Codec } from './envelope.ts'
import { originalId } from './names.ts'

/** Whatever travels through a queue. */
export type Item = InboundMessage | OutboundMessage | Receipt

/** What an item's place in Redis tells of it, so that its envelope need not. */
export interface Told {
  /** Of the entry, and of the lane, in {@link safeId} form. */
  readonly id: string
  readonly user: string
  /** Ms since the epoch. */
  readonly receivedAt: number
}

/** The ids by which people look for it. */
export function idsOf(item: Item): MessageIds {
  return {
    message: item.id,
    user: item.conversation.user,
    ...('eventId' in item && item.eventId && { event: item.eventId }),
    ...('conversationId' in item && item.conversationId && { conversation: item.conversationId }),
  }
}

/** Fields of items by the names that they have in envelopes; others keep theirs. `a` is the time before the reception, not `at` itself. */
const shortNames = new Map([
  ['platform', 'p'],
  ['content', 'c'],
  ['author', 'w'],
  ['redelivered', 'r'],
  ['status', 's'],
  ['reason', 'f'],
])
const longNames = new Map([...shortNames].map(([name, short]) => [short, name]))

/** A text stands for itself; all other content is an object. */
const shorten = (content: unknown): unknown => {
  if (Array.isArray(content)) return content.map(shorten)
  const { kind, text, ...more } = content as { readonly kind?: unknown; readonly text?: unknown }
  return kind === 'text' && typeof text === 'string' && Object.keys(more).length === 0 ? text : content
}
const lengthen = (content: unknown): unknown => {
  if (Array.isArray(content)) return content.map(lengthen)
  return typeof content === 'string' ? { kind: 'text', text: content } : content
}

/**
 * Ids lie in the open part of the envelope and are not repeated in the sealed one: a waiting message costs memory.
 * @param replaces the id, in {@link safeId} form, of the message whose place it takes
 */
export function writeItem(codec: Codec, item: Item, told: Told, replaces?: string): string {
  const ids: { message?: string; user?: string; event?: string; conversation?: string } = {}
  const fields: Record<string, unknown> = { a: told.receivedAt - item.at }
  if (told.id !== item.id && originalId(told.id) !== item.id) ids.message = item.id
  const { user } = item.conversation
  if (told.user !== user && originalId(told.user) !== user) ids.user = user
  for (const [name, value] of Object.entries(item)) {
    switch (name) {
      case 'id':
      case 'conversation':
      case 'at':
        break
      case 'eventId':
        ids.event = value
        break
      case 'conversationId':
        ids.conversation = value
        break
      case 'content':
        fields.c = shorten(value)
        break
      default:
        fields[shortNames.get(name) ?? name] = value
    }
  }
  return codec.write(ids, fields, replaces)
}

/** The inverse of {@link writeItem}; the queue says what kind of item it holds. Also reads what an earlier release wrote. */
export function readItem<T extends Item>(
  codec: Codec,
  place: Told & { readonly channel: string },
  envelope: string,
): T {
  const { ids, payload } = codec.read(envelope)
  const { message = originalId(place.id), user = originalId(place.user), event, conversation } = ids
  const item: Record<string, unknown> = {}
  // Written out, because this is done for every message: copies of copies cost more than all the rest.
  for (const [short, value] of Object.entries(payload)) {
    const name = longNames.get(short) ?? short
    if (short === 'a') item.at = place.receivedAt - (value as number)
    else item[name] = name === 'content' ? lengthen(value) : value
  }
  item.id = message
  item.conversation = { channel: place.channel, user }
  if (event) item.eventId = event
  if (conversation) item.conversationId = conversation
  return item as unknown as T
}
