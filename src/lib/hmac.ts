import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 over exact bytes; the key is the secret's UTF-8 text. */
export const hmacSha256 = (secret: string | Buffer, bytes: Buffer | string): Buffer =>
  createHmac('sha256', secret).update(bytes).digest()

/**
 * The one accepted text form: standard base64 of 32 bytes, with padding. Node's own decoder is lenient and would take
 * more.
 */
const base64Of32Bytes = /^[A-Za-z0-9+/]{43}=$/

/**
 * Does a signature header (base64 of HMAC-SHA256, after `prefix`) fit the bytes under any of the secrets?
 * Every secret is tried in constant time, so that the time tells neither which one fits nor how far a guess got.
 */
export function signatureMatches(check: {
  readonly header: string | string[] | undefined
  readonly prefix?: string
  readonly bytes: Buffer
  readonly secrets: readonly string[]
}): boolean {
  const { header, prefix = '', bytes, secrets } = check
  if (typeof header !== 'string' || !header.startsWith(prefix)) return false
  const encoded = header.slice(prefix.length)
  if (!base64Of32Bytes.test(encoded)) return false
  const claimed = Buffer.from(encoded, 'base64')
  // The last character before the padding carries two unused bits; only their canonical form is accepted.
  if (claimed.toString('base64') !== encoded) return false
  let matches = false
  for (const secret of secrets) matches = timingSafeEqual(hmacSha256(secret, bytes), claimed) || matches
  return matches
}

/**
 * Makes a comparison with a secret. Hashes under a key of this process are compared, so that neither the secret's
 * length nor how far a guess got shows in the time taken.
 */
export function createSecretCheck(secret: string): (given: string) => boolean {
  const key = randomBytes(32)
  const expected = hmacSha256(key, secret)
  return (given) => timingSafeEqual(hmacSha256(key, given), expected)
}
