import type { InboundContent, InboundMessage, MediaContent } from '../../bridge/message.ts'
import type { Effect, Heard } from '../../bridge/side.ts'
import { asWord } from '../../lib/loose.ts'
import type { LineEvent, LineMessage } from './wire.ts'

/** Events that carry no message to forward. Their names serve as reasons, which must come from a closed list. */
const knownEvents: ReadonlySet<string> = new Set([
  'follow',
  'unfollow',
  'unsend',
  'messageEdited',
  'join',
  'leave',
  'memberJoined',
  'memberLeft',
  'videoPlayComplete',
  'beacon',
  'accountLink',
  'membership',
  'delivery',
  'module',
  'activated',
  'deactivated',
  'botSuspended',
  'botResumed',
])

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
/** Within what a `Date` can hold. */
const isTime = (value: unknown): value is number => isNumber(value) && Math.abs(value) <= 8.64e15

/**
 * LINE does not hand out sticker pictures, so people read what is known in words.
 * https://developers.line.biz/en/reference/messaging-api/#wh-sticker
 */
function stickerLabel(message: LineMessage): string {
  if (isText(message.text)) return message.text
  const keywords = Array.isArray(message.keywords) ? message.keywords.filter(isText) : []
  return keywords.length > 0 ? keywords.join(', ') : `${message.packageId}/${message.stickerId}`
}

function mediaContent(media: MediaContent['media'], id: string, message: LineMessage): MediaContent {
  const outside = message.contentProvider?.type === 'external' ? message.contentProvider.originalContentUrl : undefined
  return {
    kind: 'media',
    media,
    source: isText(outside) ? { by: 'url', url: outside } : { by: 'id', id },
    ...(isText(message.fileName) && { fileName: message.fileName }),
    ...(isNumber(message.fileSize) && { bytes: message.fileSize }),
    ...(isNumber(message.duration) && { durationMs: message.duration }),
  }
}

function contentOf(id: string, message: LineMessage): InboundContent {
  switch (message.type) {
    case 'text':
      if (isText(message.text)) return { kind: 'text', text: message.text }
      break
    case 'sticker':
      return { kind: 'sticker', label: stickerLabel(message) }
    case 'location':
      if (isNumber(message.latitude) && isNumber(message.longitude))
        return {
          kind: 'location',
          ...(isText(message.title) && { title: message.title }),
          ...(isText(message.address) && { address: message.address }),
          latitude: message.latitude,
          longitude: message.longitude,
        }
      break
    case 'image':
    case 'video':
    case 'audio':
    case 'file':
      return mediaContent(message.type, id, message)
  }
  return { kind: 'unsupported', what: isText(message.type) ? message.type : 'unknown' }
}

/**
 * The event does not hold the button's `displayText`:
 * https://developers.line.biz/en/reference/messaging-api/#postback-event
 */
const postbackContent = (event: LineEvent): InboundContent =>
  isText(event.postback?.data) ? { kind: 'text', text: event.postback.data } : { kind: 'unsupported', what: 'postback' }

/** An unfollow is a block. https://developers.line.biz/en/reference/messaging-api/#unfollow-event */
function reachability(event: LineEvent, at: number): readonly Effect[] {
  const user = event.source?.userId
  if (!isText(user)) return []
  if (event.type === 'unfollow') return [{ kind: 'blocked', user, at }]
  return event.type === 'follow' ? [{ kind: 'unblocked', user, at }] : []
}

/** https://developers.line.biz/en/reference/messaging-api/#unsend-event */
function takenBack(event: LineEvent): readonly Effect[] {
  const user = event.source?.userId
  const message = event.unsend?.messageId
  return event.type === 'unsend' && isText(user) && isText(message) ? [{ kind: 'unsent', user, message }] : []
}

/**
 * Maps one LINE event to a message for the contact centre, or to the reason why there is none. Pure, and never throws.
 * A message is known by its message id and any other event by its event id, because LINE repeats both unchanged on
 * redelivery: https://developers.line.biz/en/docs/messaging-api/receiving-messages/#webhook-redelivery
 * Customers in groups and rooms are many people behind one chat, which a contact centre conversation cannot show.
 * @param context.receivedAt ms since the epoch; stands in for the time of an event that does not tell it
 */
export function fromLine(
  event: LineEvent,
  context: { readonly channel: string; readonly receivedAt: number },
): Heard<InboundMessage> {
  const at = isTime(event.timestamp) ? event.timestamp : context.receivedAt
  const eventId = isText(event.webhookEventId) ? event.webhookEventId : undefined
  const isMessage = event.type === 'message'
  const id = isMessage && isText(event.message?.id) ? event.message.id : eventId
  const ignored = (reason: string, effects: readonly Effect[] = []): Heard<InboundMessage> => ({
    kind: 'ignored',
    ...(id !== undefined && { id }),
    reason,
    ...(effects.length > 0 && { effects }),
  })

  // In standby another module holds the chat, but who can be reached is still true.
  // https://developers.line.biz/en/reference/messaging-api/#common-properties
  if (event.mode !== undefined && event.mode !== 'active')
    return ignored('standby', [...reachability(event, at), ...takenBack(event)])
  if (!isMessage && event.type !== 'postback') {
    const known = typeof event.type === 'string' && knownEvents.has(event.type)
    if (known) return ignored(String(event.type), [...reachability(event, at), ...takenBack(event)])
    const what = asWord(event.type)
    return { ...ignored('unknown_event'), ...(what && { what }) }
  }

  if (event.source?.type === 'group') return ignored('group_chat')
  if (event.source?.type === 'room') return ignored('room_chat')
  const user = event.source?.userId
  if (!isText(user)) return ignored('no_user')
  if (id === undefined) return ignored('no_id')
  return {
    kind: 'message',
    id,
    message: {
      id,
      conversation: { channel: context.channel, user },
      at,
      platform: 'LINE',
      content: isMessage ? contentOf(id, event.message ?? {}) : postbackContent(event),
      ...(eventId !== undefined && { eventId }),
      ...(event.deliveryContext?.isRedelivery === true && { redelivered: true }),
    },
    effects: [{ kind: 'unblocked', user, at }],
  }
}
