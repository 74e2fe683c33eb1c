import type { OutboundContent, OutboundMessage } from '../../bridge/message.ts'
import { wordsOf } from '../../bridge/notices.ts'
import { maxMessagesPerPush } from './limits.ts'
import { type Look, senderOf } from './outbound/look.ts'
import { type Offer, offerData } from './outbound/offers.ts'
import { type Files, pictureFinder } from './outbound/pictures.ts'
import { retryKey } from './outbound/retry-key.ts'
import { cardsShown } from './render/cards.ts'
import { datePickerShown } from './render/date-picker.ts'
import { flexMessages, type Numbering } from './render/flex.ts'
import { listPickerShown } from './render/list-picker.ts'
import { mediaShown } from './render/media.ts'
import { dividedReplies, quickReplyItems, repliesList } from './render/quick-replies.ts'
import type { Scene, Shown } from './render/scene.ts'
import { templateShown } from './render/template.ts'
import { textMessages } from './render/text.ts'
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

function contentShown(content: OutboundContent, place: number, files: Files, scene: Scene): Shown[] {
  switch (content.kind) {
    case 'text':
      return [{ as: 'text', text: content.text }]
    case 'media': {
      const file = files.get(place)
      if (!file) throw new Error(`The attachment at place ${place} was not published.`)
      return [mediaShown(content, file, scene)]
    }
    case 'cards':
      return cardsShown(content, scene)
    case 'date-picker':
      return datePickerShown(content, scene)
    case 'list-picker':
      return listPickerShown(content, scene)
    case 'template':
      return templateShown(content, scene)
    case 'quick-replies':
      // They belong to the whole message: LINE shows those of its last object only.
      return []
  }
}

/** All that is shown, in order. Quick replies that are told in words stand where they were, below the text that asks for them. */
function allShown(
  contents: readonly OutboundContent[],
  listed: readonly string[],
  files: Files,
  scene: Scene,
): readonly Shown[] {
  const listAt = listed.length > 0 ? contents.findLastIndex(({ kind }) => kind === 'quick-replies') : -1
  const before = contents[listAt - 1]
  const ask = before?.kind === 'text' && before.text.trim() !== '' ? before.text : undefined
  return contents.flatMap((content, place): Shown[] => {
    if (place === listAt) return [{ as: 'text', text: repliesList(ask ?? scene.words.choose, listed) }]
    return place === listAt - 1 && ask !== undefined ? [] : contentShown(content, place, files, scene)
  })
}

function messagesOf(shown: Shown, numbering: Numbering): LineOutgoing[] {
  switch (shown.as) {
    case 'text':
      return textMessages(shown.text)
    case 'message':
      return [shown.message]
    case 'sheets':
      return flexMessages(shown.sheets, numbering, shown.summary)
  }
}

/**
 * Maps a message to the pushes that carry it, and tells what the customer can touch in it, by the numbers of {@link offerData}. Pure:
 * the same message makes the same bytes. Texts that are too long are split, never cut off; what LINE cannot show becomes a text or
 * a link. Blank texts are left out, so there may be no part at all.
 * @param files our copies of the attachments, by their place in the message's content, of which each must have one, and those of its
 *   pictures that could be had, by the numbers of `picturesOf`
 */
export function toLine(
  message: OutboundMessage,
  files: Files,
  look: Look,
): { readonly plan: PushPlan; readonly offers: readonly Offer[] } {
  const { id: messageId, content } = message
  const { channel, user } = message.conversation
  const scene: Scene = {
    words: wordsOf(look.language),
    language: look.language,
    timeZone: look.timeZone,
    pictureOf: pictureFinder(message, files),
  }
  const offers: Offer[] = []
  const numbering: Numbering = {
    dataOf: (offer) => offerData({ channel, messageId, index: offers.push(offer) - 1 }),
    widest: () => offerData({ channel, messageId, index: Number.MAX_SAFE_INTEGER }),
  }
  const { offered, listed } = dividedReplies(content)
  const messages = allShown(content, listed, files, scene).flatMap((shown) => messagesOf(shown, numbering))
  if (messages.length === 0 && offered.length > 0) messages.push(...textMessages(scene.words.choose))
  const last = messages.at(-1)
  if (last && offered.length > 0) last.quickReply = { items: quickReplyItems(offered, scene, numbering.dataOf) }
  const sender = senderOf(message, look)
  if (sender) for (const one of messages) one.sender = { ...sender }

  const parts: PushPart[] = []
  for (let from = 0; from < messages.length; from += maxMessagesPerPush)
    parts.push({
      retryKey: retryKey({ channel, messageId, part: parts.length }),
      request: { to: user, messages: messages.slice(from, from + maxMessagesPerPush) },
    })
  return { plan: { parts }, offers }
}
