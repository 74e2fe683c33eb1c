import { createBusyShare } from '../lib/busy-share.ts'

/**
 * With answers in 50 ms this is two thousand messages a second. More would only keep more unfinished work in memory.
 */
const mostPlaces = 100
/** Enough that Redis, the platform and the process all have something to do. */
const fewestPlaces = 32

/** So many conversations more are served while deliveries hang: each keeps its place for up to 10 s, and must not hold up the others. */
const sparePlaces = 200
/** A delivery that takes longer than this hangs. */
const slowMs = 1_000

/** Shares of the time in which the event loop works: above, more at once makes nothing faster; below, it waits for platforms. */
const busyShare = { above: 0.92, below: 0.8 }

const lookEveryMs = 50

/** Nobody waits for a place for longer: there may be one in another process. */
const longestWaitMs = 300

/** Somebody who waits for a place. `until`, by `now`: then they go away. */
interface Waiting {
  readonly come: () => void
  readonly goAway: () => void
  readonly until: number
}

/** So many conversations of one queue are served at once by a process. */
export interface Places {
  /**
   * Takes a place as soon as there is one, first come, first served.
   * @param mostAhead behind more than so many others nobody waits; default: however many there are
   * @returns gives it back; undefined when there is none soon, or places have been stopped
   */
  enter(mostAhead?: number): Promise<(() => void) | undefined>
  /** Adapts the number of places, every now and then. */
  start(): void
  /** Sends away all who wait. */
  stop(): void
}

/**
 * Makes places, as many as are of use. Where platforms answer slowly, many have to wait at once. Where the process itself
 * is what takes time, everything that is begun and not finished is only in its way: it outlives the garbage collector's first
 * rounds, and the later ones then cost a quarter of the time.
 * @param settings.share how busy the process was since it was asked last, 0 to 1
 * @param settings.now ms, by any clock that never goes back
 */
export function createPlaces(
  settings: { readonly share?: () => number; readonly now?: () => number } = {},
): Places & { look(): void } {
  const { share = createBusyShare(), now = () => performance.now() } = settings
  let places = mostPlaces
  /** Deliveries that hang do not count, as long as there are spare places. */
  let spare = 0
  const taken = new Set<{ readonly at: number }>()
  let waiting: Waiting[] = []
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const isFull = () => taken.size >= places + spare

  function take(): () => void {
    const place = { at: now() }
    taken.add(place)
    return () => {
      taken.delete(place)
      letIn()
    }
  }

  function letIn(): void {
    while (waiting.length > 0 && !isFull()) waiting.shift()?.come()
  }

  function sendAway(due: (one: Waiting) => boolean): void {
    const leaving = waiting.filter(due)
    if (leaving.length === 0) return
    waiting = waiting.filter((one) => !leaving.includes(one))
    for (const { goAway } of leaving) goAway()
  }

  function look(): void {
    const before = now() - slowMs
    let slow = 0
    for (const { at } of taken) if (at < before) slow += 1
    spare = Math.min(slow, sparePlaces)
    const busy = share()
    if (busy > busyShare.above) places = Math.max(fewestPlaces, Math.floor(places * 0.6))
    else if (busy < busyShare.below && taken.size - spare >= places) places = Math.min(mostPlaces, places * 2)
    letIn()
    sendAway(({ until }) => until <= now())
  }

  return {
    async enter(mostAhead = Number.POSITIVE_INFINITY) {
      if (stopped || waiting.length > mostAhead) return undefined
      if (!isFull()) return take()
      return new Promise((resolve) => {
        waiting.push({
          come: () => resolve(take()),
          goAway: () => resolve(undefined),
          until: now() + longestWaitMs,
        })
      })
    },
    look,
    start() {
      timer = setInterval(look, lookEveryMs)
    },
    stop() {
      stopped = true
      clearInterval(timer)
      sendAway(() => true)
    },
  }
}
