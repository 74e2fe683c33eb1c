import { MediaUnavailable } from '../bridge/errors.ts'
import type { MediaContent } from '../bridge/message.ts'
import type { ContactCentre, Delivery, FetchOutside } from '../bridge/side.ts'
import type { GenesysClients } from './client.ts'
import type { GenesysSettings } from './config.ts'
import { createGenesysMedia } from './media.ts'
import {
  type ChannelFacts,
  type MediaOutcome,
  toGenesys,
  toLegacyGenesys,
  toLegacyReceipt,
  toReceipt,
} from './to-genesys.ts'
import { createGenesysWebhook } from './webhook.ts'

export { accountOf, createGenesysClients, type GenesysClients } from './client.ts'

async function publish(content: MediaContent, delivery: Delivery): Promise<MediaOutcome> {
  try {
    return await delivery.publish(content, 0)
  } catch (error) {
    // The agent must learn that the customer sent something, even where it can never be shown.
    if (error instanceof MediaUnavailable) return { problem: error.problem }
    throw error
  }
}

/**
 * Genesys Cloud as the contact centre of one channel, through its Open Messaging integration. `close` has nothing to
 * free: sockets and tokens belong to `clients`, which channels share and whoever made them closes.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/
 */
export function createGenesysCentre(parts: {
  readonly channel: ChannelFacts
  readonly settings: GenesysSettings
  readonly clients: GenesysClients
  readonly fetchOutside: FetchOutside
}): ContactCentre {
  const { channel, settings, clients, fetchOutside } = parts
  const { integrationId } = settings
  const client = clients.clientFor(settings)
  const legacy = settings.inboundApi === 'legacy'
  return {
    name: 'genesys',
    webhook: createGenesysWebhook({ channel: channel.name, integrationId, secrets: settings.webhookSecret }),
    media: createGenesysMedia({ client, fetchOutside }),

    async deliver(message, delivery) {
      const media = message.content.kind === 'media' ? await publish(message.content, delivery) : undefined
      return legacy
        ? client.postLegacy(toLegacyGenesys(message, channel, integrationId, media), delivery)
        : client.postMessage(integrationId, toGenesys(message, channel, media), delivery)
    },

    async report(receipt, delivery) {
      // An operator who wants failures only spares the request; receipts that were queued before the change end here.
      if (settings.receipts === 'failures' && receipt.status === 'delivered') return { status: 204 }
      return legacy
        ? client.postLegacy(toLegacyReceipt(receipt, integrationId), delivery)
        : client.postReceipt(integrationId, toReceipt(receipt), delivery)
    },

    describe: client.describeToken,

    async close() {},
  }
}
