import type { MediaContent, MediaKind, OutboundContent } from '../../bridge/message.ts'
import { asNumber, asObject, asText } from '../../lib/loose.ts'
import { lines, type Words } from './words.ts'

const mediaKinds: ReadonlyMap<unknown, MediaKind> = new Map([
  ['Image', 'image'],
  ['Video', 'video'],
  ['Audio', 'audio'],
  ['File', 'file'],
])

/** Genesys names the kind; where it does not, the media type's first half may. */
const mediaKind = (mediaType: unknown, mime: string | undefined): MediaKind =>
  mediaKinds.get(mediaType) ?? (/^(image|video|audio)\//.exec(mime ?? '')?.[1] as MediaKind | undefined) ?? 'file'

/** An attachment, then its caption. One without an address leaves its caption only. */
export function attachmentContent(value: unknown, words: Words): OutboundContent[] {
  const attachment = asObject(value)
  const url = asText(attachment.url)
  const caption = words(attachment.text)
  const fileName = asText(attachment.filename)
  if (attachment.mediaType === 'Link') {
    const text = lines(caption ?? fileName, url)
    return text ? [{ kind: 'text', text }] : []
  }
  const captions: OutboundContent[] = caption ? [{ kind: 'text', text: caption }] : []
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
