import type { Fault } from '../platforms.ts'
import type { Spared } from './options.ts'
import { createRandom, type Random } from './random.ts'

/** What is done to the bridge, its Redis and the platforms, and when. */
export type Harm = {
  readonly atMs: number
} /** `starting`: also if it has not come back yet. */ & (
  | {
      readonly kill: 'receiver' | 'worker'
      readonly which: number
      readonly downMs: number
      readonly starting: boolean
    }
  | { readonly kill: 'redis'; readonly downMs: number }
  | ({ readonly kind: FaultKind; readonly fault: Fault } & PlannedEndpoint)
)

export type PlannedEndpoint =
  | { readonly platform: 'line'; readonly endpoint: 'push' | 'profile' | 'token' }
  | { readonly platform: 'genesys'; readonly endpoint: 'message' | 'receipt' | 'token' }

export type FaultKind =
  | '5xx'
  | '5xx though taken'
  | '429'
  | 'broken'
  | 'broken though taken'
  | 'late'
  | 'late, broken though taken'
  | 'silent'
  | 'silent though taken'

const processMeanMs = 10_000
const redisMeanMs = 15_000
const faultMeanMs = 1_200
/** Until its time-out of 10 s, a silence keeps its conversation from going on. */
const silenceMeanMs = 20_000

const serverErrors = [500, 502, 503, 504] as const

const faults: Readonly<Record<Exclude<FaultKind, 'silent' | 'silent though taken'>, (random: Random) => Fault>> = {
  '5xx': (random) => ({ answer: random.pick(serverErrors), times: random.whole(1, 12) }),
  // A gateway gives up waiting for a server that goes on working.
  '5xx though taken': (random) => ({ answer: random.pick([502, 503, 504]), accept: true, times: random.whole(1, 3) }),
  '429': (random) => ({ answer: 429, retryAfterSeconds: random.whole(1, 2), times: random.whole(1, 3) }),
  broken: (random) => ({ answer: 'drop', times: random.whole(1, 8) }),
  'broken though taken': (random) => ({ answer: 'drop', accept: true, times: random.whole(1, 5) }),
  late: (random) => ({ delayMs: random.whole(50, 900), times: random.whole(3, 12) }),
  'late, broken though taken': (random) => ({
    delayMs: random.whole(300, 3_000),
    answer: 'drop',
    accept: true,
    times: random.whole(1, 3),
  }),
}
const faultKinds = Object.keys(faults) as [keyof typeof faults, ...(keyof typeof faults)[]]

/**
 * Each thing is planned from the seed alone, so sparing one leaves the others as they were.
 * @param request.receivers how many there are, and workers likewise
 * @param request.harm how often, compared with the usual
 */
export function planHarm(request: {
  readonly seed: string
  readonly durationMs: number
  readonly receivers: number
  readonly workers: number
  readonly harm: number
  readonly spared: ReadonlySet<Spared>
}): readonly Harm[] {
  const { seed, durationMs, spared } = request
  /** How often something of this mean distance happens, at least once. */
  const timesOf = (meanMs: number): number => Math.max(1, Math.round((durationMs * request.harm) / meanMs))
  const kills = createRandom(`${seed} kills`)
  const chance = createRandom(`${seed} faults`)
  const plan: Harm[] = []
  const during = (random: Random) => random.whole(Math.round(0.05 * durationMs), Math.round(0.95 * durationMs))

  for (const [kind, processes] of [
    ['receiver', request.receivers],
    ['worker', request.workers],
  ] as const) {
    for (let which = 0; which < processes; which += 1) {
      for (let times = timesOf(processMeanMs); times > 0; times -= 1) {
        const atMs = during(kills)
        plan.push({ atMs, kill: kind, which, downMs: kills.whole(0, 1_500), starting: kills.chance(0.1) })
        // Requests that are under way when the worker dies are what matters most.
        if (kind === 'worker') plan.push(...slowBefore(atMs, kills))
      }
    }
  }
  for (let times = timesOf(redisMeanMs); times > 0; times -= 1) {
    plan.push({ atMs: during(kills), kill: 'redis', downMs: kills.whole(0, 2_000) })
  }
  for (let times = timesOf(faultMeanMs); times > 0; times -= 1) {
    for (const where of [lineEndpoint(chance), genesysEndpoint(chance)]) {
      const kind = chance.pick(faultKinds)
      plan.push({ atMs: chance.whole(0, durationMs), kind, fault: faults[kind](chance), ...where })
    }
  }
  for (let times = timesOf(silenceMeanMs); times > 0; times -= 1) {
    const kind = chance.pick<FaultKind>(['silent', 'silent though taken'])
    const fault: Fault = { answer: 'silence', accept: kind === 'silent though taken', times: 1 }
    const where = chance.chance(0.5) ? lineEndpoint(chance) : genesysEndpoint(chance)
    // Early, so that what waits for a time-out is not what a short run waits for in the end.
    plan.push({ atMs: chance.whole(0, Math.round(0.6 * durationMs)), kind, fault, ...where })
  }
  return plan.filter((harm) => !spared.has(targetOf(harm))).sort((one, other) => one.atMs - other.atMs)
}

const targetOf = (harm: Harm): Spared => {
  if ('kind' in harm) return harm.platform
  return harm.kill === 'redis' ? 'redis' : `${harm.kill}s`
}

/** Answers that are late enough for the worker to die while it waits for them. */
function slowBefore(killAtMs: number, random: Random): Harm[] {
  const fault: Fault = { delayMs: random.whole(100, 400), times: 15 }
  const atMs = Math.max(0, killAtMs - 150)
  return [
    { atMs, kind: 'late', fault, platform: 'line', endpoint: 'push' },
    { atMs, kind: 'late', fault, platform: 'genesys', endpoint: 'message' },
  ]
}

const lineEndpoint = (random: Random): PlannedEndpoint => ({
  platform: 'line',
  endpoint: random.pick(['push', 'push', 'push', 'push', 'profile', 'token']),
})

const genesysEndpoint = (random: Random): PlannedEndpoint => ({
  platform: 'genesys',
  endpoint: random.pick(['message', 'message', 'message', 'receipt', 'receipt', 'token']),
})
