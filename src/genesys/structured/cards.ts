import type { Card, MediaContent, OutboundContent } from '../../bridge/message.ts'
import { asList, asObject, asText } from '../../lib/loose.ts'
import { cardAction, openAction, sorted } from './actions.ts'
import { openable, picture } from './addresses.ts'
import { lines, type Words } from './words.ts'

/** A card, or the picture that is all it has, or nothing. */
function readCard(value: unknown, words: Words): Card | MediaContent | undefined {
  const card = asObject(value)
  const image = picture(card.image)
  const read = (action: unknown) => cardAction(asObject(action), words(asObject(action).text))
  const own = read(card.defaultAction)
  const buttons = sorted([
    ...asList(card.actions).map(read),
    openAction(undefined, openable(card.video), asText(card.video)),
    own.words ? { words: own.words } : {},
  ])
  const { actions } = buttons
  const told = [words(card.title), words(card.description), ...buttons.words].filter((part) => part !== undefined)
  // Without any words, what its first button says is the best to be had.
  const [title = actions[0]?.label ?? own.action?.label, ...rest] = told
  if (!title) return image
  const description = lines(...rest)
  return {
    title,
    ...(description && { description }),
    ...(image && { image }),
    ...(own.action && { action: own.action }),
    actions,
  }
}

const hasOnlyWords = (card: Card): boolean => !card.image && !card.action && card.actions.length === 0

/**
 * Cards side by side, after the pictures that came without anything to put on a card. A single card that has nothing
 * but words is a text.
 */
export function cardsContent(values: readonly unknown[], words: Words): OutboundContent[] {
  const read = values.map((value) => readCard(value, words)).filter((card) => card !== undefined)
  const cards = read.flatMap((card) => ('title' in card ? card : []))
  const pictures = read.flatMap((card) => ('title' in card ? [] : card))
  const [first] = cards
  if (!first) return pictures
  if (cards.length > 1 || !hasOnlyWords(first)) return [...pictures, { kind: 'cards', cards }]
  return [...pictures, { kind: 'text', text: lines(first.title, first.description) ?? first.title }]
}
