import type { Json } from '../platforms.ts'

/** Readers of platform shapes that may hold anything: what is not as expected counts as absent. */

export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
export const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
export const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
export const asList = (value: unknown): Json[] => (Array.isArray(value) ? value.map(asObject) : [])

/** Only addresses of the web and of telephones become links: a label may say anything, an address may not be a script. */
export const asAddress = (value: unknown): string | undefined =>
  typeof value === 'string' && /^(https?:\/\/|tel:)/.test(value) ? value : undefined

/** Leaves out what is undefined, as exact optional properties want it. */
export const present = <const T extends object>(
  value: T,
): { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>
} => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
