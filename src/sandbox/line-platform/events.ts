import type { Ids } from '../ids.ts'
import type { Json } from '../platforms.ts'
import type { LineAccount, LineWebhookEvent, PhoneFile, PhoneMessage, PhoneOptions } from './platform.ts'
import { chatKind } from './state.ts'

/** Message types that another message can quote. https://developers.line.biz/en/docs/messaging-api/get-quote-tokens/ */
const quotable = new Set(['text', 'sticker', 'image', 'video'])

/** Events without a reply token. https://developers.line.biz/en/docs/messaging-api/receiving-messages/ */
const unanswerable = new Set(['unsend', 'unfollow', 'leave', 'memberLeft', 'delivery'])

/**
 * A complete webhook event for what a customer did. https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
 * The same input makes the same event as long as `ids` draws the same ids.
 */
export function buildEvent(made: {
  readonly message: PhoneMessage
  readonly userId: string
  readonly at: number
  readonly ids: Ids
  readonly options: PhoneOptions
}): LineWebhookEvent {
  const { message, userId, at, ids, options } = made
  const payload = payloadOf(message, ids)
  return {
    ...payload,
    webhookEventId: ids.ulid(at),
    deliveryContext: { isRedelivery: false },
    timestamp: at,
    source: sourceOf(userId, options.group),
    ...(unanswerable.has(payload.type) ? {} : { replyToken: ids.hex(32) }),
    mode: 'active',
    ...(message.type === 'event' ? message.event : {}),
    ...options.event,
  }
}

/** https://developers.line.biz/en/reference/messaging-api/#source-user */
function sourceOf(userId: string, group: string | undefined): Json {
  if (group === undefined) return { type: 'user', userId }
  const kind = chatKind(group)
  return { type: kind, [`${kind}Id`]: group, ...(userId === '' ? {} : { userId }) }
}

function payloadOf(message: PhoneMessage, ids: Ids): Json & { readonly type: string } {
  switch (message.type) {
    case 'postback':
      return { type: 'postback', postback: { data: message.data, ...some({ params: message.params }) } }
    case 'unsend':
      return { type: 'unsend', unsend: { messageId: message.messageId } }
    case 'edit':
      // The id is that of the edited text; it is answered, and quoted, by new tokens.
      return {
        type: 'messageEdited',
        message: { type: 'text', id: message.messageId, quoteToken: ids.opaque(64), text: message.text },
      }
    case 'event':
      return { type: message.event.type }
    default:
      return { type: 'message', message: messageOf(message, ids) }
  }
}

type SentMessage = Exclude<PhoneMessage, { readonly type: 'postback' | 'unsend' | 'edit' | 'event' }>

function messageOf(message: SentMessage, ids: Ids): Json & { readonly id: string; readonly type: string } {
  const fields = fieldsOf(message, ids)
  const type = message.type === 'message' ? message.message.type : message.type
  return {
    type,
    id: ids.decimal(18),
    ...(quotable.has(type) ? { quoteToken: ids.opaque(64) } : {}),
    markAsReadToken: ids.opaque(86),
    ...fields,
  }
}

function fieldsOf(message: SentMessage, ids: Ids): Json {
  switch (message.type) {
    case 'text':
      return { text: message.text, ...some({ quotedMessageId: message.quotes }), ...message.extra }
    case 'sticker':
      return {
        packageId: message.packageId,
        stickerId: message.stickerId,
        stickerResourceType: message.text === undefined ? 'ANIMATION' : 'MESSAGE',
        ...some({ keywords: message.keywords, text: message.text, quotedMessageId: message.quotes }),
      }
    case 'location': {
      const { latitude, longitude, title, address } = message
      return { ...some({ title, address }), latitude, longitude }
    }
    case 'image':
      return { contentProvider: providerOf(message), ...some({ imageSet: message.imageSet }) }
    case 'video':
    case 'audio':
      return { ...some({ duration: message.durationMs ?? 1000 }), contentProvider: providerOf(message) }
    case 'file':
      return { fileName: message.fileName ?? `file-${ids.hex(4)}.bin`, fileSize: message.bytes.length }
    case 'message':
      return message.message
  }
}

const providerOf = (file: PhoneFile): Json =>
  file.externalUrl === undefined
    ? { type: 'line' }
    : { type: 'external', originalContentUrl: file.externalUrl, previewImageUrl: file.externalUrl }

/** Absent values are left out, never null. */
const some = (fields: Readonly<Record<string, unknown>>): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** A webhook body. https://developers.line.biz/en/reference/messaging-api/#request-body-in-webhook */
export const webhookBody = (account: LineAccount, events: readonly Json[]): string =>
  JSON.stringify({ destination: account.botUserId, events })

/** The same events as a redelivery tells them: all equal but for one mark. */
export const redelivered = (events: readonly Json[]): Json[] =>
  events.map((event) => ({ ...event, deliveryContext: { isRedelivery: true } }))

/** The ids by which the events are found again: message ids, or event ids where there is no message of its own. */
export const idsOf = (events: readonly Json[]): string[] =>
  events.map((event) => {
    const message = event.message as { readonly id?: unknown } | undefined
    return String((event.type === 'message' ? message?.id : undefined) ?? event.webhookEventId)
  })
