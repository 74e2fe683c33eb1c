import { holdMs } from './schedule.ts'

/** A message that is held, and the turn for which it waits. */
export interface Held {
  readonly id: string
  readonly turn: number
}

/** So many held messages of a queue are tried again in each {@link holdMs}; a mended set-up shows with the first of them. */
const probesAtOnce = 3

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

  return {
    /** May this message be tried now? */
    mayTry(id: string): boolean {
      if (!held.has(id)) return true
      if (now() >= roundEndsAt) {
        roundEndsAt = now() + holdMs
        probesLeft = probesAtOnce
      }
      probesLeft -= 1
      return probesLeft >= 0
    },

    /** A set-up fault struck this message, which waits for that turn now. */
    hold(id: string, turn: number): void {
      held.set(id, turn)
    },

    /** Something was delivered, or somebody says that the fault is mended. @returns the messages that were held, and their turns */
    release(): readonly Held[] {
      const released = [...held].map(([id, turn]) => ({ id, turn }))
      held.clear()
      roundEndsAt = Number.NEGATIVE_INFINITY
      return released
    },
  }
}
