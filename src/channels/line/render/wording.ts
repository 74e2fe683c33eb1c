import { graphemes } from './split-text.ts'

/** Fit for a label or title: no control characters, no lines, no half characters, nothing around it. */
export const oneLine = (text: string | undefined): string =>
  (text ?? '')
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()

/** As {@link oneLine}, but lines stay. */
export const paragraphs = (text: string | undefined): string =>
  (text ?? '')
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n]+/gu, ' ')
    .trim()

/** The longest emoji have about 20; what has more is no character but an attempt at something. */
const maxUnitsPerCharacter = 25

/**
 * The beginning of a text, with an ellipsis where something is left out; never torn inside what a reader sees as one character.
 * @param most characters as readers count them
 * @param maxUnits UTF-16 units
 */
export function cut(text: string, most: number, maxUnits = most * maxUnitsPerCharacter): string {
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

/** One line of a list that is told in words. */
export const bullet = (text: string): string => `• ${text}`
