import type { Cache } from './bridge/cache.ts'
import type { Quotes } from './bridge/quotes.ts'
import type { Channel, ContactCentre } from './bridge/side.ts'
import { channelTypes } from './channels/index.ts'
import type { ChannelConfig } from './config.ts'
import { accountOf, createGenesysCentre, type GenesysClients } from './genesys/index.ts'
import { createReceiver, type Receiver } from './http/webhook-route.ts'
import { createHearing } from './join-hearing.ts'
import { type ChannelRoutes, joinSides } from './join-sides.ts'
import type { Logger } from './lib/logger.ts'
import { timeZoneOf } from './lib/time-zone.ts'
import { createFetchOutside } from './media/fetch-outside.ts'
import type { Publisher } from './media/publish.ts'
import type { Queueing } from './queue/index.ts'

/** One configured channel: what its webhooks hear is queued, and its routes deliver what is queued. */
export interface JoinedChannel {
  readonly name: string
  /** By the word in the webhook's path. */
  readonly receivers: ReadonlyMap<string, Receiver>
  readonly routes: ChannelRoutes
  /** What people may know of the two sides. */
  readonly sides: readonly Pick<Channel | ContactCentre, 'name' | 'describe'>[]
  readonly keyOwner: NonNullable<Channel['keyOwner']>
  close(): Promise<void>
}

/** Makes the two sides that the settings name and joins them. */
export async function joinChannel(parts: {
  readonly settings: ChannelConfig
  readonly clients: GenesysClients
  readonly queueing: Pick<Queueing, 'admit' | 'budget'>
  readonly publisher: Publisher
  readonly cache: Cache
  readonly quotes: Quotes
  readonly logger: Logger
}): Promise<JoinedChannel> {
  const { settings, clients, queueing, publisher, cache, quotes, logger } = parts
  const { name, type, genesys, language, timeZone = timeZoneOf(language) } = settings
  const kind = channelTypes[type]
  const exemptOrigins = [...kind.origins(settings[type]), ...(genesys.gatewayUrl ? [genesys.gatewayUrl] : [])]
  const fetchOutside = createFetchOutside({ exemptOrigins })
  const channel: Channel = await kind.create({
    name,
    settings: settings[type],
    locale: { language, timeZone },
    cache,
    quotes,
    logger,
    fetchOutside,
  })
  const centre = createGenesysCentre({ channel: settings, settings: genesys, clients, fetchOutside })
  const hearing = createHearing(channel, (id, seconds) => cache.claim(`heard:${name}:${id}`, seconds))
  return {
    name,
    receivers: new Map([
      [
        channel.name,
        createReceiver({
          webhook: channel.webhook,
          admit: (heard) => hearing.take(heard, () => queueing.admit(name, 'inbound', heard)),
        }),
      ],
      [
        centre.name,
        createReceiver({
          webhook: centre.webhook,
          admit: (heard) => hearing.take(heard, () => queueing.admit(name, 'outbound', hearing.sift(heard))),
        }),
      ],
    ]),
    routes: joinSides({
      name,
      channel,
      centre,
      publisher,
      channelBudget: queueing.budget(`${channel.name}:${name}`, kind.requestsPerMinute(settings[type])),
      centreBudget: queueing.budget(`${centre.name}:${accountOf(genesys)}`, genesys.requestsPerMinute),
      receipts: genesys.receipts,
      attachments: settings.attachments,
    }),
    sides: [channel, centre],
    keyOwner: (key) => channel.keyOwner?.(key),
    async close() {
      await Promise.all([channel.close(), centre.close()])
    },
  }
}
