import { type EventLoopUtilization, performance } from 'node:perf_hooks'

/**
 * With answers in 50 ms this is two thousand messages a second. More would only keep more unfinished work in memory.
 */
const mostPlaces = 100
/** Enough that Redis, the platform and the process all have something to do. */
const fewestPlaces = 40

/** Shares of the time in which the event loop works: above, more at once makes nothing faster; below, it waits for platforms. */
const busyShare = { above: 0.92, below: 0.8 }

/** How many conversations of one queue a process serves at once. */
export interface Places {
  readonly now: number
  /** Adapts the number to how busy the process was since the last look. @param taken how many are taken */
  look(taken: number): void
}

/**
 * Makes places, as many as are of use. Where platforms answer slowly, many have to wait at once. Where the process itself
 * is what takes time, everything that is begun and not finished is only in its way: it outlives the garbage collector's first
 * rounds, and the later ones then cost a quarter of the time.
 * @param settings.utilization how busy the event loop is
 */
export function createPlaces(
  settings: { readonly utilization?: (since?: EventLoopUtilization) => EventLoopUtilization } = {},
): Places {
  const { utilization = (since) => performance.eventLoopUtilization(since) } = settings
  let places = fewestPlaces
  let last = utilization()

  return {
    get now() {
      return places
    },
    look(taken) {
      const share = utilization(last).utilization
      last = utilization()
      if (share > busyShare.above) places = Math.max(fewestPlaces, Math.floor(places * 0.75))
      else if (share < busyShare.below && taken >= places) places = Math.min(mostPlaces, Math.ceil(places * 1.5))
    },
  }
}

/** So many deliveries that hang are most of the places, however few those are. */
export const mostOfThePlaces = fewestPlaces / 2
