import type { CompletedMessage } from '../bridge/message.ts'
import { filledIn, wordsOf } from '../bridge/notices.ts'
import { shortened } from '../lib/graphemes.ts'

/** As much of a quoted text as tells people which one it is: graphemes, the ellipsis included. */
const quotedGraphemes = 80

const lineBreaks = /[\n\v\f\r\u0085\u2028\u2029]/

function inOneLine(text: string): string {
  const lines = text.split(lineBreaks).map((line) => line.trim())
  return lines.filter(Boolean).join(' ')
}

function quoteLine(quoted: string | undefined, language: string | undefined): string {
  const words = wordsOf(language)
  const text = inOneLine(quoted ?? '')
  return `[${text ? filledIn(words.quoted, { text: shortened(text, quotedGraphemes) }) : words.quotedUnknown}]`
}

/**
 * A message's text with what has to be known to understand it: what it quotes on a line above, then who of a group wrote it,
 * then that it takes the place of an earlier one. Untouched where there is none of that; for a file without a text, that alone.
 * @param language BCP 47
 */
export function introduced(
  text: string | undefined,
  about: Pick<CompletedMessage, 'quoted' | 'speaker' | 'edited'>,
  language: string | undefined,
): string | undefined {
  const { quoted, speaker, edited } = about
  if (quoted === undefined && speaker === undefined && edited === undefined) return text
  const who = inOneLine(speaker ?? '')
  const said = [who && `${who}:`, edited && `[${wordsOf(language).edited}]`, text].filter(Boolean).join(' ')
  const lines = quoted ? [quoteLine(quoted.text, language), said] : [said]
  return lines.filter(Boolean).join('\n') || text
}
