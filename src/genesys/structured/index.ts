import type { OutboundContent, QuickReplies } from '../../bridge/message.ts'
import { asList, asObject } from '../../lib/loose.ts'
import type { GenesysContent } from '../wire.ts'
import { answerAction } from './actions.ts'
import { picture } from './addresses.ts'
import { attachmentContent } from './attachments.ts'
import { cardsContent } from './cards.ts'
import { datePickerContent, listPickerContent } from './pickers.ts'
import { templateContent } from './template.ts'
import { elementMember, readableText, structuredText } from './text.ts'
import type { Words } from './words.ts'

/**
 * Content elements in the words of our domain.
 * Shapes: https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages and the SDK's
 * `ConversationMessageContent`. https://github.com/MyPureCloud/platform-client-sdk-javascript
 */

const texts = (text: string | undefined): OutboundContent[] => (text ? [{ kind: 'text', text }] : [])

function quickReply(value: unknown, words: Words): QuickReplies['replies'] {
  const reply = asObject(value)
  const { action } = answerAction(words(reply.text) ?? words(reply.summaryText), reply.payload)
  if (action?.do !== 'answer') return []
  const image = picture(reply.image)
  return [{ label: action.label, payload: action.payload, ...(image && { image }) }]
}

/** What an element offers as answers below the message. */
function quickReplies(content: GenesysContent, words: Words): QuickReplies['replies'] {
  if (content.contentType === 'QuickReply') return quickReply(content.quickReply, words)
  if (content.contentType !== 'QuickReplyV2') return []
  return asList(asObject(content.quickReplyV2).actions).flatMap((reply) => quickReply(reply, words))
}

/** @param told the message's own text, so that nothing is said twice */
function elementContent(content: GenesysContent, told: string | undefined, words: Words): OutboundContent[] {
  const element = content[elementMember(content)]
  const unsaid = (text: string | undefined) => texts(text === told ? undefined : text)
  /** Something can mostly be read even in what has not the members that it should have. */
  const orReadable = (mapped: OutboundContent[]) => (mapped.length > 0 ? mapped : texts(readableText(element, words)))
  switch (content.contentType) {
    case 'QuickReply':
      return []
    case 'QuickReplyV2':
      return unsaid(words(asObject(element).title))
    case 'Attachment':
      return attachmentContent(element, words)
    case 'Card':
      return orReadable(cardsContent([element], words))
    case 'Carousel':
      return orReadable(cardsContent(asList(asObject(element).cards), words))
    case 'DatePicker':
      return orReadable(datePickerContent(element, words))
    case 'ListPicker':
      return orReadable(listPickerContent(element, words))
    case 'Notification':
      return templateContent(element, told ?? '', words)
    default:
      return unsaid(structuredText(content, words))
  }
}

/**
 * The message's own text, then its elements in their order, then all quick replies together: they stand below the
 * message, wherever in it they were named. Never throws; an element without anything to show leaves nothing.
 */
export function structuredContent(
  told: string | undefined,
  elements: readonly GenesysContent[],
  words: Words,
): OutboundContent[] {
  const replies = elements.flatMap((element) => quickReplies(element, words))
  return [
    ...texts(told),
    ...elements.flatMap((element) => elementContent(element, told, words)),
    ...(replies.length > 0 ? [{ kind: 'quick-replies' as const, replies }] : []),
  ]
}
