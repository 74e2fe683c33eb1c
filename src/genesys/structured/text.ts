import { asList, asNumber, asObject, asText } from '../../lib/loose.ts'
import { mapLink } from '../map-link.ts'
import type { GenesysContent } from '../wire.ts'
import { labelled, lines, type Words } from './words.ts'

/**
 * Content elements for which we have no better words than text.
 * Shapes: https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages and the SDK's
 * `ConversationMessageContent`. https://github.com/MyPureCloud/platform-client-sdk-javascript
 */

type Loose = Readonly<Record<string, unknown>>

function mapAddress(location: Loose): string | undefined {
  const [latitude, longitude] = [asNumber(location.latitude), asNumber(location.longitude)]
  return latitude === undefined || longitude === undefined ? asText(location.url) : mapLink({ latitude, longitude })
}

/** Where something is, in words; as an address for the map only where there are none. */
export function placeText(location: Loose, words: Words): string | undefined {
  const told = [words(location.text), words(location.address)].filter((part) => part !== undefined)
  return told.join(', ') || mapAddress(location)
}

function richLinkText(link: Loose, words: Words): string | undefined {
  const address = labelled(words(link.urlLabel), asText(link.url))
  return lines(words(asObject(link.header).title), words(link.title), words(link.text), address, words(link.footer))
}

function reactionsText(reactions: unknown): string | undefined {
  const kinds = asList(reactions).map((reaction) => asText(asObject(reaction).reactionType))
  const known = kinds.filter((kind) => kind !== undefined)
  return known.length > 0 ? `Reaction: ${known.join(', ')}` : undefined
}

/** Members that hold words for people, in the order in which they read best. */
const wordyMembers = ['header', 'title', 'subtitle', 'introduction', 'receivedMessage', 'text', 'body', 'description']

/** What can be read in an element that we do not know. Looks two levels deep. */
export function readableText(value: unknown, words: Words, depth = 0): string | undefined {
  if (typeof value === 'string') return words(value)
  if (depth > 2) return undefined
  const element = asObject(value)
  return lines(...wordyMembers.map((member) => readableText(element[member], words, depth + 1)), asText(element.url))
}

/** Under which member of an element its object lies: the type in camel case, but `template` for a notification. */
export function elementMember(content: GenesysContent): string {
  const type = asText(content.contentType) ?? ''
  return type === 'Notification' ? 'template' : type.charAt(0).toLowerCase() + type.slice(1)
}

/** An element as text; undefined when there is nothing to read in it. */
export function structuredText(content: GenesysContent, words: Words): string | undefined {
  const value = content[elementMember(content)]
  const element = asObject(value)
  switch (content.contentType) {
    case 'Location':
      return lines(words(element.text), words(element.address), mapAddress(element))
    case 'RichLink':
      return richLinkText(element, words)
    case 'Story':
      return labelled('Story', asText(element.url))
    case 'Reactions':
      return reactionsText(value)
    default:
      return readableText(value, words)
  }
}
