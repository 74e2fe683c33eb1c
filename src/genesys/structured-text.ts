import { asList, asNumber, asObject, asText } from '../lib/loose.ts'
import type { GenesysContent } from './wire.ts'

/**
 * Structured content told in plain words, for channels that show it as text.
 * Shapes: https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages and the SDK's
 * `ConversationMessageContent`. https://github.com/MyPureCloud/platform-client-sdk-javascript
 */

type Loose = Readonly<Record<string, unknown>>

const lines = (...parts: readonly (string | undefined)[]): string | undefined => {
  const filled = parts.filter((part) => part !== undefined)
  return filled.length > 0 ? filled.join('\n') : undefined
}

const bullets = (labels: readonly (string | undefined)[]): string | undefined =>
  lines(...labels.map((label) => label && `• ${label}`))

const labelled = (label: string | undefined, target: string | undefined): string | undefined =>
  label && target ? `${label}: ${target}` : (label ?? target)

/** Quick replies as a list of what may be answered. Their payloads are for machines and stay out. */
export const quickReplyText = (replies: readonly unknown[]): string | undefined =>
  bullets(replies.map((reply) => asText(asObject(reply).text)))

function actionLabel(value: unknown): string | undefined {
  const action = asObject(value)
  return labelled(asText(action.text), action.type === 'Postback' ? undefined : asText(action.url))
}

function cardText(card: Loose): string | undefined {
  const actions = bullets(asList(card.actions).map(actionLabel))
  // The default action opens when the card itself is touched; in a text it is one more link.
  const address = asText(asObject(card.defaultAction).url)
  return lines(
    asText(card.title),
    asText(card.description),
    actions,
    address && actions?.includes(address) ? undefined : address,
  )
}

function carouselText(carousel: Loose): string | undefined {
  const cards = asList(carousel.cards).map((card) => cardText(asObject(card)))
  return cards.filter((card) => card !== undefined).join('\n\n') || undefined
}

/** The customer's time zone is unknown, so times are told in UTC and say so. */
function timeText(value: unknown): string | undefined {
  const text = asText(value)
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? text : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function offeredTime(value: unknown): string | undefined {
  const { dateTime, duration } = asObject(value)
  const at = timeText(dateTime)
  const seconds = asNumber(duration) ?? 0
  return at && seconds > 0 ? `${at} (${Math.round(seconds / 60)} min)` : at
}

function datePickerText(picker: Loose): string | undefined {
  const times = bullets(asList(picker.availableTimes).map(offeredTime))
  const [from, to] = [timeText(picker.dateMinimum), timeText(picker.dateMaximum)]
  const range = from && to ? `${from} – ${to}` : (from ?? to)
  return lines(asText(picker.title), asText(picker.subtitle), times ?? range, locationText(asObject(picker.location)))
}

/** What a picker, form or application says before it is opened. */
function announcement(value: unknown): string | undefined {
  const { header, title, subtitle } = asObject(value)
  return lines(asText(header), asText(title), asText(subtitle))
}

function itemLabel(value: unknown): string | undefined {
  const item = asObject(value)
  const [title, subtitle] = [asText(item.title), asText(item.subtitle)]
  return title && subtitle ? `${title} – ${subtitle}` : (title ?? subtitle)
}

function listPickerText(picker: Loose): string | undefined {
  const sections = asList(picker.sections).map((value) => {
    const section = asObject(value)
    return lines(asText(section.title), bullets(asList(section.items).map(itemLabel)))
  })
  return lines(announcement(picker.receivedMessage), ...sections)
}

/** Puts parameters into the places `{{name}}` or, for numbers, `{{1}}` = the first one. */
function filled(text: string | undefined, parameters: unknown): string | undefined {
  const list = asList(parameters).map(asObject)
  return text?.replace(/\{\{([^{}]*)\}\}/g, (place, inner: string) => {
    const name = inner.trim()
    const named = list.find((parameter) => parameter.name === name) ?? list[Number(name) - 1]
    return asText(named?.text) ?? place
  })
}

/**
 * A template's parts, leaving out what `told`, the message's own text, says already: Genesys mostly renders the body
 * there.
 */
function templateText(template: Loose, told: string): string | undefined {
  const header = asObject(template.header)
  const body = asObject(template.body)
  const saidLines = new Set(told.split('\n').map((line) => line.trim()))
  const unsaid = (part: string | undefined) => (part && saidLines.has(part.trim()) ? undefined : part)
  const rendered = filled(asText(body.text), body.parameters)
  const buttons = asList(template.buttons).map((value) => {
    const button = asObject(value)
    return labelled(filled(asText(button.text), button.parameters), asText(button.url) ?? asText(button.phoneNumber))
  })
  return lines(
    unsaid(filled(asText(header.text), header.parameters)),
    rendered && told.includes(rendered) ? undefined : rendered,
    unsaid(asText(asObject(template.footer).text)),
    bullets(buttons),
  )
}

/**
 * Title, address, and a link that every phone opens in its map.
 * https://developers.google.com/maps/documentation/urls/get-started
 */
function locationText(location: Loose): string | undefined {
  const [latitude, longitude] = [asNumber(location.latitude), asNumber(location.longitude)]
  const map =
    latitude === undefined || longitude === undefined
      ? asText(location.url)
      : `https://www.google.com/maps/search/?api=1&query=${latitude},${longitude}`
  return lines(asText(location.text), asText(location.address), map)
}

function richLinkText(link: Loose): string | undefined {
  const address = labelled(asText(link.urlLabel), asText(link.url))
  return lines(asText(asObject(link.header).title), asText(link.title), asText(link.text), address, asText(link.footer))
}

function reactionsText(reactions: unknown): string | undefined {
  const kinds = asList(reactions).map((reaction) => asText(asObject(reaction).reactionType))
  const known = kinds.filter((kind) => kind !== undefined)
  return known.length > 0 ? `Reaction: ${known.join(', ')}` : undefined
}

/** Members that hold words for people, in the order in which they read best. */
const wordyMembers = ['header', 'title', 'subtitle', 'introduction', 'receivedMessage', 'text', 'body', 'description']

/** What can be read in an element that we do not know. Looks two levels deep. */
function anyText(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return asText(value)
  if (depth > 2) return undefined
  const element = asObject(value)
  return lines(...wordyMembers.map((member) => anyText(element[member], depth + 1)), asText(element.url))
}

const memberOf = (contentType: string): string => contentType.charAt(0).toLowerCase() + contentType.slice(1)

/**
 * One content element, other than attachments and single quick replies, as text; undefined when there is nothing to
 * read in it.
 * @param told the message's own text, so that a template does not repeat it
 */
export function structuredText(content: GenesysContent, told: string): string | undefined {
  const type = asText(content.contentType) ?? ''
  const element = asObject(content[memberOf(type)])
  switch (type) {
    case 'QuickReplyV2':
      return lines(asText(element.title), quickReplyText(asList(element.actions)))
    case 'Card':
      return cardText(element)
    case 'Carousel':
      return carouselText(element)
    case 'DatePicker':
      return datePickerText(element)
    case 'ListPicker':
      return listPickerText(element)
    case 'Notification':
      return templateText(asObject(content.template), told)
    case 'Location':
      return locationText(element)
    case 'RichLink':
      return richLinkText(element)
    case 'Story':
      return labelled('Story', asText(element.url))
    case 'Reactions':
      return reactionsText(content.reactions)
    default:
      return anyText(content[memberOf(type)])
  }
}
