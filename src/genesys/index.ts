import type { ContactCentre, FetchOutside } from '../bridge/side.ts'
import type { GenesysClients } from './client.ts'
import type { GenesysSettings } from './config.ts'
import { deliverAnswer } from './deliver-answer.ts'
import { fileOf } from './files.ts'
import { createGenesysMedia } from './media.ts'
import { type ChannelFacts, toGenesys, toLegacyGenesys, toStructuredResponse } from './to-genesys.ts'
import { toLegacyReceipt, toReceipt } from './to-genesys-receipt.ts'
import { createGenesysWebhook } from './webhook.ts'

export { accountOf, createGenesysClients, type GenesysClients } from './client.ts'

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
      const file = fileOf(message, delivery)
      const media = file && (await file)
      if (legacy) return client.postLegacy(toLegacyGenesys(message, channel, integrationId, media), delivery)
      const body = toGenesys(message, channel, media)
      const { content } = message
      if (content.kind !== 'answer') return client.postMessage(integrationId, body, delivery)
      const structured = toStructuredResponse(message, content, channel)
      return deliverAnswer({ client, integrationId, structured, text: body, delivery })
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
