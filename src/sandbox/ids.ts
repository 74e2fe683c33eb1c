import { createHash, randomUUID } from 'node:crypto'

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Makes ids that look random; with a seed, the same ones in every run. */
export interface Ids {
  /** Lower-case hex digits. */
  hex(digits: number): string
  /** A version 4 UUID. */
  uuid(): string
  /** https://github.com/ulid/spec: 10 characters of time, 16 of chance. LINE's `webhookEventId` is one. */
  ulid(atMs: number): string
  /** Decimal digits, never with a leading zero. With 18 of them it exceeds 2^53, as LINE's message ids do. */
  decimal(digits: number): string
  /** URL-safe characters, as in opaque tokens. */
  opaque(characters: number): string
}

/** @param seed default: a new one, so that two runs never share an id */
export function createIds(seed: string = randomUUID()): Ids {
  let drawn = 0
  const draw = (bytes: number): Buffer => {
    const parts: Buffer[] = []
    for (let have = 0; have < bytes; have += 32) {
      drawn += 1
      parts.push(createHash('sha256').update(`${seed}:${drawn}`).digest())
    }
    return Buffer.concat(parts).subarray(0, bytes)
  }
  const hex = (digits: number) =>
    draw(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits)
  return {
    hex,
    uuid: () => {
      const text = hex(32)
      const variant = '89ab'[Number.parseInt(text.charAt(16), 16) % 4]
      return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`
    },
    ulid: (atMs) => {
      let time = ''
      for (let left = atMs, n = 0; n < 10; n += 1) {
        time = crockford.charAt(left % 32) + time
        left = Math.floor(left / 32)
      }
      return time + Array.from(draw(16), (byte) => crockford.charAt(byte % 32)).join('')
    },
    decimal: (digits) => {
      const all = Array.from(draw(digits), (byte) => String(byte % 10)).join('')
      return (all.startsWith('0') ? '4' : all.charAt(0)) + all.slice(1)
    },
    opaque: (characters) => draw(characters).toString('base64url').slice(0, characters),
  }
}
