import type { Json, LineWebhookEvent } from '../platforms.ts'
import { demoStickers, stickerLabel } from './stickers.ts'

/** A button of a card or a template; `href` opens a page, `data` is sent back as a postback, else its label is said. */
export interface PhoneButton {
  readonly label: string
  readonly href?: string
  readonly data?: string
}

/** One bubble on the phone. Addresses are the page's own (`files/…`) for what the customer sent, the pushed ones for the rest. */
export type PhoneItem =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'sticker'; readonly art?: string; readonly label: string }
  | { readonly type: 'location'; readonly title?: string; readonly address?: string }
  | { readonly type: 'image' | 'video'; readonly url: string; readonly preview?: string; readonly name?: string }
  | { readonly type: 'audio'; readonly url: string; readonly durationMs?: number }
  | { readonly type: 'file'; readonly url: string; readonly name: string }
  | { readonly type: 'buttons'; readonly text: string; readonly buttons: readonly PhoneButton[] }
  | { readonly type: 'cards'; readonly cards: readonly PhoneCard[] }

export interface PhoneCard {
  readonly title?: string
  readonly text?: string
  readonly image?: string
  readonly buttons: readonly PhoneButton[]
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const asList = (value: unknown): Json[] => (Array.isArray(value) ? value.map(asObject) : [])
/** Only web addresses become links: a label may say anything, an address may not be a script. */
const asWebAddress = (value: unknown): string | undefined =>
  typeof value === 'string' && /^https?:\/\//.test(value) ? value : undefined

/** Leaves out what is undefined, as exact optional properties want it. */
const present = <const T extends object>(
  value: T,
): { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>
} => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never

/** https://developers.line.biz/en/reference/messaging-api/#action-objects */
function buttonOf(action: Json): PhoneButton {
  const label = asText(action.label) ?? asText(action.text) ?? 'Button'
  return present({ label, href: asWebAddress(action.uri), data: asText(action.data) })
}

function cardOf(column: Json): PhoneCard {
  return present({
    title: asText(column.title),
    text: asText(column.text),
    image: asWebAddress(column.thumbnailImageUrl) ?? asWebAddress(column.imageUrl),
    buttons: [...asList(column.actions), ...(column.action ? [asObject(column.action)] : [])].map(buttonOf),
  })
}

/** Every text and button of a Flex container, in reading order: what it says without how it looks. */
function flexParts(node: Json): { texts: string[]; buttons: PhoneButton[] } {
  const inner = [node.header, node.hero, node.body, node.footer, ...asList(node.contents)].map(asObject).map(flexParts)
  return {
    texts: [...(node.type === 'text' ? [asText(node.text) ?? ''] : []), ...inner.flatMap((one) => one.texts)].filter(
      Boolean,
    ),
    buttons: [
      ...(node.type === 'button' ? [buttonOf(asObject(node.action))] : []),
      ...inner.flatMap((one) => one.buttons),
    ],
  }
}

const flexCard = (bubble: Json): PhoneCard => {
  const { texts, buttons } = flexParts(bubble)
  const [title, ...rest] = texts
  return present({ title, text: rest.length > 0 ? rest.join('\n') : undefined, buttons })
}

/** A pushed message object as the phone shows it. https://developers.line.biz/en/reference/messaging-api/#message-objects */
export function pushedItem(message: Json): PhoneItem {
  const url = asWebAddress(message.originalContentUrl) ?? ''
  switch (message.type) {
    case 'text':
    case 'textV2':
      return { type: 'text', text: asText(message.text) ?? '' }
    case 'image':
    case 'video':
      return present({ type: message.type, url, preview: asWebAddress(message.previewImageUrl) })
    case 'audio':
      return present({ type: 'audio', url, durationMs: asNumber(message.duration) })
    case 'template': {
      const template = asObject(message.template)
      const columns = asList(template.columns)
      if (columns.length > 0) return { type: 'cards', cards: columns.map(cardOf) }
      return {
        type: 'buttons',
        text: [template.title, template.text].map(asText).filter(Boolean).join('\n'),
        buttons: asList(template.actions).map(buttonOf),
      }
    }
    case 'flex': {
      const contents = asObject(message.contents)
      const bubbles = contents.type === 'carousel' ? asList(contents.contents) : [contents]
      return { type: 'cards', cards: bubbles.map(flexCard) }
    }
    default:
      return { type: 'text', text: asText(message.altText) ?? `[${asText(message.type) ?? 'message'}]` }
  }
}

/** The quick replies under a message. https://developers.line.biz/en/docs/messaging-api/using-quick-reply/ */
export const quickRepliesOf = (message: Json): PhoneButton[] =>
  asList(asObject(message.quickReply).items).map((item) => buttonOf(asObject(item.action)))

/** What the customer sees of what they did. `fileUrl` is where the page serves the file of this message. */
export function writtenItem(event: LineWebhookEvent, fileUrl: string): PhoneItem {
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
    default: {
      const postback = asObject(event.postback)
      return { type: 'text', text: asText(postback.displayText) ?? asText(postback.data) ?? `[${event.type}]` }
    }
  }
}
