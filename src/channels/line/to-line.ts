import type { OutboundMessage } from '../../bridge/message.ts'
import type { PublishedMedia } from '../../bridge/side.ts'
import { maxAudioBytes, maxImageBytes, maxMessagesPerPush, maxTextUnits, maxVideoBytes } from './limits.ts'
import { retryKey } from './retry-key.ts'
import { splitText } from './split-text.ts'
import type { LineOutgoing, LinePush } from './wire.ts'

/** One push with the key that lets LINE take it only once. */
export interface PushPart {
  readonly retryKey: string
  readonly request: LinePush
}

/** All pushes of one message, in order. Saved before the first call, so that every attempt sends the same bytes. */
export interface PushPlan {
  readonly parts: readonly PushPart[]
}

const isBlank = (text: string): boolean => text.trim() === ''

/**
 * Half a surrogate pair cannot be shown and would make LINE refuse the whole message, and LINE refuses blank ones:
 * https://developers.line.biz/en/reference/messaging-api/#text-message
 */
const textMessages = (text: string): LineOutgoing[] =>
  splitText(text.toWellFormed(), maxTextUnits)
    .filter((piece) => !isBlank(piece))
    .map((piece) => ({ type: 'text', text: piece }))

/** LINE has no message for documents: https://developers.line.biz/en/reference/messaging-api/#message-objects */
const linkMessages = (file: PublishedMedia): LineOutgoing[] =>
  textMessages(`${file.fileName.replace(/\p{Cc}+/gu, ' ').trim()}\n${file.url}`.trimStart())

function fileMessages(file: PublishedMedia): LineOutgoing[] {
  const { url, bytes, previewUrl, durationMs } = file
  switch (file.mime) {
    case 'image/jpeg':
    case 'image/png':
      if (previewUrl && bytes <= maxImageBytes)
        return [{ type: 'image', originalContentUrl: url, previewImageUrl: previewUrl }]
      break
    case 'video/mp4':
      if (previewUrl && bytes <= maxVideoBytes)
        return [{ type: 'video', originalContentUrl: url, previewImageUrl: previewUrl }]
      break
    case 'audio/mpeg':
    case 'audio/mp3':
    case 'audio/mp4':
    case 'audio/m4a':
    case 'audio/x-m4a':
      if (durationMs !== undefined && bytes <= maxAudioBytes)
        return [{ type: 'audio', originalContentUrl: url, duration: Math.max(1, Math.round(durationMs)) }]
      break
  }
  return linkMessages(file)
}

/**
 * Maps a message to the pushes that carry it. Pure. Texts that are too long are split, never cut off; what LINE cannot
 * show becomes a link. Blank texts are left out, so there may be no part at all.
 * @param files our copies of the attachments, by their place in the message's content; each attachment must have one
 */
export function toLine(message: OutboundMessage, files: ReadonlyMap<number, PublishedMedia>): PushPlan {
  const messages = message.content.flatMap((content, index) => {
    if (content.kind === 'text') return textMessages(content.text)
    const file = files.get(index)
    if (!file) throw new Error(`The attachment at place ${index} was not published.`)
    return fileMessages(file)
  })
  const { channel, user } = message.conversation
  const parts: PushPart[] = []
  for (let from = 0; from < messages.length; from += maxMessagesPerPush)
    parts.push({
      retryKey: retryKey({ channel, messageId: message.id, part: parts.length }),
      request: { to: user, messages: messages.slice(from, from + maxMessagesPerPush) },
    })
  return { parts }
}
