import { z } from 'zod'
import { type ChannelType, channelTypes } from './channels/index.ts'
import { genesysSettings } from './genesys/config.ts'
import { readRedisUrl } from './lib/redis-url.ts'
import { check, valueAt } from './lib/schema.ts'
import { flag, number, optional, secret, webAddress, withDefault } from './lib/settings.ts'
import { isTimeZone } from './lib/time-zone.ts'
import { mediaSettings } from './media/config.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** A whole group of keys may be absent, or have all its keys commented out. */
const group = <T extends z.ZodType>(schema: T) => z.preprocess((given) => given ?? {}, schema)

const days = number(z.number().positive())
const text = z.string().min(1)

const publicAddress = z.string().refine(
  (value) => {
    if (!URL.canParse(value)) return false
    const url = new URL(value)
    return /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password
  },
  { error: 'must be an absolute http or https address, without user, query or fragment' },
)

const redisAddress = z.string().superRefine((value, context) => {
  const read = readRedisUrl(value)
  if ('faults' in read) for (const message of read.faults) context.addIssue({ code: 'custom', message })
})

/** Node's decoder takes almost anything, hence the way back. */
const encryptionKey = z
  .string({ error: 'must be 32 bytes in base64' })
  .refine((value) => /^[A-Za-z0-9+/]{43}=$/.test(value) && fromBase64(value).toString('base64') === value, {
    error: 'must be 32 bytes in base64',
  })
  .transform(fromBase64)

function fromBase64(value: string): Buffer {
  return Buffer.from(value, 'base64')
}

const language = z.string().transform((tag, context) => {
  try {
    const [canonical] = Intl.getCanonicalLocales(tag)
    if (canonical) return canonical
  } catch {
    // Told below.
  }
  context.addIssue({ code: 'custom', message: 'must be a language tag of BCP 47, such as th or zh-TW' })
  return z.NEVER
})

/** What every kind of channel has. */
const common = {
  name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, {
    error: 'must be 1 to 64 letters, digits or _, and must not start with a digit',
  }),
  market: text,
  brand: text,
  /** Of customers whose profile tells none. */
  language: optional(language),
  /** In which customers are told of times, and choose them; else that of most people who read `language`. */
  timeZone: optional(
    z.string().refine(isTimeZone, { error: 'must be a time zone of the IANA database, such as Asia/Tokyo' }),
  ),
  /** Which files are carried; in place of others stands a text that says so. */
  attachments: group(
    z
      .strictObject({
        fromCustomer: withDefault(flag, true),
        fromAgent: withDefault(flag, true),
        /** Of either; what the platforms cannot take is limited besides. */
        maxBytes: optional(number(z.number().int().positive())),
      })
      .transform(defined),
  ),
  /** Extra custom attributes of every inbound message. */
  attributes: withDefault(z.record(z.string(), z.string()), {}),
  genesys: genesysSettings,
}

/**
 * One messaging account of a brand in a market, and the contact centre behind it; the account's settings stand under
 * the word of its type.
 */
export type ChannelConfig = {
  [T in ChannelType]: z.output<z.ZodObject<typeof common>> & { readonly type: T } & {
    readonly [Key in T]: z.output<(typeof channelTypes)[T]['settings']>
  }
}[ChannelType]

const kinds = new Map<unknown, z.ZodType>(
  Object.entries(channelTypes).map(([type, { settings }]) => [
    type,
    z.strictObject({ ...common, type: z.literal(type), [type]: settings }),
  ]),
)
const unknownKind = z.looseObject({ ...common, type: z.enum(Object.keys(channelTypes)) })

/** A union would hide all other faults of a channel whose type is wrong. */
const channel = z.unknown().transform((given, context): ChannelConfig => {
  const kind = kinds.get(valueAt(given, ['type'])) ?? unknownKind
  const { faults, value } = { value: undefined, ...check(kind, given) }
  for (const { path, message } of faults) context.addIssue({ code: 'custom', path: [...path], message })
  return faults.length > 0 ? z.NEVER : (value as ChannelConfig)
})

/** What the configuration file may say; settings that belong to one part of the program are declared there. */
export const configSchema = z.strictObject({
  server: group(
    z.strictObject({
      host: withDefault(text, '0.0.0.0'),
      /** 0: any free port. */
      port: withDefault(number(z.number().int().min(0).max(65_535)), 3000),
      /** How the world reaches this server; never ends with a slash. */
      publicUrl: publicAddress.transform((value) => value.replace(/\/+$/, '')),
    }),
  ),
  redis: group(
    z
      .strictObject({
        /** Absent: the bridge starts a private server. */
        url: optional(redisAddress),
        keyPrefix: withDefault(
          z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/, {
            error: 'must be 1 to 32 letters, digits, _, . or -, and must start with a letter or digit',
          }),
          'bridge',
        ),
        encryptionKey: optional(
          z.union([encryptionKey, z.array(encryptionKey).min(1)], {
            error: 'must be 32 bytes in base64, or a list of such keys',
          }),
        ),
      })
      .transform(({ encryptionKey: keys = [], ...rest }) =>
        defined({ ...rest, encryptionKeys: Array.isArray(keys) ? keys : [keys] }),
      ),
  ),
  /** Absent: no console. */
  admin: optional(z.strictObject({ username: text, password: secret })),
  metrics: group(z.strictObject({ token: optional(secret) }).transform(defined)),
  media: group(mediaSettings),
  retention: group(z.strictObject({ deadLetterDays: withDefault(days, 30), traceDays: withDefault(days, 30) })),
  overload: group(
    z
      .strictObject({
        maxWaiting: withDefault(number(z.number().int().positive()), 1_000_000),
        maxWaitingSeconds: optional(number(z.number().positive())),
        maxRedisMemoryPercent: withDefault(number(z.number().min(10).max(100)), 90),
      })
      .transform(defined),
  ),
  alerts: group(
    z
      .strictObject({
        url: optional(webAddress),
        secret: optional(
          secret.refine(
            (value) =>
              !value.startsWith('whsec_') ||
              /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
            {
              error: 'starts with whsec_ and must go on with base64',
            },
          ),
        ),
      })
      .transform(defined),
  ),
  log: group(z.strictObject({ level: withDefault(z.enum(logLevels), 'info') })),
  channels: z.array(channel).min(1),
})

/** Optional keys that are absent are really absent, not there with `undefined`. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
