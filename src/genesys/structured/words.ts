import { asList, asObject, asText } from '../../lib/loose.ts'
import { plainText } from '../markup/plain-text.ts'

/** Reads a member that holds words for people; undefined when there are none. */
export type Words = (value: unknown) => string | undefined

/**
 * Bots write Markdown or HTML, which a customer would see as it is; what people write is not touched, down to the last character.
 */
export const wordsOf = (author: 'human' | 'bot' | undefined): Words =>
  author === 'bot'
    ? (value) => {
        const text = asText(value)
        return text && asText(plainText(text))
      }
    : asText

/** The parts that are there, each on its own line. */
export const lines = (...parts: readonly (string | undefined)[]): string | undefined => {
  const filled = parts.filter((part) => part !== undefined)
  return filled.length > 0 ? filled.join('\n') : undefined
}

/** What something is called, and where it leads. */
export const labelled = (label: string | undefined, target: string | undefined): string | undefined =>
  label && target ? `${label}: ${target}` : (label ?? target)

/** A payload or an id as it came; some bots write numbers. */
export const asPayload = (value: unknown): string | undefined =>
  typeof value === 'number' ? String(value) : asText(value)

/** Puts parameters into the places `{{name}}` or, for numbers, `{{1}}` = the first one. */
export function filled(text: unknown, parameters: unknown): string | undefined {
  const list = asList(parameters).map(asObject)
  return asText(text)?.replace(/\{\{([^{}]*)\}\}/g, (place, inner: string) => {
    const name = inner.trim()
    const named = list.find((parameter) => parameter.name === name) ?? list[Number(name) - 1]
    return asText(named?.text) ?? place
  })
}
