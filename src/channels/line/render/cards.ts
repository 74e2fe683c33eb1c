import type { Action, Card, Cards } from '../../../bridge/message.ts'
import { pictureUrl, type Scene, type Shown } from './scene.ts'
import { type Block, type Sheet, type Touch, wordsBlock } from './sheet.ts'
import { actionTouch } from './touch.ts'
import { oneLine, paragraphs } from './wording.ts'

/** Actions as far as LINE can carry them out, and the others in words. */
export function touchesOf(actions: readonly Action[], scene: Scene) {
  const all = actions.map((action) => actionTouch(action, scene))
  return {
    touches: all.flatMap((one): Touch[] => ('touch' in one ? [one.touch] : [])),
    asides: all.flatMap((one): string[] => ('aside' in one ? [one.aside] : [])),
  }
}

/** Touches as buttons, one below the other. */
export const buttonsOf = (touches: readonly Touch[]): Block[] => touches.map((touch) => ({ kind: 'button', touch }))

/** What could not become a button, below what did. */
export const asidesShown = (asides: readonly string[]): Shown[] =>
  asides.length === 0 ? [] : [{ as: 'text', text: asides.join('\n') }]

function cardSheet(card: Card, scene: Scene): { readonly sheet: Sheet; readonly asides: readonly string[] } {
  const picture = pictureUrl(scene.pictureOf(card.image))
  const own = touchesOf(card.action ? [card.action] : [], scene)
  const { touches, asides } = touchesOf(card.actions, scene)
  const words = [...wordsBlock('title', oneLine(card.title)), ...wordsBlock('body', paragraphs(card.description))]
  const [touch] = own.touches
  const canBeTouched = picture !== undefined || words.length > 0
  const buttons = buttonsOf(touch && !canBeTouched ? [touch, ...touches] : touches)
  return {
    sheet: { ...(picture && { picture }), blocks: [...words, ...buttons], ...(touch && canBeTouched && { touch }) },
    asides: [...own.asides, ...asides],
  }
}

/** Cards side by side, and below them the addresses that are no buttons. */
export function cardsShown({ cards }: Cards, scene: Scene): Shown[] {
  const all = cards.map((card) => cardSheet(card, scene))
  return [{ as: 'sheets', sheets: all.map(({ sheet }) => sheet) }, ...asidesShown(all.flatMap(({ asides }) => asides))]
}
