/** Counts requests of one OAuth client in any 60 s. https://developer.genesys.cloud/platform/api/rate-limits */
export interface RateLimit {
  /** Seconds until the next request may come, or undefined when this one may pass (it is counted then). */
  exceeded(clientId: string, perMinute: number | undefined): number | undefined
}

const windowMs = 60_000

export function createRateLimit(made: { readonly now: () => number }): RateLimit {
  const passed = new Map<string, number[]>()
  return {
    exceeded: (clientId, perMinute) => {
      if (perMinute === undefined) return undefined
      const now = made.now()
      const recent = (passed.get(clientId) ?? []).filter((at) => at > now - windowMs)
      passed.set(clientId, recent)
      const oldest = recent[0]
      if (recent.length >= perMinute && oldest !== undefined) {
        return Math.max(1, Math.ceil((oldest + windowMs - now) / 1000))
      }
      recent.push(now)
      return undefined
    },
  }
}
