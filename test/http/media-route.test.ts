import { mkdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import express from 'express'
import { createMediaRoute } from '../../src/http/media-route.ts'
import { mediaKey, messagePrefix } from '../../src/media/keys.ts'
import { createMediaLinks } from '../../src/media/links.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { serve, temporaryFolder } from '../media/samples.ts'

const secrets = ['new', 'old']
const expiresAt = 2_000
let now = 1_000
let url = ''
const open = new AsyncDisposableStack()
let store: ReturnType<typeof createMediaStore>

beforeAll(async () => {
  const place = open.use(await temporaryFolder())
  // A folder with a dot, as the default one has.
  const folder = path.join(place.folder, '.data', 'media')
  await mkdir(folder, { recursive: true })
  store = createMediaStore({ folder })
  const opening = createMediaLinks({ publicUrl: '', secrets })
  const app = express()
  app.get(
    '/media/:token',
    createMediaRoute({
      async find(token) {
        const key = opening.open(token, now)
        return key === undefined ? undefined : store.find(key)
      },
    }),
  )
  const server = open.use(await serve(app))
  url = server.origin
})

afterAll(() => open.disposeAsync())

const message = (messageId: string) => ({ channel: 'shop', direction: 'inbound', messageId }) as const

/** Stores a file and returns the address that leads to it. */
async function put(id: string, mime: string, fileName = 'file.bin', secret = 'new'): Promise<string> {
  const key = mediaKey({ ...message(id), part: 0 })
  await store.write(key, Readable.from(['0123456789']), { mime, fileName, maxBytes: 100 })
  return createMediaLinks({ publicUrl: url, secrets: [secret] }).link({ key, expiresAt })
}

/** `fetch` hides what HEAD and ranges really send. */
const ask = (address: string, method: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    request(address, { method, headers }, async (response) => {
      resolve({ status: response.statusCode, headers: response.headers, body: await text(response) })
    })
      .once('error', reject)
      .end()
  })

const always = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'x-robots-tag': 'noindex',
}

describe('a media link', () => {
  test('answers with the bytes, their type, length and name', async () => {
    const answer = await ask(await put('plain', 'image/png', 'map.png'), 'GET')
    expect(answer.status).toBe(200)
    expect(answer.body).toBe('0123456789')
    expect(answer.headers).toMatchObject({
      ...always,
      'content-type': 'image/png',
      'content-length': '10',
      'content-disposition': 'inline; filename=map.png',
      'cache-control': expect.stringMatching(/^private, max-age=\d+, immutable$/),
      'accept-ranges': 'bytes',
    })
  })

  test('answers HEAD with the same headers and no body', async () => {
    const link = await put('head', 'video/mp4', 'a.mp4')
    const [whole, head] = [await ask(link, 'GET'), await ask(link, 'HEAD')]
    expect(head.status).toBe(200)
    expect(head.body).toBe('')
    const { date: _one, ...expected } = whole.headers
    const { date: _two, ...got } = head.headers
    expect(got).toEqual(expected)
  })

  test('answers with the part that is asked for', async () => {
    const link = await put('range', 'video/mp4', 'a.mp4')
    for (const [range, body, given] of [
      ['bytes=0-1', '01', 'bytes 0-1/10'],
      ['bytes=8-', '89', 'bytes 8-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=5-500', '56789', 'bytes 5-9/10'],
    ] as const) {
      const answer = await ask(link, 'GET', { range })
      expect(answer).toMatchObject({ status: 206, body })
      expect(answer.headers).toMatchObject({
        ...always,
        'content-range': given,
        'content-length': `${body.length}`,
        'content-type': 'video/mp4',
      })
    }
    const { headers } = await ask(link, 'GET')
    const changed = await ask(link, 'GET', { range: 'bytes=0-1', 'if-range': '"other"' })
    expect(changed.status).toBe(200)
    expect(await ask(link, 'GET', { 'if-none-match': String(headers.etag) })).toMatchObject({ status: 304, body: '' })
  })

  test('answers 416 for a part that does not exist', async () => {
    const answer = await ask(await put('416', 'video/mp4'), 'GET', { range: 'bytes=10-' })
    expect(answer.status).toBe(416)
    expect(answer.headers).toMatchObject({ ...always, 'content-range': 'bytes */10', 'cache-control': 'no-store' })
    expect(answer.headers).not.toHaveProperty('content-disposition')
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'range_not_satisfiable' } })
  })

  test.each([
    ['image/jpeg', 'inline'],
    ['image/gif', 'inline'],
    ['image/webp', 'inline'],
    ['audio/mpeg', 'inline'],
    ['audio/mp4', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['text/plain', 'attachment'],
    ['application/pdf', 'attachment'],
    ['application/octet-stream', 'attachment'],
  ])('offers %s as %s, under its own type', async (mime, way) => {
    const answer = await ask(await put(mime, mime, 'a.html'), 'GET')
    expect(answer.headers).toMatchObject({ 'content-type': mime, 'content-disposition': `${way}; filename=a.html` })
  })

  test('names files in any script as RFC 6266 says', async () => {
    for (const [mime, way] of [
      ['application/pdf', 'attachment'],
      ['image/png', 'inline'],
    ] as const) {
      const answer = await ask(await put(`thai ${mime}`, mime, 'ใบ "1".pdf'), 'GET')
      expect(answer.headers['content-disposition']).toBe(
        `${way}; filename="?? \\"1\\".pdf"; filename*=UTF-8''%E0%B9%83%E0%B8%9A%20%221%22.pdf`,
      )
    }
  })

  test('opens with an older secret of the list', async () => {
    expect(await ask(await put('old', 'image/png', 'a.png', 'old'), 'GET')).toMatchObject({ status: 200 })
  })

  test('answers the same 404 when it is forged, unknown, expired, erased or gone from the disk', async () => {
    const link = await put('gone', 'image/png')
    const forged = await put('forged', 'image/png', 'a.png', 'none of ours')
    const unknown = createMediaLinks({ publicUrl: url, secrets }).link({
      key: mediaKey({ ...message('never'), part: 0 }),
      expiresAt,
    })
    const erased = await put('erased', 'image/png')
    await store.eraseMessage(messagePrefix(message('erased')))
    const missing = await put('missing', 'image/png')
    const file = await store.find(mediaKey({ ...message('missing'), part: 0 }))
    await rm(file?.path ?? '')
    const answers = []
    for (const address of [forged, unknown, erased, missing, `${url}/media/x`, `${url}/media/..%2f..%2fetc%2fpasswd`])
      answers.push(await ask(address, 'GET'))
    expect((await ask(link, 'GET')).status).toBe(200)
    now = expiresAt
    answers.push(await ask(link, 'GET'))
    expect((await ask(link, 'HEAD')).status).toBe(404)
    now = 1_000
    for (const answer of answers) {
      expect(answer.status).toBe(404)
      expect(answer.headers).toMatchObject({ ...always, 'cache-control': 'no-store' })
      expect(answer.headers).not.toHaveProperty('content-disposition')
      expect(answer.body).toBe(answers[0]?.body)
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'not_found' } })
    }
  })

  test('answers 404 when the file goes between being found and being sent', async () => {
    await using place = await temporaryFolder()
    const file = path.join(place.folder, 'content')
    const app = express()
    app.get(
      '/media/:token',
      createMediaRoute({
        async find() {
          await writeFile(file, 'x')
          await rm(file)
          return { path: file, mime: 'image/png', fileName: 'a.png', bytes: 1 }
        },
      }),
    )
    await using server = await serve(app)
    const answer = await ask(`${server.origin}/media/t`, 'GET')
    expect(answer.status).toBe(404)
    expect(answer.headers).not.toHaveProperty('content-disposition')
  })
})
