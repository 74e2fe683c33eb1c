import { createRequire } from 'node:module'
import type { Token, Tokens } from 'marked'
import { linkText } from './link-text.ts'

const require = createRequire(import.meta.url)

/** Signs without which a text cannot be Markdown that we would change. */
const marks =
  /\*\S|`|\]\(|~~|(?<![\p{L}\p{N}])_|\\(?:$|[*_`~[\]()<>#|.!+-])|<[\w.+-]+[:@]|^ {0,3}#{1,6}[ \t]|\|[ \t]*:?-|-:?[ \t]*\|/mu

/** Whether it is worth while to look closer. Cheap, and true for many a text that is none. */
export const hasMarkdown = (text: string): boolean => marks.test(text)

/** Between two of these a mark is arithmetic (`5*3*2`), an apostrophe or a part of a name; other scripts put no spaces around emphasis. */
const isLatin = (character: string | undefined): boolean => /^[A-Za-z\d]$/.test(character ?? '')

/** Loading takes 8 ms and 5 MB. */
function loadLexer(): (text: string) => Token[] {
  const { Lexer, Marked } = require('marked') as typeof import('marked')
  // One tilde stands for a range in Japanese, Korean and Chinese: 9:00~12:00, 13:00~18:00.
  const { defaults } = new Marked({ tokenizer: { del: (text) => (text.startsWith('~~') ? false : undefined) } })
  return (text) => Lexer.lexInline(text, defaults)
}

let lexer: ReturnType<typeof loadLexer> | undefined

/**
 * Marks within marks take the lexer a time that grows with the square of their depth; no paragraph for people has so many.
 * A run of one mark is one, as in lines that are drawn with them, unless it is longer than any line.
 */
const maxMarks = 400

function lexInline(text: string): Token[] {
  if ((text.match(/\*{1,20}|_{1,20}|~{1,20}/g)?.length ?? 0) > maxMarks) return [{ type: 'space', raw: text }]
  lexer ??= loadLexer()
  return lexer(text)
}

/**
 * By the rules of CommonMark marks next to full-width punctuation do not count, though bots put them there.
 * https://github.com/commonmark/commonmark-spec/issues/650
 */
const withoutLeftMarks = (text: string): string =>
  text.replace(/\*\*(?=\S)([^*\n]+)(?<=\S)\*\*/g, (whole, inner: string, at: number) =>
    isLatin(text[at - 1]) && isLatin(text[at + whole.length]) ? whole : inner,
  )

/** Escapes of what we would else take for marks; all others, as in the names of Windows folders, are none. */
const escapes = /^\\[*_`~[\]()<>#|.!+-]$/

/** Addresses as people know them; `[note](see below)` is no link. */
const address = /^(?:[a-z][\w+.-]*:|\/|#|www\.|[\w-]+\.[\w-]+)/i

/** @param literally how to write what must not be taken for HTML later */
function inlineText(tokens: readonly Token[], literally: (text: string) => string): string {
  const inner = (token: Token) => inlineText(('tokens' in token && token.tokens) || [], literally)
  const read = (token: Token, before: string | undefined, after: string | undefined): string => {
    const parted = !(isLatin(before) && isLatin(after))
    switch (token.type) {
      case 'strong':
        return parted ? inner(token) : `**${inner(token)}**`
      case 'em': {
        // Stars on several lines are footnotes more often than emphasis.
        const mark = parted && !token.raw.includes('\n') ? '' : token.raw.charAt(0)
        return `${mark}${inner(token)}${mark}`
      }
      case 'del':
        return inner(token)
      case 'codespan':
        return parted && !token.raw.includes('\n') ? literally((token as Tokens.Codespan).text) : token.raw
      case 'escape':
        return escapes.test(token.raw) ? literally((token as Tokens.Escape).text) : token.raw
      case 'br':
        return token.raw.replace('\\', '')
      case 'link': {
        const link = token as Tokens.Link
        if (link.autolink) return link.text
        return address.test(link.href) ? linkText(inner(link), link.href) : link.raw
      }
      case 'image': {
        const image = token as Tokens.Image
        return address.test(image.href) ? linkText(image.text, image.href) : image.raw
      }
      case 'text':
        return withoutLeftMarks(token.raw)
      default:
        return token.raw
    }
  }
  return tokens.map((token, index) => read(token, tokens[index - 1]?.raw.at(-1), tokens[index + 1]?.raw.at(0))).join('')
}

const fence = /^\s*(`{3,})[^`]*$/
const endsFence = (line: string, ticks: string): boolean => line.trim().startsWith(ticks) && /^\s*`+\s*$/.test(line)

const headingMark = /^ {0,3}#{1,6}[ \t]+(?=\S)/
const withoutHeadingMarks = (line: string): string => line.replace(headingMark, '').replace(/[ \t]#+\s*$/, '')

/** Lines that begin something new, so that marks do not reach into them from the line before. */
const beginning = /^\s*(?:$|[-*+>]\s|\d{1,9}[.)]\s)/

const tableCells = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())
const isTableRule = (line: string | undefined): boolean =>
  line?.includes('|') === true && tableCells(line).every((cell) => /^:?-+:?$/.test(cell))

/**
 * Only the marks within lines are left to the lexer: its blocks would cost blank lines, the numbers of lists and the way
 * lines are indented.
 * @param literally how to write code, which must not be taken for HTML later
 */
export function markdownToText(text: string, literally: (text: string) => string): string {
  const lines = text.split('\n')
  const read: string[] = []
  let paragraph: string[] = []
  const endParagraph = () => {
    if (paragraph.length > 0) read.push(inlineText(lexInline(paragraph.join('\n')), literally))
    paragraph = []
  }
  const readAlone = (line: string) => {
    endParagraph()
    paragraph.push(line)
    endParagraph()
  }
  let inTable = false
  /** No fence of so many ticks ends any more, so that nobody has to look for its end again. */
  let endlessTicks = Number.POSITIVE_INFINITY
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const ticks = fence.exec(line)?.[1] ?? ''
    const isFence = ticks !== '' && ticks.length < endlessTicks
    const end = isFence ? lines.findIndex((other, index) => index > at && endsFence(other, ticks)) : -1
    if (isFence && end < 0) endlessTicks = ticks.length
    inTable = line.includes('|') && (inTable || isTableRule(lines[at + 1]))
    if (end > 0) {
      endParagraph()
      read.push(...lines.slice(at + 1, end).map(literally))
      at = end
    } else if (inTable) {
      if (!isTableRule(line)) readAlone(tableCells(line).join(' | '))
    } else if (headingMark.test(line)) {
      readAlone(withoutHeadingMarks(line))
    } else {
      if (beginning.test(line)) endParagraph()
      paragraph.push(line)
    }
  }
  endParagraph()
  return read.join('\n')
}
