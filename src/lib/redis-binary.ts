import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The process environment, handed in by whoever may read it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Thrown when there is no Redis on this machine and none could be installed. The message names the ways out. */
export class RedisMissing extends Error {
  override readonly name = 'RedisMissing'
  constructor(why: string) {
    super(
      [
        `There is no redis-server on this machine, and ${why}. Three ways out:`,
        '  1. install redis-server (or valkey) yourself, so that it is found on PATH;',
        '  2. set redis.url in the configuration file to a Redis that runs elsewhere;',
        '  3. run `docker compose up`, which brings its own Redis.',
      ].join('\n'),
    )
  }
}

/** The full path of `redis-server`, or else of `valkey-server`, on PATH; undefined when neither is there. */
export function findRedisBinary(from: { readonly environment: Environment }): string | undefined {
  return findOnPath(from.environment, 'redis-server') ?? findOnPath(from.environment, 'valkey-server')
}

/**
 * Installs Redis with the machine's package manager, and says so first.
 * @param request.say is given lines for the person at the terminal, before anything is changed
 * @returns the full path of the server's binary
 * @throws {RedisMissing} when there is no package manager, no right to use it, or it failed.
 */
export function installRedis(request: {
  readonly environment: Environment
  readonly say: (line: string) => void
}): string {
  const { environment, say } = request
  const steps = installSteps(environment)
  if (typeof steps === 'string') throw new RedisMissing(steps)
  say('There is no redis-server on PATH. It is installed now, with:')
  for (const step of steps) say(`  ${step.join(' ')}`)
  say('Should the package start a service of its own (port 6379), it can be switched off: the bridge does not use it.')
  let failed = false
  for (const [command = '', ...words] of steps) {
    // To stderr, like the announcement: stdout is for log lines.
    const run = spawnSync(command, words, { env: { ...environment }, stdio: ['ignore', 2, 2] })
    // Only the last step counts: `apt-get update` fails for one unreachable source out of many.
    failed = run.status !== 0
  }
  const binary = findRedisBinary({ environment })
  if (binary) return binary
  throw new RedisMissing(failed ? 'installing it failed' : 'the package that was installed did not bring one')
}

/** The commands to run, or why there are none. */
function installSteps(environment: Environment): string[][] | string {
  const aptGet = findOnPath(environment, 'apt-get')
  if (aptGet) {
    const root = process.getuid?.() === 0 ? [] : sudo(environment)
    if (!root) return 'apt-get needs root or sudo without a password'
    // RUNLEVEL=1 makes invoke-rc.d leave the package's own service alone. systemd does not look at it, hence the note
    // in `installRedis`.
    const apt = [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', aptGet, '-o', 'DPkg::Lock::Timeout=60']
    return [
      [...apt, 'update'],
      [...apt, 'install', '-y', '--no-install-recommends', 'redis-server'],
    ]
  }
  const brew = findOnPath(environment, 'brew')
  if (brew) return [[brew, 'install', 'redis']]
  return 'there is neither apt-get nor brew to install it with'
}

/** `sudo -n` never asks for a password, so a start without a person at the terminal cannot hang. */
function sudo(environment: Environment): string[] | undefined {
  const binary = findOnPath(environment, 'sudo')
  if (!binary) return undefined
  const allowed = spawnSync(binary, ['-n', 'true'], { env: { ...environment }, stdio: 'ignore' }).status === 0
  return allowed ? [binary, '-n'] : undefined
}

function findOnPath(environment: Environment, name: string): string | undefined {
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    if (folder === '') continue
    const candidate = join(folder, name)
    try {
      accessSync(candidate, constants.X_OK)
      if (statSync(candidate).isFile()) return candidate
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}
