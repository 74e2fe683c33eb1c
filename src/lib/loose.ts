/** Readings of JSON that others wrote: each gives the expected type or nothing, and none of them throws. */

/** An object that is neither null nor a list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object as {@link isObject} means it, or an empty one. */
export const asObject = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {})

/** A list, or an empty one. */
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A text that has something to read in it, untouched; else undefined. */
export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined

/** A finite number, or undefined. */
export const asNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** Longer ids than any platform gives would only swell every key that is made of them. */
const maxIdLength = 256

/** A text that can serve as an id, or undefined. */
export const asId = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' && value.length <= maxIdLength ? value : undefined

/** A platform's own word (`membership`, `RichLink`) if it is one that a log line can hold, else undefined. */
export const asWord = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z][\w.-]{0,63}$/.test(value) ? value : undefined
