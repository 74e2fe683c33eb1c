import type { Cache } from '../../bridge/cache.ts'
import type { Channel, FetchOutside } from '../../bridge/side.ts'
import { createHttpAgent } from '../../lib/http.ts'
import type { Logger } from '../../lib/logger.ts'
import { createLineClient } from './client.ts'
import type { LineSettings } from './config.ts'
import { createCustomers } from './customer.ts'
import { createDeliver } from './deliver.ts'
import { createLineMedia } from './media.ts'
import { createKeyOwner } from './retry-key.ts'
import { createLineTokens, type TokenDescription } from './token.ts'
import { createLineWebhook } from './webhook.ts'

/**
 * More than LINE's 2,000 pushes a second need at 50 ms each:
 * https://developers.line.biz/en/reference/messaging-api/#rate-limits
 */
const pushConnections = 128
const sideConnections = 16

/** A LINE Official Account, and what the console may show of its token. */
export interface LineChannel extends Channel {
  describe(): TokenDescription
}

/**
 * Joins the parts of this folder into a channel.
 * @param parts.name the channel's configured name
 * @param parts.fetchOutside fetches files that lie neither with LINE nor with us
 */
export function createLineChannel(parts: {
  readonly name: string
  readonly settings: LineSettings
  readonly cache: Cache
  readonly logger: Logger
  readonly fetchOutside: FetchOutside
}): LineChannel {
  const { name, settings, cache, logger, fetchOutside } = parts
  const agent = createHttpAgent({ connections: pushConnections })
  // Profiles and tokens have connections of their own: when LINE is slow with them, pushes still find a free one.
  const sideAgent = createHttpAgent({ connections: sideConnections })
  const tokens = createLineTokens({ settings, cache, agent: sideAgent, logger })
  const client = createLineClient({ apiUrl: settings.apiUrl, tokens, agent, sideAgent })
  const media = createLineMedia({ dataApiUrl: settings.dataApiUrl, tokens, fetchOutside })
  return {
    name: 'line',
    webhook: createLineWebhook({ channel: name, secrets: settings.channelSecret }),
    media,
    deliver: createDeliver({ client }),
    ...createCustomers({ channel: name, cache, profile: client.profile }),
    describe: tokens.describe,
    keyOwner: createKeyOwner(name),
    async close() {
      media.close()
      await Promise.all([agent.destroy(), sideAgent.destroy()])
    },
  }
}
