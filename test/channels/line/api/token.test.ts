import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { DeliveryError } from '../../../../src/bridge/errors.ts'
import { createTokenSealer } from '../../../../src/channels/line/api/seal.ts'
import { createLineTokens } from '../../../../src/channels/line/api/token.ts'
import { lineSettings } from '../../../../src/channels/line/config.ts'
import { createLogger } from '../../../../src/lib/logger.ts'
import { type Answer, json, rejection, serveLine, shortAgent } from '../fake-line.ts'
import { createMemoryCache, type MemoryCache } from '../memory-cache.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const warnings: unknown[] = []
const logger = Object.assign(createLogger({ level: 'warn' }), {
  warn: (_: unknown, message: unknown) => void warnings.push(message),
})
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const minute = 60_000
const day = 24 * 60 * minute
const start = Date.parse('2026-11-21T12:00:00Z')

/** One process: its tokens, and a clock that all share. */
function createProcess(
  url: string,
  settings: object,
  clock: { now: number },
  cache: MemoryCache = createMemoryCache(),
) {
  const agent = shortAgent(1_000)
  closers.push(() => agent.destroy())
  return createLineTokens({
    settings: lineSettings.parse({ channelId: '1657000001', channelSecret: 'first', apiUrl: url, ...settings }),
    cache,
    agent,
    logger,
    now: () => clock.now,
  })
}

async function serve(answer: Answer) {
  const line = await serveLine(answer)
  closers.push(line.close)
  return line
}

const issuing =
  (expiresIn: number): Answer =>
  ({ url }, response, count) =>
    json(
      response,
      200,
      url.includes('revoke') ? {} : { access_token: `token-${count}`, expires_in: expiresIn, token_type: 'Bearer' },
    )

/** Until a renewal in the background is through. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < 200; count += 1) {
    if (await condition()) return
    await sleep(5)
  }
  throw new Error('It did not happen.')
}

test('a long-lived token is used as it is and never asked for', async () => {
  const line = await serve(issuing(900))
  const tokens = createProcess(line.url, { accessToken: 'long' }, { now: start })
  tokens.refused('long')
  expect(await tokens.current()).toBe('long')
  expect(tokens.describe()).toEqual({ kind: 'long-lived' })
  expect(line.seen).toEqual([])
})

test('a stateless token is issued with the first secret, once for all who ask', async () => {
  const line = await serve(issuing(900))
  const tokens = createProcess(line.url, { channelSecret: ['first', 'second'] }, { now: start })
  expect(tokens.describe()).toEqual({ kind: 'stateless' })
  expect(await Promise.all([tokens.current(), tokens.current(), tokens.current()])).toEqual(Array(3).fill('token-1'))
  expect(line.seen).toHaveLength(1)
  expect(line.seen[0]).toMatchObject({ method: 'POST', url: '/oauth2/v3/token' })
  expect(line.seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(Object.fromEntries(new URLSearchParams(line.seen[0]?.body))).toEqual({
    grant_type: 'client_credentials',
    client_id: '1657000001',
    client_secret: 'first',
  })
  expect(tokens.describe()).toEqual({ kind: 'stateless', expiresAt: start + 15 * minute })
})

test('a stateless token is renewed before it ends, while the old one still serves', async () => {
  const clock = { now: start }
  const line = await serve(issuing(900))
  const tokens = createProcess(line.url, {}, clock)
  await tokens.current()
  clock.now += 11 * minute
  expect(await tokens.current()).toBe('token-1')
  expect(line.seen).toHaveLength(1)
  clock.now += 2 * minute
  expect(await tokens.current()).toBe('token-1')
  await until(async () => (await tokens.current()) === 'token-2')
  expect(line.seen).toHaveLength(2)
})

test('a renewal that fails leaves the old token in use and is not tried again at once', async () => {
  const clock = { now: start }
  const line = await serve((_, response, count) =>
    count === 2 ? json(response, 500, {}) : json(response, 200, { access_token: `token-${count}`, expires_in: 900 }),
  )
  const tokens = createProcess(line.url, {}, clock)
  await tokens.current()
  clock.now += 13 * minute
  expect(await tokens.current()).toBe('token-1')
  await until(async () => warnings.includes('token.renewal_failed'))
  for (let count = 0; count < 3; count += 1) expect(await tokens.current()).toBe('token-1')
  expect(line.seen).toHaveLength(2)
  clock.now += 11_000
  await until(async () => (await tokens.current()) === 'token-3')
})

test('a refused token is replaced, but its replacement not before it has some age', async () => {
  const clock = { now: start }
  const line = await serve(issuing(900))
  const tokens = createProcess(line.url, {}, clock)
  await tokens.current()
  tokens.refused('some older token')
  expect(await tokens.current()).toBe('token-1')
  tokens.refused('token-1')
  expect(await tokens.current()).toBe('token-2')
  tokens.refused('token-2')
  expect(await tokens.current()).toBe('token-2')
  clock.now += minute
  tokens.refused('token-2')
  expect(await tokens.current()).toBe('token-3')
})

test.each<[string, Answer, unknown]>([
  ['5xx', (_, response) => json(response, 503, {}), { do: 'retry', mayHaveArrived: false }],
  ['silence', () => {}, { do: 'retry', mayHaveArrived: false }],
  ['429', (_, response) => json(response, 429, {}, { 'retry-after': '3' }), { do: 'wait', afterMs: 3_000 }],
  ['400', (_, response) => json(response, 400, { error: 'invalid_request' }), { do: 'hold' }],
  ['404', (_, response) => json(response, 404, {}), { do: 'hold' }],
  ['no token', (_, response) => json(response, 200, { expires_in: 900 }), { do: 'retry', mayHaveArrived: false }],
  ['no JSON', (_, response) => response.end('<html>'), { do: 'retry', mayHaveArrived: false }],
])('%s as answer to a token request leads to the right next step', async (_, answer, next) => {
  const line = await serve(answer)
  for (const settings of [{}, { assertionKey: { keyId: 'kid-1', privateKey: pem } }]) {
    const error = await rejection(createProcess(line.url, settings, { now: start }).current())
    expect(error).toBeInstanceOf(DeliveryError)
    expect(error).toMatchObject({ next })
  }
})

test.each([
  ['a PEM', pem],
  ['a JWK', keys.privateKey.export({ format: 'jwk' })],
  ['a JWK as text', JSON.stringify(keys.privateKey.export({ format: 'jwk' }))],
])('a token v2.1 is issued for an assertion that %s signs', async (_, privateKey) => {
  const line = await serve(issuing(2_592_000))
  const tokens = createProcess(line.url, { assertionKey: { keyId: 'kid-1', privateKey } }, { now: start })
  expect(await tokens.current()).toBe('token-1')
  expect(tokens.describe()).toEqual({ kind: 'v2.1', expiresAt: start + 30 * day })
  expect(line.seen[0]?.url).toBe('/oauth2/v2.1/token')
  const form = new URLSearchParams(line.seen[0]?.body)
  expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  const jwt = form.get('client_assertion') ?? ''
  expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'kid-1' })
  const { payload } = await jwtVerify(jwt, keys.publicKey, { currentDate: new Date(start) })
  expect(payload).toMatchObject({
    iss: '1657000001',
    sub: '1657000001',
    aud: 'https://api.line.me/',
    token_exp: 2_592_000,
  })
  expect(Number(payload.exp) - start / 1_000).toBeLessThanOrEqual(30 * 60)
})

const assertionKey = { keyId: 'kid-1', privateKey: pem }

test('all processes share one token v2.1, which is sealed in the cache', async () => {
  const clock = { now: start }
  const cache = createMemoryCache()
  const line = await serve(issuing(2_592_000))
  const processes = [1, 2, 3].map(() => createProcess(line.url, { assertionKey }, clock, cache))
  expect(await Promise.all(processes.map((one) => one.current()))).toEqual(Array(3).fill('token-1'))
  expect(line.seen).toHaveLength(1)
  for (const { value } of cache.entries.values()) expect(value).not.toContain('token-1')
  const later = createProcess(line.url, { assertionKey, channelSecret: ['rotated', 'first'] }, clock, cache)
  expect(await later.current()).toBe('token-1')
})

test('a token v2.1 is renewed a day before its end, by one process', async () => {
  const clock = { now: start }
  const cache = createMemoryCache()
  const line = await serve(issuing(2_592_000))
  const processes = [1, 2].map(() => createProcess(line.url, { assertionKey }, clock, cache))
  for (const one of processes) await one.current()
  const pass = (ms: number) => {
    clock.now += ms
    cache.nowMs += ms
  }
  pass(28 * day)
  for (const one of processes) expect(await one.current()).toBe('token-1')
  expect(line.seen).toHaveLength(1)
  pass(day + minute)
  for (const one of processes) await one.current()
  const current = () => Promise.all(processes.map((one) => one.current()))
  // Time stands still while the one request is under way, however long the machine takes for it.
  await until(async () => (await current()).includes('token-2'))
  pass(11_000)
  await until(async () => (await current()).every((value) => value === 'token-2'))
  expect(line.seen).toHaveLength(2)
})

test('a refused token v2.1 is revoked and replaced once, whichever process notices', async () => {
  const clock = { now: start }
  const cache = createMemoryCache()
  const line = await serve(issuing(2_592_000))
  const processes = [1, 2].map(() => createProcess(line.url, { assertionKey }, clock, cache))
  for (const one of processes) await one.current()
  clock.now += day
  cache.nowMs += day
  for (const one of processes) {
    one.refused('token-1')
    expect(await one.current()).toBe('token-3')
  }
  expect(line.seen.map((one) => one.url)).toEqual(['/oauth2/v2.1/token', '/oauth2/v2.1/revoke', '/oauth2/v2.1/token'])
  expect(Object.fromEntries(new URLSearchParams(line.seen[1]?.body))).toEqual({
    client_id: '1657000001',
    client_secret: 'first',
    access_token: 'token-1',
  })
})

test('without the cache no token v2.1 is issued, because only thirty may exist', async () => {
  const cache = createMemoryCache()
  cache.away = true
  const line = await serve(issuing(2_592_000))
  const error = await rejection(createProcess(line.url, { assertionKey }, { now: start }, cache).current())
  expect(error).toMatchObject({ next: { do: 'retry', mayHaveArrived: false } })
  expect(line.seen).toEqual([])
})

test.each([
  '-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----',
  '{"kty":',
  '{"kty":"RSA"}',
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
])('the settings take no assertion key that cannot be used (%#), and do not show it', (privateKey) => {
  const settings = { channelId: '1', channelSecret: 'x', assertionKey: { keyId: 'k', privateKey } }
  const read = lineSettings.safeParse(settings)
  expect(read.error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
    ['assertionKey.privateKey', 'must be a private RSA key, as PEM (PKCS#8) or JWK'],
  ])
})

test('what is sealed opens under the same secrets only, and not when it was changed', () => {
  const sealed = createTokenSealer(['one']).seal('token')
  expect(createTokenSealer(['two', 'one']).open(sealed)).toBe('token')
  expect(() => createTokenSealer(['two']).open(sealed)).toThrow('sealed under a key')
  const changed = sealed
    .replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    .replace(/(.{20})$/, (tail) => [...tail].reverse().join(''))
  expect(() => createTokenSealer(['one']).open(changed)).toThrow('sealed under a key')
  expect(createTokenSealer(['one']).seal('token')).not.toBe(sealed)
})
