/** More is not shown of a quote. */
const maxCharacters = 200
/** One character, as people see it, can be made of any number of UTF-16 units. No more than these are worth keeping. */
export const maxUnits = 1_000

let clusters: Intl.Segmenter | undefined

/**
 * The beginning of a text, as much of it as a quote shows: at most 200 characters as people see them, the last of which is then an
 * ellipsis.
 */
export function shortened(text: string): string {
  if (text.length <= maxCharacters) return text
  clusters ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  let count = 0
  let end = 0
  for (const { index, segment } of clusters.segment(text)) {
    count += 1
    if (count > maxCharacters || index + segment.length > maxUnits) return `${text.slice(0, end)}…`
    if (count < maxCharacters) end = index + segment.length
  }
  return text
}
