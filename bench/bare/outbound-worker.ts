/** What most people would write: a BullMQ worker that calls `pushMessage` of LINE's SDK. No retry key, no order, no receipt, no log. */
import { messagingApi } from '@line/bot-sdk'
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { account } from '../traffic.ts'

const client = new messagingApi.MessagingApiClient({
  channelAccessToken: account.accessToken,
  baseURL: process.env.PLATFORM_URL ?? '',
})

new Worker(
  'outbound',
  async ({ data: message }) => {
    await client.pushMessage({ to: message.channel.to.id, messages: [{ type: 'text', text: message.text }] })
  },
  {
    connection: new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null }),
    concurrency: Number(process.env.CONCURRENCY),
  },
)
process.on('SIGTERM', () => process.exit(0))
