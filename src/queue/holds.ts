import { holdMs } from './schedule.ts'

/** A message that is held, and the turn for which it waits. */
export interface Held {
  readonly id: string
  readonly turn: number
}

/** So many held messages of a queue are tried again in each round; a mended set-up shows with the first of them. */
const probesAtOnce = 3
/** Shorter than the wait, so that whoever waited is never a moment too early for the next round, although clocks differ a little. */
const roundMs = holdMs - 1_000

/**
 * Which held messages may be tried again. A set-up fault strikes every conversation of its account: if each of them asked again
 * and again by itself, their requests would use up the budget that other accounts share with it. So a few ask for all.
 * A message that has not been held yet is always tried: its conversation may be one that works.
 * @param settings.now ms, by any clock that never goes back
 */
export function createHolds(settings: { readonly now: () => number }) {
  const { now } = settings
  /** The turns for which they wait, by their ids. */
  const held = new Map<string, number>()
  let probesLeft = 0
  let roundEndsAt = Number.NEGATIVE_INFINITY
  let releases = 0

  return {
    /** May this message be tried now? */
    mayTry(id: string): boolean {
      if (!held.has(id)) return true
      if (now() >= roundEndsAt) {
        roundEndsAt = now() + roundMs
        probesLeft = probesAtOnce
      }
      probesLeft -= 1
      return probesLeft >= 0
    },

    /** How often they were released so far. */
    releases: (): number => releases,

    /**
     * A set-up fault struck this message. It waits for that turn now, and the turn's job is there: one that is not could not be hurried.
     * @param since what `releases` said when it was struck
     * @returns false when it need not wait, because they were released meanwhile
     */
    hold(id: string, turn: number, since: number): boolean {
      if (since !== releases) return false
      held.set(id, turn)
      return true
    },

    /** Something was delivered, or somebody says that the fault is mended. @returns the messages that were held, and their turns */
    release(): readonly Held[] {
      const released = [...held].map(([id, turn]) => ({ id, turn }))
      held.clear()
      releases += 1
      roundEndsAt = Number.NEGATIVE_INFINITY
      return released
    },
  }
}
