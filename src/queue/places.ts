import { createBusyShare } from '../lib/busy-share.ts'

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
 * @param settings.share how busy the process was since it was asked last, 0 to 1
 */
export function createPlaces({ share = createBusyShare() }: { readonly share?: () => number } = {}): Places {
  let places = fewestPlaces

  return {
    get now() {
      return places
    },
    look(taken) {
      const busy = share()
      if (busy > busyShare.above) places = Math.max(fewestPlaces, Math.floor(places * 0.75))
      else if (busy < busyShare.below && taken >= places) places = Math.min(mostPlaces, Math.ceil(places * 1.5))
    },
  }
}

/** So many deliveries that hang are most of the places, however few those are. */
export const mostOfThePlaces = fewestPlaces / 2
