import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { findRedisBinary } from '../src/lib/redis-binary.ts'
import { markdownTable, type Row } from './rows.ts'
import { root } from './start-command.ts'

/** On what a run was made, so that its figures mean something later. */
export interface Surroundings {
  readonly at: string
  readonly commit: string
  readonly node: string
  readonly redis: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly packages: Readonly<Record<string, string>>
}

const said = (command: string, words: readonly string[]): string => {
  try {
    return execFileSync(command, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8')) as { version: string }).version

const measuredPackages = [
  'bullmq',
  'ioredis',
  'express',
  'undici',
  'pino',
  '@line/bot-sdk',
  'purecloud-platform-client-v2',
]

/** Looks at this machine and this checkout. */
export function surroundings(): Surroundings {
  const redis = findRedisBinary({ environment: process.env })
  const changed = said('git', ['status', '--porcelain', '--', 'src', 'package.json']) !== ''
  return {
    at: new Date().toISOString(),
    commit: `${said('git', ['rev-parse', '--short=10', 'HEAD']) || 'unknown'}${changed ? '-changed' : ''}`,
    node: process.version,
    redis: /v=(\S+)/.exec(redis ? said(redis, ['--version']) : '')?.[1] ?? 'unknown',
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    // Distributions put names of their own after the number.
    kernel: `${type()} ${release().split('-')[0]}`,
    packages: Object.fromEntries(measuredPackages.map((name) => [name, versionOf(name)])),
  }
}

/** One paragraph for people. */
export const described = (made: Surroundings): string =>
  `${made.cpu}, ${made.cores} cores, ${made.memoryGiB} GiB, ${made.kernel}; Node ${made.node}, Redis ${made.redis} (appendfsync everysec), ` +
  `${Object.entries(made.packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}`

/**
 * Writes a run's rows with every single value as JSON, and as a page for people.
 * @returns the files' common name, without its ending
 */
export async function writeResults(run: {
  readonly made: Surroundings
  readonly rows: readonly Row[]
  readonly command: string
}): Promise<string> {
  const { made, rows, command } = run
  const folder = `${root}bench/results`
  await mkdir(folder, { recursive: true })
  const name = `${folder}/${made.at.replace(/:\d\d\..*$/, '').replace(/[T:]/g, '-')}-${made.commit}`
  const page = [
    `# ${made.at.slice(0, 16).replace('T', ' ')} UTC, ${made.commit}`,
    `\`${command}\` on ${described(made)}.`,
    'Medians; ratios are the medians of the ratios of each pair.',
    markdownTable(rows),
  ]
  await writeFile(`${name}.json`, `${JSON.stringify({ ...made, command, rows }, undefined, 2)}\n`)
  await writeFile(`${name}.md`, page.join('\n\n'))
  return name
}
