import { linkText } from './link-text.ts'

/** How many line breaks part a block from what stands before and after it. */
const breaksOf: Readonly<Record<string, 1 | 2>> = {
  ...Object.fromEntries('p h1 h2 h3 h4 h5 h6 blockquote table pre'.split(' ').map((name) => [name, 2] as const)),
  ...Object.fromEntries(
    'address article aside body caption center dd details div dl dt figcaption figure footer head header hr html li main nav ol section summary tr ul'
      .split(' ')
      .map((name) => [name, 1] as const),
  ),
}

/** Takes the parts of HTML as they are read, and writes them as text. */
export interface TextWriter {
  open(name: string, attributes: Readonly<Record<string, string>>): void
  write(words: string): void
  close(name: string): void
  text(): string
}

/** Deeper lists are not told apart any more, and a text must not become longer than it was by far. */
const maxIndents = 8

const lineBreaks = (space: string): number => Math.min(2, space.split('\n').length - 1)

/**
 * Blocks begin on lines of their own, items of lists get marks, cells are parted by bars; links and pictures tell their
 * addresses.
 */
export function createTextWriter(): TextWriter {
  let text = ''
  /** At the edge of a block spaces mean nothing; these breaks are written before the next words. */
  let edge: { breaks: number } | undefined
  /** Written before the first words of an item. */
  let mark = ''
  let afterBreak = false
  let cells = 0
  /** The number of the next item; undefined where items have none. */
  const lists: { next: number | undefined }[] = []
  const links: { readonly href: string; readonly from: number }[] = []

  const toEdge = (breaks: number) => {
    const kept = text.trimEnd()
    const written = lineBreaks(text.slice(kept.length))
    edge = { breaks: Math.max(edge?.breaks ?? 0, breaks, written) }
    text = kept
  }

  const write = (words: string) => {
    let told = afterBreak ? words.replace(/^[ \t]*\r?\n?[ \t]*/, '') : words
    if (edge) {
      const kept = told.trimStart()
      edge.breaks = Math.max(edge.breaks, lineBreaks(told.slice(0, told.length - kept.length)))
      told = kept
    }
    if (told === '') return
    const breaks = text === '' ? '' : '\n'.repeat(edge?.breaks ?? 0)
    text += `${breaks}${mark}${told}`
    edge = undefined
    mark = ''
    afterBreak = false
  }

  const openItem = () => {
    const list = lists.at(-1)
    const indents = Math.min(Math.max(0, lists.length - 1), maxIndents)
    mark = `${'  '.repeat(indents)}${list?.next === undefined ? '-' : `${list.next}.`} `
    if (list?.next !== undefined) list.next += 1
  }

  /** Blocks within an item do not part it from its mark, nor the items from each other. */
  const block = (name: string) => {
    const breaks = breaksOf[name]
    if (breaks) toEdge(lists.length > 0 ? 1 : breaks)
  }

  const openers: Readonly<Record<string, (attributes: Readonly<Record<string, string>>) => void>> = {
    ul: () => lists.push({ next: undefined }),
    ol: ({ start }) => lists.push({ next: Number.parseInt(start ?? '1', 10) || 1 }),
    li: openItem,
    tr: () => {
      cells = 0
    },
    td: () => openCell(),
    th: () => openCell(),
    br: () => {
      text += '\n'
      afterBreak = true
    },
    hr: () => {
      write('---')
      toEdge(1)
    },
    a: ({ href }) => links.push({ href: href ?? '', from: text.length }),
    img: ({ alt, src }) => write(linkText(alt ?? '', src ?? '')),
  }

  const openCell = () => {
    if (cells > 0) write(' | ')
    cells += 1
  }

  const closeLink = () => {
    const link = links.pop()
    if (!link) return
    const label = text.slice(link.from)
    const told = linkText(label.trimStart(), link.href)
    const space = label.slice(0, label.length - label.trimStart().length)
    if (label.trim() === '') write(told)
    else text = `${text.slice(0, link.from)}${space}${told}`
  }

  return {
    open(name, attributes) {
      block(name)
      if (Object.hasOwn(openers, name)) openers[name]?.(attributes)
    },
    write,
    close(name) {
      if (name === 'a') closeLink()
      block(name)
      if (name === 'li') mark = ''
      if (name === 'ul' || name === 'ol') lists.pop()
    },
    text: () => text,
  }
}
