import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { channelTypes } from './channels/index.ts'
import { crossFaults } from './config-rules.ts'
import { configSchema } from './config-schema.ts'
import { type PathFault, pathText, readTemplate } from './lib/environment.ts'
import { errorCode } from './lib/error-code.ts'
import { check } from './lib/schema.ts'
import { readYaml, YamlFaults } from './lib/yaml.ts'

export type { ChannelConfig } from './config-schema.ts'

/**
 * Thrown for a configuration that cannot be used. Holds no value of it, so that no secret can reach a terminal or a
 * log.
 */
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

type Settings = z.output<typeof configSchema>

/**
 * Everything the file says, checked and with defaults filled in; and what is allowed but deserves a look, one sentence
 * each.
 */
export type Config = Settings & { readonly warnings: readonly string[] }

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
  const checked = check(configSchema, filled.tree ?? {})
  // A variable that is not set leaves a gap; the schema's complaint about the gap would say the same again, and less
  // well.
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

/** What is allowed but deserves a look. */
function warningsOf({ channels, server, alerts }: Settings): string[] {
  const warnings = channels.flatMap(({ type, ...channel }, index) =>
    channelTypes[type].warnings(channel[type]).map((warning) => `channels[${index}].${type}.${warning}`),
  )
  const publicUrl = new URL(server.publicUrl)
  if (publicUrl.protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(publicUrl.hostname))
    warnings.push('server.publicUrl: is plain http, but LINE takes webhook and media addresses with https only')
  if (alerts.url && !alerts.secret)
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
