import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { FetchOutside } from '../../src/bridge/side.ts'
import { createGenesysClients, type GenesysClients } from '../../src/genesys/client.ts'
import { createGenesysMedia } from '../../src/genesys/media.ts'
import { createFetchOutside } from '../../src/media/fetch-outside.ts'
import { answer, startFakeGenesys } from './fake-genesys.ts'

let genesys: Awaited<ReturnType<typeof startFakeGenesys>>
let elsewhere: Awaited<ReturnType<typeof startFakeGenesys>>
let clients: GenesysClients
beforeEach(async () => {
  ;[genesys, elsewhere] = await Promise.all([startFakeGenesys(), startFakeGenesys()])
  clients = createGenesysClients()
})
afterEach(async () => {
  await clients.close()
  await Promise.all([genesys.close(), elsewhere.close()])
})

const { signal } = new AbortController()

describe('behind a gateway', () => {
  const media = () =>
    createGenesysMedia({
      client: clients.clientFor(genesys.settings),
      fetchOutside: createFetchOutside({ exemptOrigins: [genesys.url, elsewhere.url] }),
    })
  const open = (url: string) => media().open({ by: 'url', url }, signal)
  const file = answer(200, 'the bytes', { 'content-type': 'image/png' })

  test('a file of the gateway is fetched with the token', async () => {
    genesys.acts.push(file)
    const opened = await open(`${genesys.url}/api/v2/downloads/x`)
    expect([await text(opened.stream), opened.mime]).toEqual(['the bytes', 'image/png'])
    expect(genesys.api[0]?.headers.authorization).toBe('Bearer token-1')
  })

  test('a file of any other host and port is fetched without it', async () => {
    elsewhere.acts.push(file)
    await text((await open(`${elsewhere.url}/x`)).stream)
    expect(elsewhere.api[0]?.headers).not.toHaveProperty('authorization')
    expect(genesys.tokenRequests).toHaveLength(0)
  })

  test('the token does not follow a redirect', async () => {
    genesys.acts.push(answer(302, '', { location: `${elsewhere.url}/x` }))
    elsewhere.acts.push(file)
    await text((await open(`${genesys.url}/x`)).stream)
    expect(elsewhere.api[0]?.headers).not.toHaveProperty('authorization')
  })

  test('a 401 renews the token once', async () => {
    genesys.acts.push(file, answer(401), file)
    await text((await open(`${genesys.url}/x`)).stream)
    expect(await text((await open(`${genesys.url}/x`)).stream)).toBe('the bytes')
    expect(genesys.api.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
    ])
  })

  test.each([[[401, 401]], [[403]], [[404]], [[410]]])('a refusal with %j is told', async (statuses) => {
    genesys.acts.push(...statuses.map((status) => answer(status)))
    const status = statuses.at(-1)
    await expect(open(`${genesys.url}/x`)).rejects.toMatchObject({ name: 'FetchRefused', status })
    expect(genesys.api).toHaveLength(statuses.length)
  })

  test('a 401 of a stranger fetches no token', async () => {
    elsewhere.acts.push(answer(401))
    await expect(open(`${elsewhere.url}/x`)).rejects.toMatchObject({ name: 'FetchRefused', status: 401 })
    expect(genesys.tokenRequests).toHaveLength(0)
  })

  test('a 503 is tried again', async () => {
    genesys.acts.push(answer(503))
    await expect(open(`${genesys.url}/x`)).rejects.toMatchObject({ name: 'DeliveryError', next: { do: 'retry' } })
  })

  test('a client that cannot have a token holds, and does not lose the file', async () => {
    genesys.tokenActs.push(answer(401))
    await expect(open(`${genesys.url}/x`)).rejects.toMatchObject({ name: 'DeliveryError', next: { do: 'hold' } })
  })

  test.each(['', 'not an address'])('an address of %j is gone', async (url) => {
    await expect(open(url)).rejects.toMatchObject({ problem: 'gone' })
  })

  test('Genesys names no file by an id', async () => {
    await expect(media().open({ by: 'id', id: '1' }, signal)).rejects.toMatchObject({ problem: 'gone' })
  })
})

describe('in a region', () => {
  const fetched: { url: string; authorization: string | undefined }[] = []
  const fetchOutside: FetchOutside = async (url, _signal, options) => {
    fetched.push({ url, authorization: options?.headers?.authorization })
    return { stream: Readable.from(['x']) }
  }
  const region = () => {
    const client = clients.clientFor({ region: 'ap_southeast_1', clientId: 'a', clientSecret: 'b' })
    const tokens = { current: async () => 'region-token', refused: () => {} }
    return createGenesysMedia({ client: { ...client, tokens }, fetchOutside })
  }
  beforeEach(() => {
    fetched.length = 0
  })

  test.each([
    'https://api.apse1.pure.cloud/x',
    'https://api-downloads.apse1.pure.cloud/api/v2/downloads/x',
    'https://login.apse1.pure.cloud/x',
    'https://API.apse1.pure.cloud:443/x',
  ])('%s gets the token', async (url) => {
    await region().open({ by: 'url', url }, signal)
    expect(fetched).toEqual([{ url, authorization: 'Bearer region-token' }])
  })

  test.each([
    'http://api.apse1.pure.cloud/x',
    'https://api.apse1.pure.cloud:8443/x',
    'https://apse1.pure.cloud/x',
    'https://evil.apse1.pure.cloud/x',
    'https://api.apse1.pure.cloud.evil.example/x',
    'https://evil.example/api.apse1.pure.cloud',
    'https://api.apse1.pure.cloud@evil.example/x',
    'https://api.mypurecloud.com/x',
    'https://api.apse1.pure.cloud./x',
  ])('%s does not', async (url) => {
    await region().open({ by: 'url', url }, signal)
    expect(fetched).toEqual([{ url, authorization: undefined }])
  })
})
