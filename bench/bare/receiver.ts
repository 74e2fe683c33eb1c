/**
 * What most people would write: Express 5 with `express.raw`, a signature check, and BullMQ's `queue.add` before the 200. No dedupe,
 * no order, no log, no metrics. Everything else as the documentations show it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Queue } from 'bullmq'
import express from 'express'
import { Redis } from 'ioredis'
import { account } from '../traffic.ts'

const redis = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
const inbound = new Queue('inbound', { connection: redis })
const outbound = new Queue('outbound', { connection: redis })
const app = express()

const signed = (secret: string, body: Buffer, given: string): boolean => {
  const wanted = createHmac('sha256', secret).update(body).digest()
  const got = Buffer.from(given, 'base64')
  return got.length === wanted.length && timingSafeEqual(got, wanted)
}

app.get('/readyz', async (_request, response) => {
  await redis.ping()
  response.json({ ready: true })
})

app.post('/webhooks/line/:channel', express.raw({ type: () => true }), async (request, response) => {
  if (!signed(account.channelSecret, request.body, request.get('x-line-signature') ?? '')) {
    response.sendStatus(401)
    return
  }
  const { events } = JSON.parse(request.body.toString('utf8'))
  for (const event of events) await inbound.add(event.type, event, { removeOnComplete: true })
  response.json({})
})

app.post('/webhooks/genesys/:channel', express.raw({ type: () => true }), async (request, response) => {
  const given = request.get('x-hub-signature-256') ?? ''
  if (!signed(account.webhookSecret, request.body, given.slice('sha256='.length))) {
    response.sendStatus(401)
    return
  }
  const message = JSON.parse(request.body.toString('utf8'))
  await outbound.add(message.type, message, { removeOnComplete: true })
  response.json({})
})

app.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
