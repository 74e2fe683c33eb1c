import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { DeliveryError, MediaUnavailable } from '../../src/bridge/errors.ts'
import type { CompletedMessage, MediaContent, Receipt } from '../../src/bridge/message.ts'
import { genesysSettings } from '../../src/genesys/config.ts'
import { createGenesysCentre, createGenesysClients, type GenesysClients } from '../../src/genesys/index.ts'
import { startDelivery, startFakeGenesys } from './fake-genesys.ts'

let genesys: Awaited<ReturnType<typeof startFakeGenesys>>
let clients: GenesysClients
beforeEach(async () => {
  genesys = await startFakeGenesys()
  clients = createGenesysClients()
})
afterEach(async () => {
  await clients.close()
  await genesys.close()
})

const centre = (more: object = {}) =>
  createGenesysCentre({
    channel: { name: 'retail_thailand', market: 'Thailand', brand: 'Retail_Thai', attributes: {} },
    settings: genesysSettings.parse({
      ...genesys.settings,
      integrationId: 'i-1',
      webhookSecret: 'example-secret-token-0123456789',
      ...more,
    }),
    clients,
    fetchOutside: () => Promise.reject(new Error('nothing to fetch')),
  })

const video: MediaContent = { kind: 'media', media: 'video', source: { by: 'id', id: '1' } }
const message = (content: CompletedMessage['content']): CompletedMessage => ({
  id: '468',
  conversation: { channel: 'retail_thailand', user: 'U1' },
  at: 0,
  platform: 'LINE',
  content,
})
const delivered: Receipt = {
  id: 'm-1',
  conversation: { channel: 'retail_thailand', user: 'U1' },
  at: 0,
  status: 'delivered',
}
const failed: Receipt = { ...delivered, status: 'failed', reason: { code: 'opted_out', message: 'Blocked.' } }
const bodies = () => genesys.api.map(({ body }) => JSON.parse(body))

test('a text reaches the integration, with one permit', async () => {
  const delivery = startDelivery()
  expect(await centre().deliver(message({ kind: 'text', text: 'Hello' }), delivery)).toEqual({
    status: 200,
    remoteId: 'genesys-1',
  })
  expect(delivery.permits()).toBe(1)
  expect(genesys.api[0]?.path).toBe('/api/v2/conversations/messages/i-1/inbound/open/message')
  expect(bodies()).toMatchObject([{ text: 'Hello', channel: { messageId: '468' } }])
})

test('a file is published as part 0 before any permit is asked for', async () => {
  const steps: unknown[] = []
  const delivery = startDelivery({
    permit: async () => void steps.push('permit'),
    publish: async (content, part) => {
      steps.push([content, part])
      return { url: 'https://bridge.example.com/media/t', mime: 'video/mp4', fileName: 'v.mp4', bytes: 5 }
    },
  })
  await centre().deliver(message(video), delivery)
  expect(steps).toEqual([[video, 0], 'permit'])
  expect(bodies()).toMatchObject([{ content: [{ attachment: { mediaType: 'Video', filename: 'v.mp4' } }] }])
})

test('a file that can never be had becomes a text', async () => {
  const publish = () => Promise.reject(new MediaUnavailable('gone', 'x'))
  await centre().deliver(message(video), startDelivery({ publish }))
  expect(bodies()).toMatchObject([{ text: '[The LINE video is no longer available]' }])
})

test('a file that cannot be had now ends the attempt', async () => {
  const error = new DeliveryError('x', { do: 'retry', mayHaveArrived: false })
  const publish = () => Promise.reject(error)
  await expect(centre().deliver(message(video), startDelivery({ publish }))).rejects.toBe(error)
  expect(genesys.api).toHaveLength(0)
})

test('receipts reach the integration', async () => {
  await centre().report(delivered, startDelivery())
  await centre().report(failed, startDelivery())
  expect(genesys.api.map(({ path }) => path)).toEqual(
    Array(2).fill('/api/v2/conversations/messages/i-1/inbound/open/receipt'),
  )
  expect(bodies()).toMatchObject([{ status: 'Delivered' }, { status: 'Failed' }])
})

test('with receipts for failures only, a delivery costs no request', async () => {
  const side = centre({ receipts: 'failures' })
  const delivery = startDelivery()
  await side.report(delivered, delivery)
  await side.report(failed, delivery)
  expect(bodies()).toMatchObject([{ status: 'Failed' }])
  expect(delivery.permits()).toBe(1)
})

test('the deprecated endpoint serves messages and receipts alike', async () => {
  const side = centre({ inboundApi: 'legacy' })
  await side.deliver(message({ kind: 'text', text: 'Hello' }), startDelivery())
  await side.report(failed, startDelivery())
  expect(genesys.api.map(({ path }) => path)).toEqual(Array(2).fill('/api/v2/conversations/messages/inbound/open'))
  expect(bodies()).toMatchObject([
    { type: 'Text', channel: { to: { id: 'i-1' } } },
    { type: 'Receipt', channel: { to: { id: 'U1' } } },
  ])
})
