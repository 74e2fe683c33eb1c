import { expect, test } from '@jest/globals'
import { account, orderOf, type Source, textOf, webhookRequest } from '../../bench/traffic.ts'
import { lineSettings } from '../../src/channels/line/config.ts'
import { createLineWebhook } from '../../src/channels/line/webhook.ts'
import { createGenesysWebhook } from '../../src/genesys/webhook.ts'

/** The request as a server would see it. */
function received(source: Source, number: number) {
  const request = webhookRequest({ source, host: 'localhost', number, users: 10, at: 1_792_130_402_000 }).toString(
    'utf8',
  )
  const [head = '', text = ''] = request.split('\r\n\r\n')
  const headers = Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  return { head, headers, body: Buffer.from(text) }
}

const line = createLineWebhook({
  channel: account.channel,
  settings: lineSettings.parse({ channelId: '1657000001', channelSecret: account.channelSecret }),
  timeZone: 'UTC',
})
const genesys = createGenesysWebhook({
  channel: account.channel,
  integrationId: account.integrationId,
  secrets: [account.webhookSecret],
})

test('The texts have 25 characters and tell their place', () => {
  expect(textOf(12_345)).toHaveLength(25)
  expect(orderOf(textOf(12_345))).toBe(12_345)
})

test.each(['line', 'genesys'] as const)('A webhook of %s says its length', (source) => {
  const { headers, body } = received(source, 3)
  expect(Number(headers['content-length'])).toBe(body.length)
})

test('The bridge accepts the LINE webhooks, and hears one text message in each', () => {
  const [heard, next] = [3, 13].map((number) => line.read(line.verify(received('line', number)))[0])
  expect(heard).toMatchObject({
    kind: 'message',
    message: { content: { kind: 'text', text: textOf(3) }, at: 1_792_130_402_000 },
  })
  if (heard?.kind !== 'message' || next?.kind !== 'message') throw new Error('No message.')
  expect(next.message.conversation).toEqual(heard.message.conversation)
  expect(next.id).not.toBe(heard.id)
})

test('The bridge accepts the Genesys webhooks, and hears one text message in each', () => {
  const [heard] = genesys.read(genesys.verify(received('genesys', 4)))
  expect(heard).toMatchObject({ kind: 'message', message: { content: [{ kind: 'text', text: textOf(4) }] } })
})

test('The ids have the shapes of real ones', () => {
  const { events } = JSON.parse(received('line', 5).body.toString('utf8'))
  expect(events[0].source.userId).toMatch(/^U[0-9a-f]{32}$/)
  expect(events[0].message.id).toMatch(/^\d{18}$/)
  expect(events[0].webhookEventId).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  const message = JSON.parse(received('genesys', 5).body.toString('utf8'))
  expect(message.conversationId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
})
