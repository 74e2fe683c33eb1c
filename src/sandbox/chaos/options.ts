import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

/** What a run is asked for. */
export interface ChaosOptions {
  readonly messages: number
  /** How many begin in a second. */
  readonly perSecond: number
  readonly seed: string
  readonly receivers: number
  readonly workers: number
  /** Receivers deliver too. */
  readonly together: boolean
  /** How often things are killed and broken; 1: as usual. */
  readonly harm: number
  /** What is left in peace. */
  readonly spared: ReadonlySet<Spared>
  readonly json: boolean
  readonly keep: boolean
  /** How long is listened for late repeats when everything has arrived. */
  readonly settleMs: number
}

const sparable = ['receivers', 'workers', 'redis', 'line', 'genesys'] as const

/** What harm can be kept from, to find out what a fault needs. */
export type Spared = (typeof sparable)[number]

export class ChaosUsageError extends Error {
  override readonly name = 'ChaosUsageError'
}

export const chaosUsage = `npm run chaos [-- options]

Carries messages both ways through a bridge of several processes between the played platforms, while its processes and its
Redis are killed (kill -9) and both platforms answer wrongly, late, twice or not at all. Then counts what was lost, doubled
or out of order. Exits with 1 if anything was that must not be.

  --messages N    how many, half each way (default 20000: a few minutes)
  --quick         600 messages, half a minute
  --rate N        messages begun in a second (default 110; quick: 50)
  --seed TEXT     chooses texts, moments, kills and faults; default: a new one each time, which is printed
  --receivers N   default 2
  --workers N     default 2
  --together      receivers deliver too, as a bridge of one process does, and so what they store needs no job
  --harm X        kills and faults X times as often (default 1)
  --spare LIST    leaves these in peace: receivers, workers, redis, line, genesys
  --json          prints the result as JSON
  --keep          keeps the folder with logs and data (always kept, and named, when the run failed)
  --help          this text

The same seed, with the same other options, gives the same plan: who says what when, what is killed and broken when. How far
the processes are at each of these moments depends on the machine, so two runs are alike but not equal. While a machine cannot
keep up, the plan stands still: the run then takes longer.
`

const quick = { messages: 600, perSecond: 50, settleMs: 3_000 }
const full = { messages: 20_000, perSecond: 110, settleMs: 6_000 }

/**
 * Reads the command line; undefined when only help is wanted.
 * @throws {ChaosUsageError}
 */
export function readOptions(words: readonly string[]): ChaosOptions | undefined {
  const values = parse(words)
  if (values.help) return undefined
  const base = values.quick ? quick : full
  return {
    messages: count('messages', values.messages, base.messages),
    perSecond: count('rate', values.rate, base.perSecond),
    receivers: count('receivers', values.receivers, 2),
    workers: count('workers', values.workers, 2),
    together: values.together,
    seed: values.seed ?? randomBytes(4).toString('hex'),
    harm: factor('harm', values.harm),
    spared: spared(values.spare),
    json: values.json,
    keep: values.keep,
    settleMs: base.settleMs,
  }
}

function parse(words: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const
  const value = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...words],
      options: {
        messages: value,
        quick: flag,
        rate: value,
        seed: value,
        receivers: value,
        workers: value,
        together: flag,
        harm: value,
        spare: value,
        json: flag,
        keep: flag,
        help: flag,
      },
    }).values
  } catch (error) {
    throw new ChaosUsageError(error instanceof Error ? error.message : String(error))
  }
}

function count(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given)
  throw new ChaosUsageError(`--${name} must be a whole number above 0.`)
}

function factor(name: string, given = '1'): number {
  if (/^\d+(\.\d+)?$/.test(given) && Number(given) > 0) return Number(given)
  throw new ChaosUsageError(`--${name} must be a number above 0.`)
}

function spared(given = ''): ReadonlySet<Spared> {
  const names = given.split(',').filter((name) => name !== '')
  const unknown = names.find((name) => !sparable.some((one) => one === name))
  if (unknown === undefined) return new Set(sparable.filter((one) => names.includes(one)))
  throw new ChaosUsageError(`--spare knows ${sparable.join(', ')}, and not ${unknown}.`)
}
