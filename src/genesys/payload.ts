import type { MediaProblem } from '../bridge/errors.ts'
import type { CompletedMessage, MediaKind } from '../bridge/message.ts'
import { wordsOf } from '../bridge/notices.ts'
import type { PublishedMedia } from '../bridge/side.ts'
import { introduced } from './introduction.ts'
import { maxAttachmentBytes } from './limits.ts'
import { mapLink } from './map-link.ts'
import type { GenesysAttachment } from './wire.ts'

/** What became of the file that a message names: our link to it, or why there is none. */
export type MediaOutcome = PublishedMedia | { readonly problem: MediaProblem }

/** What one Genesys message shows: a text, a file, or both side by side. Never empty. */
export interface Payload {
  readonly text?: string
  readonly attachment?: GenesysAttachment
}

const mediaTypes: Readonly<Record<MediaKind, GenesysAttachment['mediaType']>> = {
  image: 'Image',
  video: 'Video',
  audio: 'Audio',
  file: 'File',
}

const problems: Readonly<Record<MediaProblem, string>> = {
  gone: 'is no longer available',
  not_ready: 'could not be had in time',
  too_large: 'is too large to be carried',
  forbidden_address: 'could not be fetched',
  refused: 'was not passed on: this channel takes no files from customers, or only smaller ones',
}

/** Sizes as people say them, never rounded down to the limit that they exceed. */
const megabytes = (bytes: number): string => `${(Math.ceil(bytes / 100_000) / 10).toFixed(1)} MB`

const attached = (kind: MediaKind, { url, mime, fileName }: PublishedMedia): GenesysAttachment => ({
  mediaType: mediaTypes[kind],
  url,
  mime,
  filename: fileName,
})

function mediaPayload(what: string, kind: MediaKind, media: MediaOutcome | undefined): Payload {
  if (!media || 'problem' in media) return { text: `[The ${what} ${problems[media?.problem ?? 'gone']}]` }
  if (media.bytes > maxAttachmentBytes)
    return {
      text: `[The ${what} is too large to be shown here: ${media.fileName}, ${megabytes(media.bytes)}]\n${media.url}`,
    }
  return { attachment: attached(kind, media) }
}

/** The text says the same as the picture, for whom cannot see it. */
function stickerPayload(text: string, wordless: boolean, picture: MediaOutcome | undefined): Payload {
  if (!picture || 'problem' in picture || picture.bytes > maxAttachmentBytes) return { text }
  const attachment = attached('image', picture)
  return wordless ? { attachment } : { text, attachment }
}

function shown(message: CompletedMessage, language: string | undefined, media: MediaOutcome | undefined): Payload {
  const { content, platform } = message
  switch (content.kind) {
    case 'text':
      return { text: content.text }
    case 'answer':
      return { text: content.label || content.payload }
    case 'notice':
      return { text: `[${wordsOf(language).notices[content.notice]}]` }
    case 'sticker':
      return stickerPayload(`[${platform} STICKER: ${content.label}]`, content.wordless === true, media)
    case 'location':
      return { text: [content.title, content.address, mapLink(content)].filter(Boolean).join('\n') }
    case 'unsupported':
      return { text: `[Unsupported ${platform} message: ${content.what}]` }
    case 'media':
      return mediaPayload(`${platform} ${content.media}`, content.media, media)
  }
}

/**
 * What an agent sees of a customer's message. What is known about it, such as who wrote it in a group, stands before its text, or
 * as a text beside its file.
 * @param language BCP 47: of the words that are the bridge's own
 * @param media what became of the file, or of a sticker's picture
 */
export function payloadOf(message: CompletedMessage, language: string | undefined, media?: MediaOutcome): Payload {
  const payload = shown(message, language, media)
  const text = introduced(payload.text, message, language)
  return text === payload.text || text === undefined ? payload : { ...payload, text }
}
