import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { demoBrands, demoLine } from '../../src/sandbox/demo-world.ts'
import { createLinePlatform } from '../../src/sandbox/line-platform/index.ts'
import type { LinePlatform } from '../../src/sandbox/platforms.ts'
import { startReceiver } from './receiver.ts'

const [thailand, taiwan] = demoBrands
const name = thailand.channel
const user = thailand.customer.userId
interface Answer {
  readonly access_token: string
  readonly message: string
}
let clock = 0
let line: LinePlatform

beforeEach(async () => {
  clock = Date.now()
  line = createLinePlatform({ ...demoLine(), now: () => clock })
  await line.start()
})
afterEach(() => line.stop())

const get = (path: string, token = thailand.line.accessToken, origin = line.apiUrl) =>
  fetch(origin + path, { headers: { authorization: `Bearer ${token}` } })
const post = (path: string, body: unknown) =>
  fetch(line.apiUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${thailand.line.accessToken}` },
    body: JSON.stringify(body),
  })
const form = async (path: string, fields: Record<string, string>) => {
  const answer = await fetch(line.apiUrl + path, { method: 'POST', body: new URLSearchParams(fields) })
  return { status: answer.status, body: (await answer.json()) as Answer }
}
const stateless = (secret: string) =>
  form('/oauth2/v3/token', {
    grant_type: 'client_credentials',
    client_id: taiwan.line.channelId,
    client_secret: secret,
  })

test('a stateless token serves its own account for 900 s', async () => {
  const { body } = await stateless(taiwan.line.channelSecret)
  expect(body).toEqual({ token_type: 'Bearer', access_token: expect.any(String), expires_in: 900 })
  expect(await (await get('/v2/bot/info', body.access_token)).json()).toMatchObject({ userId: taiwan.line.botUserId })
  clock += 900_000
  expect((await get('/v2/bot/info', body.access_token)).status).toBe(401)
})

test('a wrong secret issues nothing', async () => {
  expect(await stateless('wrong')).toEqual({
    status: 400,
    body: { error: 'invalid_request', error_description: "Invalid 'client_credentials'." },
  })
})

test('revoked and unknown tokens are refused with LINE’s words', async () => {
  const { body } = await stateless(taiwan.line.channelSecret)
  line.revokeTokens(taiwan.channel)
  const answer = await get('/v2/bot/info', body.access_token)
  expect(answer.status).toBe(401)
  expect(((await answer.json()) as Answer).message).toMatch(/^Authentication failed due to the following reason: /)
})

const assertionKind = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
async function withAssertionKey() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048 })
  const jwk = await exportJWK(publicKey)
  line.configure(taiwan.channel, { assertionPublicKeys: [{ ...jwk, alg: 'RS256', use: 'sig', kid: 'key-1' }] })
  return (claims: { aud?: string; minutes?: number; tokenSeconds?: number; kid?: string } = {}) =>
    new SignJWT({ token_exp: claims.tokenSeconds ?? 3600 })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: claims.kid ?? 'key-1' })
      .setIssuer(taiwan.line.channelId)
      .setSubject(taiwan.line.channelId)
      .setAudience(claims.aud ?? 'https://api.line.me/')
      .setExpirationTime(Math.floor(clock / 1000) + (claims.minutes ?? 30) * 60)
      .sign(privateKey)
}
const v21 = (jwt: string) =>
  form('/oauth2/v2.1/token', {
    grant_type: 'client_credentials',
    client_assertion_type: assertionKind,
    client_assertion: jwt,
  })

test('a v2.1 token is issued for a signed assertion and lives as long as it asks', async () => {
  const sign = await withAssertionKey()
  const { status, body } = await v21(await sign())
  expect(status).toBe(200)
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, key_id: expect.any(String) })
  expect((await get('/v2/bot/info', body.access_token)).status).toBe(200)
  clock += 3_600_000
  expect((await get('/v2/bot/info', body.access_token)).status).toBe(401)
})

test('a wrong audience, a far expiry, an unknown key and a forged signature are refused', async () => {
  const sign = await withAssertionKey()
  expect(await v21(await sign({ aud: line.apiUrl }))).toMatchObject({ status: 400, body: { error: 'invalid_client' } })
  expect(await v21(await sign({ minutes: 31 }))).toMatchObject({
    status: 400,
    body: { error_description: 'Invalid exp' },
  })
  expect(await v21(await sign({ tokenSeconds: 2_592_001 }))).toMatchObject({ status: 400 })
  expect(await v21(await sign({ kid: 'key-2' }))).toMatchObject({ status: 404 })
  const good = await sign()
  const other = await (await withAssertionKey())()
  expect(await v21(good)).toMatchObject({ status: 400, body: { error: 'invalid_client' } })
  expect(await v21(other)).toMatchObject({ status: 200 })
})

test('the 31st v2.1 token is not issued', async () => {
  const sign = await withAssertionKey()
  const jwt = await sign()
  for (let issued = 0; issued < 30; issued += 1) expect((await v21(jwt)).status).toBe(200)
  expect(await v21(jwt)).toEqual({
    status: 400,
    body: { message: 'The maximum number of access tokens has already been issued' },
  })
})

test('a profile is there for friends, and gone when they block the account', async () => {
  expect(await (await get(`/v2/bot/profile/${user}`)).json()).toEqual(thailand.customer)
  line.block(name, user)
  expect((await get(`/v2/bot/profile/${user}`)).status).toBe(404)
  expect((await get(`/v2/bot/profile/U${'0'.repeat(32)}`)).status).toBe(404)
  expect((await get('/v2/bot/profile/nobody')).status).toBe(400)
})

test('content lies on the data host only, and only for the account that received it', async () => {
  const bytes = Buffer.from([1, 2, 3])
  const { event } = line.send(name, user, { type: 'file', bytes, mime: 'application/pdf', fileName: 'a.pdf' })
  expect(event.message).toMatchObject({ type: 'file', fileName: 'a.pdf', fileSize: 3 })
  const path = `/v2/bot/message/${event.message?.id}/content`
  const answer = await get(path, undefined, line.dataApiUrl)
  expect(answer.headers.get('content-type')).toBe('application/pdf')
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
  expect((await get(path)).status).toBe(404)
  const { body } = await stateless(taiwan.line.channelSecret)
  expect((await get(path, body.access_token, line.dataApiUrl)).status).toBe(404)
})

test('a video that is still being prepared answers 202, then comes', async () => {
  const { event } = line.send(name, user, { type: 'video', bytes: Buffer.from('mp4'), notReadyAnswers: 3 })
  const path = `/v2/bot/message/${event.message?.id}/content`
  expect((await get(path, undefined, line.dataApiUrl)).status).toBe(202)
  const transcoding = async () => (await get(`${path}/transcoding`, undefined, line.dataApiUrl)).json()
  expect(await transcoding()).toEqual({ status: 'processing' })
  expect((await get(path, undefined, line.dataApiUrl)).status).toBe(202)
  expect(await transcoding()).toEqual({ status: 'succeeded' })
  expect((await get(path, undefined, line.dataApiUrl)).status).toBe(200)
})

test('unsent content is gone, expired content unknown', async () => {
  const { event } = line.send(name, user, { type: 'image', bytes: Buffer.from('jpg') })
  const id = String(event.message?.id)
  line.send(name, user, { type: 'unsend', messageId: id })
  const unsent = await get(`/v2/bot/message/${id}/content`, undefined, line.dataApiUrl)
  expect([unsent.status, await unsent.json()]).toEqual([410, { message: 'The content is gone' }])
  const expired = line.send(name, user, { type: 'image', bytes: Buffer.from('jpg'), expired: true })
  const answer = await get(`/v2/bot/message/${expired.id}/content`, undefined, line.dataApiUrl)
  expect([answer.status, await answer.json()]).toEqual([404, { message: 'not found' }])
})

test('the loading animation takes 5 to 60 seconds in steps of five', async () => {
  const heard: unknown[] = []
  line.on((event) => event.type === 'loading.started' && heard.push([event.userId, event.seconds]))
  const start = (loadingSeconds: number) => post('/v2/bot/chat/loading/start', { chatId: user, loadingSeconds })
  expect((await start(5)).status).toBe(202)
  expect((await start(7)).status).toBe(400)
  expect((await start(65)).status).toBe(400)
  expect((await post('/v2/bot/chat/loading/start', { chatId: 'C1' })).status).toBe(400)
  expect(heard).toEqual([[user, 5]])
})

test('a message is marked as read with its own token only', async () => {
  const { message } = line.event(name, user, { type: 'text', text: 'a' })
  expect((await post('/v2/bot/chat/markAsRead', { markAsReadToken: message?.markAsReadToken })).status).toBe(200)
  expect((await post('/v2/bot/chat/markAsRead', { markAsReadToken: 'x' })).status).toBe(400)
})

test('the webhook address can be read, changed and tried out', async () => {
  const receiver = await startReceiver([200, 403])
  try {
    const put = (endpoint: string) =>
      fetch(`${line.apiUrl}/v2/bot/channel/webhook/endpoint`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${thailand.line.accessToken}` },
        body: JSON.stringify({ endpoint }),
      })
    expect((await put('http://example.com/hook')).status).toBe(400)
    expect((await put(receiver.url)).status).toBe(200)
    expect(await (await get('/v2/bot/channel/webhook/endpoint')).json()).toEqual({
      endpoint: receiver.url,
      active: true,
    })
    const good = await (await post('/v2/bot/channel/webhook/test', {})).json()
    expect(good).toMatchObject({ success: true, statusCode: 200, reason: 'OK' })
    expect(JSON.parse(receiver.arrivals[0]?.body ?? '')).toEqual({ destination: thailand.line.botUserId, events: [] })
    const bad = await (await post('/v2/bot/channel/webhook/test', {})).json()
    expect(bad).toMatchObject({ success: false, statusCode: 403, reason: 'ERROR_STATUS_CODE' })
  } finally {
    await receiver.stop()
  }
})

test('paths that LINE does not have are 404, doubled slashes too', async () => {
  expect((await get('//v2/bot/info')).status).toBe(404)
  expect((await get('/v2/bot/unknown')).status).toBe(404)
})
