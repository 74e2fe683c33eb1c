import { setTimeout as sleep } from 'node:timers/promises'
import type { Person } from '../queue/erase.ts'
import type { Eraser, Removed } from './erasers.ts'

/** One line of what was removed. */
export interface RemovedLine extends Removed {
  readonly what: string
  readonly label: string
}

/** What an erasure came to. */
export interface Erasure {
  /** In the order of the erasers; a kind of which there was nothing has `count: 0`. */
  readonly removed: readonly RemovedLine[]
  /** Messages that are being delivered to the end: their words may arrive, and may be kept once more. */
  readonly underWay: number
}

const askAgainMs = 250
/** A round finds what was moved or written while the last one ran. */
const mostRounds = 5

/**
 * Runs all erasers, until a round finds nothing more. A message that a worker has in its hands cannot be called back, and
 * what comes of it (a dead letter, a file, a name) is written down afterwards; so its end is waited for, and then all is
 * looked at again.
 * @param request.underWay how many of the person's messages workers have in their hands
 * @param request.waitMs how long their ends are waited for
 */
export async function erasePerson(request: {
  readonly person: Person
  readonly erasers: readonly Eraser[]
  readonly underWay: (person: Person) => Promise<number>
  readonly waitMs: number
}): Promise<Erasure> {
  const { person, erasers, underWay, waitMs } = request
  const totals = erasers.map(({ what, label }): RemovedLine => ({ what, label, count: 0 }))

  /** @returns how much was found */
  async function round(): Promise<number> {
    let found = 0
    for (const [index, eraser] of erasers.entries()) {
      const { count, bytes } = await eraser.erase(person)
      const before = totals[index]
      if (!before) continue
      found += count
      totals[index] = {
        ...before,
        count: before.count + count,
        ...(bytes !== undefined && { bytes: (before.bytes ?? 0) + bytes }),
      }
    }
    return found
  }

  const deadline = Date.now() + waitMs
  for (let rounds = 1; ; rounds += 1) {
    const found = await round()
    let busy = await underWay(person)
    const waited = busy > 0
    while (busy > 0 && Date.now() < deadline) {
      await sleep(askAgainMs)
      busy = await underWay(person)
    }
    if (busy > 0 || rounds === mostRounds || (found === 0 && !waited)) return { removed: totals, underWay: busy }
  }
}
