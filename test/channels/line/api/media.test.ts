import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test } from '@jest/globals'
import { DeliveryError, MediaUnavailable, Stopping } from '../../../../src/bridge/errors.ts'
import { createLineMedia } from '../../../../src/channels/line/api/media.ts'
import type { LineTokens } from '../../../../src/channels/line/api/token.ts'
import { type Answer, json, rejection, serveLine } from '../fake-line.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const fixed: LineTokens = {
  current: async () => 'token-1',
  refused: () => {},
  describe: () => ({ kind: 'long-lived' }),
}
const signal = new AbortController().signal
const source = { by: 'id', id: '584123456789010008' } as const
const content = '/v2/bot/message/584123456789010008/content'
const picture = Buffer.from('ffd8ffe000104a464946', 'hex')

async function mediaOf(answer: Answer, rest: { tokens?: LineTokens; waitsMs?: number[]; timeoutMs?: number } = {}) {
  const line = await serveLine(answer)
  closers.push(line.close)
  const fetchOutside = async (url: string) => ({ stream: Readable.from([Buffer.from(url)]), mime: 'image/jpeg' })
  const { tokens = fixed, waitsMs = [1, 1, 1], timeoutMs = 5_000 } = rest
  const media = createLineMedia({ dataApiUrl: line.url, tokens, fetchOutside, waitsMs, timeoutMs })
  closers.push(media.close)
  return { line, media }
}

const sendPicture: Answer = (_, response) => {
  response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': picture.length }).end(picture)
}

test('content is streamed with its type and length', async () => {
  const { line, media } = await mediaOf(sendPicture)
  const opened = await media.open(source, signal)
  expect(opened).toMatchObject({ mime: 'image/jpeg', bytes: picture.length })
  expect(await buffer(opened.stream)).toEqual(picture)
  expect(line.seen[0]).toMatchObject({ method: 'GET', url: content })
  expect(line.seen[0]?.headers.authorization).toBe('Bearer token-1')
})

test('large content of unknown length arrives whole', async () => {
  const large = Buffer.alloc(3_000_000, 'abc')
  const { media } = await mediaOf((_, response) => response.writeHead(200).end(large))
  const opened = await media.open(source, signal)
  expect(opened.bytes).toBeUndefined()
  expect((await buffer(opened.stream)).equals(large)).toBe(true)
})

test('many files one after another leave no listener on the shared connection', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  const { media } = await mediaOf(sendPicture)
  for (let count = 0; count < 15; count += 1) await buffer((await media.open(source, signal)).stream)
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})

test('content that is still prepared is looked at until it is ready', async () => {
  const { line, media } = await mediaOf(({ url }, response, count) => {
    if (url === content && count === 1) return response.writeHead(202).end()
    if (url === content) return sendPicture({} as never, response, count)
    json(response, 200, { status: count < 4 ? 'processing' : 'succeeded' })
  })
  expect(await buffer((await media.open(source, signal)).stream)).toEqual(picture)
  const look = `${content}/transcoding`
  expect(line.seen.map((one) => one.url)).toEqual([content, look, look, look, content])
})

test('content that comes empty is fetched again', async () => {
  const { line, media } = await mediaOf((seen, response, count) => {
    if (count === 1) response.writeHead(200, { 'Content-Length': '0' }).end()
    else if (count === 2) response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end()
    else sendPicture(seen, response, count)
  })
  expect(await buffer((await media.open(source, signal)).stream)).toEqual(picture)
  expect(line.seen).toHaveLength(3)
})

test.each<[string, Answer, string]>([
  ['404', (_, response) => json(response, 404, { message: 'not found' }), 'gone'],
  ['410', (_, response) => json(response, 410, { message: 'The content is gone' }), 'gone'],
  ['400', (_, response) => json(response, 400, {}), 'gone'],
  [
    'never ready',
    ({ url }, response) =>
      url === content ? response.writeHead(202).end() : json(response, 200, { status: 'processing' }),
    'not_ready',
  ],
  [
    'failed',
    ({ url }, response) =>
      url === content ? response.writeHead(202).end() : json(response, 200, { status: 'failed' }),
    'gone',
  ],
  [
    'gone meanwhile',
    ({ url }, response) => (url === content ? response.writeHead(202).end() : json(response, 410, {})),
    'gone',
  ],
  ['always empty', (_, response) => response.writeHead(200).end(), 'not_ready'],
])('content that is %s cannot be had', async (_, answer, problem) => {
  const { media } = await mediaOf(answer)
  const error = await rejection(media.open(source, signal))
  expect(error).toBeInstanceOf(MediaUnavailable)
  expect(error).toMatchObject({ problem })
})

test.each([
  [302, { do: 'hold' }],
  [401, { do: 'hold' }],
  [403, { do: 'hold' }],
  [408, { do: 'retry', mayHaveArrived: false }],
  [429, { do: 'wait', afterMs: 2_000 }],
  [500, { do: 'retry', mayHaveArrived: false }],
])('the answer %i leads to the right next step', async (status, next) => {
  const headers = { 'retry-after': '2', location: 'http://127.0.0.1:1/elsewhere' }
  const { line, media } = await mediaOf((_, response) => json(response, status, {}, headers))
  const error = await rejection(media.open(source, signal))
  expect(error).toBeInstanceOf(DeliveryError)
  expect(error).toMatchObject({ status, next })
  expect(line.seen).toHaveLength(1)
})

test('after a 401 the content is asked for once more with a new token', async () => {
  const values = ['old', 'new']
  const tokens = { ...fixed, current: async () => values[0] ?? '', refused: () => void values.shift() }
  const { media } = await mediaOf(
    (seen, response, count) => {
      if (seen.headers.authorization === 'Bearer new') sendPicture(seen, response, count)
      else json(response, 401, {})
    },
    { tokens },
  )
  expect(await buffer((await media.open(source, signal)).stream)).toEqual(picture)
})

test('LINE not answering ends in time, and the error holds no token', async () => {
  const { media } = await mediaOf(() => {}, { timeoutMs: 100 })
  const error = await rejection(media.open(source, signal))
  expect(error).toMatchObject({ next: { do: 'retry', mayHaveArrived: false } })
  expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain('token-1')
})

test('content that stops halfway ends in time', async () => {
  const { media } = await mediaOf(
    (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('half')
    },
    { timeoutMs: 100 },
  )
  const opened = await media.open(source, signal)
  await expect(buffer(opened.stream)).rejects.toThrow()
})

test('a broken connection is tried again later', async () => {
  const { media } = await mediaOf((_, response) => {
    response.writeHead(200, { 'Content-Length': '100' })
    response.flushHeaders()
    setImmediate(() => response.destroy())
  })
  expect(await rejection(media.open(source, signal))).toMatchObject({ next: { do: 'retry', mayHaveArrived: false } })
})

test('waiting ends when the process stops', async () => {
  const stop = new AbortController()
  const { media } = await mediaOf(
    (_, response) => {
      response.writeHead(202).end()
      setTimeout(() => stop.abort(), 50)
    },
    { waitsMs: [60_000] },
  )
  expect(await rejection(media.open(source, stop.signal))).toBeInstanceOf(Stopping)
})

test('a file that lies elsewhere is left to the guarded fetch and never sees the token', async () => {
  const { line, media } = await mediaOf(sendPicture)
  const url = 'https://pictures.example.com/original.jpg'
  const opened = await media.open({ by: 'url', url }, signal)
  expect((await buffer(opened.stream)).toString()).toBe(url)
  expect(line.seen).toEqual([])
})
