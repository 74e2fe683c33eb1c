import { createPrivateKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { number, optional, origin, secret, secrets, withDefault } from '../../lib/settings.ts'

/** Read here, because a key that cannot be used would else show only when the first token is needed. */
const rsaPrivateKey = z
  .union([secret, z.record(z.string(), z.unknown())], { error: 'must be a PEM text or a JWK' })
  .transform((given, context): KeyObject => {
    try {
      const jwk = typeof given !== 'string' ? given : given.trimStart().startsWith('{') ? JSON.parse(given) : undefined
      const key = jwk ? createPrivateKey({ key: jwk, format: 'jwk' }) : createPrivateKey(String(given).trim())
      if (key.asymmetricKeyType === 'rsa') return key
    } catch {
      // Told below, without the words of the error, which may quote the key.
    }
    context.addIssue({ code: 'custom', message: 'must be a private RSA key, as PEM (PKCS#8) or JWK' })
    return z.NEVER
  })

/**
 * A key for channel access tokens v2.1, as registered in the LINE Developers Console.
 * https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/
 */
const assertionKey = z.strictObject({
  keyId: z.string().min(1),
  /** PEM (PKCS#8) or a private JWK, as JSON text or as an object. */
  privateKey: rsaPrivateKey,
  /** LINE documents RS256 only. */
  algorithm: withDefault(z.enum(['RS256', 'PS256']), 'RS256'),
})

/** What LINE allows each channel: https://developers.line.biz/en/reference/messaging-api/#rate-limits */
export const defaultPushesPerSecond = 2_000

/** The `line:` settings of a channel. */
export const lineSettings = z.strictObject({
  channelId: z.coerce.string().regex(/^\d+$/, { error: 'must be the digits shown in the LINE Developers Console' }),
  /** Checks webhook signatures (every one of the list) and issues stateless tokens (the first one). */
  channelSecret: secrets,
  /** A long-lived token. Without it: `assertionKey` if given, else stateless tokens. */
  accessToken: optional(secret),
  assertionKey: optional(assertionKey),
  /** Shared by all processes of the bridge. */
  pushesPerSecond: withDefault(number(z.number().int().min(1)), defaultPushesPerSecond),
  apiUrl: withDefault(origin, 'https://api.line.me'),
  dataApiUrl: withDefault(origin, 'https://api-data.line.me'),
})

export type LineSettings = z.output<typeof lineSettings>

/** What is allowed but deserves a look, with the path of its key below `line`. */
export const lineWarnings = ({ assertionKey }: LineSettings): string[] =>
  assertionKey?.algorithm === 'PS256' ? ['assertionKey.algorithm: PS256 is tried, but LINE documents RS256 only'] : []
