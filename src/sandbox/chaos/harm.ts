import type { Fault, GenesysCloud, LinePlatform } from '../platforms.ts'
import type { PlanClock } from './clock.ts'
import type { FaultKind, Harm } from './harm-plan.ts'
import type { Processes } from './processes.ts'
import type { Store } from './store.ts'

/** What was done, and met. */
export interface HarmDone {
  readonly kills: Readonly<Record<'receiver' | 'worker' | 'redis', number>>
  /** Requests that met a fault, by platform and kind. */
  readonly faults: Readonly<Record<'line' | 'genesys', Readonly<Partial<Record<FaultKind, number>>>>>
  /** When processes were killed that deliver, in ms since the epoch. */
  readonly delivererKills: readonly number[]
  /** Everything, for whoever looks into a log afterwards. */
  readonly journal: readonly { readonly at: number; readonly what: string }[]
}

/** On a machine with little to spare a process needs long to start. Killing it again and again before it works proves nothing. */
const leastLifeMs = 500

/** Does what is planned. `done` grows; `run` resolves when all is done, all faults are mended and Redis is back. */
export function createHarm(request: {
  readonly plan: readonly Harm[]
  readonly clock: PlanClock
  readonly line: LinePlatform
  readonly genesys: GenesysCloud
  readonly processes: Processes
  readonly store: Store
  /** Receivers deliver too. */
  readonly together: boolean
  readonly signal: AbortSignal
}): { readonly done: HarmDone; run(): Promise<void> } {
  const { plan, clock, line, genesys, processes, store, together, signal } = request
  const kills = { receiver: 0, worker: 0, redis: 0 }
  const faults: Record<'line' | 'genesys', Partial<Record<FaultKind, number>>> = { line: {}, genesys: {} }
  const delivererKills: number[] = []
  const journal: { at: number; what: string }[] = []
  const note = (what: string) => journal.push({ at: Date.now(), what })

  /** `when` is asked for exactly those requests that are about to meet the fault. */
  const counting = (platform: 'line' | 'genesys', kind: FaultKind, fault: Fault): Fault => ({
    ...fault,
    when: () => {
      faults[platform][kind] = (faults[platform][kind] ?? 0) + 1
      return true
    },
  })

  /** One that has just come back is passed over, unless it is meant to die while it starts. */
  function killProcess({ kill, which, downMs, starting }: Extract<Harm, { kill: 'receiver' | 'worker' }>): void {
    const victim = (kill === 'receiver' ? processes.receivers : processes.workers)[which]
    if (!starting && (victim?.readyMs() ?? 0) < leastLifeMs) return
    if (!victim?.kill(downMs)) return
    kills[kill] += 1
    if (kill === 'worker' || together) delivererKills.push(Date.now())
    note(`${kill}-${which + 1} killed for ${downMs} ms`)
  }

  async function inflict(harm: Harm): Promise<void> {
    if ('kind' in harm) {
      const { platform, endpoint, kind, fault } = harm
      note(`${platform} ${endpoint}: ${kind}, ${fault.times} times`)
      if (platform === 'line') line.break(endpoint, counting(platform, kind, fault))
      else genesys.break(endpoint, counting(platform, kind, fault))
      return
    }
    if (harm.kill === 'redis') {
      const back = store.kill(harm.downMs)
      note(`Redis killed for ${harm.downMs} ms`)
      if (await back) kills.redis += 1
      note('Redis is back')
      return
    }
    killProcess(harm)
  }

  return {
    done: { kills, faults, delivererKills, journal },
    async run() {
      const under: Promise<void>[] = []
      const failures: unknown[] = []
      for (const harm of plan) {
        await clock.until(harm.atMs)
        if (signal.aborted) break
        under.push(inflict(harm).catch((error: unknown) => void failures.push(error)))
      }
      await Promise.all(under)
      if (failures.length > 0) throw failures[0]
      line.mend()
      genesys.mend()
      note('all is mended')
    },
  }
}
