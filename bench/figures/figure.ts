import type { Row } from '../rows.ts'

/** How thorough a run is. */
export interface Effort {
  /** How often the bridge and its reference are measured, in turns. */
  readonly pairs: number
  /** The same where a side is done within a few seconds, in which chance has much to say. */
  readonly shortPairs: number
  /** Share of the usual number of messages, above 0 and up to 1. */
  readonly share: number
  /** Told what is going on, one line each. */
  readonly say: (line: string) => void
  /** A folder of this run, removed at its end. */
  readonly folder: string
  /** Further flags of Node for the bridge, such as `--cpu-prof`. */
  readonly bridgeFlags: readonly string[]
}

/** One figure, or a few that are measured together. */
export interface Figure {
  readonly name: string
  readonly about: string
  /** Measured only when it is asked for by name. */
  readonly onDemand?: boolean
  measure(effort: Effort): Promise<readonly Row[]>
}

/** So many messages as the effort asks for, in hundreds. */
export const scaled = (count: number, { share }: Effort): number =>
  Math.max(100, Math.round((count * share) / 100) * 100)

/** As thorough as is due where a side is done within a few seconds. */
export const forShort = <E extends Effort>(effort: E): E => ({ ...effort, pairs: effort.shortPairs })

/** Measures the bridge and its reference in turns, so that what else the machine does meets both alike. */
export async function inPairs<Result>(
  effort: Effort,
  name: string,
  sides: { ours(): Promise<Result>; reference(): Promise<Result> },
): Promise<{ readonly ours: readonly Result[]; readonly reference: readonly Result[] }> {
  const ours: Result[] = []
  const reference: Result[] = []
  for (let pair = 1; pair <= effort.pairs; pair += 1) {
    effort.say(`${name}: pair ${pair} of ${effort.pairs}`)
    ours.push(await sides.ours())
    reference.push(await sides.reference())
  }
  return { ours, reference }
}
