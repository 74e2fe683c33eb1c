import { personKeys } from './line/cache-keys.ts'
import { type LineSettings, lineOrigins, lineSettings, lineWarnings } from './line/config.ts'
import type { createLineChannel } from './line/index.ts'

/**
 * Every kind of channel, by the word that stands under `type:` in the configuration. A new kind is a folder beside
 * `line/` and one entry here.
 *
 * - `settings`: how its settings, which stand under the same word, are checked
 * - `warnings`: what in them is allowed but deserves a look
 * - `requestsPerMinute`: how many messages may be sent to the platform in any 60 s, by all processes together
 * - `origins`: the platform's own addresses as configured, which may be private ones
 * - `personKeys`: the keys of the cache under which it keeps what it knows of a customer, for their erasure, and what further such keys
 *   begin with
 * - `create`: makes it; its code is loaded only then, because reading a configuration should not wait for a platform's
 *   SDK
 */
export const channelTypes = {
  line: {
    settings: lineSettings,
    warnings: lineWarnings,
    requestsPerMinute: ({ pushesPerSecond }: LineSettings) => pushesPerSecond * 60,
    origins: lineOrigins,
    personKeys,
    create: async (parts: Parameters<typeof createLineChannel>[0]) =>
      (await import('./line/index.ts')).createLineChannel(parts),
  },
} as const

/** The words that `type:` may hold. */
export type ChannelType = keyof typeof channelTypes
