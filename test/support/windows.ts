import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The most moments (ms, in any order) in any stretch of that length, its end excluded. */
export function mostIn(windowMs: number, moments: readonly number[]): number {
  const sorted = moments.toSorted((one, other) => one - other)
  let most = 0
  for (let first = 0, last = 0; last < sorted.length; last += 1) {
    while ((sorted[last] ?? 0) - (sorted[first] ?? 0) >= windowMs) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}

/**
 * Watches how exact this process' own clock is: what comes while its event loop stands still is noted down later, by as much as
 * the returned function tells, in ms.
 */
export function watchStalls(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  return () => {
    delays.disable()
    return Math.ceil(delays.max / 1e6)
  }
}
