import type { Lanes, Place } from './lanes.ts'

/** Debts are old after seconds, so this is often enough even for a process that is short of breath. */
const renewEveryMs = 400

/**
 * The heads that this process has in its hands. Each is owed a job while that lasts, and the debt is kept young: when the process dies
 * it grows old, and the sweep of another process pays it.
 */
export function createHands(settings: { readonly lanes: Lanes; readonly onError: (error: Error) => void }) {
  const { lanes, onError } = settings
  const held = new Set<Place>()
  let timer: NodeJS.Timeout | undefined

  let renewing = false

  function renew(): void {
    // While Redis is away, one question waits for it, and not ever more.
    if (renewing) return
    if (held.size === 0) {
      clearInterval(timer)
      timer = undefined
      return
    }
    renewing = true
    lanes
      .renew([...held])
      .catch(onError)
      .finally(() => {
        renewing = false
      })
  }

  return {
    /** Somebody delivers this head, until they let go of it. */
    hold(place: Place): () => void {
      held.add(place)
      timer ??= setInterval(renew, renewEveryMs)
      return () => held.delete(place)
    },

    /** Stops renewing. */
    close(): void {
      clearInterval(timer)
    },
  }
}
