/** Characters as readers see them. A fixed locale, so that every machine cuts alike. */
export const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The longest emoji have about 20; what has more is no character but an attempt at something. */
const maxUnitsPerCharacter = 25

/**
 * The beginning of a text, with an ellipsis where something is left out; never torn inside what a reader sees as one character.
 * @param most characters as readers count them, the ellipsis included
 * @param maxUnits UTF-16 units
 */
export function shortened(text: string, most: number, maxUnits = most * maxUnitsPerCharacter): string {
  if (text.length <= Math.min(most, maxUnits)) return text
  let count = 0
  let end = 0
  for (const { index, segment } of graphemes.segment(text)) {
    count += 1
    const after = index + segment.length
    if (count > most || after > maxUnits) return `${text.slice(0, end).trimEnd()}…`
    if (count < most && after < maxUnits) end = after
  }
  return text
}
