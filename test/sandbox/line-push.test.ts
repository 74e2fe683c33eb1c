import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { HTTPFetchError, messagingApi } from '@line/bot-sdk'
import { demoBrands, demoLine } from '../../src/sandbox/demo-world.ts'
import { createLinePlatform } from '../../src/sandbox/line-platform/index.ts'
import type { LinePlatform } from '../../src/sandbox/platforms.ts'

const [thailand] = demoBrands
const name = thailand.channel
const to = thailand.customer.userId
const key = '6f1c0a52-77aa-4c3e-9d1b-0123456789ab'
const text = (words: string) => ({ type: 'text', text: words })
interface Answer {
  readonly message: string
  readonly details?: readonly unknown[]
  readonly sentMessages?: readonly unknown[]
}
let clock = 0
let line: LinePlatform

beforeEach(async () => {
  clock = 1_790_000_000_000
  line = createLinePlatform({ ...demoLine(), now: () => clock })
  await line.start()
})
afterEach(() => line.stop())

const push = async (body: unknown, headers: Record<string, string> = { 'x-line-retry-key': key }) => {
  const answer = await fetch(`${line.apiUrl}/v2/bot/message/push`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${thailand.line.accessToken}`,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer }
}

test('LINE’s own SDK can push, and the phone shows it', async () => {
  const client = new messagingApi.MessagingApiClient({
    channelAccessToken: String(thailand.line.accessToken),
    baseURL: line.apiUrl,
  })
  const { sentMessages } = await client.pushMessage({ to, messages: [{ type: 'text', text: 'ค่ะ' }] }, key)
  expect(line.messages(name, to)).toMatchObject([{ message: text('ค่ะ'), retryKey: key, part: 0 }])
  expect(sentMessages[0]?.id).toBe(line.messages(name, to)[0]?.id)
  await expect(client.pushMessage({ to, messages: [{ type: 'text', text: '' }] })).rejects.toBeInstanceOf(
    HTTPFetchError,
  )
})

test('a repeated key is answered 409 with what was accepted, and shown once', async () => {
  const first = await push({ to, messages: [text('a')] })
  const again = await push({ to, messages: [text('a')] })
  expect(first.status).toBe(200)
  expect(again.status).toBe(409)
  expect(again.body).toEqual({
    message: 'The retry key is already accepted',
    sentMessages: first.body.sentMessages,
  })
  expect(again.headers.get('x-line-accepted-request-id')).toBe(first.headers.get('x-line-request-id'))
  expect(line.messages(name, to)).toHaveLength(1)
  expect(line.repeated.get(key)).toBe(1)
  expect(line.violations).toEqual([])
})

test('a key is forgotten after 24 hours', async () => {
  await push({ to, messages: [text('a')] })
  clock += 24 * 3_600_000
  expect((await push({ to, messages: [text('a')] })).status).toBe(200)
  expect(line.messages(name, to)).toHaveLength(2)
})

test('another body under the same key is a violation, even when the first attempt failed', async () => {
  line.break('push', { answer: 500, times: 1 })
  expect((await push({ to, messages: [text('a')] })).status).toBe(500)
  expect((await push({ to, messages: [text('b')] })).status).toBe(200)
  expect(line.violations).toMatchObject([{ rule: 'retry_key_with_another_body' }])
})

test('a push without a key is taken, and noted', async () => {
  expect((await push({ to, messages: [text('a')] }, {})).status).toBe(200)
  expect(line.violations).toMatchObject([{ rule: 'push_without_retry_key' }])
})

test('a key that is no UUID is refused, and so is any key on other endpoints', async () => {
  expect((await push({ to, messages: [text('a')] }, { 'x-line-retry-key': 'abc' })).status).toBe(400)
  const profile = await fetch(`${line.apiUrl}/v2/bot/profile/${to}`, {
    headers: { authorization: `Bearer ${thailand.line.accessToken}`, 'x-line-retry-key': key },
  })
  expect(profile.status).toBe(400)
})

test('LINE answers 200 for a customer who blocked the account, and shows nothing', async () => {
  line.configure(name, { monthlyLimit: 1 })
  line.block(name, to)
  expect((await push({ to, messages: [text('a')] })).status).toBe(200)
  expect(line.messages(name, to)).toEqual([])
  expect(line.pushes).toMatchObject([{ shown: false, userId: to }])
})

test.each([
  ['an unknown customer', 'Uffffffffffffffffffffffffffffffff', 'Failed to send messages'],
  ['a malformed one', 'somebody', 'The property, to, in the request body is invalid (line: -, column: -)'],
])('%s is refused with 400', async (_what, stranger, message) => {
  expect(await push({ to: stranger, messages: [text('a')] })).toMatchObject({ status: 400, body: { message } })
})

test('the month’s limit is a 429 with words of its own, and retries of accepted pushes are still 409', async () => {
  line.configure(name, { monthlyLimit: 1 })
  await push({ to, messages: [text('a'), text('b')] })
  const other = { 'x-line-retry-key': key.replace('6f', '7f') }
  const refused = await push({ to, messages: [text('c')] }, other)
  expect(refused).toMatchObject({ status: 429, body: { message: 'You have reached your monthly limit.' } })
  expect((await push({ to, messages: [text('a'), text('b')] })).status).toBe(409)
  const consumption = await fetch(`${line.apiUrl}/v2/bot/message/quota/consumption`, {
    headers: { authorization: `Bearer ${thailand.line.accessToken}` },
  })
  expect(await consumption.json()).toEqual({ totalUsage: 1 })
})

const image = { originalContentUrl: 'https://example.com/a.png', previewImageUrl: 'https://example.com/b.png' }
const action = { type: 'message', label: 'Yes', text: 'yes' }
const buttons = { type: 'buttons', text: 'Which?', actions: [action] }
const bubble = { type: 'bubble', body: { type: 'box', layout: 'vertical', contents: [{ type: 'text', text: 'a' }] } }
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)
const flex = (contents: unknown) => ({ type: 'flex', altText: 'Cards', contents })
const template = (one: unknown) => ({ type: 'template', altText: 'Buttons', template: one })
const quick = (count: number) => ({ ...text('?'), quickReply: { items: many(count, { type: 'action', action }) } })

test.each<[string, unknown[]]>([
  ['a text of 5,000 UTF-16 units', [text('a'.repeat(5000))]],
  ['five messages', many(5, text('a'))],
  ['an image', [{ type: 'image', ...image }]],
  ['a video', [{ type: 'video', ...image }]],
  ['an audio', [{ type: 'audio', originalContentUrl: 'https://example.com/a.m4a', duration: 1200 }]],
  [
    'a file on loopback, where the sandbox lives',
    [
      {
        type: 'image',
        originalContentUrl: 'http://127.0.0.1:3000/media/a',
        previewImageUrl: 'http://localhost:3000/b',
      },
    ],
  ],
  ['13 quick replies', [quick(13)]],
  [
    'a label of 20 clusters that is longer in UTF-16',
    [template({ ...buttons, actions: [{ ...action, label: '👨‍👩‍👧'.repeat(20) }] })],
  ],
  ['buttons', [template(buttons)]],
  ['a carousel of 12 bubbles', [flex({ type: 'carousel', contents: many(12, bubble) })]],
])('LINE takes %s', async (_what, messages) => {
  expect(await push({ to, messages })).toMatchObject({ status: 200 })
})

test.each<[string, unknown, string]>([
  ['no message', [], 'messages'],
  ['six messages', many(6, text('a')), 'messages'],
  ['an empty text', [text('')], 'messages[0].text'],
  ['a text of 5,001 units', [text('a'.repeat(5001))], 'messages[0].text'],
  ['a text of 2,501 emoji, which are two units each', [text('👋'.repeat(2501))], 'messages[0].text'],
  ['a document', [text('a'), { type: 'file', url: 'https://example.com/a.pdf' }], 'messages[1].type'],
  [
    'an image without preview',
    [{ type: 'image', originalContentUrl: image.originalContentUrl }],
    'messages[0].previewImageUrl',
  ],
  [
    'an image by plain http',
    [{ type: 'image', ...image, originalContentUrl: 'http://example.com/a.png' }],
    'messages[0].originalContentUrl',
  ],
  [
    'an address that is not encoded',
    [{ type: 'image', ...image, originalContentUrl: 'https://example.com/รูป.png' }],
    'messages[0].originalContentUrl',
  ],
  [
    'an audio without duration',
    [{ type: 'audio', originalContentUrl: 'https://example.com/a.m4a' }],
    'messages[0].duration',
  ],
  ['14 quick replies', [quick(14)], 'messages[0].quickReply.items'],
  ['five buttons', [template({ ...buttons, actions: many(5, action) })], 'messages[0].template.actions'],
  [
    '61 characters under a title',
    [template({ ...buttons, title: 'T', text: 'a'.repeat(61) })],
    'messages[0].template.text',
  ],
  [
    'a label of 21 characters',
    [template({ ...buttons, actions: [{ ...action, label: 'a'.repeat(21) }] })],
    'messages[0].template.actions[0].label',
  ],
  [
    'postback data of 301 characters',
    [template({ ...buttons, actions: [{ type: 'postback', label: 'a', data: 'a'.repeat(301) }] })],
    'messages[0].template.actions[0].data',
  ],
  [
    'columns that differ',
    [template({ type: 'carousel', columns: [buttons, { ...buttons, title: 'T' }] })],
    'messages[0].template.columns',
  ],
  ['13 bubbles', [flex({ type: 'carousel', contents: many(13, bubble) })], 'messages[0].contents.contents'],
  [
    'a bubble above 30 KB',
    [flex({ ...bubble, body: { ...bubble.body, contents: many(900, { type: 'text', text: 'aaaaaaaaaa' }) } })],
    'messages[0].contents',
  ],
  ['no alternative text', [{ type: 'flex', contents: bubble }], 'messages[0].altText'],
  ['no list', 'text', 'messages'],
])('LINE refuses %s', async (_what, messages, property) => {
  const { status, body } = await push({ to, messages })
  expect(status).toBe(400)
  expect(body.message).toMatch(/^The request body has \d+ error\(s\)$/)
  expect(body.details).toContainEqual({ property, message: expect.any(String) })
  expect(line.messages(name, to)).toEqual([])
})

test('a body that is no JSON, or not said to be, is refused in LINE’s words', async () => {
  expect((await push('{')).body.message).toMatch(/^The request body could not be parsed as JSON/)
  expect((await push({ to, messages: [text('a')] }, { 'content-type': 'text/plain' })).body.message).toBe(
    'The content type, text/plain, is not supported',
  )
  expect((await push(`"${'a'.repeat(2 * 1024 * 1024)}"`)).status).toBe(413)
})

test('a connection that breaks after accepting leaves the message on the phone, and the retry gets 409', async () => {
  line.break('push', { answer: 'drop', accept: true, times: 1 })
  await expect(push({ to, messages: [text('a')] })).rejects.toThrow()
  expect((await push({ to, messages: [text('a')] })).status).toBe(409)
  expect(line.messages(name, to)).toHaveLength(1)
  expect(line.requests.map(({ status, accepted }) => [status, accepted])).toEqual([
    [0, true],
    [409, false],
  ])
})

test('a connection that breaks before leaves nothing', async () => {
  line.break('push', { answer: 'drop', times: 1 })
  await expect(push({ to, messages: [text('a')] })).rejects.toThrow()
  expect(line.messages(name, to)).toEqual([])
  expect((await push({ to, messages: [text('a')] })).status).toBe(200)
})

test('silence never answers, and mending helps the next request', async () => {
  const mend = line.break('push', { answer: 'silence' })
  const waiting = fetch(`${line.apiUrl}/v2/bot/message/push`, { method: 'POST', signal: AbortSignal.timeout(100) })
  await expect(waiting).rejects.toThrow()
  mend()
  expect((await push({ to, messages: [text('a')] })).status).toBe(200)
})

test('a fault may carry Retry-After and other words', async () => {
  line.break('push', { answer: 429, retryAfterSeconds: 7, message: 'Slow down', times: 1 })
  const { status, headers, body } = await push({ to, messages: [text('a')] })
  expect([status, headers.get('retry-after'), body.message]).toEqual([429, '7', 'Slow down'])
  expect(headers.get('x-line-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test('a reply token works once, for a minute, and never with a retry key', async () => {
  const reply = async (replyToken: unknown) =>
    fetch(`${line.apiUrl}/v2/bot/message/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${thailand.line.accessToken}` },
      body: JSON.stringify({ replyToken, messages: [text('hi')] }),
    })
  const { replyToken } = line.event(name, to, { type: 'text', text: 'a' })
  expect((await reply(replyToken)).status).toBe(200)
  expect((await reply(replyToken)).status).toBe(400)
  const { replyToken: late } = line.event(name, to, { type: 'text', text: 'b' })
  clock += 60_001
  expect(await (await reply(late)).json()).toEqual({ message: 'Invalid reply token' })
  expect(line.messages(name, to)).toHaveLength(1)
})
