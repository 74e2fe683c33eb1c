import type { Cache } from '../../bridge/cache.ts'
import type { Quotes } from '../../bridge/quotes.ts'
import type { Channel, FetchOutside } from '../../bridge/side.ts'
import { createHttpAgent } from '../../lib/http.ts'
import type { Logger } from '../../lib/logger.ts'
import { createLineMedia } from './api/media.ts'
import { createLineTokens, type TokenDescription } from './api/token.ts'
import { createLineClient } from './client.ts'
import { createComplete } from './complete.ts'
import type { LineSettings } from './config.ts'
import { createAct } from './courtesies/act.ts'
import { createReadMarks } from './courtesies/read-marks.ts'
import { createTyping } from './courtesies/typing.ts'
import { createDeliver } from './deliver.ts'
import { createCustomers } from './inbound/customer.ts'
import { createOffers } from './outbound/offers.ts'
import { refuses } from './outbound/refuses.ts'
import { createKeyOwner } from './outbound/retry-key.ts'
import { createLineWebhook } from './webhook.ts'

/**
 * A hundred are more than LINE's 2,000 pushes a second need at 50 ms each; two hundred more may hang, and the others still find one:
 * https://developers.line.biz/en/reference/messaging-api/#rate-limits
 */
const pushConnections = 300
const sideConnections = 16
const courtesyConnections = 8

/** A LINE Official Account, and what the console may show of its token. */
export interface LineChannel extends Channel {
  describe(): TokenDescription
}

/**
 * Joins the parts of this folder into a channel.
 * @param parts.name the channel's configured name
 * @param parts.locale in which the customer is spoken to; `timeZone` is an IANA name
 * @param parts.fetchOutside fetches files that lie neither with LINE nor with us
 */
export function createLineChannel(parts: {
  readonly name: string
  readonly settings: LineSettings
  readonly locale: { readonly language?: string | undefined; readonly timeZone: string }
  readonly cache: Cache
  readonly quotes: Quotes
  readonly logger: Logger
  readonly fetchOutside: FetchOutside
}): LineChannel {
  const { name, settings, locale, cache, quotes, logger, fetchOutside } = parts
  const { apiUrl, dataApiUrl, sender } = settings
  const agent = createHttpAgent({ connections: pushConnections })
  // Profiles and tokens have connections of their own: when LINE is slow with them, pushes still find a free one.
  const sideAgent = createHttpAgent({ connections: sideConnections })
  // So has what nobody waits for: no message may have to wait for a token because of it.
  const courtesyAgent = createHttpAgent({ connections: courtesyConnections })
  const tokens = createLineTokens({ settings, cache, agent: sideAgent, logger })
  const client = createLineClient({ apiUrl, tokens, agent, sideAgent })
  const courtesies = createLineClient({ apiUrl, tokens, agent: courtesyAgent, sideAgent: courtesyAgent })
  const media = createLineMedia({ dataApiUrl, tokens, fetchOutside })
  const offers = createOffers({ channel: name, cache })
  const customers = createCustomers({ channel: name, cache, profile: client.profile })
  const typing = settings.typing ? createTyping({ client: courtesies, now: Date.now }) : undefined
  const markRead = settings.markAsRead ? createReadMarks({ client: courtesies, cache, logger }) : undefined
  return {
    name: 'line',
    webhook: createLineWebhook({ channel: name, settings, timeZone: locale.timeZone }),
    media,
    deliver: createDeliver({
      client,
      offers,
      quotes,
      look: { ...locale, sender },
      onDelivered(message) {
        typing?.delivered(message)
        // A bot's answer does not say that anybody has read.
        if (message.author === 'human') markRead?.(message.conversation)
      },
    }),
    refuses,
    complete: createComplete({ channel: name, settings, cache, quotes, client, offers, customers }),
    prepare: customers.prepare,
    act: createAct({ channel: name, client: courtesies, cache, now: Date.now, ...(typing && { typing }) }),
    describe: tokens.describe,
    keyOwner: createKeyOwner(name),
    async close() {
      media.close()
      await Promise.all([agent.destroy(), sideAgent.destroy(), courtesyAgent.destroy()])
    },
  }
}
