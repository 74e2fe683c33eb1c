import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { demoBrands, demoGenesys } from '../../src/sandbox/demo-world.ts'
import { createGenesysCloud, genesysSignature } from '../../src/sandbox/genesys-cloud/index.ts'
import type { GenesysCloud, GenesysCloudSettings } from '../../src/sandbox/platforms.ts'
import { startReceiver } from './receiver.ts'

const [thailand] = demoBrands
const { integrationId, webhookSecret, integrationName } = thailand.genesys
const user = thailand.customer.userId
const answers: (number | 'silence')[] = []
let receiver: Awaited<ReturnType<typeof startReceiver>>
let genesys: GenesysCloud

const start = async (settings: Partial<GenesysCloudSettings> = {}) => {
  genesys = createGenesysCloud({
    ...demoGenesys(),
    retryDelaysMs: [1, 1, 1, 1, 1],
    webhookTimeoutMs: 1_000,
    ...settings,
  })
  genesys.configureIntegration(integrationId, { webhookUrl: receiver.url })
  await genesys.start()
}
beforeEach(async () => {
  answers.length = 0
  receiver = await startReceiver(answers)
})
afterEach(async () => {
  await genesys.stop()
  await receiver.stop()
})

test('the signature is base64 after sha256=', () => {
  const body =
    '{"id":"m-1","channel":{"id":"i-1","platform":"Open","type":"Private","to":{"id":"U1"}},"type":"Text","text":"สวัสดี 👋","direction":"Outbound"}'
  expect(genesysSignature('example-secret-token-0123456789', body)).toBe(
    'sha256=UrVvloMyrUZrg9WwRXiGZngPUhpGEiTZ01ZpOqleIqk=',
  )
  return start()
})

test('an agent’s text goes out with every usual key, signed over its exact bytes', async () => {
  await start()
  const item = genesys.sendText(integrationId, user, 'สวัสดีค่ะ 😊')
  expect(await item.webhook.ended).toBe('accepted')
  const [arrival] = receiver.arrivals
  expect(arrival?.headers['x-hub-signature-256']).toBe(genesysSignature(webhookSecret, arrival?.body ?? ''))
  expect(JSON.parse(arrival?.body ?? '')).toEqual({
    id: item.id,
    channel: {
      id: integrationId,
      platform: 'Open',
      type: 'Private',
      messageId: item.id,
      to: { id: user, idType: 'Opaque' },
      from: { nickname: integrationName, id: integrationId, idType: 'Opaque' },
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    },
    type: 'Text',
    text: 'สวัสดีค่ะ 😊',
    originatingEntity: 'Human',
    direction: 'Outbound',
    conversationId: genesys.conversation(integrationId, user)?.id,
  })
})

test('time-outs, 429 and 5xx are tried again with the same bytes', async () => {
  await start()
  answers.push(503, 'silence', 429, 202)
  const { webhook } = genesys.sendText(integrationId, user, 'a')
  expect(await webhook.ended).toBe('accepted')
  expect(webhook.attempts.map(({ status, error }) => status ?? error)).toEqual([503, 'request_timeout', 429, 202])
  expect(new Set(receiver.arrivals.map((arrival) => arrival.body)).size).toBe(1)
})

test('other answers are final', async () => {
  await start()
  answers.push(404)
  const { webhook } = genesys.sendText(integrationId, user, 'a')
  expect(await webhook.ended).toBe('refused')
  expect(webhook.attempts).toHaveLength(1)
})

test('after five retries it gives up', async () => {
  await start()
  answers.push(500, 500, 500, 500, 500, 500)
  const { webhook } = genesys.sendText(integrationId, user, 'a')
  expect(await webhook.ended).toBe('given_up')
  expect(webhook.attempts).toHaveLength(6)
})

test('retries wait as long as the schedule says', async () => {
  await start({ retryDelaysMs: [80, 80] })
  answers.push(500, 500)
  await genesys.sendText(integrationId, user, 'a').webhook.ended
  const [first = 0, second = 0, third = 0] = receiver.arrivals.map((arrival) => arrival.at)
  expect(second - first).toBeGreaterThanOrEqual(78)
  expect(third - second).toBeGreaterThanOrEqual(78)
})

test('structured messages, typing and files keep their shapes', async () => {
  await start()
  const quickReply = { contentType: 'QuickReply', quickReply: { text: 'Yes', payload: 'yes', action: 'Message' } }
  await genesys.sendStructured(integrationId, user, { text: 'Continue?', content: [quickReply] }).webhook.ended
  await genesys.sendTyping(integrationId, user).ended
  const bytes = Buffer.from('png')
  await genesys.sendAttachment(integrationId, user, { bytes, mime: 'image/png', fileName: 'map.png' }).webhook.ended
  const [structured, typing, file] = receiver.arrivals.map((arrival) => JSON.parse(arrival.body))
  expect(structured).toMatchObject({
    type: 'Structured',
    text: 'Continue?',
    originatingEntity: 'Bot',
    content: [quickReply],
  })
  expect(typing).toMatchObject({
    type: 'Event',
    events: [{ eventType: 'Typing', typing: { type: 'On', duration: 5000 } }],
  })
  expect(typing).not.toHaveProperty('originatingEntity')
  expect(file).not.toHaveProperty('text')
  expect(file.content).toEqual([
    {
      contentType: 'Attachment',
      attachment: {
        id: expect.any(String),
        mediaType: 'Image',
        url: expect.stringContaining(`${genesys.url}/api/v2/downloads/`),
        mime: 'image/png',
        filename: 'map.png',
        contentSizeBytes: 3,
      },
    },
  ])
})

test('keys can be added, replaced and left out', async () => {
  await start()
  const body = { conversationId: undefined, content: [], somethingNew: { a: 1 } }
  await genesys.sendText(integrationId, user, 'a', { body }).webhook.ended
  const sent = JSON.parse(receiver.arrivals[0]?.body ?? '')
  expect(sent).toMatchObject({ content: [], somethingNew: { a: 1 } })
  expect(sent).not.toHaveProperty('conversationId')
})

test('stopping ends what is still on its way', async () => {
  await start({ retryDelaysMs: [60_000] })
  answers.push(500)
  const { webhook } = genesys.sendText(integrationId, user, 'a')
  await webhook.firstAttempt
  await genesys.stop()
  expect(await webhook.ended).toBe('stopped')
})
