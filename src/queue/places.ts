import { createBusyShare } from '../lib/busy-share.ts'
import { createGate, type Leave } from './gate.ts'

/** Requests of one queue that a process has under way at once. With answers in 50 ms this is two thousand messages a second. */
const mostRequests = 100

/**
 * Conversations of one queue that a process has in its hands at once: while some wait for the platform, others are being taken from Redis or
 * written back to it. More would only keep more unfinished work in memory.
 */
const mostPlaces = 128
/** Enough that Redis, the platform and the process all have something to do. */
const fewestPlaces = 32

/** What takes longer than this hangs: it keeps its place for up to 10 s, and must not hold up the others. */
const slowMs = 1_000
/** So many more are served while others hang. */
const spare = { requests: 200, places: 172 }

/** Shares of the time in which the event loop works: above, more at once makes nothing faster; below, it waits for platforms. */
const busyShare = { above: 0.92, below: 0.8 }

const lookEveryMs = 50

/** Nobody waits for a place for longer: there may be one in another process. */
const longestWaitMs = 300

/** How much of one queue a process does at once. */
export interface Places {
  /**
   * Takes a place for a conversation as soon as there is one, first come, first served.
   * @param mostAhead behind more than so many others nobody waits; default: however many there are
   * @returns gives it back; undefined when there is none soon, or places have been stopped
   */
  enter(mostAhead?: number): Promise<Leave | undefined>
  /** Takes a place if there is one now. */
  enterNow(): Leave | undefined
  /**
   * Waits until a request may be made in the conversation that has the place.
   * @returns says that it has its answer; undefined when places have been stopped
   */
  request(): Leave | undefined | Promise<Leave | undefined>
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
  const conversations = createGate({ most: mostPlaces, spare: spare.places, slowMs, now })
  const requests = createGate({ most: mostRequests, spare: spare.requests, slowMs, now })
  let places = mostPlaces
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    requests.count()
    requests.letIn()
    conversations.count()
    const busy = share()
    if (busy > busyShare.above) places = Math.max(fewestPlaces, Math.floor(places * 0.6))
    else if (busy < busyShare.below && conversations.isFull()) places = Math.min(mostPlaces, places * 2)
    conversations.resize(places)
    conversations.dismiss()
  }

  return {
    enter: (mostAhead = Number.POSITIVE_INFINITY) => conversations.enter({ mostAhead, ms: longestWaitMs }),
    enterNow: conversations.enterNow,
    request: () => requests.enterNow() ?? requests.enter(),
    look,
    start() {
      timer = setInterval(look, lookEveryMs)
    },
    stop() {
      clearInterval(timer)
      conversations.close()
      requests.close()
    },
  }
}
