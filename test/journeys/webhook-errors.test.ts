import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { genesysSignature } from '../../src/sandbox/genesys-cloud/index.ts'
import { lineSignature } from '../../src/sandbox/line-platform/index.ts'
import { journeys } from '../support/journeys.ts'
import { desk, metric, onDesk, onPhone, phone } from '../support/looks.ts'
import { answer, mark, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start } = journeys({ lasting: 'file' })

let world: World

const newSecrets = { line: 'c'.repeat(32), genesys: 'genesys-webhook-secret-th-new' }
const maxBytes = 1_048_576

type Json = Record<string, unknown>

beforeAll(async () => {
  world = await start({
    change: (config) => {
      const [first, ...others] = config.channels as { line: Json; genesys: Json }[]
      const changed = {
        ...first,
        line: { ...first?.line, channelSecret: [newSecrets.line, thailand.lineSecret] },
        genesys: { ...first?.genesys, webhookSecret: [newSecrets.genesys, thailand.webhookSecret] },
      }
      return { ...config, channels: [changed, ...others] }
    },
  })
})

let sentinels = 0

/** Whatever a test had refused must not have come through: messages that were sent later are there, it is not. */
afterEach(async () => {
  sentinels += 1
  const last = `last ${sentinels}`
  write(world, last)
  answer(world, last)
  await Promise.all([onDesk(world, last), onPhone(world, last)])
  const refused = [...desk(world), ...phone(world)].filter((text) => text.includes('refused'))
  expect(refused).toEqual([])
})

/** A webhook of either platform, as the error table sees it. */
interface Source {
  readonly name: 'line' | 'genesys'
  readonly header: string
  readonly secret: string
  readonly newSecret: string
  readonly otherSecret: string
  sign(secret: string, body: string | Buffer): string
  /** A good body that carries one text. */
  body(text: string): string
  /** Waits until that text has arrived at the other side. */
  arrived(text: string): Promise<unknown>
}

const sources: readonly Source[] = [
  {
    name: 'line',
    header: 'x-line-signature',
    secret: thailand.lineSecret,
    newSecret: newSecrets.line,
    otherSecret: taiwan.lineSecret,
    sign: lineSignature,
    body: (text) =>
      JSON.stringify({
        destination: `U${'0'.repeat(31)}1`,
        events: [world.line.event(thailand.name, thailand.userId, { type: 'text', text: `${mark} ${text}` })],
      }),
    arrived: (text) => onDesk(world, text),
  },
  {
    name: 'genesys',
    header: 'x-hub-signature-256',
    secret: thailand.webhookSecret,
    newSecret: newSecrets.genesys,
    otherSecret: taiwan.webhookSecret,
    sign: genesysSignature,
    body: (text) => {
      const id = `m${Math.random().toString(16).slice(2)}`
      return JSON.stringify({
        id,
        channel: {
          id: thailand.integrationId,
          platform: 'Open',
          type: 'Private',
          messageId: id,
          to: { id: thailand.userId, idType: 'Opaque' },
          from: { id: thailand.integrationId, idType: 'Opaque' },
          time: new Date().toISOString(),
        },
        type: 'Text',
        direction: 'Outbound',
        text: `${mark} ${text}`,
        originatingEntity: 'Human',
      })
    },
    arrived: (text) => onPhone(world, text),
  },
]

interface Got {
  readonly status: number
  readonly code: string | undefined
  readonly text: string
}

async function post(path: string, body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<Got> {
  const response = await fetch(`${world.url}${path}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers,
  })
  const text = await response.text()
  expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
  const { error } = JSON.parse(text) as { error?: { code: string; message: string } }
  // Nothing of the request is echoed, and an error says no more than what it is.
  expect(text).not.toContain(mark)
  if (error) {
    expect(JSON.parse(text)).toEqual({ error: { code: expect.any(String), message: expect.any(String) } })
    for (const value of Object.values(headers)) if (value.length > 8) expect(text).not.toContain(value)
  } else expect(text).toBe('{}')
  return { status: response.status, code: error?.code, text }
}

const answered = (status: number, code?: string) => ({ status, code, text: expect.any(String) })

describe.each(sources)('a webhook of $name', (source) => {
  const { name, header, secret } = source
  const path = `/webhooks/${name}/${thailand.name}`
  const signed = (body: string | Buffer, key = secret) => ({ [header]: source.sign(key, body) })

  test.each<[string, (body: string) => Record<string, string>]>([
    ['no signature', () => ({})],
    ['an empty signature', () => ({ [header]: '' })],
    ['a signature that is no base64', () => ({ [header]: '***' })],
    ['a signature of zeros', () => ({ [header]: source.sign(secret, '').replace(/[^=]+=$/, `${'A'.repeat(43)}=`) })],
    ['a truncated signature', (body) => ({ [header]: source.sign(secret, body).slice(0, -5) })],
    ['a signature without its padding', (body) => ({ [header]: source.sign(secret, body).replace(/=$/, '') })],
    ['a signature with something behind it', (body) => ({ [header]: `${source.sign(secret, body)}AAAA` })],
    [
      'the right bytes in hex',
      (body) => ({ [header]: Buffer.from(lineSignature(secret, body), 'base64').toString('hex') }),
    ],
    ['the signature of another body', () => ({ [header]: source.sign(secret, '{}') })],
    ['a signature under an unknown secret', (body) => ({ [header]: source.sign('somebody-elses-secret', body) })],
    ['a signature under the other channel’s secret', (body) => ({ [header]: source.sign(source.otherSecret, body) })],
    [
      'the other platform’s kind of signature',
      (body) => ({ [header]: name === 'line' ? genesysSignature(secret, body) : lineSignature(secret, body) }),
    ],
    [
      'the other platform’s header',
      (body) => ({ [name === 'line' ? 'x-hub-signature-256' : 'x-line-signature']: source.sign(secret, body) }),
    ],
  ])('with %s is refused with 401', async (_, headersFor) => {
    const body = source.body('refused')
    expect(await post(path, body, headersFor(body))).toEqual(answered(401, 'bad_signature'))
  })

  test('that was written anew on its way is refused: the signature is over the bytes', async () => {
    const body = source.body('refused')
    const anew = JSON.stringify(JSON.parse(body), null, 1)
    expect(await post(path, anew, signed(body))).toEqual(answered(401, 'bad_signature'))
  })

  test('signed under any secret of the list is taken', async () => {
    for (const [text, key] of [
      ['old secret', secret],
      ['new secret', source.newSecret],
    ] as const) {
      const body = source.body(text)
      expect(await post(path, body, signed(body, key))).toEqual(answered(200))
      await source.arrived(text)
    }
  })

  test.each([
    ['no JSON', `{"text":"${mark} refused"`],
    ['nothing at all', ''],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['a list', `[{"text":"${mark} refused"}]`],
    ['a string', `"${mark} refused"`],
    ['a number', '7'],
    ['null', 'null'],
    ['an object of another outline', `{"hello":"${mark} refused"}`],
  ])('with the right signature and %s in it is refused with 400', async (_, body) => {
    expect(await post(path, body, signed(body))).toEqual(answered(400, 'bad_body'))
  })

  test.each(['unknown_brand', 'constructor', '__proto__', mark, '%F0%9F%A6%93', `${thailand.name}%2Fx`])(
    'to the unknown channel %s gets 404',
    async (channel) => {
      const body = source.body('refused')
      const before = await metric(world, 'bridge_webhook_requests_total', { channel: 'unknown', status: '404' })
      expect(await post(`/webhooks/${name}/${channel}`, body, signed(body))).toEqual(answered(404, 'unknown_channel'))
      const after = await metric(world, 'bridge_webhook_requests_total', { channel: 'unknown', status: '404' })
      // A made-up name must not become a label: anybody could fill the metrics.
      expect(after).toBe(before + 1)
      expect(await metric(world, 'bridge_webhook_requests_total', { channel })).toBe(0)
    },
  )

  test('to a path that cannot be decoded gets 404', async () => {
    const body = source.body('refused')
    expect(await post(`/webhooks/${name}/%E0%A4%A`, body, signed(body))).toEqual(answered(404, 'not_found'))
  })

  test('addressed by another channel’s name, or in other letters, is not taken for the channel’s', async () => {
    const body = source.body('refused')
    expect(await post(`/webhooks/${name}/${taiwan.name}`, body, signed(body))).toEqual(answered(401, 'bad_signature'))
    expect(await post(`/webhooks/${name}/${thailand.name.toUpperCase()}`, body, signed(body))).toEqual(
      answered(404, 'unknown_channel'),
    )
  })

  test('of exactly 1 MiB is read, and one byte more is refused with 413', async () => {
    const fitting = source.body('largest').padEnd(maxBytes)
    const size = Buffer.byteLength(fitting) - maxBytes
    const exact = size > 0 ? fitting.slice(0, -size) : fitting
    expect(Buffer.byteLength(exact)).toBe(maxBytes)
    expect(await post(path, exact, signed(exact))).toEqual(answered(200))
    await source.arrived('largest')

    const over = `${source.body('refused').padEnd(maxBytes)} `
    expect(await post(path, over, signed(over))).toEqual(answered(413, 'body_too_large'))
  })

  test('that announces more than 1 MiB is refused before it is sent', async () => {
    const client = httpRequest(`${world.url}${path}`, {
      method: 'POST',
      headers: { 'content-length': String(maxBytes + 1) },
    })
    client.on('error', () => {})
    client.flushHeaders()
    const [response] = (await once(client, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    expect(JSON.parse(await readText(response)).error.code).toBe('body_too_large')
    client.destroy()
  })

  test('whose chunks never end is refused as soon as it passes 1 MiB', async () => {
    const client = httpRequest(`${world.url}${path}`, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })
    client.on('error', () => {})
    const answer = once(client, 'response') as Promise<[IncomingMessage]>
    let sent = 0
    let done = false
    const chunk = Buffer.alloc(65_536, ' ')
    const pump = (): void => {
      while (!done && sent < 64 * maxBytes) {
        sent += chunk.length
        if (!client.write(chunk)) {
          client.once('drain', pump)
          return
        }
      }
    }
    pump()
    const [response] = await answer
    done = true
    expect(response.statusCode).toBe(413)
    expect(JSON.parse(await readText(response)).error.code).toBe('body_too_large')
    // What lies in the buffers of the connection comes on top of what was read.
    expect(sent).toBeLessThan(32 * maxBytes)
    client.destroy()
  })

  test('that breaks off in the middle is never half taken', async () => {
    const body = source.body('refused')
    const before = await metric(world, 'bridge_webhook_requests_total', { channel: thailand.name, status: '400' })
    const { hostname, port } = new URL(world.url)
    const head = { host: hostname, ...signed(body), 'content-length': Buffer.byteLength(body) }
    const lines = [`POST ${path} HTTP/1.1`, ...Object.entries(head).map(([key, value]) => `${key}: ${value}`)]
    const socket = connect(Number(port), hostname)
    await new Promise((resolve) => socket.write(`${lines.join('\r\n')}\r\n\r\n${body.slice(0, -2)}`, resolve))
    socket.destroy()
    await until(
      'the request to end',
      async () =>
        (await metric(world, 'bridge_webhook_requests_total', { channel: thailand.name, status: '400' })) > before,
    )
  })

  test.each([
    'application/json',
    'application/json; charset=utf-16',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'no type at all',
  ])('counts by its signature, not by its content type %s', async (type) => {
    const text = `as ${type}`
    const body = source.body(text)
    expect(await post(path, body, { ...signed(body), 'content-type': type })).toEqual(answered(200))
    await source.arrived(text)
  })

  test('that claims to be compressed is read as it came', async () => {
    const body = source.body('not compressed')
    expect(await post(path, body, { ...signed(body), 'content-encoding': 'gzip' })).toEqual(answered(200))
    await source.arrived('not compressed')

    const compressed = gzipSync(source.body('refused'))
    const headers = { ...signed(compressed), 'content-encoding': 'gzip' }
    expect(await post(path, compressed, headers)).toEqual(answered(400, 'bad_body'))
  })

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s gets 404', async (method) => {
    const response = await fetch(`${world.url}${path}`, { method })
    expect(response.status).toBe(404)
    expect(await response.text()).not.toContain(thailand.name)
  })
})

describe('the console’s check of LINE, which sends no events,', () => {
  const body = '{"destination":"U00000000000000000000000000000001","events":[]}'
  const path = `/webhooks/line/${thailand.name}`

  test('is answered 200 when it is signed', async () => {
    expect(await post(path, body, { 'x-line-signature': lineSignature(thailand.lineSecret, body) })).toEqual(
      answered(200),
    )
  })

  test('is answered 401 when it is not', async () => {
    expect(await post(path, body, {})).toEqual(answered(401, 'bad_signature'))
    const wrong = { 'x-line-signature': lineSignature(taiwan.lineSecret, body) }
    expect(await post(path, body, wrong)).toEqual(answered(401, 'bad_signature'))
  })
})

test('a webhook of an unknown platform gets 404', async () => {
  expect(await post(`/webhooks/${mark}/${thailand.name}`, '{}', {})).toEqual(answered(404, 'unknown_channel'))
})
