import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** What a run of the benchmarks was asked for. */
export interface Options {
  /** Names of figures; empty: the usual ones. */
  readonly figures: readonly string[]
  readonly pairs: number
  /** The same for what is done within a few seconds. */
  readonly shortPairs: number
  /** Share of the usual number of messages. */
  readonly share: number
  /** Further flags of Node for the bridge. */
  readonly bridgeFlags: readonly string[]
  /** Where the bridge's CPU profiles go; absent: none are made. */
  readonly profileFolder?: string
}

/** Chance has more to say where a side is done within a few seconds, so that is measured so many times as often. */
const oftener = 3

/** What may be asked for, as shown to people. */
export const usage = `npm run bench -- [figure …] [--quick] [--pairs N] [--profile FOLDER]

  --quick           a quarter of the messages and 2 pairs: a rough look
  --pairs N         how often the bridge and its reference are measured, in turns (default 5; three times
                    as often where a side is done within a few seconds)
  --profile FOLDER  the bridge's CPU profiles are written there and summed up; figures are then a little lower
`

/**
 * Reads the command line.
 * @param known the names of all figures
 * @throws {Error} for an unknown figure or option, or pairs that are no number
 */
export function readOptions(words: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, pairs: { type: 'string' }, profile: { type: 'string' } },
  })
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`There is no figure ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
  const pairs = Number(values.pairs ?? (values.quick ? 2 : 5))
  if (!Number.isInteger(pairs) || pairs < 1) throw new Error('--pairs must be a whole number from 1 on.')
  const profileFolder = values.profile === undefined ? undefined : resolve(values.profile)
  return {
    figures: positionals,
    pairs,
    shortPairs: pairs * oftener,
    share: values.quick ? 0.25 : 1,
    bridgeFlags: profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`],
    ...(profileFolder !== undefined && { profileFolder }),
  }
}
