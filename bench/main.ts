/**
 * `npm run bench`: measures the bridge against bare references and against its targets. Ends with 1 when a target is missed.
 */
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { figures } from './figures/index.ts'
import { readOptions, usage } from './options.ts'
import { describedProfile } from './profile.ts'
import { described, surroundings, writeResults } from './results.ts'
import { type Row, textTable } from './rows.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)

const list = figures.map(({ name, about }) => `  ${name.padEnd(17)} ${about}\n`).join('')

function asked() {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n${list}`)
    process.exit(0)
  }
  try {
    return readOptions(
      process.argv.slice(2),
      figures.map(({ name }) => name),
    )
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n${list}`)
    process.exit(2)
  }
}

/** The profiles that were written, one for each process of the bridge. */
const profilesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => join(folder, file))

const options = asked()
const made = surroundings()
say(`${described(made)}\n`)
const chosen = figures.filter(({ name, onDemand }) =>
  options.figures.length > 0 ? options.figures.includes(name) : !onDemand,
)
const rows: Row[] = []
for (const figure of chosen) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  try {
    const found = await figure.measure({ ...options, folder, say })
    rows.push(...found)
    say(`\n${textTable(found)}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
if (chosen.length > 1) say(textTable(rows))
for (const path of options.profileFolder ? profilesIn(options.profileFolder) : [])
  say(`\n${path}\n${describedProfile(path)}\n`)
const name = await writeResults({ made, rows, command: ['npm run bench --', ...process.argv.slice(2)].join(' ') })
const missed = rows.filter(({ target }) => target && !target.held)
say(`Written to ${name}.md and .json.`)
say(
  missed.length === 0
    ? 'Every target is held.'
    : `Not held: ${missed.map(({ figure, what }) => `${figure}, ${what}`).join('; ')}.`,
)
process.exit(missed.length === 0 ? 0 : 1)
