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
const toUuid = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

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

/** 16 bytes become 20 characters. https://rfc.zeromq.org/spec/32/ */
const z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
const z85Digits = new Map([...z85].map((character, digit) => [character, digit]))
const groupBytes = 4
const groupCharacters = 5
const bareCharacters = 20

function encode(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += groupBytes) {
    let value = bytes.readUInt32BE(at)
    let group = ''
    for (let i = 0; i < groupCharacters; i += 1) {
      group = z85.charAt(value % 85) + group
      value = Math.floor(value / 85)
    }
    text += group
  }
  return text
}

function decode(text: string): Buffer | undefined {
  if (text.length !== bareCharacters) return undefined
  const bytes = Buffer.alloc((bareCharacters / groupCharacters) * groupBytes)
  for (let at = 0; at < text.length; at += groupCharacters) {
    let value = 0
    for (const character of text.slice(at, at + groupCharacters)) {
      const digit = z85Digits.get(character)
      if (digit === undefined) return undefined
      value = value * 85 + digit
    }
    if (value > 0xffff_ffff) return undefined
    bytes.writeUInt32BE(value, (at / groupCharacters) * groupBytes)
  }
  return bytes
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const timeBytes = 6
/** Characters and bytes of a ULID's time, and of the halves of its chance. */
const ulidParts = [
  { characters: 10, bytes: timeBytes },
  { characters: 8, bytes: 5 },
  { characters: 8, bytes: 5 },
] as const

function ulidToBytes(id: string): Buffer {
  const bytes = Buffer.alloc(16)
  let [from, at] = [0, 0]
  for (const part of ulidParts) {
    let value = 0
    for (const character of id.slice(from, from + part.characters)) value = value * 32 + crockford.indexOf(character)
    at = bytes.writeUIntBE(value, at, part.bytes)
    from += part.characters
  }
  return bytes
}

function bytesToUlid(bytes: Buffer): string {
  let [id, at] = ['', 0]
  for (const part of ulidParts) {
    const digits = bytes.readUIntBE(at, part.bytes).toString(32).padStart(part.characters, '0')
    for (const digit of digits) id += crockford.charAt(Number.parseInt(digit, 32))
    at += part.bytes
  }
  return id
}

/** An id of 16 bytes that can stand bare. */
interface Shape {
  /** 20 characters; undefined for ids of another shape. */
  bare(id: string | undefined): string | undefined
  /** The inverse; undefined for a text that is no bare id. */
  full(text: string | undefined): string | undefined
}

function shape(form: RegExp, toBytes: (id: string) => Buffer, toId: (bytes: Buffer) => string): Shape {
  return {
    bare: (id) => (id !== undefined && form.test(id) ? encode(toBytes(id)) : undefined),
    full(text) {
      const bytes = text === undefined ? undefined : decode(text)
      return bytes && toId(bytes)
    },
  }
}

/** The shapes of the ids that most messages have: LINE's user ids, its events' ids, and the contact centre's. */
export const shapes = {
  user: shape(
    /^U[0-9a-f]{32}$/,
    (id) => Buffer.from(id.slice(1), 'hex'),
    (bytes) => `U${bytes.toString('hex')}`,
  ),
  ulid: shape(ulid, ulidToBytes, bytesToUlid),
  uuid: shape(
    uuid,
    (id) => Buffer.from(id.replaceAll('-', ''), 'hex'),
    (bytes) => toUuid(bytes.toString('hex')),
  ),
} as const

/** The time that a ULID tells, in ms since the epoch. */
export const ulidTime = (id: string): number => ulidToBytes(id).readUIntBE(0, timeBytes)

/** All forms in which traces can hold an id; the first is the one of {@link squeeze}. */
export function formsOf(id: string): readonly string[] {
  const bare = Object.values(shapes).map((one) => one.bare(id))
  return [squeeze(id), ...bare.filter((form) => form !== undefined)]
}
