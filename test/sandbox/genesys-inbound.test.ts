import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { demoBrands, demoEnvironment, demoGenesys } from '../../src/sandbox/demo-world.ts'
import { createGenesysCloud } from '../../src/sandbox/genesys-cloud/index.ts'
import type { GenesysCloud, GenesysCloudEvent, Json } from '../../src/sandbox/platforms.ts'
import { startReceiver } from './receiver.ts'

const [thailand, taiwan] = demoBrands
const { integrationId } = thailand.genesys
const user = thailand.customer.userId
const environment = demoEnvironment()
const clientId = String(environment.GENESYS_CLIENT_ID)
const at = '2026-11-21T04:05:06.789Z'
let clock = 0
let token = ''
let genesys: GenesysCloud
let receiver: Awaited<ReturnType<typeof startReceiver>>

interface Answer {
  readonly id: string
  readonly code: string
  readonly message: string
  readonly conversationId?: string
}

const login = async (secret = String(environment.GENESYS_CLIENT_SECRET)) => {
  const answer = await fetch(`${genesys.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const body = (await answer.json()) as { access_token: string; expires_in: number; error?: string }
  return { status: answer.status, body }
}
const post = async (end: string, body: unknown, headers: Record<string, string> = {}, integration = integrationId) => {
  const answer = await fetch(`${genesys.url}/api/v2/conversations/messages/${integration}/inbound/open/${end}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer }
}
const channel = (messageId: string, more: Json = {}) => ({
  from: { id: user, idType: 'Opaque', nickname: 'มะม่วง' },
  time: at,
  messageId,
  ...more,
})
const attributes = { market: 'Thailand', brand: 'Retail_Thai', channel: 'retail_thailand', language: 'th' }
const text = (messageId: string, words = 'hello') => ({
  channel: channel(messageId, { metadata: { customAttributes: attributes } }),
  text: words,
})
const next = <Type extends GenesysCloudEvent['type']>(type: Type) =>
  new Promise<Extract<GenesysCloudEvent, { type: Type }>>((resolve) => {
    const off = genesys.on((event) => {
      if (event.type !== type) return
      off()
      resolve(event as Extract<GenesysCloudEvent, { type: Type }>)
    })
  })

beforeEach(async () => {
  clock = Date.now()
  receiver = await startReceiver()
  genesys = createGenesysCloud({ ...demoGenesys(), inboundReceipts: 'none', retryDelaysMs: [1], now: () => clock })
  genesys.configureIntegration(integrationId, { webhookUrl: receiver.url })
  await genesys.start()
  token = (await login()).body.access_token
})
afterEach(async () => {
  await genesys.stop()
  await receiver.stop()
})

test('a wrong client gets no token', async () => {
  expect(await login('wrong')).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
})

test('a token lives as long as it says', async () => {
  genesys.configure({ tokenSeconds: 300 })
  const { body } = await login()
  expect(body.expires_in).toBe(300)
  token = body.access_token
  clock += 299_000
  expect((await post('message', text('1'))).status).toBe(200)
  clock += 1_000
  expect(await post('message', text('2'))).toMatchObject({ status: 401, body: { code: 'credentials.expired' } })
})

test('without a token, with a revoked one, and without permission nothing is taken', async () => {
  expect(await post('message', text('1'), { authorization: '' })).toMatchObject({
    status: 401,
    body: { code: 'authentication.required' },
  })
  genesys.configureClient(clientId, { permitted: false })
  expect(await post('message', text('1'))).toMatchObject({ status: 403, body: { code: 'missing.permissions' } })
  genesys.revokeTokens()
  expect(await post('message', text('1'))).toMatchObject({ status: 401, body: { code: 'bad.credentials' } })
  expect(genesys.inbound).toEqual([])
})

test('a message joins its conversation, with market and brand to route by', async () => {
  const { status, body } = await post('message', text('468789577898262530', 'สวัสดี 👋'))
  expect(status).toBe(200)
  expect(body).toMatchObject({ type: 'Text', channel: { id: integrationId, platform: 'Open' }, text: 'สวัสดี 👋' })
  expect(body).not.toHaveProperty('conversationId')
  expect(genesys.conversation(integrationId, user)).toMatchObject({
    queue: 'TH_Retail_Chat',
    customer: { id: user, nickname: 'มะม่วง' },
    attributes,
    items: [{ direction: 'inbound', id: body.id, messageId: '468789577898262530', text: 'สวัสดี 👋', via: 'message' }],
  })
})

test('the conversation’s id is told when asked for, and changes when the window has passed', async () => {
  const { conversationId: id } = genesys.sendText(integrationId, user, 'hello')
  const asked = await post('message?prefetchConversationId=true', text('1'))
  expect(asked.body.conversationId).toBe(id)
  genesys.disconnect(id)
  clock += 4_319 * 60_000
  token = (await login()).body.access_token
  expect((await post('message', text('2'))).status).toBe(200)
  expect(genesys.conversations).toHaveLength(1)
  genesys.disconnect(id)
  clock += 4_320 * 60_000
  token = (await login()).body.access_token
  expect((await post('message', text('3'))).status).toBe(200)
  expect(genesys.conversations.map((one) => one.items.length)).toEqual([3, 1])
})

test('two integrations never share a conversation', async () => {
  await post('message', text('1'))
  await post('message', text('1'), {}, taiwan.genesys.integrationId)
  expect(genesys.conversations.map((one) => one.integrationId)).toEqual([integrationId, taiwan.genesys.integrationId])
  expect(genesys.duplicates).toEqual([])
})

test('a message id that comes again is taken, and counted as a duplicate', async () => {
  const doubled = next('message.doubled')
  await post('message', text('1'))
  await post('message', text('1'))
  expect(genesys.inbound).toHaveLength(2)
  expect(genesys.duplicates).toEqual([(await doubled).item])
})

test.each<[string, unknown, Record<string, string>, number]>([
  ['neither text nor content', { channel: channel('1') }, {}, 400],
  ['no channel', { text: 'a' }, {}, 400],
  ['no sender', { channel: { time: at }, text: 'a' }, {}, 400],
  ['an unknown kind of id', { channel: channel('1', { from: { id: user, idType: 'Line' } }), text: 'a' }, {}, 400],
  ['a time that is no ISO-8601', { channel: channel('1', { time: '21.11.2026' }), text: 'a' }, {}, 400],
  ['a nested map in metadata', { ...text('1'), metadata: { customAttributes: { a: 'b' } } }, {}, 400],
  [
    'an attribute that is no string',
    { channel: channel('1', { metadata: { customAttributes: { n: 1 } } }), text: 'a' },
    {},
    400,
  ],
  ['two attachments', { channel: channel('1'), content: [{}, {}] }, {}, 400],
  [
    'an attachment without mime',
    { channel: channel('1'), content: [{ attachment: { mediaType: 'Image', url: 'https://a.example/b' } }] },
    {},
    400,
  ],
  ['no JSON', '{', {}, 400],
  ['another content type', text('1'), { 'content-type': 'text/plain' }, 415],
  ['more than 512,000 bytes', text('1', 'a'.repeat(512_000)), {}, 413],
])('Genesys refuses %s', async (_what, body, headers, status) => {
  expect((await post('message', body, headers)).status).toBe(status)
  expect(genesys.inbound).toEqual([])
})

test('an unknown integration, or another organisation’s, is not found', async () => {
  expect((await post('message', text('1'), {}, 'unknown')).status).toBe(404)
  genesys.configureIntegration(integrationId, { clientId: 'another' })
  expect(await post('message', text('1'))).toMatchObject({ status: 404, body: { code: 'not.found' } })
})

test('the budget holds for any 60 s, and says how long to wait', async () => {
  genesys.configure({ requestsPerMinute: 2 })
  await post('message', text('1'))
  clock += 20_000
  await post('message', text('2'))
  const refused = await post('message', text('3'))
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '40'])
  clock += 40_000
  expect((await post('message', text('3'))).status).toBe(200)
  expect((await post('message', text('4'))).headers.get('retry-after')).toBe('20')
})

test('receipts are kept with their message, strays apart, and bad ones refused', async () => {
  const item = genesys.sendText(integrationId, user, 'a')
  const receipt = (id: string, more: Json) => ({ id, channel: { to: { id: user }, time: at }, ...more })
  const good = await post('receipt', receipt(item.id, { status: 'Delivered', isFinalReceipt: true }))
  expect(good).toMatchObject({ status: 200, body: { id: item.id, status: 'Delivered' } })
  expect(item.receipts).toMatchObject([{ status: 'Delivered', isFinal: true, reasons: [] }])
  await post('receipt', receipt('unknown', { status: 'Failed', reasons: [{ code: 'ServerError', message: 'a' }] }))
  expect(genesys.strayReceipts).toHaveLength(1)
  expect((await post('receipt', receipt(item.id, { status: 'Read' }))).status).toBe(400)
  const invented = [{ code: 'Error', message: 'a' }]
  expect((await post('receipt', receipt(item.id, { status: 'Failed', reasons: invented }))).status).toBe(400)
  genesys.configure({ refuseReceipts: [{ code: 'UnknownMessage', message: 'no' }] })
  expect(await post('receipt', receipt(item.id, { status: 'Delivered' }))).toMatchObject({
    status: 200,
    body: { status: 'Failed', reasons: [{ code: 'UnknownMessage', message: 'no' }] },
  })
})

test('an answer to a structured message needs that message', async () => {
  const card = { contentType: 'QuickReply', quickReply: { text: 'Yes', payload: 'yes' } }
  const asked = genesys.sendStructured(integrationId, user, { text: '?', content: [card] })
  const answer = (originatingMessageId: string) => ({
    channel: channel('1'),
    buttonResponse: { type: 'QuickReply', text: 'Yes', payload: 'yes' },
    originatingMessageId,
  })
  expect((await post('structured/response', answer('unknown'))).status).toBe(404)
  expect((await post('structured/response', answer(asked.id))).status).toBe(200)
  expect(genesys.inbound).toMatchObject([{ via: 'structured', buttonResponse: { payload: 'yes' } }])
})

test.each([
  ['a kind that this endpoint does not know', { type: 'ListPicker' }, 'buttonResponse.type must be one of'],
  ['no label', { text: '' }, 'buttonResponse.text is required'],
  ['no payload', { payload: undefined }, 'buttonResponse.payload is required'],
])('an answer with %s is refused', async (_what, change, message) => {
  const asked = genesys.sendStructured(integrationId, user, { content: [] })
  const buttonResponse = { type: 'Button', text: 'Yes', payload: 'yes', ...change }
  const answer = { channel: channel('1'), buttonResponse, originatingMessageId: asked.id }
  expect(await post('structured/response', answer)).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining(message) },
  })
  const unasked = {
    channel: channel('1'),
    buttonResponse: { ...buttonResponse, type: 'Button', text: 'a', payload: 'a' },
  }
  expect(await post('structured/response', unasked)).toMatchObject({
    status: 400,
    body: { message: 'originatingMessageId is required' },
  })
})

test("a bot's picture is for holders of a token, and nobody is told of it", async () => {
  const url = genesys.addFile({ bytes: Buffer.from('jpeg'), mime: 'image/jpeg', fileName: 'a.jpg' })
  expect((await fetch(url)).status).toBe(401)
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.text()).toBe('jpeg')
  expect(genesys.outbound).toEqual([])
})

test('the deprecated endpoint names the integration in its body', async () => {
  const legacy = (body: unknown) =>
    fetch(`${genesys.url}/api/v2/conversations/messages/inbound/open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
  expect((await legacy(text('1'))).status).toBe(404)
  const to = { id: integrationId }
  expect((await legacy({ type: 'Text', channel: channel('1', { to }), text: 'a' })).status).toBe(200)
  expect(genesys.inbound).toMatchObject([{ via: 'legacy', messageId: '1', integrationId }])
})

test('attachments are really fetched, and a failed receipt follows when they cannot be', async () => {
  genesys.configure({ inboundReceipts: 'published' })
  const files = createServer((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'image/png' }).end('png')
  })
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
  try {
    const origin = `http://127.0.0.1:${(files.address() as AddressInfo).port}`
    const attachment = (path: string) => ({
      mediaType: 'Image',
      url: origin + path,
      mime: 'image/png',
      filename: 'a.png',
    })
    const sent = async (messageId: string, path: string) => {
      const fetched = next('attachment.fetched')
      const told = next('webhook.ended')
      await post('message', { channel: channel(messageId), content: [{ attachment: attachment(path) }] })
      await told
      return (await fetched).item
    }
    const good = await sent('1', '/a.png')
    expect(good.attachment?.fetched).toMatchObject({ ok: true, bytes: Buffer.from('png'), contentType: 'image/png' })
    const gone = await sent('2', '/gone')
    expect(gone.attachment?.fetched).toEqual({ ok: false, why: 'status 404' })
    const receipts = receiver.arrivals.map((arrival) => JSON.parse(arrival.body))
    expect(receipts).toMatchObject([
      { id: good.id, type: 'Receipt', direction: 'Inbound', status: 'Published', isFinalReceipt: true },
      { id: gone.id, type: 'Receipt', direction: 'Inbound', status: 'Failed', reasons: [{ code: 'GeneralError' }] },
    ])
  } finally {
    files.closeAllConnections()
    files.close()
  }
})

test('an agent’s file is for holders of a token', async () => {
  const file = { bytes: Buffer.from('pdf'), mime: 'application/pdf', fileName: 'ใบเสร็จ.pdf' }
  const { content } = genesys.sendAttachment(integrationId, user, file)
  const { url } = (content[0] as { attachment: { url: string } }).attachment
  expect((await fetch(url)).status).toBe(401)
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(answer.headers.get('content-type')).toBe('application/pdf')
  expect(await answer.text()).toBe('pdf')
  expect((await fetch(`${url}0`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(404)
})

test('faults strike before or after the message is taken', async () => {
  genesys.break('message', { answer: 503, times: 1 })
  genesys.break('message', { answer: 'drop', accept: true, times: 1 })
  expect(await post('message', text('1'))).toMatchObject({ status: 503, body: { code: 'service.unavailable' } })
  expect(genesys.inbound).toHaveLength(0)
  await expect(post('message', text('1'))).rejects.toThrow()
  expect(genesys.inbound).toHaveLength(1)
  expect((await post('message', text('2'))).status).toBe(200)
})

test('a fault can be meant for one customer', async () => {
  genesys.break('*', { answer: 400, when: (request) => request.body.includes('"broken"') })
  expect((await post('message', text('1', 'broken'))).status).toBe(400)
  expect((await post('message', text('2', 'fine'))).status).toBe(200)
})
