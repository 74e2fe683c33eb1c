import type { Cache } from '../../../bridge/cache.ts'
import type { Customer } from '../../../bridge/message.ts'
import { profileKey } from '../cache-keys.ts'
import { isShared } from '../chat.ts'
import { createProfiles } from './profiles.ts'

/** What a channel knows of its customers. */
export interface Customers {
  /** Who is it? Answers within `waitMs` whatever LINE and the cache do, and never throws. */
  customer(user: string): Promise<Customer | undefined>
  /** As {@link createProfiles} does it. Does nothing for groups and rooms. */
  prepare(user: string): void
}

/**
 * Makes what tells who wrote.
 * @param parts.profile asks LINE; undefined when LINE knows nobody,
 *   https://developers.line.biz/en/reference/messaging-api/#get-profile
 */
export function createCustomers(parts: {
  readonly channel: string
  readonly cache: Cache
  readonly profile: (user: string) => Promise<Customer | undefined>
  readonly waitMs?: number
  readonly knownMs?: number
}): Customers {
  const { channel, cache, profile, waitMs, knownMs } = parts
  const profiles = createProfiles<string>({
    cache,
    keyOf: (user) => profileKey({ channel, user }),
    ask: profile,
    waitMs,
    knownMs,
  })
  return {
    customer: profiles.find,
    prepare(user) {
      if (!isShared(user)) profiles.prepare(user)
    },
  }
}
