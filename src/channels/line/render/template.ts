import type { Template } from '../../../bridge/message.ts'
import { asidesShown, buttonsOf, touchesOf } from './cards.ts'
import type { Scene, Shown } from './scene.ts'
import { wordsBlock } from './sheet.ts'
import { oneLine, paragraphs } from './wording.ts'

/** A text where there is nothing but one, else header, body, footer and buttons. */
export function templateShown({ header, body, footer, actions }: Template, scene: Scene): Shown[] {
  const { touches, asides } = touchesOf(actions, scene)
  const words = [
    ...wordsBlock('title', oneLine(header)),
    ...wordsBlock('body', paragraphs(body)),
    ...wordsBlock('note', paragraphs(footer)),
  ]
  // A text keeps its spaces as they are, and is copied more easily than a bubble.
  const only =
    touches.length === 0 && words.length === 1
      ? [header, body, footer].find((part) => oneLine(part) !== '')?.trim()
      : undefined
  const shown: Shown = only
    ? { as: 'text', text: only }
    : { as: 'sheets', sheets: [{ blocks: [...words, ...buttonsOf(touches)] }] }
  return [shown, ...asidesShown(asides)]
}
