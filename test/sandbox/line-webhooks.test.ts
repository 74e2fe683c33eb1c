import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { validateSignature } from '@line/bot-sdk'
import { demoBrands, demoLine } from '../../src/sandbox/demo-world.ts'
import { createLinePlatform, lineSignature } from '../../src/sandbox/line-platform/index.ts'
import type { LinePlatform, LinePlatformEvent } from '../../src/sandbox/platforms.ts'
import { startReceiver } from './receiver.ts'

const [thailand] = demoBrands
const name = thailand.channel
const user = thailand.customer.userId
const answers: (number | 'silence')[] = []
let receiver: Awaited<ReturnType<typeof startReceiver>>
let line: LinePlatform

beforeEach(async () => {
  answers.length = 0
  receiver = await startReceiver(answers)
  line = createLinePlatform({ ...demoLine(), redeliveryDelaysMs: [5, 10], webhookTimeoutMs: 1_000, seed: 'tests' })
  line.configure(name, { webhookUrl: receiver.url })
  await line.start()
})
afterEach(async () => {
  await line.stop()
  await receiver.stop()
})

const eventsOf = (body: string) => JSON.parse(body).events

test('the signature is the one of LINE’s own worked example', () => {
  const body = '{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
  expect(lineSignature('8c570fa6dd201bb328f1c1eac23a96d8', body)).toBe('GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=')
})

test('a text becomes one whole, signed event', async () => {
  const { webhook, id } = line.send(name, user, { type: 'text', text: 'สวัสดี 👋' }, { at: 1_790_000_000_123 })
  expect(await webhook.ended).toBe('accepted')
  const [arrival] = receiver.arrivals
  expect(
    validateSignature(arrival?.body ?? '', thailand.line.channelSecret, String(arrival?.headers['x-line-signature'])),
  ).toBe(true)
  expect(arrival?.headers['content-type']).toBe('application/json; charset=utf-8')
  const body = JSON.parse(arrival?.body ?? '')
  expect(body.destination).toBe(thailand.line.botUserId)
  expect(body.events).toEqual([
    {
      type: 'message',
      message: {
        type: 'text',
        id,
        text: 'สวัสดี 👋',
        quoteToken: expect.any(String),
        markAsReadToken: expect.any(String),
      },
      webhookEventId: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      deliveryContext: { isRedelivery: false },
      timestamp: 1_790_000_000_123,
      source: { type: 'user', userId: user },
      replyToken: expect.stringMatching(/^[0-9a-f]{32}$/),
      mode: 'active',
    },
  ])
  expect(BigInt(id)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER))
})

test('a failed webhook is sent again, equal but for its mark, until it is answered 2xx', async () => {
  answers.push(503, 401, 'silence', 204)
  const { webhook } = line.send(name, user, { type: 'sticker', packageId: '446', stickerId: '1988', keywords: ['hi'] })
  expect(await webhook.ended).toBe('accepted')
  expect(webhook.attempts.map(({ status, error }) => status ?? error)).toEqual([503, 401, 'request_timeout', 204])
  const [first, ...again] = receiver.arrivals.map((arrival) => eventsOf(arrival.body)[0])
  expect(again).toHaveLength(3)
  for (const event of again) expect(event).toEqual({ ...first, deliveryContext: { isRedelivery: true } })
  for (const arrival of receiver.arrivals) {
    expect(arrival.headers['x-line-signature']).toBe(lineSignature(thailand.line.channelSecret, arrival.body))
  }
})

test('without redelivery there is one attempt', async () => {
  answers.push(500)
  const { webhook } = line.send(name, user, { type: 'text', text: 'once' }, { redeliver: false })
  expect(await webhook.ended).toBe('given_up')
  await line.send(name, user, { type: 'text', text: 'after' }).webhook.ended
  expect(receiver.arrivals.map((arrival) => eventsOf(arrival.body)[0].message.text)).toEqual(['once', 'after'])
})

test('a raw post can carry any bytes, any secret and no signature', async () => {
  await line.postRaw(name, 'no json', { secret: 'another', headers: { 'x-extra': '1' } })
  await line.postRaw(name, 'no json', { signature: false })
  expect(receiver.arrivals[0]?.headers).toMatchObject({
    'x-line-signature': lineSignature('another', 'no json'),
    'x-extra': '1',
  })
  expect(receiver.arrivals[1]?.headers['x-line-signature']).toBeUndefined()
})

test('blocking and unblocking tell the bot and the listeners', async () => {
  const heard: LinePlatformEvent['type'][] = []
  const off = line.on((event) => heard.push(event.type))
  await line.block(name, user).webhook.ended
  off()
  expect(line.isBlocked(name, user)).toBe(true)
  await line.unblock(name, user).webhook.ended
  const [unfollow, follow] = receiver.arrivals.map((arrival) => eventsOf(arrival.body)[0])
  expect(unfollow.type).toBe('unfollow')
  expect(unfollow.replyToken).toBeUndefined()
  expect(follow).toMatchObject({
    type: 'follow',
    follow: { isUnblocked: true },
    source: { type: 'user', userId: user },
  })
  expect(heard).toEqual(['friend.blocked', 'phone.sent', 'webhook.attempted', 'webhook.ended'])
})

test('the same seed makes the same ids', () => {
  const event = () =>
    createLinePlatform({ ...demoLine(), seed: 'one' }).event(name, user, { type: 'text', text: 'a' }, { at: 1 })
  expect(event()).toEqual(event())
  expect(event()).not.toEqual(line.event(name, user, { type: 'text', text: 'a' }, { at: 1 }))
})
