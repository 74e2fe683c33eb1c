import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { accountOf, createGenesysClients, type GenesysClients } from '../../src/genesys/client.ts'
import type { GenesysInboundMessage, GenesysStructuredResponse } from '../../src/genesys/wire.ts'
import { answer, drop, startDelivery, startFakeGenesys } from './fake-genesys.ts'

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

const message: GenesysInboundMessage = {
  channel: {
    from: { id: 'U1', idType: 'Opaque' },
    messageId: '1',
    time: '2026-11-21T04:05:06.789Z',
    metadata: { customAttributes: { market: 'Thailand' } },
  },
  text: 'สวัสดี 👋',
}
const receipt = {
  id: 'm-1',
  channel: { to: { id: 'U1' }, time: '2026-11-21T04:05:06.789Z' },
  status: 'Delivered',
  isFinalReceipt: true,
} as const
const client = () => clients.clientFor(genesys.settings)
const post = (delivery = startDelivery()) => client().postMessage('integration 1/ü', message, delivery)

test('a message is posted as JSON with the token, to the integration in the path', async () => {
  expect(await post()).toEqual({ status: 200, remoteId: 'genesys-1' })
  const [seen] = genesys.api
  expect(seen).toMatchObject({
    method: 'POST',
    path: '/api/v2/conversations/messages/integration%201%2F%C3%BC/inbound/open/message',
    headers: { authorization: 'Bearer token-1', 'content-type': 'application/json', accept: 'application/json' },
  })
  expect(JSON.parse(seen?.body ?? '')).toEqual(message)
})

test('a token is asked for at the gateway’s /oauth/token, once for all calls', async () => {
  await Promise.all(Array.from({ length: 20 }, () => post()))
  expect(genesys.api).toHaveLength(20)
  expect(genesys.tokenRequests).toHaveLength(1)
  expect(genesys.tokenRequests[0]).toMatchObject({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  })
})

const response: GenesysStructuredResponse = {
  channel: message.channel,
  buttonResponse: { type: 'Button', text: 'Yes', payload: 'yes' },
  originatingMessageId: 'm-1',
}

test('structured responses, receipts and the deprecated endpoint have their own paths', async () => {
  expect(await client().postStructuredResponse('i-1', response, startDelivery())).toEqual({
    status: 200,
    remoteId: 'genesys-1',
  })
  await client().postReceipt('i-1', receipt, startDelivery())
  await client().postLegacy(
    {
      type: 'Text',
      direction: 'Inbound',
      text: 'x',
      channel: { ...message.channel, platform: 'Open', type: 'Private', to: { id: 'i-1' } },
    },
    startDelivery(),
  )
  expect(genesys.api.map(({ path }) => path)).toEqual([
    '/api/v2/conversations/messages/i-1/inbound/open/structured/response',
    '/api/v2/conversations/messages/i-1/inbound/open/receipt',
    '/api/v2/conversations/messages/inbound/open',
  ])
})

test('a 401 renews the token once and is repeated at once, each request with a permit of its own', async () => {
  await post()
  genesys.revokeTokens()
  const delivery = startDelivery()
  expect(await post(delivery)).toMatchObject({ status: 200 })
  expect(genesys.tokenRequests).toHaveLength(2)
  expect(delivery.permits()).toBe(2)
})

test('a crowd that meets a 401 shares one renewal', async () => {
  await post()
  genesys.revokeTokens()
  await Promise.all(Array.from({ length: 20 }, () => post()))
  expect(genesys.tokenRequests).toHaveLength(2)
})

test('a second 401 holds the message, and the next attempt is free to succeed', async () => {
  genesys.acts.push(answer(401), answer(401))
  await expect(post()).rejects.toMatchObject({ status: 401, next: { do: 'hold' } })
  expect(genesys.api).toHaveLength(2)
  expect(await post()).toMatchObject({ status: 200 })
})

test('a wrong client holds the message before any permit is spent', async () => {
  genesys.tokenActs.push(answer(401, { error: 'invalid_client' }))
  const delivery = startDelivery()
  await expect(post(delivery)).rejects.toMatchObject({ status: 401, next: { do: 'hold' } })
  expect(delivery.permits()).toBe(0)
  expect(genesys.api).toHaveLength(0)
})

test('a token endpoint in trouble means another try', async () => {
  genesys.tokenActs.push(answer(503))
  await expect(post()).rejects.toMatchObject({ status: 503, next: { do: 'retry', mayHaveArrived: false } })
})

describe('an answer', () => {
  test.each<[string, ReturnType<typeof answer>, object]>([
    ['of 202 without a body is success', answer(202), { status: 202 }],
    ['of 200 with an empty object is success', answer(200, {}), { status: 200 }],
    ['of 200 that is not JSON is success', answer(200, '<html>'), { status: 200 }],
  ])('%s', async (_how, act, expected) => {
    genesys.acts.push(act)
    expect(await post()).toEqual(expected)
  })

  test.each<[number, object]>([
    [400, { do: 'give-up', reason: { code: 'invalid_message' } }],
    [403, { do: 'hold' }],
    [404, { do: 'hold' }],
    [409, { do: 'give-up' }],
    [413, { do: 'give-up' }],
    [500, { do: 'retry', mayHaveArrived: true }],
  ])('of %i says what comes next', async (status, next) => {
    genesys.acts.push(answer(status, { code: 'some.code', contextId: 'c-1' }))
    await expect(post()).rejects.toMatchObject({ status, next })
  })

  test('of 429 waits as its header says', async () => {
    genesys.acts.push(answer(429, { code: 'too.many.requests' }, { 'retry-after': '7' }))
    await expect(post()).rejects.toMatchObject({ status: 429, next: { do: 'wait', afterMs: 7_000 } })
  })

  test('of 409 after an attempt that may have arrived is success', async () => {
    genesys.acts.push(answer(409))
    expect(await post(startDelivery({ mayHaveArrived: true }))).toEqual({ status: 409 })
  })

  test('is not followed when it is a redirect', async () => {
    genesys.acts.push(answer(307, '', { location: 'http://127.0.0.1:1/' }))
    await expect(post()).rejects.toMatchObject({ status: 307, next: { do: 'hold' } })
  })

  test('larger than any answer of Genesys still counts by its status', async () => {
    genesys.acts.push(answer(200, 'x'.repeat(3_000_000)))
    expect(await post()).toEqual({ status: 200 })
  })

  test.each([400, 404])('of %i to a structured response is told as such, and is no failure', async (status) => {
    genesys.acts.push(answer(status, { code: 'not.found' }))
    expect(await client().postStructuredResponse('i-1', response, startDelivery())).toBeUndefined()
  })

  test('of 400 to the token request of a structured response is the set-up’s fault', async () => {
    genesys.tokenActs.push(answer(400, { error: 'invalid_client' }))
    const post = client().postStructuredResponse('i-1', response, startDelivery())
    await expect(post).rejects.toMatchObject({ status: 400, next: { do: 'hold' } })
    expect(genesys.api).toHaveLength(0)
  })

  test('of 404 to a receipt holds when it speaks of the integration, and is asked again when it does not', async () => {
    genesys.acts.push(answer(404), answer(404, { message: 'No such integration' }))
    const report = () => client().postReceipt('i-1', receipt, startDelivery())
    await expect(report()).rejects.toMatchObject({ next: { do: 'retry', mayHaveArrived: false } })
    await expect(report()).rejects.toMatchObject({ next: { do: 'hold' } })
  })

  test.each(['the receipt’s', 'the deprecated'])(
    'of 200 that says Failed to a receipt, at %s endpoint, gives it up; to a failed one it is an echo',
    async (endpoint) => {
      const failed = answer(200, { status: 'Failed', reasons: [{ code: 'UnknownMessage' }] })
      genesys.acts.push(failed, failed)
      const report = (status: 'Delivered' | 'Failed') =>
        endpoint === 'the deprecated'
          ? client().postLegacy(
              {
                ...receipt,
                status,
                type: 'Receipt',
                direction: 'Outbound',
                channel: { ...receipt.channel, platform: 'Open', type: 'Private', from: { id: 'i', idType: 'Opaque' } },
              },
              startDelivery(),
            )
          : client().postReceipt('i-1', { ...receipt, status }, startDelivery())
      await expect(report('Delivered')).rejects.toMatchObject({ status: 200, next: { do: 'give-up' } })
      expect(await report('Failed')).toEqual({ status: 200 })
    },
  )
})

describe('a broken connection', () => {
  test('after the request may have arrived', async () => {
    genesys.acts.push(drop)
    await expect(post()).rejects.toMatchObject({ status: undefined, next: { do: 'retry', mayHaveArrived: true } })
  })

  test('in the middle of the answer may have arrived', async () => {
    genesys.acts.push((response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.socket?.destroy())
    })
    await expect(post()).rejects.toMatchObject({ next: { do: 'retry', mayHaveArrived: true } })
  })

  test('to a platform that is not there is tried again, and named by its code', async () => {
    await genesys.close()
    await expect(client().tokens.current()).rejects.toMatchObject({
      message: 'No answer from Genesys to a token request (ECONNREFUSED)',
      next: { do: 'retry', mayHaveArrived: false },
    })
    genesys = await startFakeGenesys()
  })
})

test('an answer that never comes, or trickles, ends as a time-out', async () => {
  const trickles: NodeJS.Timeout[] = []
  const trickle = (response: Parameters<typeof drop>[0]) => {
    response.writeHead(200)
    trickles.push(setInterval(() => response.write(' '), 500))
  }
  await post()
  genesys.acts.push(() => {}, trickle)
  const started = performance.now()
  const outcomes = await Promise.allSettled([post(), post()])
  for (const timer of trickles) clearInterval(timer)
  expect(outcomes).toMatchObject([
    { status: 'rejected', reason: { next: { do: 'retry', mayHaveArrived: true } } },
    { status: 'rejected', reason: { next: { do: 'retry', mayHaveArrived: true } } },
  ])
  expect(performance.now() - started).toBeGreaterThan(9_000)
  expect(performance.now() - started).toBeLessThan(13_000)
})

test('no error tells the token, the secret or the text', async () => {
  genesys.acts.push(answer(400, { message: 'สวัสดี 👋 is wrong', code: 'bad.request' }), drop, answer(500, 'token-1'))
  const attempts = await Promise.allSettled([post(), post(), post()])
  genesys.revokeTokens()
  genesys.tokenActs.push(answer(400, { error_description: 'client-secret-1' }))
  attempts.push(...(await Promise.allSettled([post()])))
  for (const attempt of attempts) {
    expect(attempt.status).toBe('rejected')
    expect(inspect(attempt, { depth: 9 })).not.toMatch(/token-\d|Bearer|Basic|client-secret|สวัสดี/)
  }
})

test('a process that stops sends nothing more', async () => {
  const stop = new AbortController()
  const delivery = startDelivery({ signal: stop.signal, permit: async () => stop.abort() })
  await expect(post(delivery)).rejects.toMatchObject({ name: 'Stopping' })
  expect(genesys.api).toHaveLength(0)
})

describe('the registry', () => {
  let other: Awaited<ReturnType<typeof startFakeGenesys>>
  beforeAll(async () => {
    other = await startFakeGenesys()
  })
  afterAll(() => other.close())

  test('gives the same client to channels with the same OAuth client', () => {
    expect(clients.clientFor({ ...genesys.settings })).toBe(client())
  })

  test('parts clients by id, secret and host', () => {
    const { settings } = genesys
    const made = new Set([
      client(),
      clients.clientFor({ ...settings, clientId: 'client-2' }),
      clients.clientFor({ ...settings, clientSecret: 'another' }),
      clients.clientFor(other.settings),
      clients.clientFor({ region: 'ap_southeast_1', clientId: 'a', clientSecret: 'b' }),
      clients.clientFor({ region: 'eu_west_1', clientId: 'a', clientSecret: 'b' }),
    ])
    expect(made.size).toBe(6)
  })

  test('knows a region by its key and its host', () => {
    const credentials = { clientId: 'a', clientSecret: 'b' }
    const byKey = clients.clientFor({ region: 'ap_southeast_1', ...credentials })
    expect(clients.clientFor({ region: 'apse1.pure.cloud', ...credentials })).toBe(byKey)
    expect(byKey.endpoints).toMatchObject({
      loginOrigin: 'https://login.apse1.pure.cloud',
      apiOrigin: 'https://api.apse1.pure.cloud',
    })
  })

  test('names a client alike however its region is written, and each client by a name of its own', () => {
    const client = { clientId: 'a' }
    expect(accountOf({ region: 'ap_southeast_1', ...client })).toBe(
      accountOf({ region: 'apse1.pure.cloud', ...client }),
    )
    const names = new Set([
      accountOf({ region: 'ap_southeast_1', ...client }),
      accountOf({ region: 'eu_west_1', ...client }),
      accountOf({ region: 'ap_southeast_1', clientId: 'b' }),
      accountOf({ gatewayUrl: 'http://127.0.0.1:9100', ...client }),
    ])
    expect(names.size).toBe(4)
  })

  test('lets every client post with its own token to its own host', async () => {
    await Promise.all([post(), clients.clientFor(other.settings).postMessage('i', message, startDelivery())])
    expect([genesys.api.length, other.api.length]).toEqual([1, 1])
  })
})
