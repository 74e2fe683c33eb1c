import { graphemes } from '../../../lib/graphemes.ts'

/** A fixed locale, so that every machine cuts alike. Thai and Japanese words are found in any locale. */
const locale = 'en'
const sentences = new Intl.Segmenter(locale, { granularity: 'sentence' })
const words = new Intl.Segmenter(locale, { granularity: 'word' })

const ends = (pattern: RegExp) => (text: string) =>
  Array.from(text.matchAll(pattern), (match) => match.index + match[0].length)
const starts = (segmenter: Intl.Segmenter) => (text: string) =>
  Array.from(segmenter.segment(text), (segment) => segment.index)

/** Where a text may be cut, the best kind of place first. White space stays with what stands before it. */
const places = [ends(/\n[^\S\n]*\n\s*/g), ends(/\n\s*/g), starts(sentences), ends(/\s+/g), starts(words)]

/** The last place at or before `position` that is not inside what a reader sees as one character. */
function clusterStart(text: string, position: number): number {
  const found = graphemes.segment(text).containing(position)?.index ?? position
  if (found > 0) return found
  // One character longer than a whole piece: at least keep surrogate pairs together.
  return /[\uDC00-\uDFFF]/.test(text.charAt(position)) && position > 1 ? position - 1 : position
}

function cutBefore(text: string, maxUnits: number): number {
  // What remains must not be white space only, as LINE refuses an empty message: a visible character stays with it.
  const visible = text.trimEnd().length
  const beforeLast = visible > maxUnits ? maxUnits : clusterStart(text, Math.max(visible - 1, 0))
  const latest = text.slice(0, beforeLast).trim() === '' ? clusterStart(text, maxUnits) : clusterStart(text, beforeLast)
  const window = text.slice(0, latest)
  for (const find of places) {
    const place = find(window).findLast((one) => one > latest / 2 && clusterStart(text, one) === one)
    if (place !== undefined && window.slice(0, place).trim() !== '') return place
  }
  return latest
}

/**
 * Splits a text into pieces of at most `maxUnits` UTF-16 units, each as long as a good place to cut allows: paragraph,
 * line, sentence, word, and never inside a character as readers see it (unless one alone is longer than a piece).
 * Joined, the pieces are the text. A piece may be white space only where there is about a whole piece of it in a row.
 */
export function splitText(text: string, maxUnits: number): string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > maxUnits) {
    const cut = cutBefore(rest, maxUnits)
    pieces.push(rest.slice(0, cut))
    rest = rest.slice(cut)
  }
  if (rest !== '' || pieces.length === 0) pieces.push(rest)
  return pieces
}
