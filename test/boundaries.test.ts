import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'

/**
 * Who may import whom. A platform's peculiarities stay in its folder only as long as nobody reaches into it, and a
 * library can be exchanged only where few files know it.
 */
const parts: Readonly<Record<string, (file: string) => boolean>> = {
  bridge: within(),
  lib: within(),
  'channels/*': within('bridge', 'lib'),
  genesys: within('bridge', 'lib'),
  queue: within('bridge', 'lib'),
  http: within('bridge', 'lib'),
  media: within('bridge', 'lib'),
  quotes: within('bridge', 'lib'),
  observe: within('bridge', 'lib'),
  console: within('bridge', 'lib', 'queue'),
  erase: within('bridge', 'lib', 'queue', 'media', 'quotes'),
  // The answers of the API that it speaks to.
  ops: (file) => within('bridge', 'lib')(file) || file === 'console/api/shapes.ts',
  sandbox: (file) => within('bridge', 'lib')(file) || /^(channels\/[^/]+|genesys)\/wire\.ts$/.test(file),
}

/** Files that join the parts and may import them all: those directly below src/, and these. */
const joiners = new Set(['channels/index.ts', 'sandbox/demo.ts', 'sandbox/say.ts', 'erase/main.ts', 'ops/main.ts'])
const joins = (file: string): boolean => !file.includes('/') || joiners.has(file)

/** Packages that only some parts know. `types`: parts that may name the package's types, but not run it. */
const packages: Readonly<Record<string, { readonly in: readonly string[]; readonly types?: readonly string[] }>> = {
  bullmq: { in: ['queue'], types: ['console'] },
  ioredis: { in: ['lib', 'queue'] },
  express: { in: ['http', 'console', 'sandbox'] },
  pino: { in: ['lib'] },
  'prom-client': { in: ['observe'] },
  '@line/bot-sdk': { in: ['channels/line'] },
  'purecloud-platform-client-v2': { in: ['genesys'] },
  marked: { in: ['genesys'] },
  htmlparser2: { in: ['genesys'] },
  sharp: { in: ['media', 'sandbox'] },
}

function within(...folders: string[]): (file: string) => boolean {
  return (file) => folders.some((folder) => file.startsWith(`${folder}/`))
}

interface Import {
  /** `a.ts → b.ts`, for the message of a failed test. */
  readonly label: string
  readonly from: string
  /** A path below src/, or the name of a package. */
  readonly to: string
  readonly ours: boolean
  readonly typeOnly: boolean
}

const root = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Static imports and re-exports, then imports at run time. The code is formatted by a tool, so each begins a line. */
function importsOf(file: string, source: string): Import[] {
  const found = [
    ...source.matchAll(/^(?:import|export)\s+(?<type>type\s)?(?:[\w*{][^'"]*?\sfrom\s+)?['"](?<to>[^'"]+)['"]/gm),
    ...source.matchAll(/\bimport\(\s*(?<type>)['"](?<to>[^'"]+)['"]/g),
  ]
  return found.map(({ groups }) => {
    const written = groups?.to ?? ''
    const ours = written.startsWith('.')
    const to = ours ? posix.join(posix.dirname(file), written) : packageOf(written)
    return { label: `${file} → ${to}`, from: file, to, ours, typeOnly: Boolean(groups?.type) }
  })
}

const packageOf = (written: string): string =>
  written
    .split('/')
    .slice(0, written.startsWith('@') ? 2 : 1)
    .join('/')

const all = files.flatMap((file) => importsOf(file, sourceOf(file)))

/** The part that a file belongs to: `http`, `channels/line`; undefined directly below src/. */
const partOf = (file: string): string | undefined => /^(channels\/[^/]+|[^/]+)\//.exec(file)?.[1]

const allowedFor = (part: string) => parts[part] ?? (part.startsWith('channels/') ? parts['channels/*'] : undefined)

test('every import is found', () => {
  const source = [
    "import './a.ts'",
    "import type { B } from '../b.ts'",
    "import {\n  c,\n  type D,\n} from './deep/c.ts'",
    "import { type E, e } from 'e/sub'",
    "export { f } from '@f/f/sub'",
    "export type { G } from './g.ts'",
    "import h, * as i from 'node:h'",
    "const j = await import('./j.ts')",
    "// import { k } from './k.ts'",
  ].join('\n')
  expect(importsOf('x/y.ts', source).map((one) => [one.to, one.ours, one.typeOnly])).toEqual([
    ['x/a.ts', true, false],
    ['b.ts', true, true],
    ['x/deep/c.ts', true, false],
    ['e', false, false],
    ['@f/f', false, false],
    ['x/g.ts', true, true],
    ['node:h', false, false],
    ['x/j.ts', true, false],
  ])
  expect(all.length).toBeGreaterThan(files.length)
})

test('every file belongs to a part, or joins them', () => {
  const lost = files.filter((file) => !joins(file) && !allowedFor(partOf(file) ?? ''))
  expect(lost).toEqual([])
})

test('a part imports itself and what the table allows', () => {
  const trespasses = all.filter(({ ours, from, to }) => {
    const part = partOf(from)
    if (!ours || joins(from) || part === undefined) return false
    return !to.startsWith(`${part}/`) && !allowedFor(part)?.(to)
  })
  expect(trespasses.map((one) => one.label)).toEqual([])
})

test('the domain imports nothing at all but types of Node', () => {
  const foreign = all.filter(
    ({ from, to, typeOnly, ours }) => within('bridge')(from) && !ours && !(typeOnly && to.startsWith('node:')),
  )
  expect(foreign.map((one) => one.label)).toEqual([])
})

test('nothing but the sandbox itself imports the sandbox', () => {
  const production = all.filter(
    ({ from, to, ours }) => ours && to.startsWith('sandbox/') && !from.startsWith('sandbox/'),
  )
  expect(production.map((one) => one.label)).toEqual([])
})

describe('a package stays where it belongs:', () => {
  test.each(Object.entries(packages))('%s', (name, allowed) => {
    const strangers = all.filter(({ from, to, typeOnly }) => {
      if (to !== name || within(...allowed.in)(from)) return false
      return !(typeOnly && within(...(allowed.types ?? []))(from))
    })
    expect(strangers.map((one) => one.label)).toEqual([])
  })
})

test('only the programs themselves read the environment and end the process', () => {
  const programs = new Set([
    'main.ts',
    'erase/main.ts',
    'ops/main.ts',
    'sandbox/demo.ts',
    'sandbox/say.ts',
    'sandbox/chaos/main.ts',
  ])
  const readers = files.filter(
    (file) => !programs.has(file) && /\bprocess\.(env\b|exit\()/.test(withoutComments(sourceOf(file))),
  )
  expect(readers).toEqual([])
})

const withoutComments = (source: string): string => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
