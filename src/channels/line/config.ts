import { createPrivateKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { flag, number, optional, origin, secret, secrets, webAddress, withDefault } from '../../lib/settings.ts'
import { maxSenderNameUnits, maxUrlUnits } from './limits.ts'

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
const defaultPushesPerSecond = 2_000

/** LINE's own pictures, as far as anybody outside knows. */
export const defaultStickerUrl =
  'https://stickershop.line-scdn.net/stickershop/v1/sticker/{stickerId}/android/sticker.png'

const eventForm = withDefault(z.enum(['off', 'text', 'attribute']), 'off')

/** https://developers.line.biz/en/reference/messaging-api/#icon-nickname-switch */
const senderSettings = optional(
  z.strictObject({
    /** LINE refuses some words in it, `LINE` among them. */
    name: optional(z.string().max(maxSenderNameUnits)),
    /** A square PNG of at most 1 MB. */
    iconUrl: optional(
      z
        .string()
        .max(maxUrlUnits)
        .refine((value) => URL.canParse(value) && value.startsWith('https://'), {
          error: 'must be an https address',
        }),
    ),
  }),
)

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
  /** How agents see a sticker: in words, as its picture, or both. */
  stickers: withDefault(z.enum(['text', 'image', 'both']), 'text'),
  /**
   * Where stickers' pictures lie; `{stickerId}` and `{packageId}` are filled in. LINE documents no such address: it is the one that
   * other bridges use (https://github.com/beeper/line), and may stop working.
   */
  stickerUrl: withDefault(webAddress, defaultStickerUrl),
  /** Which events besides messages agents hear of: as a text of its own, or as a custom attribute of the next message. */
  events: withDefault(
    z.strictObject({
      follow: eventForm,
      unfollow: eventForm,
      join: eventForm,
      accountLink: eventForm,
    }),
    { follow: 'off', unfollow: 'off', join: 'off', accountLink: 'off' },
  ),
  /** What to do in chats of several people: nothing, leave them, or carry them as one conversation each. */
  groups: withDefault(z.enum(['ignore', 'leave', 'bridge']), 'ignore'),
  /** Tells LINE that the customer's messages were read, when an agent has answered. */
  markAsRead: withDefault(flag, false),
  /** Shows LINE's loading animation while an agent or a bot is writing. */
  typing: withDefault(flag, true),
  /** Under which name and picture agents and bots write; absent: the account's own. */
  sender: withDefault(z.strictObject({ human: senderSettings, bot: senderSettings }), {}),
  apiUrl: withDefault(origin, 'https://api.line.me'),
  dataApiUrl: withDefault(origin, 'https://api-data.line.me'),
})

export type LineSettings = z.output<typeof lineSettings>

/** What is allowed but deserves a look, with the path of its key below `line`. */
export const lineWarnings = ({ assertionKey, events, groups, sender }: LineSettings): string[] => [
  ...(assertionKey?.algorithm === 'PS256'
    ? ['assertionKey.algorithm: PS256 is tried, but LINE documents RS256 only']
    : []),
  ...(events.join !== 'off' && groups !== 'bridge'
    ? ['events.join: is of no effect, because it happens in groups only, and they are not carried (groups: bridge)']
    : []),
  ...Object.entries(sender).flatMap(([who, look]) =>
    /line/i.test(look?.name ?? '')
      ? [`sender.${who}.name: holds the word LINE, with which LINE refuses every message that bears it`]
      : [],
  ),
]

/**
 * The addresses that the operator named, which may be private ones. The one where stickers lie by default is outside, as everything else
 * is that nobody configured.
 */
export function lineOrigins({ apiUrl, dataApiUrl, stickers, stickerUrl }: LineSettings): string[] {
  const { origin } = new URL(stickerUrl)
  const isOwn = stickers !== 'text' && origin !== new URL(defaultStickerUrl).origin
  return [apiUrl, dataApiUrl, ...(isOwn ? [origin] : [])]
}
