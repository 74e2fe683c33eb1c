import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until something is there: looks again and again, and fails with the last answer's description when time runs out.
 * @returns what `look` found, as soon as it is neither undefined nor false
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 10_000,
): Promise<Exclude<T, undefined | false | null>> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false && found !== null) return found as Exclude<T, undefined | false | null>
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`)
    await sleep(10)
  }
}
