import type { HarmDone } from './harm.ts'
import type { Verdict, Wrong } from './judge.ts'

/** A finished run in numbers. */
export interface RunResult {
  readonly seed: string
  readonly messages: number
  /** Until everything had arrived. */
  readonly seconds: number
  readonly sent: Readonly<Record<'inbound' | 'outbound', number>>
  readonly repeated: number
  readonly kills: HarmDone['kills']
  readonly faults: HarmDone['faults']
  readonly wrong: Readonly<Record<Wrong, number>>
  /** Allowed: the outcome of an earlier attempt could not be known. */
  readonly doubtfulRepeats: number
  /** Requests that LINE forbids, and texts that nobody sent. */
  readonly violations: number
  readonly strange: number
  /** Processes of the bridge that ended without having been killed. */
  readonly crashes: readonly string[]
  readonly good: boolean
}

/** Joins the verdict about messages with what else must not happen. */
export function resultOf(run: {
  readonly seed: string
  readonly seconds: number
  readonly repeated: number
  readonly verdict: Verdict
  readonly counts: Readonly<Record<'inbound' | 'outbound', number>>
  readonly harm: HarmDone
  readonly violations: number
  readonly strange: number
  readonly crashes: readonly string[]
}): RunResult {
  const { seed, seconds, repeated, verdict, counts, harm, violations, strange, crashes } = run
  return {
    seed,
    messages: counts.inbound + counts.outbound,
    seconds,
    sent: counts,
    repeated,
    kills: harm.kills,
    faults: harm.faults,
    wrong: Object.fromEntries(
      Object.entries(verdict.wrong).map(([kind, messages]) => [kind, messages.length]),
    ) as RunResult['wrong'],
    doubtfulRepeats: verdict.doubtfulRepeats,
    violations,
    strange,
    crashes,
    good: verdict.good && violations === 0 && strange === 0 && crashes.length === 0,
  }
}

const notes: Readonly<Record<Wrong, string>> = {
  lost: 'acknowledged, and nowhere any more, or given up',
  stuck: 'acknowledged, and not delivered 60 s after the last fault',
  'never acknowledged': 'not answered 200 in that time',
  'doubled at LINE': 'shown twice on the phone',
  'doubled at Genesys': 'taken again although its first arrival was known',
  'out of order': 'before one that was acknowledged before it was sent',
  'receipt missing': 'shown on the phone, without a delivered receipt',
  'receipt wrong': 'reported as failed',
}

/** For people. */
export function reportText(result: RunResult): string {
  const { kills, faults, sent } = result
  const row = (name: string, value: string | number, note = '') =>
    `  ${name.padEnd(26)}${String(value).padStart(7)}   ${note}`.trimEnd()
  const met = (platform: 'line' | 'genesys') =>
    Object.entries(faults[platform])
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ') || 'none'
  return [
    '',
    `chaos, seed ${result.seed}: ${result.messages} messages in ${result.seconds.toFixed(1)} s`,
    '',
    row('inbound messages', sent.inbound, 'from customers on LINE'),
    row('outbound messages', sent.outbound, 'from agents on Genesys'),
    row('webhooks repeated', result.repeated, 'on purpose: copies at the same time, and later'),
    row('killed (kill -9)', kills.receiver + kills.worker + kills.redis, killsText(kills)),
    row('faults met at LINE', sum(faults.line), met('line')),
    row('faults met at Genesys', sum(faults.genesys), met('genesys')),
    '',
    ...Object.entries(result.wrong).map(([kind, count]) => row(kind, count, notes[kind as Wrong])),
    row('LINE rules broken', result.violations, 'a push without a retry key, or one key with two bodies'),
    row('texts nobody sent', result.strange),
    row('processes that crashed', result.crashes.length, result.crashes.slice(0, 3).join(', ')),
    '',
    row(
      'repeats in doubt',
      result.doubtfulRepeats,
      'allowed: taken again by Genesys, as the first outcome was unknown',
    ),
    '',
    result.good
      ? '  Nothing lost, nothing doubled, nothing out of order.'
      : '  FAILED: see the lines above that are not 0.',
    '',
  ].join('\n')
}

const killsText = ({ receiver, worker, redis }: RunResult['kills']): string =>
  `receivers ${receiver}, workers ${worker}, Redis ${redis}`

const sum = (counts: Readonly<Record<string, number | undefined>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0)
