import type { Flow } from '../bridge/events.ts'

const second = 1000
const minute = 60 * second

/** Delays before the 2nd, 3rd … attempt: six attempts fit into the first 90 s even if each waits 10 s for an answer. */
const delaysMs = [
  0.5 * second,
  1 * second,
  3 * second,
  6 * second,
  12 * second,
  20 * second,
  30 * second,
  1 * minute,
  2 * minute,
  4 * minute,
  5 * minute,
]

/** How long a message is tried, counted in planned delays, so that pauses, holds and waits cost nothing. */
const patienceMs: Readonly<Record<Flow, number>> = {
  inbound: 24 * 60 * minute,
  outbound: 15 * minute,
  receipts: 24 * 60 * minute,
}

/** A set-up fault is tried again this often, so that delivery goes on by itself once the set-up is mended. */
export const holdMs = 15 * second

/**
 * How long to wait after a failed attempt, or undefined when patience has run out.
 * @param failed how many attempts have failed, this one included; `spentMs` the sum of the delays so far; `random` in [0, 1)
 */
export function nextDelayMs(state: {
  readonly flow: Flow
  readonly failed: number
  readonly spentMs: number
  readonly random: number
}): number | undefined {
  const { flow, failed, spentMs, random } = state
  const planned = delaysMs[Math.min(failed, delaysMs.length) - 1] ?? second
  if (spentMs + planned > patienceMs[flow]) return undefined
  // Jitter of ±20 %, so that what failed together does not come back together.
  return Math.round(planned * (0.8 + 0.4 * random))
}

/** A customer who got too much is left in peace for this long at most before the next try. */
const longestPeaceMs = minute

/**
 * How long a message waits whose own customer is to be left in peace: as long as the platform asks, and longer each time. These
 * waits spend no attempt, but they spend patience, because behind this message all others to the customer wait too.
 * @param wait.afterMs what the platform asks for
 * @returns undefined when patience has run out
 */
export function nextPeaceMs(wait: {
  readonly flow: Flow
  readonly afterMs: number
  readonly spentMs: number
}): number | undefined {
  const { flow, afterMs, spentMs } = wait
  const delayMs = Math.max(afterMs, Math.min(Math.round(spentMs / 2), longestPeaceMs))
  return spentMs + delayMs > patienceMs[flow] ? undefined : delayMs
}
