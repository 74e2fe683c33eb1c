import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { messagingApi } from '@line/bot-sdk'
import type { Agent } from 'undici'
import { DeliveryError, type NextStep } from '../../../src/bridge/errors.ts'
import { throughPool } from '../../../src/channels/line/api/sdk-http.ts'
import type { LineTokens } from '../../../src/channels/line/api/token.ts'
import { createLineClient, type LineClient } from '../../../src/channels/line/client.ts'
import { type Answer, json, rejection, type Seen, serveLine, shortAgent } from './fake-line.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const part = {
  retryKey: '6ba65718-e292-554e-91b9-b5513763fcb4',
  request: { to: 'U4af4980629a1b2c3d4e5f60718293a4b', messages: [{ type: 'text' as const, text: 'สวัสดี 😊' }] },
}

const fixed: LineTokens = {
  current: async () => 'token-1',
  refused: () => {},
  describe: () => ({ kind: 'long-lived' }),
}

function agentFor(timeoutMs: number): Agent {
  const agent = shortAgent(timeoutMs)
  closers.push(() => agent.destroy())
  return agent
}

async function clientOf(answer: Answer, tokens = fixed, timeoutMs = 5_000) {
  const line = await serveLine(answer)
  closers.push(line.close)
  const agent = agentFor(timeoutMs)
  return { line, client: createLineClient({ apiUrl: line.url, tokens, agent, sideAgent: agent }) }
}

async function failure(promise: Promise<unknown>): Promise<DeliveryError> {
  const error = await rejection(promise)
  expect(error).toBeInstanceOf(DeliveryError)
  return error as DeliveryError
}

const always =
  (status: number, body: unknown, headers?: Record<string, string>): Answer =>
  (_, response: ServerResponse) =>
    json(response, status, body, headers)

test('a push carries token, retry key and body, and brings back the ids of its messages', async () => {
  const { line, client } = await clientOf(always(200, { sentMessages: [{ id: '4612345' }, { id: '4612346' }] }))
  expect(await client.push(part)).toEqual({ status: 200, remoteId: '4612345', sentIds: ['4612345', '4612346'] })
  const [seen] = line.seen
  expect(seen).toMatchObject({ method: 'POST', url: '/v2/bot/message/push', body: JSON.stringify(part.request) })
  expect(seen?.headers).toMatchObject({
    authorization: 'Bearer token-1',
    'content-type': 'application/json',
    'x-line-retry-key': part.retryKey,
    'user-agent': expect.stringContaining('@line/bot-sdk'),
  })
})

test('every attempt sends the same bytes under the same key', async () => {
  const { line, client } = await clientOf((_, response, count) => json(response, count < 3 ? 500 : 200, {}))
  await failure(client.push(part))
  await failure(client.push(part))
  await client.push(JSON.parse(JSON.stringify(part)))
  const sameAs = ({ body, headers }: Seen) => [body, headers['x-line-retry-key'], headers['content-type']]
  expect(line.seen.map(sameAs)).toEqual(Array(3).fill(sameAs(line.seen[0] as Seen)))
})

test('a retry key that LINE accepted before is success', async () => {
  const { client } = await clientOf(
    always(409, { message: 'The retry key is already accepted', sentMessages: [{ id: '99' }] }),
  )
  expect(await client.push(part)).toEqual({ status: 409, remoteId: '99', sentIds: ['99'] })
})

test('a success whose body cannot be read is success', async () => {
  const { client } = await clientOf((_, response) => response.end('<html>'))
  expect(await client.push(part)).toEqual({ status: 200, sentIds: [] })
})

const retry: NextStep = { do: 'retry', mayHaveArrived: true }
const hold: NextStep = { do: 'hold' }
const giveUp = (code: string) => ({ do: 'give-up', reason: { code, message: expect.any(String) } })

test.each<[number, unknown, unknown]>([
  [302, {}, hold],
  [400, { message: 'The request body has 1 error(s)' }, giveUp('invalid_message')],
  [400, { message: 'Failed to send messages' }, giveUp('invalid_destination')],
  [400, 'not what was expected', giveUp('invalid_message')],
  [401, { message: 'Authentication failed due to the following reason: x' }, hold],
  [403, { message: 'Access to this API is not available for your account' }, hold],
  [404, { message: 'not found' }, giveUp('invalid_message')],
  [405, {}, giveUp('invalid_message')],
  [408, {}, retry],
  [413, {}, giveUp('invalid_message')],
  [415, {}, giveUp('invalid_message')],
  [429, { message: 'The API rate limit has been exceeded. Try again later.' }, { do: 'wait', afterMs: 5_000 }],
  [500, { message: 'internal' }, retry],
  [502, null, retry],
  [503, {}, retry],
])('%i %j leads to the right next step', async (status, body, next) => {
  const { client } = await clientOf(always(status, body, { location: 'http://127.0.0.1:1/elsewhere' }))
  expect(await failure(client.push(part))).toMatchObject({ status, next })
})

test('the error names request id and fields, and neither texts nor tokens nor what LINE said', async () => {
  const body = {
    message: 'The request body has 1 error(s): สวัสดี',
    details: [{ message: 'secret text', property: 'messages[0].text' }, { property: 'x y\nz' }, null],
  }
  const { client } = await clientOf(always(400, body, { 'x-line-request-id': 'aa11-bb22' }))
  const error = await failure(client.push(part))
  expect(error.message).toBe('LINE answered the push with 400, request aa11-bb22, fields messages[0].text.')
})

test.each(['The API rate limit has been exceeded. Try again later.', 'In other words.'])(
  'Retry-After of a 429 is kept, in seconds and as a date (%s)',
  async (message) => {
    let asked: string | undefined = ''
    const { client } = await clientOf(({ url }, response) => {
      if (url !== '/v2/bot/message/push') return json(response, 404, {})
      json(response, 429, { message }, asked === undefined ? {} : { 'retry-after': asked })
    })
    const waited = async (retryAfter: string | undefined) => {
      asked = retryAfter
      const { next } = await failure(client.push(part))
      return next.do === 'wait' ? next.afterMs : undefined
    }
    expect(await waited('7')).toBe(7_000)
    const ms = (await waited(new Date(Date.now() + 60_000).toUTCString())) ?? 0
    expect(ms).toBeGreaterThan(57_000)
    expect(ms).toBeLessThanOrEqual(60_000)
    expect(await waited('0')).toBe(1_000)
    expect(await waited('soon')).toBe(5_000)
    expect(await waited(undefined)).toBe(5_000)
  },
)

test('the monthly limit is told by its text, given up and alerted', async () => {
  const { line, client } = await clientOf(always(429, { message: 'You have reached your monthly limit.' }))
  expect(await failure(client.push(part))).toMatchObject({
    status: 429,
    next: { do: 'give-up', alert: 'monthly_limit', reason: { code: 'rate_limited' } },
  })
  expect(line.seen).toHaveLength(1)
})

const quota =
  (limit: unknown, totalUsage: number): Answer =>
  ({ url }, response) => {
    if (url === '/v2/bot/message/quota') return json(response, 200, limit)
    if (url === '/v2/bot/message/quota/consumption') return json(response, 200, { totalUsage })
    json(response, 429, { message: 'Too many requests of a new kind.' })
  }

test('a 429 with another text is the monthly limit when the quota is used up', async () => {
  const { line, client } = await clientOf(quota({ type: 'limited', value: 200 }, 200))
  expect(await failure(client.push(part))).toMatchObject({ next: { do: 'give-up', alert: 'monthly_limit' } })
  await failure(client.push(part))
  expect(line.seen.map((one) => one.url).filter((url) => url === '/v2/bot/message/quota')).toHaveLength(1)
})

const wait = (more: object = {}) => ({ do: 'wait', afterMs: 5_000, ...more })
const to = (user: string) => ({ ...part, request: { ...part.request, to: user } })

test.each([
  ['not used up', { type: 'limited', value: 200 }, 199],
  ['unlimited', { type: 'none' }, 10_000],
])('a 429 with another text holds only that customer when the quota is %s', async (_, limit, used) => {
  const { client } = await clientOf(quota(limit, used))
  for (let count = 0; count < 4; count += 1)
    expect((await failure(client.push(part))).next).toEqual(wait({ only: 'conversation' }))
})

test('a 429 with another text holds only that customer when the quota cannot be had', async () => {
  const { client } = await clientOf(always(429, {}))
  expect((await failure(client.push(part))).next).toEqual(wait({ only: 'conversation' }))
})

test('a 429 with another text that strikes three customers within ten seconds holds the account', async () => {
  let now = 1_790_000_000_000
  const line = await serveLine(quota({ type: 'none' }, 0))
  closers.push(line.close)
  const agent = agentFor(5_000)
  const client = createLineClient({ apiUrl: line.url, tokens: fixed, agent, sideAgent: agent, now: () => now })
  const next = async (user: string) => (await failure(client.push(to(user)))).next
  expect(await next('U1')).toEqual(wait({ only: 'conversation' }))
  expect(await next('U2')).toEqual(wait({ only: 'conversation' }))
  now += 10_000
  expect(await next('U3')).toEqual(wait({ only: 'conversation' }))
  now += 1_000
  expect(await next('U4')).toEqual(wait({ only: 'conversation' }))
  expect(await next('U5')).toEqual(wait())
})

test('many 429 with another text at once ask for the quota once', async () => {
  const { line, client } = await clientOf(quota({ type: 'none' }, 0))
  await Promise.all(Array.from({ length: 10 }, () => failure(client.push(part))))
  expect(line.seen.filter(({ url }) => url === '/v2/bot/message/quota')).toHaveLength(1)
})

test('the error of a 429 with another text tells the request’s id and none of LINE’s words', async () => {
  const { client } = await clientOf(always(429, { message: 'สวัสดี' }, { 'x-line-request-id': 'aa11-bb22' }))
  expect((await failure(client.push(part))).message).toBe(
    'LINE answered the push with 429, request aa11-bb22: too many messages to one customer, as it seems.',
  )
})

test('a connection that is never made has certainly not arrived', async () => {
  const silent = createServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const sockets = new Set<Socket>()
  silent.on('connection', (socket) => sockets.add(socket.on('error', () => {})))
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    silent.close()
    await once(silent, 'close')
  })
  const agent = agentFor(100)
  // It takes the connection but never answers the TLS greeting.
  const apiUrl = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const client = createLineClient({ apiUrl, tokens: fixed, agent, sideAgent: agent })
  const error = await failure(client.push(part))
  expect(error).toMatchObject({ next: { do: 'retry', mayHaveArrived: false } })
  expect(error.message).toBe('LINE did not answer the push (UND_ERR_CONNECT_TIMEOUT).')
})

test('a connection that breaks after the request may have arrived', async () => {
  const { client } = await clientOf((_, response) => response.destroy())
  expect(await failure(client.push(part))).toMatchObject({ next: retry, status: undefined })
})

test('LINE not answering ends in time and may have arrived', async () => {
  const { client } = await clientOf(() => {}, fixed, 100)
  const error = await failure(client.push(part))
  expect(error).toMatchObject({ next: retry })
  expect(error.message).toBe('LINE did not answer the push (UND_ERR_HEADERS_TIMEOUT).')
})

test('an answer that stops halfway ends in time and may have arrived', async () => {
  const { client } = await clientOf(
    (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('{')
    },
    fixed,
    100,
  )
  expect(await failure(client.push(part))).toMatchObject({ next: retry })
})

function renewable() {
  const values = ['old', 'new', 'newer']
  const tokens: LineTokens = {
    current: async () => values[0] ?? '',
    refused: (token) => {
      if (values[0] === token) values.shift()
    },
    describe: () => ({ kind: 'stateless' }),
  }
  return tokens
}

test('after a 401 the push is sent again at once with a new token', async () => {
  const { line, client } = await clientOf(
    ({ headers }, response) => json(response, headers.authorization === 'Bearer new' ? 200 : 401, {}),
    renewable(),
  )
  let permits = 0
  const permit = async () => {
    permits += 1
  }
  expect(await client.push(part, permit)).toEqual({ status: 200, sentIds: [] })
  // The first one was had by whoever called.
  expect(permits).toBe(1)
  expect(line.seen.map((one) => one.headers.authorization)).toEqual(['Bearer old', 'Bearer new'])
})

test('after a second 401 the message is held', async () => {
  const { line, client } = await clientOf(always(401, {}), renewable())
  expect(await failure(client.push(part))).toMatchObject({ status: 401, next: hold })
  expect(line.seen).toHaveLength(2)
})

test('a long-lived token that is refused is not tried again', async () => {
  const { line, client } = await clientOf(always(401, {}))
  expect(await failure(client.push(part))).toMatchObject({ next: hold })
  expect(line.seen).toHaveLength(1)
})

test('a profile is name and language', async () => {
  const { line, client } = await clientOf(
    always(200, { userId: 'U1', displayName: 'สมชาย', language: 'th', pictureUrl: 'x' }),
  )
  expect(await client.profile('U1/..')).toEqual({ name: 'สมชาย', language: 'th' })
  expect(line.seen[0]?.url).toBe('/v2/bot/profile/U1%2F..')
})

test('a profile that LINE does not give is no failure, and another answer is one', async () => {
  const { client } = await clientOf((_, response, count) => json(response, count === 1 ? 404 : 500, {}))
  expect(await client.profile('U1')).toBeUndefined()
  expect(await failure(client.profile('U1'))).toMatchObject({ next: { do: 'retry' } })
})

test.each([
  ['C1/..', '/v2/bot/group/C1%2F../member/U1'],
  ['R1', '/v2/bot/room/R1/member/U1'],
])('somebody in %s is known by name', async (group, url) => {
  const { line, client } = await clientOf(always(200, { displayName: 'สมชาย', userId: 'U1', pictureUrl: 'x' }))
  expect(await client.member(group, 'U1')).toEqual({ name: 'สมชาย' })
  expect(line.seen.map((one) => [one.method, one.url])).toEqual([['GET', url]])
})

test('a group is known by its name', async () => {
  const { line, client } = await clientOf(always(200, { groupId: 'C1', groupName: 'ครอบครัว', pictureUrl: 'x' }))
  expect(await client.group('C1')).toEqual({ name: 'ครอบครัว' })
  expect(line.seen.map((one) => [one.method, one.url])).toEqual([['GET', '/v2/bot/group/C1/summary']])
})

test('a room has no name, a person is no group, and LINE is asked for neither', async () => {
  const { line, client } = await clientOf(always(200, { groupName: 'x', displayName: 'x' }))
  expect(await client.group('R1')).toBeUndefined()
  expect(await client.group('U1')).toBeUndefined()
  expect(await client.member('U1', 'U1')).toBeUndefined()
  await client.leave('U1')
  expect(line.seen).toEqual([])
})

test('a member or group that LINE does not give is no failure, and another answer is one', async () => {
  const { client } = await clientOf((_, response, count) => json(response, count < 3 ? 404 : 500, {}))
  expect(await client.member('C1', 'U1')).toBeUndefined()
  expect(await client.group('C1')).toBeUndefined()
  expect(await failure(client.member('R1', 'U1'))).toMatchObject({ next: { do: 'retry' } })
  expect((await failure(client.group('C1'))).message).toBe('LINE answered the group request with 500.')
})

test.each([
  ['C1', '/v2/bot/group/C1/leave'],
  ['R1', '/v2/bot/room/R1/leave'],
])('%s is left', async (group, url) => {
  const { line, client } = await clientOf(always(200, {}))
  await client.leave(group)
  expect(line.seen.map((one) => [one.method, one.url])).toEqual([['POST', url]])
})

test('the loading animation is asked for, and messages are marked as read', async () => {
  const { line, client } = await clientOf((_, response, count) => json(response, count === 1 ? 202 : 200, {}))
  await client.showLoading('U1', 10)
  await client.markAsRead('mark-1')
  expect(line.seen.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/v2/bot/chat/loading/start', '{"chatId":"U1","loadingSeconds":10}'],
    ['POST', '/v2/bot/chat/markAsRead', '{"markAsReadToken":"mark-1"}'],
  ])
})

test.each<[string, (client: LineClient) => Promise<unknown>]>([
  ['profile', (client) => client.profile('U1')],
  ['member', (client) => client.member('C1', 'U1')],
  ['group', (client) => client.group('C1')],
  ['showLoading', (client) => client.showLoading('U1', 5)],
  ['markAsRead', (client) => client.markAsRead('mark-1')],
  ['leave', (client) => client.leave('R1')],
])('after a 401 %s is asked for again with a new token, and through the side connections', async (_, call) => {
  const line = await serveLine(({ headers }, response) =>
    json(response, headers.authorization === 'Bearer new' ? 200 : 401, {}),
  )
  closers.push(line.close)
  // Whatever went through it would fail.
  const pushesOnly = shortAgent(1_000)
  await pushesOnly.destroy()
  const sideAgent = agentFor(5_000)
  await call(createLineClient({ apiUrl: line.url, tokens: renewable(), agent: pushesOnly, sideAgent }))
  expect(line.seen.map((one) => one.headers.authorization)).toEqual(['Bearer old', 'Bearer new'])
})

test('the error of a call names neither what LINE said nor whom it was about', async () => {
  const { client } = await clientOf(always(400, { message: 'Invalid markAsReadToken mark-1 of U1' }))
  expect((await failure(client.markAsRead('mark-1'))).message).toBe('LINE answered the read mark with 400.')
  expect((await failure(client.showLoading('U1', 5))).message).toBe('LINE answered the loading animation with 400.')
  expect((await failure(client.leave('C1'))).message).toBe('LINE answered the leaving with 400.')
})

test('connections are used again', async () => {
  const ports = new Set<number | undefined>()
  const { client } = await clientOf((_, response) => {
    ports.add(response.req.socket.remotePort)
    json(response, 200, {})
  })
  for (let count = 0; count < 20; count += 1) await client.push(part)
  // A second one is opened where the first is not yet free again at once.
  expect(ports.size).toBeLessThanOrEqual(2)
})

test('other users of fetch and of the SDK keep their own transport', async () => {
  const { line } = await clientOf(always(200, { userId: 'U1', displayName: 'x' }))
  const fetchBefore = globalThis.fetch
  const pooled = throughPool(
    new messagingApi.MessagingApiClient({ channelAccessToken: 'a', baseURL: line.url }),
    agentFor(1_000),
  )
  const plain = new messagingApi.MessagingApiClient({ channelAccessToken: 'b', baseURL: line.url })
  expect(await pooled.getProfile('U1')).toEqual(await plain.getProfile('U1'))
  expect(line.seen.map((one) => [one.headers['user-agent'], one.headers.authorization])).toEqual([
    [expect.stringContaining('bot-sdk'), 'Bearer a'],
    [expect.stringContaining('bot-sdk'), 'Bearer b'],
  ])
  expect(globalThis.fetch).toBe(fetchBefore)
})
