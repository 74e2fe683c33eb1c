import { hasHtml, htmlToText, literally } from './html-text.ts'
import { hasMarkdown, markdownToText } from './markdown-text.ts'

/**
 * Longer texts than anybody reads on a phone are left as they are: readers of markup may take long for a text that was made to be
 * awkward.
 */
const maxMarkupLength = 20_000

/**
 * What a bot wrote, without its Markdown and HTML: marks of headings, emphasis and code go, links become `label (address)`,
 * line breaks and the marks of lists stay. Where nothing is markup, the text comes out as it was, and the libraries
 * that read markup are not even loaded. Never throws.
 */
export function plainText(text: string): string {
  const [markdown, html] = [hasMarkdown(text), hasHtml(text)]
  if ((!markdown && !html) || text.length > maxMarkupLength) return text
  try {
    // Code that shows HTML must come through the reading of HTML as it is.
    const read = markdown ? markdownToText(text, html ? literally : String) : text
    return html ? htmlToText(read) : read
  } catch {
    // The libraries were written for documents, and a message that cannot be read must still be carried.
    return text
  }
}
