import type { Json, OutboundItem } from '../platforms.ts'
import { asList, asObject, asText, present } from './loose.ts'

/** Structured content as the desk shows it: what was sent, not how LINE will show it. */
export interface DeskPanel {
  /** In words: `Card`, `Date and time` … */
  readonly kind: string
  readonly title?: string
  readonly text?: string
  readonly note?: string
  /** The page's own address of the picture. */
  readonly image?: string
  readonly rows?: readonly { readonly title: string; readonly text?: string }[]
  /** What can be touched. */
  readonly chips?: readonly string[]
  /** Moments in ISO-8601: those offered, or the first and the last that can be chosen. */
  readonly times?: readonly string[]
  readonly range?: readonly (string | undefined)[]
}

/** The page has the pictures that the sandbox's own bots send, by the last part of their address. */
const pictureOf = (value: unknown): string | undefined => {
  const id = /\/downloads\/([\w-]+)$/.exec(String(value))?.[1]
  return id === undefined ? undefined : `files/desk/${id}`
}

const filledIn = (template: Json): string | undefined => {
  const parameters = asList(template.parameters)
  return asText(template.text)?.replace(/\{\{\s*(\w+)\s*\}\}/g, (place, name: string) => {
    return asText(parameters.find((one) => one.name === name)?.text) ?? place
  })
}

const labels = (list: unknown): string[] => asList(list).flatMap((one) => asText(one.text) ?? asText(one.url) ?? [])

const cardOf = (kind: string, card: Json): DeskPanel =>
  present({
    kind,
    title: asText(card.title),
    text: asText(card.description),
    image: pictureOf(card.image),
    chips: labels(card.actions),
  })

function panelsOf(element: Json): DeskPanel[] {
  const one = (key: string) => asObject(element[key])
  switch (element.contentType) {
    case 'Card':
      return [cardOf('Card', one('card'))]
    case 'Carousel':
      return asList(one('carousel').cards).map((card) => cardOf('Carousel', card))
    case 'QuickReplyV2':
      return [
        present({
          kind: 'Quick replies',
          title: asText(one('quickReplyV2').title),
          chips: labels(one('quickReplyV2').actions),
        }),
      ]
    case 'DatePicker': {
      const { title, subtitle, location, availableTimes, dateMinimum, dateMaximum } = one('datePicker')
      const times = asList(availableTimes).flatMap((time) => asText(time.dateTime) ?? [])
      return [
        present({
          kind: 'Date and time',
          title: asText(title),
          text: asText(subtitle),
          note: asText(asObject(location).text),
          ...(times.length > 0 ? { times } : { range: [asText(dateMinimum), asText(dateMaximum)] }),
        }),
      ]
    }
    case 'ListPicker': {
      const { sections, receivedMessage } = one('listPicker')
      const rows = asList(sections).flatMap((section) =>
        asList(section.items).map((item) => present({ title: asText(item.title) ?? '', text: asText(item.subtitle) })),
      )
      return [present({ kind: 'List', title: asText(asObject(receivedMessage).title), rows })]
    }
    case 'Notification': {
      const { header, body, footer, buttons } = one('template')
      return [
        present({
          kind: 'Template',
          title: filledIn(asObject(header)),
          text: filledIn(asObject(body)),
          note: filledIn(asObject(footer)),
          chips: labels(buttons),
        }),
      ]
    }
    case 'Location': {
      const { text, address } = one('location')
      return [present({ kind: 'Location', title: asText(text), text: asText(address) })]
    }
    case 'RichLink': {
      const { header, text, urlLabel, url } = one('richLink')
      const label = asText(urlLabel) ?? asText(url)
      return [
        present({
          kind: 'Link',
          title: asText(asObject(header).title),
          text: asText(text),
          chips: label === undefined ? undefined : [label],
        }),
      ]
    }
    default:
      return []
  }
}

/** Quick replies come one by one, each as content of its own; here they are one panel again. */
export function deskPanels(content: OutboundItem['content']): DeskPanel[] {
  const chips = labels(content.map((element) => element.quickReply).filter(Boolean))
  return [...content.flatMap(panelsOf), ...(chips.length > 0 ? [{ kind: 'Quick replies', chips }] : [])]
}

/** Panels in one line, for the list of what crosses. */
export function panelsInWords(panels: readonly DeskPanel[]): string | undefined {
  const [first] = panels
  if (!first) return undefined
  if (panels.length > 1) return `carousel of ${panels.length} cards`
  const title = first.title ?? first.chips?.join(', ')
  return `${first.kind.toLowerCase()}${title === undefined ? '' : `: ${title}`}`
}
