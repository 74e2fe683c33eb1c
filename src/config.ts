import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type ChannelType, channelTypes } from './channels/index.ts'
import { crossFaults } from './config-rules.ts'
import { genesysSettings } from './genesys/config.ts'
import { type PathFault, pathText, readTemplate } from './lib/environment.ts'
import { errorCode } from './lib/error-code.ts'
import { check, valueAt } from './lib/schema.ts'
import { number, optional, secret, withDefault } from './lib/settings.ts'
import { readYaml, YamlFaults } from './lib/yaml.ts'
import { mediaSettings } from './media/config.ts'

/** Thrown for a configuration that cannot be used. Holds no value of it, so that no secret can reach a terminal or a log. */
export class ConfigFaults extends Error {
  override readonly name = 'ConfigFaults'
  /** One for each fault, such as `channels[0].line.channelSecret: is missing`. */
  readonly lines: readonly string[]
  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

/** The parts of the program that one process may run; see {@link readRoles}. */
const roles = ['receiver', 'worker', 'console'] as const
export type Role = (typeof roles)[number]

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** A whole group of keys may be absent, or have all its keys commented out. */
const group = <T extends z.ZodType>(schema: T) => z.preprocess((given) => given ?? {}, schema)

const days = number(z.number().positive())
const text = z.string().min(1)

const webAddress = z.string().refine(
  (value) => {
    if (!URL.canParse(value)) return false
    const url = new URL(value)
    return /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password
  },
  { error: 'must be an absolute http or https address, without user, query or fragment' },
)

const alertAddress = z.string().refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
  error: 'must be an absolute http or https address',
})

const redisAddress = z.string().refine((value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol), {
  error: 'must be an address such as redis://host:6379, or rediss:// for TLS',
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
  /** Extra custom attributes of every inbound message. */
  attributes: withDefault(z.record(z.string(), z.string()), {}),
  genesys: genesysSettings,
}

/** One messaging account of a brand in a market, and the contact centre behind it; the account's settings stand under the word of its type. */
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

const schema = z.strictObject({
  server: group(
    z.strictObject({
      host: withDefault(text, '0.0.0.0'),
      /** 0: any free port. */
      port: withDefault(number(z.number().int().min(0).max(65_535)), 3000),
      /** How the world reaches this server; never ends with a slash. */
      publicUrl: webAddress.transform((value) => value.replace(/\/+$/, '')),
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
  alerts: group(
    z
      .strictObject({
        url: optional(alertAddress),
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

/** Everything the file says, checked and with defaults filled in; and what is allowed but deserves a look, one sentence each. */
export type Config = z.output<typeof schema> & { readonly warnings: readonly string[] }

/**
 * Reads the configuration file, with variables from the environment (see {@link readTemplate}).
 * @param request.environment the process environment, `.env` included
 * @throws {ConfigFaults} with all that is wrong, at once
 */
export function readConfig(request: {
  readonly path: string
  readonly environment: Readonly<Record<string, string | undefined>>
}): Config {
  const { path, environment } = request
  const template = readTemplate(readSource(path))
  const filled = template.fill(parse(template.text, path), environment)
  const checked = check(schema, filled.tree ?? {})
  // A variable that is not set leaves a gap; the schema's complaint about the gap would say the same again, and less well.
  const unset = new Set(filled.faults.map((fault) => pathText(fault.path)))
  const known = (fault: PathFault): boolean =>
    fault.path.some((_, i) => unset.has(pathText(fault.path.slice(0, i + 1))))
  const faults = [...filled.faults, ...checked.faults.filter((fault) => !known(fault))]
  const lines = new Set(faults.map(line))
  for (const fault of crossFaults(filled.tree)) if (!known(fault)) lines.add(line(fault))
  if (lines.size > 0 || !('value' in checked)) throw new ConfigFaults([...lines])
  return { ...checked.value, warnings: warningsOf(checked.value) }
}

const line = (fault: PathFault): string =>
  fault.path.length === 0 ? `the file ${fault.message}` : `${pathText(fault.path)}: ${fault.message}`

function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = errorCode(error)
    throw new ConfigFaults([`${path}: ${code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`}`])
  }
}

function parse(source: string, path: string): unknown {
  try {
    return readYaml(source)
  } catch (error) {
    if (!(error instanceof YamlFaults)) throw error
    throw new ConfigFaults(error.faults.map((fault) => `${path}:${fault.line}: is not valid YAML (${fault.what})`))
  }
}

function warningsOf(config: z.output<typeof schema>): string[] {
  const warnings = config.channels.flatMap(({ line: { assertionKey } }, index) =>
    assertionKey?.algorithm === 'PS256'
      ? [`channels[${index}].line.assertionKey.algorithm: PS256 is tried, but LINE documents RS256 only`]
      : [],
  )
  const publicUrl = new URL(config.server.publicUrl)
  if (publicUrl.protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(publicUrl.hostname))
    warnings.push('server.publicUrl: is plain http, but LINE takes webhook and media addresses with https only')
  if (config.alerts.url && !config.alerts.secret)
    warnings.push('alerts.secret: is not set, so that alerts are posted without a signature')
  return warnings
}

/**
 * Which parts this process runs: `BRIDGE_ROLES`, a comma list; all of them when it is unset or empty.
 * @throws {ConfigFaults} for a word that is none of them
 */
export function readRoles(list: string | undefined): ReadonlySet<Role> {
  const words = (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  const unknown = words.filter((word) => !roles.some((role) => role === word))
  if (unknown.length > 0) throw new ConfigFaults([`BRIDGE_ROLES: must be a comma list of ${roles.join(', ')}`])
  return new Set(words.length === 0 ? roles : roles.filter((role) => words.includes(role)))
}
