import type { Json, LineWebhookEvent, ShownMessage, Tapped } from '../platforms.ts'
import { type FlexBubble, flexBubbles, templateBubbles } from './flex.ts'
import { asAddress, asNumber, asObject, asText, present } from './loose.ts'
import { createTaps, type PhoneQuickReply } from './phone-taps.ts'
import { demoStickers, stickerLabel } from './stickers.ts'

/** One bubble on the phone. Addresses are the page's own (`files/…`) for what the customer sent, the pushed ones for the rest. */
export type PhoneItem =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'sticker'; readonly art?: string; readonly label: string }
  | { readonly type: 'location'; readonly title?: string; readonly address?: string }
  | { readonly type: 'image' | 'video'; readonly url: string; readonly preview?: string; readonly name?: string }
  | { readonly type: 'audio'; readonly url: string; readonly durationMs?: number }
  | { readonly type: 'file'; readonly url: string; readonly name: string }
  | { readonly type: 'cards'; readonly bubbles: readonly FlexBubble[] }
  /** Something that LINE does not show in the chat: `chosen` is a moment without a zone, as the picker gave it. */
  | { readonly type: 'note'; readonly text: string; readonly chosen?: string }

/** Under whose name a message came. https://developers.line.biz/en/reference/messaging-api/#icon-nickname-switch */
export interface PhoneSender {
  readonly name?: string
  readonly icon?: string
}

const inOtherWords = (message: Json): PhoneItem => ({
  type: 'text',
  text: asText(message.altText) ?? `[${asText(message.type) ?? 'message'}]`,
})

/** A pushed message as the phone shows it. https://developers.line.biz/en/reference/messaging-api/#message-objects */
export function pushedItem(shown: ShownMessage): PhoneItem {
  const { message } = shown
  const url = asAddress(message.originalContentUrl) ?? ''
  switch (message.type) {
    case 'text':
    case 'textV2':
      return { type: 'text', text: asText(message.text) ?? '' }
    case 'image':
    case 'video':
      return present({ type: message.type, url, preview: asAddress(message.previewImageUrl) })
    case 'audio':
      return present({ type: 'audio', url, durationMs: asNumber(message.duration) })
    case 'sticker':
      return { type: 'sticker', label: `${message.packageId}/${message.stickerId}` }
    case 'location':
      return present({ type: 'location', title: asText(message.title), address: asText(message.address) })
    case 'template':
      return { type: 'cards', bubbles: templateBubbles(message, createTaps(shown).of) }
    case 'flex':
      return { type: 'cards', bubbles: flexBubbles(message, createTaps(shown).of) }
    default:
      return inOtherWords(message)
  }
}

/** The quick replies under a message. */
export const quickRepliesOf = (shown: ShownMessage): PhoneQuickReply[] => createTaps(shown).quickReplies()

/** Whose name stands above a message; undefined for the account's own. */
export function senderOf({ message }: ShownMessage): PhoneSender | undefined {
  if (!message.sender) return undefined
  const { name, iconUrl } = asObject(message.sender)
  return present({ name: asText(name), icon: asAddress(iconUrl) })
}

function tappedItem(event: LineWebhookEvent, tapped: Tapped | undefined): PhoneItem {
  const data = asText(asObject(event.postback).data)
  if (tapped?.displayText !== undefined) return { type: 'text', text: tapped.displayText }
  if (tapped?.chosen !== undefined) return { type: 'note', text: 'Chosen', chosen: tapped.chosen }
  return { type: 'note', text: `Tapped ${tapped?.label ?? data ?? 'something'}` }
}

/** What the customer sees of what they did. `fileUrl` is where the page serves the file of this message. */
export function writtenItem(event: LineWebhookEvent, fileUrl: string, tapped?: Tapped): PhoneItem {
  const message = asObject(event.message)
  switch (message.type) {
    case 'text':
      return { type: 'text', text: asText(message.text) ?? '' }
    case 'sticker': {
      const drawn = demoStickers.find((one) => one.stickerId === message.stickerId)
      const label = drawn ? stickerLabel(drawn) : `${message.packageId}/${message.stickerId}`
      return present({ type: 'sticker', art: drawn?.art, label })
    }
    case 'location':
      return present({ type: 'location', title: asText(message.title), address: asText(message.address) })
    case 'image':
    case 'video':
      return { type: message.type, url: fileUrl }
    case 'audio':
      return present({ type: 'audio', url: fileUrl, durationMs: asNumber(message.duration) })
    case 'file':
      return { type: 'file', url: fileUrl, name: asText(message.fileName) ?? 'file' }
    default:
      if (event.type === 'unsend') return { type: 'note', text: 'You unsent a message' }
      return event.type === 'postback' ? tappedItem(event, tapped) : { type: 'note', text: `[${event.type}]` }
  }
}
