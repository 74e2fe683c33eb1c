/** What most people would write: a BullMQ worker that calls Genesys' SDK, with the SDK's own HTTP client. No order, no profile, no log. */
import { createRequire } from 'node:module'
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { account } from '../traffic.ts'

interface Api {
  postConversationsMessageInboundOpenMessage(integrationId: string, body: object): Promise<unknown>
}
interface Client {
  setGateway(gateway: { host: string; protocol: string; port: number }): void
  setAccessToken(token: string): void
}
const sdk = createRequire(import.meta.url)('purecloud-platform-client-v2') as {
  readonly ApiClientClass: new () => Client
  readonly ConversationsApi: new (client: Client) => Api
}

const platform = new URL(process.env.PLATFORM_URL ?? '')
const client = new sdk.ApiClientClass()
client.setGateway({ host: platform.hostname, protocol: 'http', port: Number(platform.port) })
client.setAccessToken('bench-token')
const api = new sdk.ConversationsApi(client)

new Worker(
  'inbound',
  async ({ data: event }) => {
    await api.postConversationsMessageInboundOpenMessage(account.integrationId, {
      channel: {
        from: { id: event.source.userId, idType: 'Opaque' },
        messageId: event.message.id,
        time: new Date(event.timestamp).toISOString(),
      },
      text: event.message.text,
    })
  },
  {
    connection: new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null }),
    concurrency: Number(process.env.CONCURRENCY),
  },
)
process.on('SIGTERM', () => process.exit(0))
