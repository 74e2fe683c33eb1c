import { createRequire } from 'node:module'
import { createTextWriter } from './html-writer.ts'

const require = createRequire(import.meta.url)

const names =
  'a|abbr|address|article|aside|b|bdi|bdo|big|blockquote|body|br|button|caption|center|cite|code|dd|del|details|dfn|div|dl|dt|' +
  'em|figcaption|figure|font|footer|h[1-6]|head|header|hr|html|i|img|ins|kbd|label|li|main|mark|nav|ol|p|pre|q|s|samp|script|' +
  'section|small|span|strike|strong|style|sub|summary|sup|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|var|wbr'
/** With a value, or one of the few that have none: `a <b and c> d` is no tag. */
const attribute = String.raw`\s+(?:[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>]+)|open|hidden|disabled|download|reversed)`
const afterBracket = String.raw`(?:/?(?:${names})(?:${attribute})*\s*/?>|!--[^]*?-->)`
const afterAmpersand = String.raw`(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});`

const html = new RegExp(`<${afterBracket}|&${afterAmpersand}`, 'i')
const strayBracket = new RegExp(`<(?!${afterBracket})`, 'gi')
const strayAmpersand = new RegExp(`&(?!${afterAmpersand})`, 'gi')

/** Whether there is a tag, a comment or an entity as HTML knows them; `a < b and c > d` and `R&D` have none. */
export const hasHtml = (text: string): boolean => html.test(text)

/** So written that {@link htmlToText} gives back the text as it is. */
export const literally = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** What stands in these is not for people. */
const hidden = new Set(['script', 'style', 'title'])
const hiddenName = `(${[...hidden].join('|')})(?=[\\s/>])`
const hiddenBegin = new RegExp(`<${hiddenName}`, 'gi')
const hiddenEnd = new RegExp(`</${hiddenName}`, 'gi')

/** Who explains HTML names tags that nothing closes: these must not hide the rest of the text. */
function withoutEndless(text: string): string {
  const lastEnds = new Map(
    Array.from(text.matchAll(hiddenEnd), ({ 1: name = '', index }) => [name.toLowerCase(), index]),
  )
  return text.replace(hiddenBegin, (tag, name: string, at: number) =>
    at < (lastEnds.get(name.toLowerCase()) ?? -1) ? tag : `&lt;${name}`,
  )
}

/**
 * The words of HTML, or of a text with some HTML in it. Whatever only looks like a tag or an entity is kept, and so are line breaks
 * that HTML would take for spaces, unless they lie between blocks.
 */
export function htmlToText(text: string): string {
  // Loaded with the first text that needs it: loading takes 15 ms and 10 MB.
  const { Parser } = require('htmlparser2') as typeof import('htmlparser2')
  const writer = createTextWriter()
  let hiddenIn: string | undefined
  const parser = new Parser({
    onopentag(name, attributes) {
      if (hidden.has(name)) hiddenIn ??= name
      if (!hiddenIn) writer.open(name, attributes)
    },
    ontext(words) {
      // Spaces that may not break look like all others and only get in the way of who copies them.
      if (!hiddenIn) writer.write(words.replaceAll('\u00a0', ' '))
    },
    onclosetag(name) {
      if (!hiddenIn) writer.close(name)
      if (hiddenIn === name) hiddenIn = undefined
    },
  })
  parser.end(withoutEndless(text.replace(strayAmpersand, '&amp;').replace(strayBracket, '&lt;')))
  return writer.text()
}
