import { lineSettings } from './line/config.ts'
import { createLineChannel } from './line/index.ts'

/**
 * Every kind of channel, by the word that stands under `type:` in the configuration: how its settings, which stand under the same word, are checked,
 * and how it is made. A new kind is a folder beside `line/` and one line here.
 */
export const channelTypes = {
  line: { settings: lineSettings, create: createLineChannel },
} as const

/** The words that `type:` may hold. */
export type ChannelType = keyof typeof channelTypes
