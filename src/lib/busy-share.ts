import { performance } from 'node:perf_hooks'

/**
 * Makes a question: for which share of the time, 0 to 1, has this process' event loop worked since the question was asked last?
 * https://nodejs.org/api/perf_hooks.html#performanceeventlooputilizationutilization1-utilization2
 */
export function createBusyShare(): () => number {
  let last = performance.eventLoopUtilization()
  return () => {
    const { utilization } = performance.eventLoopUtilization(last)
    last = performance.eventLoopUtilization()
    return utilization
  }
}
