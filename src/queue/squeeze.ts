/**
 * Ids in few characters. There are several in the trace of every message of the last weeks, so that each byte counts.
 *
 * A *squeezed* id tells its shape; one of a known shape can also stand *bare*, where the shape is known from elsewhere. None holds a
 * character that traces are divided by, and none needs to be escaped in JSON.
 */

const hexId = /^([UCR])([0-9a-f]{32})$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** https://github.com/ulid/spec: 48 bits of time, 80 of chance, in Crockford's base 32. */
const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const plainId = /^[\w-]{1,80}$/
const squeezedHex = /^([UCR])\.([A-Za-z0-9_-]{22})$/
const squeezedUuid = /^~([A-Za-z0-9_-]{22})$/

const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
const toHex = (text: string): string => Buffer.from(text, 'base64url').toString('hex')
const toUuid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`

/** Shortens LINE user ids (33 → 24 characters) and UUIDs (36 → 23); other ids stay, made safe for the line. */
export function squeeze(id: string | undefined): string {
  if (!id) return ''
  const platformId = hexId.exec(id)
  if (platformId?.[1] && platformId[2]) return `${platformId[1]}.${toBase64(platformId[2])}`
  if (uuid.test(id)) return `~${toBase64(id.replaceAll('-', ''))}`
  if (plainId.test(id)) return id
  return encodeURI(id.slice(0, 80).toWellFormed()).replaceAll(
    /[;|,~.]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The inverse of {@link squeeze}, except for ids above 80 characters. */
export function unsqueeze(text: string): string | undefined {
  if (!text) return undefined
  const platformId = squeezedHex.exec(text)
  if (platformId?.[1] && platformId[2]) return platformId[1] + toHex(platformId[2])
  const short = squeezedUuid.exec(text)
  if (short?.[1]) return toUuid(toHex(short[1]))
  return decodeURIComponent(text)
}

/**
 * 16 bytes become 20 characters. https://rfc.zeromq.org/spec/32/
 * Bytes are handled as four numbers of 32 bits, and characters as their codes: this is done for every message that comes.
 */
type Words = readonly [number, number, number, number]

const z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
const z85Codes = Buffer.from(z85, 'latin1')
/** The digit of each character by its code; what is no digit is none of 85. */
const z85Digits = new Uint8Array(128).fill(85)
for (let digit = 0; digit < z85.length; digit += 1) z85Digits[z85.charCodeAt(digit)] = digit
const groupCharacters = 5
const bareCharacters = 20

const encoded = Buffer.alloc(bareCharacters)

function encode(words: Words): string {
  let at = bareCharacters
  for (let index = words.length - 1; index >= 0; index -= 1) {
    // `>>>` also tells the engine that these are whole numbers of 32 bits.
    let rest = (words[index] ?? 0) >>> 0
    for (let digit = 0; digit < groupCharacters; digit += 1) {
      at -= 1
      encoded[at] = z85Codes[rest % 85] ?? 0
      rest = (rest / 85) >>> 0
    }
  }
  return encoded.toString('latin1')
}

function decode(text: string): Words | undefined {
  if (text.length !== bareCharacters) return undefined
  const words: number[] = []
  for (let at = 0; at < text.length; at += groupCharacters) {
    let value = 0
    for (let place = at; place < at + groupCharacters; place += 1) {
      const digit = z85Digits[text.charCodeAt(place)] ?? 85
      if (digit === 85) return undefined
      value = value * 85 + digit
    }
    if (value > 0xffff_ffff) return undefined
    words.push(value)
  }
  return words as unknown as Words
}

/** Between hexadecimal digits and numbers of 32 bits: by way of bytes, because such a number spells itself as a fraction. */
const bytes = Buffer.alloc(16)

function fromHex(hex: string): Words {
  bytes.write(hex, 'hex')
  return [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8), bytes.readUInt32BE(12)]
}

function wordsToHex(words: Words): string {
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, 4 * index)
  return bytes.toString('hex')
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const crockfordDigits = new Uint8Array(128)
for (let digit = 0; digit < crockford.length; digit += 1) crockfordDigits[crockford.charCodeAt(digit)] = digit

/** A number from digits in Crockford's base 32; up to ten digits are exact. */
function crockfordNumber(id: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) value = value * 32 + (crockfordDigits[id.charCodeAt(at)] ?? 0)
  return value
}

/** A ULID is 10 digits of time (48 bits) and twice 8 digits of chance (40 bits each). */
function ulidToWords(id: string): Words {
  const [time, first, second] = [crockfordNumber(id, 0, 10), crockfordNumber(id, 10, 18), crockfordNumber(id, 18, 26)]
  return [
    Math.floor(time / 0x1_0000),
    (time % 0x1_0000) * 0x1_0000 + Math.floor(first / 0x100_0000),
    (first % 0x100_0000) * 0x100 + Math.floor(second / 0x1_0000_0000),
    second % 0x1_0000_0000,
  ]
}

const crockfordCodes = Buffer.from(crockford, 'latin1')
const ulidCharacters = 26
const spelled = Buffer.alloc(ulidCharacters)

/** Writes a number in digits of base 32, up to a place of {@link spelled}. */
function spell(value: number, from: number, to: number): void {
  let rest = value
  for (let at = to - 1; at >= from; at -= 1) {
    spelled[at] = crockfordCodes[rest % 32] ?? 0
    rest = Math.floor(rest / 32)
  }
}

function wordsToUlid([a, b, c, d]: Words): string {
  spell(a * 0x1_0000 + Math.floor(b / 0x1_0000), 0, 10)
  spell((b % 0x1_0000) * 0x100_0000 + Math.floor(c / 0x100), 10, 18)
  spell((c % 0x100) * 0x1_0000_0000 + d, 18, ulidCharacters)
  return spelled.toString('latin1')
}

/** An id of 16 bytes that can stand bare. */
interface Shape {
  /** 20 characters; undefined for ids of another shape. */
  bare(id: string | undefined): string | undefined
  /** The inverse; undefined for a text that is no bare id. */
  full(text: string | undefined): string | undefined
}

function shape(form: RegExp, toWords: (id: string) => Words, toId: (words: Words) => string): Shape {
  return {
    bare: (id) => (id !== undefined && form.test(id) ? encode(toWords(id)) : undefined),
    full(text) {
      const words = text === undefined ? undefined : decode(text)
      return words && toId(words)
    },
  }
}

/** The shapes of the ids that most messages have: LINE's user ids, its events' ids, and the contact centre's. */
export const shapes = {
  user: shape(
    /^U[0-9a-f]{32}$/,
    (id) => fromHex(id.slice(1)),
    (words) => `U${wordsToHex(words)}`,
  ),
  ulid: shape(ulid, ulidToWords, wordsToUlid),
  uuid: shape(
    uuid,
    (id) => fromHex(id.replaceAll('-', '')),
    (words) => toUuid(wordsToHex(words)),
  ),
} as const

/** The time that a ULID tells, in ms since the epoch. */
export const ulidTime = (id: string): number => crockfordNumber(id, 0, 10)

/** All forms in which traces can hold an id; the first is the one of {@link squeeze}. */
export function formsOf(id: string): readonly string[] {
  const bare = Object.values(shapes).map((one) => one.bare(id))
  return [squeeze(id), ...bare.filter((form) => form !== undefined)]
}
