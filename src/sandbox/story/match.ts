import type { Json } from '../platforms.ts'
import { deskPanels } from './desk-panels.ts'
import { hasEnded, type Tale } from './tale.ts'

/** Every text in a message object, however deep. */
const textsIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(textsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' ? (key === 'text' && inner.trim() !== '' ? [inner.trim()] : []) : textsIn(inner),
  )
}

/** What the agent or bot said, in the words by which it is known again. */
function wordsOf(tale: Tale): string[] {
  if (tale.said.by !== 'agent') return []
  const { text, content } = tale.said.item
  const panels = deskPanels(content).flatMap((panel) => [panel.title, panel.text])
  return [text, ...panels].flatMap((words) => (words?.trim() ? [words.trim()] : []))
}

const fits = (tale: Tale, texts: readonly string[]): boolean =>
  wordsOf(tale).some((words) => texts.some((one) => words.includes(one) || one.includes(words)))

const wasShownBefore = (tale: Tale, messages: readonly Json[]): boolean => {
  const shown = new Set(tale.pushes.flatMap((push) => push.messages.map((one) => JSON.stringify(one.message))))
  return messages.every((message) => shown.has(JSON.stringify(message)))
}

/**
 * Which of the agent's messages is this push about? A push does not name the message that it carries, so it is told by its words;
 * one without words of the agent belongs to the oldest message that has not arrived. Words that were shown before and are expected
 * from nobody are a repetition of the message that they were shown for, so that doubles are counted rather than explained away.
 * @param tales the agent's messages to this customer, oldest first
 */
export function whoseIs(messages: readonly Json[], tales: readonly Tale[]): Tale | undefined {
  const texts = textsIn(messages)
  const open = tales.filter((tale) => !hasEnded(tale))
  return (
    open.find((tale) => fits(tale, texts) && !wasShownBefore(tale, messages)) ??
    tales.findLast((tale) => tale.pushes.length > 0 && wasShownBefore(tale, messages)) ??
    open.find((tale) => tale.pushes.length === 0) ??
    open[0]
  )
}
