import type { InboundContent, MediaContent } from '../../../bridge/message.ts'
import { asNumber, asObject } from '../../../lib/loose.ts'
import type { LineSettings } from '../config.ts'
import { isOfferData } from '../outbound/offers.ts'
import type { LineEvent, LineMessage } from '../wire.ts'
import { chosenInstant } from './local-time.ts'

/** Blanks are words too: a customer's text is carried as it is. */
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * What is known of a sticker in words: https://developers.line.biz/en/reference/messaging-api/#wh-sticker
 */
function stickerLabel({ text, keywords, packageId, stickerId }: LineMessage): string {
  if (isText(text)) return text
  const words = Array.isArray(keywords) ? keywords.filter(isText) : []
  return words.length > 0 ? words.join(', ') : [packageId, stickerId].filter(isText).join('/') || '?'
}

/** What fills a place of the address; with anything but digits in it, it could lead elsewhere. */
const digits = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\d{1,32}$/.test(value) ? value : undefined

function stickerPicture({ packageId, stickerId }: LineMessage, address: string): MediaContent | undefined {
  const values: Readonly<Record<string, string | undefined>> = {
    stickerId: digits(stickerId),
    packageId: digits(packageId),
  }
  const places = [...address.matchAll(/\{(stickerId|packageId)\}/g)]
  if (places.some(([, name = '']) => values[name] === undefined)) return undefined
  const url = address.replace(/\{(stickerId|packageId)\}/g, (_, name: string) => values[name] ?? '')
  return {
    kind: 'media',
    media: 'image',
    source: { by: 'url', url },
    fileName: values.stickerId ? `sticker ${values.stickerId}` : 'sticker',
  }
}

function stickerContent(message: LineMessage, settings: Pick<LineSettings, 'stickers' | 'stickerUrl'>): InboundContent {
  const label = stickerLabel(message)
  const picture = settings.stickers === 'text' ? undefined : stickerPicture(message, settings.stickerUrl)
  if (!picture) return { kind: 'sticker', label }
  return { kind: 'sticker', label, picture, ...(settings.stickers === 'image' && { wordless: true }) }
}

/** Pictures that were sent together come one by one; their names say which they are. The media store adds the extension. */
function nameInSet({ imageSet }: LineMessage): string | undefined {
  const { index, total } = asObject(imageSet)
  return Number.isInteger(index) && Number.isInteger(total) ? `image ${index} of ${total}` : undefined
}

function mediaContent(media: MediaContent['media'], id: string, message: LineMessage): MediaContent {
  const outside = message.contentProvider?.type === 'external' ? message.contentProvider.originalContentUrl : undefined
  const fileName = isText(message.fileName) ? message.fileName : nameInSet(message)
  const [bytes, durationMs] = [asNumber(message.fileSize), asNumber(message.duration)]
  return {
    kind: 'media',
    media,
    source: isText(outside) ? { by: 'url', url: outside } : { by: 'id', id },
    ...(fileName && { fileName }),
    ...(bytes !== undefined && { bytes }),
    ...(durationMs !== undefined && { durationMs }),
  }
}

function locationContent({ latitude, longitude, title, address }: LineMessage): InboundContent | undefined {
  const [north, east] = [asNumber(latitude), asNumber(longitude)]
  if (north === undefined || east === undefined) return undefined
  return {
    kind: 'location',
    ...(isText(title) && { title }),
    ...(isText(address) && { address }),
    latitude: north,
    longitude: east,
  }
}

/**
 * What a message says. Pure, and never throws. LINE emoji and mentions stand in the text as words, and stay there.
 * https://developers.line.biz/en/reference/messaging-api/#message-event
 * @param id of the message, by which its file is fetched
 */
export function messageContent(
  id: string,
  message: LineMessage,
  settings: Pick<LineSettings, 'stickers' | 'stickerUrl'>,
): InboundContent {
  const { type, text } = message
  switch (type) {
    case 'text':
      if (isText(text)) return { kind: 'text', text }
      break
    case 'sticker':
      return stickerContent(message, settings)
    case 'location': {
      const location = locationContent(message)
      if (location) return location
      break
    }
    case 'image':
    case 'video':
    case 'audio':
    case 'file':
      return mediaContent(type, id, message)
  }
  return { kind: 'unsupported', what: isText(type) ? type : 'unknown' }
}

/**
 * What a touched button says: what it stood for if it was ours, else its data, because the event does not hold its `displayText`.
 * Pure, and never throws. https://developers.line.biz/en/reference/messaging-api/#postback-event
 * @param context.at when it was touched, in ms since the epoch
 */
export function postbackContent(
  postback: LineEvent['postback'] | null,
  context: { readonly timeZone: string; readonly at: number },
): InboundContent {
  const data = postback?.data
  if (!isText(data)) return { kind: 'unsupported', what: 'postback' }
  if (!isOfferData(data)) return { kind: 'text', text: data }
  const instant = chosenInstant(asObject(postback?.params), context)
  return { kind: 'touched', key: data, ...(instant && { instant }) }
}
