/** Gives back what a gate gave. Doing it twice does no harm. */
export type Leave = () => void

/** Somebody who waits. `until`, by `now`: then they go away. */
interface Waiting {
  readonly come: () => void
  readonly goAway: () => void
  readonly until: number
}

/** Lets in so many at once, first come, first served. */
export interface Gate {
  /** @returns undefined when there is nothing free */
  enterNow(): Leave | undefined
  /**
   * Waits until there is room.
   * @param limits.mostAhead behind more than so many others nobody waits; default: however many there are
   * @param limits.ms nobody waits for longer; default: for ever
   * @returns undefined when there is no room in time, or the gate has been closed
   */
  enter(limits?: { readonly mostAhead?: number; readonly ms?: number }): Promise<Leave | undefined>
  /** Counts anew who has been inside for long. */
  count(): void
  /** Lets in who waits, as far as there is room. */
  letIn(): void
  /** Sends away who has waited for long enough. */
  dismiss(): void
  /** Lets in so many at once from now on; who is inside may stay. */
  resize(most: number): void
  /** Is everything taken by those who have not been inside for long? */
  isFull(): boolean
  /** Sends away all who wait, and all who come. */
  close(): void
}

/**
 * Makes a gate.
 * @param settings.most so many at once
 * @param settings.spare who is inside for longer than `slowMs` does not count, up to so many: those who hang must not hold up the others
 * @param settings.now ms, by any clock that never goes back
 */
export function createGate(settings: {
  readonly most: number
  readonly spare: number
  readonly slowMs: number
  readonly now: () => number
}): Gate {
  const { spare, slowMs, now } = settings
  let { most } = settings
  const inside = new Set<{ readonly at: number }>()
  let slow = 0
  let waiting: Waiting[] = []
  let closed = false

  const isFull = () => inside.size >= most + slow

  function take(): Leave {
    const one = { at: now() }
    inside.add(one)
    return () => {
      if (inside.delete(one)) letIn()
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

  return {
    enterNow: () => (closed || isFull() ? undefined : take()),

    async enter({ mostAhead = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY } = {}) {
      if (closed || waiting.length > mostAhead) return undefined
      if (!isFull()) return take()
      return new Promise((resolve) => {
        waiting.push({ come: () => resolve(take()), goAway: () => resolve(undefined), until: now() + ms })
      })
    },

    count() {
      const before = now() - slowMs
      let found = 0
      for (const { at } of inside) if (at < before) found += 1
      slow = Math.min(found, spare)
    },

    letIn,

    dismiss() {
      sendAway(({ until }) => until <= now())
    },

    resize(wanted) {
      most = wanted
      letIn()
    },

    isFull,

    close() {
      closed = true
      sendAway(() => true)
    },
  }
}
