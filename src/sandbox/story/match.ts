import type { Json } from '../platforms.ts'
import { hasEnded, type Tale } from './tale.ts'

const textsOf = (messages: readonly Json[]): string[] =>
  messages.flatMap((message) => (typeof message.text === 'string' ? [message.text.trim()] : []))

const fits = (tale: Tale, texts: readonly string[]): boolean => {
  const text = tale.said.by === 'agent' ? tale.said.item.text?.trim() : undefined
  return Boolean(text) && texts.some((one) => one !== '' && (text?.includes(one) || one.includes(text as string)))
}

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
  const texts = textsOf(messages)
  const open = tales.filter((tale) => !hasEnded(tale))
  return (
    open.find((tale) => fits(tale, texts) && !wasShownBefore(tale, messages)) ??
    tales.findLast((tale) => tale.pushes.length > 0 && wasShownBefore(tale, messages)) ??
    open.find((tale) => tale.pushes.length === 0) ??
    open[0]
  )
}
