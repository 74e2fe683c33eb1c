/** The time of a plan, in ms from its begin. It stands still while the bridge has more to do than it should. */
export interface PlanClock {
  /** Resolves when that time has come, or the clock was stopped. */
  until(planMs: number): Promise<void>
  /** Lets everybody who waits go on. */
  stop(): void
}

const tickMs = 10

/**
 * Starts it. A plan is made for a machine with time to spare; on a busier one the run takes longer instead of heaping up work without end.
 * @param request.mayRun asked for each tick
 */
export function startClock(request: { readonly mayRun: () => boolean }): PlanClock {
  let planMs = 0
  let last = performance.now()
  let waiting: { readonly planMs: number; readonly go: () => void }[] = []
  const wake = (isDue: (one: { readonly planMs: number }) => boolean) => {
    const due = waiting.filter(isDue)
    if (due.length === 0) return
    waiting = waiting.filter((one) => !isDue(one))
    for (const { go } of due) go()
  }
  let stopped = false
  const timer = setInterval(() => {
    const now = performance.now()
    if (request.mayRun()) planMs += now - last
    last = now
    wake((one) => one.planMs <= planMs)
  }, tickMs)
  return {
    until: (wanted) =>
      stopped || wanted <= planMs
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ planMs: wanted, go: resolve })),
    stop() {
      stopped = true
      clearInterval(timer)
      wake(() => true)
    },
  }
}
