import type { Offer } from '../outbound/offers.ts'
import { bullet, oneLine } from './wording.ts'

/** What happens at a touch. Labels are whole here, and one line. */
export type Touch =
  | { readonly do: 'answer'; readonly label: string; readonly offer: Offer }
  | { readonly do: 'open'; readonly label: string; readonly uri: string }
  /** `min`, `max`: local minutes such as `2026-12-01T10:00`. */
  | {
      readonly do: 'pick'
      readonly label: string
      readonly offer: Offer
      readonly min?: string
      readonly max?: string
    }

/** What stands on a sheet, from top to bottom; buttons come last. Texts are never blank. */
export type Block =
  | { readonly kind: 'words'; readonly as: 'title' | 'heading' | 'body' | 'note'; readonly text: string }
  | {
      readonly kind: 'row'
      readonly title: string
      readonly subtitle?: string
      readonly picture?: string
      readonly touch: Touch
    }
  | { readonly kind: 'button'; readonly touch: Touch }

/** Something shown as one bubble, as long as it fits into one. */
export interface Sheet {
  /** An address. */
  readonly picture?: string
  readonly blocks: readonly Block[]
  /** Of the sheet itself. */
  readonly touch?: Touch
}

/** Words on a sheet, or nothing where there are none. */
export const wordsBlock = (as: Extract<Block, { kind: 'words' }>['as'], text: string): Block[] =>
  text === '' ? [] : [{ kind: 'words', as, text }]

const touchText = (touch: Touch): string => bullet(touch.do === 'open' ? `${touch.label}: ${touch.uri}` : touch.label)

function blockText(block: Block): string {
  switch (block.kind) {
    case 'words':
      return block.text
    case 'row':
      return bullet(block.subtitle ? `${block.title} – ${block.subtitle}` : block.title)
    case 'button':
      return touchText(block.touch)
  }
}

/** All that a sheet says, for when it cannot be shown as one. */
export const sheetText = ({ blocks, touch }: Sheet): string =>
  [...blocks.map(blockText), ...(touch ? [touchText(touch)] : [])].join('\n')

/** Stands for a picture without words. */
const wordless = '🖼️'

/** What sheets say in one line; never blank, not yet shortened. Sheets that go on with the same words are told as one. */
export function sheetsSummary(sheets: readonly Sheet[]): string {
  const told = new Map<string, string[]>()
  for (const { blocks, touch } of sheets) {
    const words = blocks.flatMap((block) => (block.kind === 'words' ? [oneLine(block.text)] : [])).join(' – ')
    const labels = blocks.flatMap((block) => {
      if (block.kind === 'words') return []
      return [block.kind === 'row' ? block.title : block.touch.label]
    })
    const own = words === '' && labels.length === 0 && touch ? [touch.label] : labels
    told.set(words, [...(told.get(words) ?? []), ...own])
  }
  const lines = Array.from(told, ([words, labels]) =>
    [words, labels.join(', ')].filter((part) => part !== '').join(': '),
  )
  return lines.filter((line) => line !== '').join(' / ') || wordless
}
