import type { MessageIds } from '../bridge/events.ts'
import type { InboundMessage, OutboundMessage, Receipt } from '../bridge/message.ts'
import type { Codec } from './envelope.ts'

/** Whatever travels through a queue. */
export type Item = InboundMessage | OutboundMessage | Receipt

/** The ids by which people look for it. */
export function idsOf(item: Item): MessageIds {
  return {
    message: item.id,
    user: item.conversation.user,
    ...('eventId' in item && item.eventId && { event: item.eventId }),
    ...('conversationId' in item && item.conversationId && { conversation: item.conversationId }),
  }
}

/** Ids lie in the open part of the envelope and are not repeated in the sealed one: a waiting message costs memory. */
export function writeItem(codec: Codec, item: Item): string {
  const { id: _id, conversation: _conversation, ...rest } = item
  const { eventId: _event, conversationId: _conversationId, ...payload } = rest as Record<string, unknown>
  return codec.write(idsOf(item), payload)
}

/** The inverse of {@link writeItem}; the queue says what kind of item it holds. */
export function readItem<T extends Item>(codec: Codec, channel: string, envelope: string): T {
  const { ids, payload } = codec.read(envelope)
  return {
    ...payload,
    id: ids.message,
    conversation: { channel, user: ids.user },
    ...(ids.event && { eventId: ids.event }),
    ...(ids.conversation && { conversationId: ids.conversation }),
  } as T
}
