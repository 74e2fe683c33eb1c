import type { BridgeEvent, Emit } from '../bridge/events.ts'

/** The same alert is told once in this time: a fault that lasts strikes every message anew. */
const quietMs = 60_000
/** Beyond so many different alerts a repeat may be told. */
const keptAlerts = 1_000

/**
 * Passes all events on, except for an alert whose kind, channel and detail were told less than a minute ago, so that the log, the
 * metric and the posts tell of the same alerts.
 * @param parts.now ms, by any clock that never goes back
 */
export function withoutRepeats(parts: { readonly emit: Emit; readonly now: () => number }): Emit {
  const { emit, now } = parts
  const toldAt = new Map<string, number>()

  function isRepeat(event: BridgeEvent): boolean {
    if (event.type !== 'alert.raised') return false
    const key = JSON.stringify([event.kind, event.channel, event.detail])
    if (now() - (toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < quietMs) return true
    if (toldAt.size >= keptAlerts) toldAt.clear()
    toldAt.set(key, now())
    return false
  }

  return (event) => {
    if (!isRepeat(event)) emit(event)
  }
}
