import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 over exact bytes; the key is the secret's UTF-8 text. */
export const hmacSha256 = (secret: string | Buffer, bytes: Buffer | string): Buffer =>
  createHmac('sha256', secret).update(bytes).digest()

/** Standard base64 of 32 bytes, with padding. */
const base64Length = 44

/**
 * Does a signature header (base64 of HMAC-SHA256, after `prefix`) fit the bytes under any of the secrets?
 * The texts are compared, not what they stand for: base64 has one canonical form, and Node's own decoder is lenient.
 * Every secret is tried in constant time, so that the time tells neither which one fits nor how far a guess got.
 */
export function signatureMatches(check: {
  readonly header: string | string[] | undefined
  readonly prefix?: string
  readonly bytes: Buffer
  readonly secrets: readonly string[]
}): boolean {
  const { header, prefix = '', bytes, secrets } = check
  if (typeof header !== 'string' || header.length !== prefix.length + base64Length) return false
  if (!header.startsWith(prefix)) return false
  const claimed = Buffer.from(header.slice(prefix.length), 'latin1')
  let matches = false
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(bytes).digest('base64')
    matches = timingSafeEqual(Buffer.from(expected, 'latin1'), claimed) || matches
  }
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
