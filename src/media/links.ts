import { timingSafeEqual } from 'node:crypto'
import { hmacSha256 } from '../lib/hmac.ts'

/** Makes and opens the addresses under which LINE, Genesys and phones fetch files without any other proof. */
export interface MediaLinks {
  /**
   * The address of a file. The same key and the same second of expiry make the same link, so that a retried request is
   * byte-identical. `expiresAt` is in ms since the epoch.
   */
  link(to: { readonly key: string; readonly expiresAt: number }): string
  /** The key that a token stands for; undefined when it is forged, malformed or has expired at `now` (ms). */
  open(token: string, now: number): string | undefined
}

const tokenPattern = /^([a-z0-9-]{1,100})\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{43})$/

/** The leading words keep these signatures apart from all others that might be made with the same secret. */
const signature = (secret: string, signed: string): Buffer =>
  Buffer.from(hmacSha256(secret, `media-link:${signed}`).toString('base64url'))

/**
 * Links of the form `{publicUrl}/media/{key}.{expiry}.{signature}`.
 * @param settings.secrets the first one signs; links made with any of them open
 */
export function createMediaLinks(settings: {
  readonly publicUrl: string
  readonly secrets: readonly string[]
}): MediaLinks {
  const base = settings.publicUrl.replace(/\/+$/, '')
  const [signing] = settings.secrets
  if (!signing) throw new TypeError('a secret is needed to sign media links')

  return {
    link({ key, expiresAt }) {
      const signed = `${key}.${Math.ceil(expiresAt / 1000).toString(36)}`
      return `${base}/media/${signed}.${signature(signing, signed)}`
    },

    open(token, now) {
      const [, key, expiry, claimed] = tokenPattern.exec(token) ?? []
      if (!key || !expiry || !claimed) return undefined
      const given = Buffer.from(claimed)
      let genuine = false
      for (const secret of settings.secrets)
        genuine = timingSafeEqual(signature(secret, `${key}.${expiry}`), given) || genuine
      return genuine && now < Number.parseInt(expiry, 36) * 1000 ? key : undefined
    },
  }
}
