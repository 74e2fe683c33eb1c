import { createHmac } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { WebhookRejected } from '../../../src/bridge/errors.ts'
import { createLineWebhook } from '../../../src/channels/line/webhook.ts'
import type { LineEvent } from '../../../src/channels/line/wire.ts'
import { fixture } from './fixtures.ts'
import { settingsWith } from './hearing.ts'

const secret = '0123456789abcdef0123456789abcdef'
const webhookWith = (channelSecret: string | readonly string[]) =>
  createLineWebhook({
    channel: 'retail_thailand',
    settings: settingsWith({ channelSecret }),
    timeZone: 'Asia/Bangkok',
  })
const webhook = webhookWith(secret)

const sign = (body: string | Buffer, key = secret) => createHmac('sha256', key).update(body).digest('base64')
const request = (body: string | Buffer, signature: string | string[] | undefined) => ({
  headers: { 'x-line-signature': signature },
  body: Buffer.from(body),
})
const read = (body: string) => webhook.read(webhook.verify(request(body, sign(body))))

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof WebhookRejected) return error.code
    throw error
  }
  return 'accepted'
}

/** The first one is LINE's own: https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/ */
const vectors = [
  [
    '8c570fa6dd201bb328f1c1eac23a96d8',
    '{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}',
    'GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=',
  ],
  [
    secret,
    '{"destination":"U00000000000000000000000000000001","events":[]}',
    'YQU0voYIh8lUA1XaYoIEZg9trJlhjyu9qVt6HqVvWf4=',
  ],
  [
    secret,
    '{"destination":"U00000000000000000000000000000001","events":[{"note":"\\uD83D\\uDE00"}]}',
    '2PsweAugVj7olBf54r2UukWc29+O2vMvmkDEk/UX+GY=',
  ],
  [
    secret,
    '{"destination":"U00000000000000000000000000000001","events":[{"note":"😀"}]}',
    '8cgmrwHE3Py8Q4tM+0zOaLgf/MYMSAzq/47CdAP0Db4=',
  ],
] as const

test.each(vectors)('under %s, %s has its known signature', (key, body, signature) => {
  const hears = webhookWith(key)
  expect(hears.verify(request(body, signature)).bytes.toString()).toBe(body)
})

test('a signature under the second of two secrets is right too', () => {
  const rotating = webhookWith(['another', secret])
  expect(codeOf(() => rotating.verify(request('{}', sign('{}'))))).toBe('accepted')
})

const [, body, good] = vectors[2]
test.each([
  ['missing', undefined],
  ['empty', ''],
  ['of another secret', sign(body, 'another')],
  ['of another body', sign(`${body} `)],
  ['of the parsed and rewritten body', sign(JSON.stringify(JSON.parse(body)))],
  ['truncated', good.slice(0, -4)],
  ['without padding', good.slice(0, -1)],
  ['base64url', good.replaceAll('+', '-').replaceAll('/', '_')],
  ['hex', Buffer.from(good, 'base64').toString('hex')],
  ['followed by white space', `${good} `],
  ['twice in one header', `${good}, ${good}`],
  ['in two headers', [good, good]],
  ['with an unused bit set', `${good.slice(0, -2)}${good.at(-2) === 'Y' ? 'Z' : 'Y'}=`],
])('a signature that is %s is refused', (_, signature) => {
  expect(codeOf(() => webhook.verify(request(body, signature)))).toBe('bad_signature')
})

test('a body changed by one byte is refused', () => {
  expect(codeOf(() => webhook.verify(request(body.replace('note', 'nota'), good)))).toBe('bad_signature')
})

test.each(['', 'hello', '{', '[]', 'null', '7', '"events"', '{}', '{"events":{}}', '{"events":null}'])(
  'a rightly signed body %j is bad',
  (text) => {
    expect(codeOf(() => read(text))).toBe('bad_body')
  },
)

test('the error of a bad body does not repeat the body', () => {
  expect(() => read('{"secret-text"')).toThrow(/^The body is not JSON\.$/)
})

test('a body without events holds nothing', () => {
  expect(read('{"destination":"U0","events":[]}')).toEqual([])
})

test('what is no event is ignored and the rest is heard', () => {
  const heard = read(JSON.stringify({ events: [null, 'x', 3, [], fixture('message-text')] }))
  expect(heard.map((one) => (one.kind === 'ignored' ? one.reason : one.kind))).toEqual([
    'not_an_event',
    'not_an_event',
    'not_an_event',
    'not_an_event',
    'message',
  ])
})

test('events are sorted by time, equal ones stay in order, and one without a time keeps its place', () => {
  const at = (id: string, timestamp?: number) => ({
    ...fixture('message-text'),
    message: { type: 'text', id, text: id },
    timestamp,
  })
  const events = [at('c', 30), at('?'), at('b1', 20), at('b2', 20), at('a', 10)]
  expect(read(JSON.stringify({ events })).map((one) => one.id)).toEqual(['a', '?', 'b1', 'b2', 'c'])
})

/** A picture, number `index` of a set, or a text of somebody else's where there is none. */
const sent = (id: string, at: number, set?: string, index?: number): LineEvent => ({
  ...fixture('message-image'),
  timestamp: at,
  message: {
    type: 'image',
    id,
    ...(set && { imageSet: { id: set, ...(index !== undefined && { index, total: 3 }) } }),
  },
})
const order = (...events: readonly LineEvent[]) => read(JSON.stringify({ events })).map(({ id }) => id)

test('pictures of one set come in the order in which they were chosen, in the places that they hold', () => {
  expect(
    order(sent('a3', 1, 'A', 3), sent('x', 2), sent('a1', 3, 'A', 1), sent('y', 4), sent('a2', 5, 'A', 2)),
  ).toEqual(['a1', 'x', 'a2', 'y', 'a3'])
})

test('each set has its own places, which its time gave it', () => {
  expect(order(sent('b2', 2, 'B', 2), sent('a2', 1, 'A', 2), sent('a1', 3, 'A', 1), sent('b1', 4, 'B', 1))).toEqual([
    'a1',
    'b1',
    'a2',
    'b2',
  ])
})

test('a picture of a set that does not tell its number keeps its place', () => {
  expect(order(sent('a2', 1, 'A', 2), sent('a?', 2, 'A'), sent('a1', 3, 'A', 1))).toEqual(['a1', 'a?', 'a2'])
})

test('times that customers chose are read in the time zone of the channel', () => {
  expect(read(JSON.stringify({ events: [fixture('postback-offer-datetime')] }))).toMatchObject([
    { message: { content: { kind: 'touched', instant: '2026-12-24T18:00:00.000Z' } } },
  ])
})
