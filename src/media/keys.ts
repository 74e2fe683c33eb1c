import { createHash } from 'node:crypto'
import type { Direction } from '../bridge/message.ts'

/** Where a file is kept: with the messages of one direction, or, drawn by us, with what all messages share. */
export type MediaArea = Direction | 'shared'

/** The message that a file belongs to. */
export interface MediaMessage {
  readonly channel: string
  readonly direction: Direction
  /** The platform's id of the message; any text. */
  readonly messageId: string
}

const letters: Readonly<Record<MediaArea, string>> = { inbound: 'i', outbound: 'o', shared: 's' }
const areas: Readonly<Record<string, MediaArea>> = { i: 'inbound', o: 'outbound', s: 'shared' }

const keyPattern = /^([ios])-([0-9a-f]{40})-([0-9a-z]{1,16}(?:-[a-z]{1,16})?)$/
const prefixPattern = /^([ios])-([0-9a-f]{40})$/

/** JSON keeps `['a', 'b-c']` and `['a-b', 'c']` apart, which joining with a separator would not. */
const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)

/** A customer of a channel, as far as the store needs to know: one value for one person, and no way back from it. */
export const ownerOf = (person: { readonly channel: string; readonly user: string }): string =>
  hash('owner', person.channel, person.user)

/** What the keys of all files of one message begin with: `i-<40 hex digits>`. */
export const messagePrefix = (message: MediaMessage): string =>
  `${letters[message.direction]}-${hash(message.channel, message.messageId)}`

/**
 * The name of one file of a message in the store and in links. Computed from ids alone, so that a retry, in whichever
 * process, finds the copy of the first attempt; hashed, so that any id is safe as a path and reveals nothing in a link.
 */
export const mediaKey = (file: MediaMessage & { readonly part: number }): string =>
  `${messagePrefix(file)}-${file.part}`

/** The key of what was made from a file: `derivedKey(key, 'preview')`. It is kept and erased with the message. */
export const derivedKey = (key: string, what: string): string => `${key}-${what}`

/** The key of a picture that belongs to no message. */
export const sharedKey = (name: string): string => `${letters.shared}-${hash(name)}-0`

/** The parts of a key from which the store makes a path, or undefined when it is none of ours. */
export function readKey(
  key: string,
): { readonly area: MediaArea; readonly hash: string; readonly part: string } | undefined {
  const [, letter = '', digits = '', part = ''] = keyPattern.exec(key) ?? []
  const area = areas[letter]
  return area ? { area, hash: digits, part } : undefined
}

/** Is it what {@link ownerOf} makes, and so safe as a path? */
export const isOwner = (owner: string): boolean => /^[0-9a-f]{40}$/.test(owner)

/** The {@link messagePrefix} of the message that a file belongs to. */
export const prefixOf = (key: { readonly area: MediaArea; readonly hash: string }): string =>
  `${letters[key.area]}-${key.hash}`

/** As {@link readKey}, for what {@link messagePrefix} makes. */
export function readPrefix(prefix: string): { readonly area: MediaArea; readonly hash: string } | undefined {
  const [, letter = '', digits = ''] = prefixPattern.exec(prefix) ?? []
  const area = areas[letter]
  return area ? { area, hash: digits } : undefined
}
