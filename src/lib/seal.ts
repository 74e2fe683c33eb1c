import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Encrypts texts at rest with AES-256-GCM, or leaves them as they are when there is no key. */
export interface Sealer {
  readonly seals: boolean
  seal(text: string): string
  /** @throws {Error} when the text was sealed under a key that is not (any more) in the list */
  open(sealed: string): string
}

const cipher = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16
const mark = 'sealed.'

/**
 * @param settings.keys 32 bytes each; the first seals, all open (rotation). None: texts stay readable.
 */
export function createSealer(settings: { readonly keys: readonly Buffer[] }): Sealer {
  const { keys } = settings
  const [current] = keys

  return {
    seals: current !== undefined,

    seal(text) {
      if (!current) return text
      const iv = randomBytes(ivBytes)
      const sealing = createCipheriv(cipher, current, iv, { authTagLength: tagBytes })
      const body = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()])
      return mark + Buffer.concat([iv, sealing.getAuthTag(), body]).toString('base64')
    },

    open(sealed) {
      if (!sealed.startsWith(mark)) return sealed
      const bytes = Buffer.from(sealed.slice(mark.length), 'base64')
      for (const key of keys) {
        try {
          const opening = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
          opening.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
          return Buffer.concat([opening.update(bytes.subarray(ivBytes + tagBytes)), opening.final()]).toString('utf8')
        } catch {
          // Sealed under another key of the list.
        }
      }
      throw new Error('This value is sealed under a key that is not in redis.encryptionKey.')
    },
  }
}
