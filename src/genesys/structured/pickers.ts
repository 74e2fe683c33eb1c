import type { DatePicker, ListPicker, OutboundContent } from '../../bridge/message.ts'
import { asList, asNumber, asObject, asText, isObject } from '../../lib/loose.ts'
import { picture } from './addresses.ts'
import { placeText } from './text.ts'
import { asPayload, lines, type Words } from './words.ts'

const isoTime = /^\d{4}-\d{2}-\d{2}(?<time>T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?<zone>Z|[+-]\d{2}:?\d{2})?)?$/

/** ISO-8601. A time that names no zone is UTC, wherever this runs. */
function instant(value: unknown): number | undefined {
  const text = asText(value)?.trim().toUpperCase() ?? ''
  const form = isoTime.exec(text)?.groups
  const at = form ? Date.parse(form.time && !form.zone ? `${text}Z` : text) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

function offeredTime(value: unknown): DatePicker['times'] {
  const { dateTime, duration } = asObject(value)
  const at = instant(dateTime)
  const durationMs = Math.round((asNumber(duration) ?? 0) * 1_000)
  return at === undefined ? [] : [{ at, ...(durationMs > 0 && Number.isSafeInteger(durationMs) && { durationMs }) }]
}

/** A picker from which nothing can be read but that it is one asks for any time. */
export function datePickerContent(value: unknown, words: Words): OutboundContent[] {
  if (!isObject(value)) return []
  const [title, subtitle] = [words(value.title), words(value.subtitle)]
  const image = picture(value.imageUrl)
  const place = placeText(asObject(value.location), words)
  const [earliest, latest] = [instant(value.dateMinimum), instant(value.dateMaximum)]
  // A range that ends before it begins would leave nothing to choose.
  const isRange = earliest === undefined || latest === undefined || earliest <= latest
  return [
    {
      kind: 'date-picker',
      ...(title && { title }),
      ...(subtitle && { subtitle }),
      ...(image && { image }),
      ...(place && { place }),
      ...(isRange && earliest !== undefined && { earliest }),
      ...(isRange && latest !== undefined && { latest }),
      times: asList(value.availableTimes).flatMap(offeredTime),
    },
  ]
}

type Section = ListPicker['sections'][number]

function listItem(value: unknown, words: Words): Section['items'] {
  const item = asObject(value)
  const told = [words(item.title), words(item.subtitle)].filter((part) => part !== undefined)
  const id = asPayload(item.id) ?? told[0]
  const [title = id, subtitle] = told
  if (!id || !title) return []
  const image = picture(item.imageUrl)
  return [{ id, title, ...(subtitle && { subtitle }), ...(image && { image }) }]
}

function listSection(value: unknown, words: Words): Section {
  const section = asObject(value)
  const title = words(section.title)
  return { ...(title && { title }), items: asList(section.items).flatMap((item) => listItem(item, words)) }
}

/** Sections from which nothing can be chosen leave their titles, as text. */
export function listPickerContent(value: unknown, words: Words): OutboundContent[] {
  const picker = asObject(value)
  const shown = asObject(picker.receivedMessage)
  const [title, ...rest] = [words(shown.header), words(shown.title), words(shown.subtitle)].filter(
    (part) => part !== undefined,
  )
  const all = asList(picker.sections).map((section) => listSection(section, words))
  const sections = all.filter(({ items }) => items.length > 0)
  const bare = all.filter(({ items }) => items.length === 0).map((section) => section.title)
  const subtitle = lines(...rest)
  const image = picture(shown.imageUrl)
  if (sections.length === 0) {
    const text = lines(title, subtitle, ...bare)
    return [...(image ? [image] : []), ...(text ? [{ kind: 'text' as const, text }] : [])]
  }
  const text = lines(...bare)
  return [
    ...(text ? [{ kind: 'text' as const, text }] : []),
    {
      kind: 'list-picker',
      ...(title && { title }),
      ...(subtitle && { subtitle }),
      ...(image && { image }),
      sections,
    },
  ]
}
