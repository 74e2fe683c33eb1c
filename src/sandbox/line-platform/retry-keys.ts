import type { Json } from '../platforms.ts'

/** https://developers.line.biz/en/docs/messaging-api/retrying-api-request/: valid 24 hours from the first request. */
const validMs = 24 * 3_600_000

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** LINE takes hexadecimal 8-4-4-4-12 only. */
export const isRetryKey = (value: string): boolean => uuid.test(value)

/** What an accepted key is answered with when it comes again. */
export interface AcceptedKey {
  readonly requestId: string
  readonly sentMessages: readonly Json[]
}

/** Retry keys of all accounts. */
export interface RetryKeys {
  /** Notes a request with this key, whatever becomes of it. False: an earlier one had another body, which LINE forbids. */
  seen(account: string, key: string, body: string): boolean
  accept(account: string, key: string, accepted: AcceptedKey): void
  accepted(account: string, key: string): AcceptedKey | undefined
  /** How often each key was answered 409. */
  readonly repeated: Map<string, number>
  clear(): void
}

export function createRetryKeys(made: { readonly now: () => number }): RetryKeys {
  const keys = new Map<string, { readonly firstAt: number; readonly body: string; accepted?: AcceptedKey }>()
  const repeated = new Map<string, number>()
  const living = (account: string, key: string) => {
    const entry = keys.get(`${account} ${key.toLowerCase()}`)
    return entry && made.now() - entry.firstAt < validMs ? entry : undefined
  }
  return {
    repeated,
    seen: (account, key, body) => {
      const entry = living(account, key)
      if (!entry) keys.set(`${account} ${key.toLowerCase()}`, { firstAt: made.now(), body })
      return entry === undefined || entry.body === body
    },
    accept: (account, key, accepted) => {
      const entry = living(account, key)
      if (entry) entry.accepted = accepted
    },
    accepted: (account, key) => living(account, key)?.accepted,
    clear: () => {
      keys.clear()
      repeated.clear()
    },
  }
}
