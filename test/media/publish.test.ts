import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { MediaUnavailable } from '../../src/bridge/errors.ts'
import type { MediaContent } from '../../src/bridge/message.ts'
import type { MediaOrigin } from '../../src/bridge/side.ts'
import { createFetchOutside } from '../../src/media/fetch-outside.ts'
import { messagePrefix } from '../../src/media/keys.ts'
import { createMediaLinks } from '../../src/media/links.ts'
import { createPublisher, type PublishRequest } from '../../src/media/publish.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { mp4, noise, plain, serve, temporaryFolder } from './samples.ts'

const { signal } = new AbortController()
const receivedAt = 1_800_000_000_000
const retry = { name: 'DeliveryError', next: { do: 'retry', mayHaveArrived: false } }
const day = 86_400_000

/** A publisher over a folder, an origin that serves `bytes`, and the way back from a link to the stored file. */
function bench(folder: string, bytes: Buffer, told: { readonly mime?: string; readonly bytes?: number } = {}) {
  const store = createMediaStore({ folder })
  const links = createMediaLinks({ publicUrl: 'https://bridge.example.com', secrets: ['s'] })
  const publisher = createPublisher({ store, links, settings: { inboundDays: 30, outboundDays: 400 } })
  let opened = 0
  const origin: MediaOrigin = {
    async open() {
      opened += 1
      return { stream: Readable.from([bytes], { objectMode: false }), ...told }
    },
  }
  const content: MediaContent = { kind: 'media', media: 'image', source: { by: 'id', id: '9' } }
  const publish = (change: Partial<PublishRequest> = {}, about: Partial<MediaContent> = {}) =>
    publisher.publish({
      channel: 'shop',
      user: 'U1',
      direction: 'inbound',
      messageId: '1001',
      part: 0,
      receivedAt,
      origin,
      signal,
      ...change,
      content: { ...content, ...about },
    })
  const fileOf = (url: string | undefined, now = receivedAt) =>
    store.find(links.open(url?.split('/').at(-1) ?? '', now) ?? '')
  return { store, publish, fileOf, opened: () => opened }
}

const png = await plain({ width: 20, height: 10 }).png().toBuffer()

describe('publishing', () => {
  test('copies a file once and gives out the same link on every attempt', async () => {
    await using place = await temporaryFolder()
    const { publish, fileOf, opened } = bench(place.folder, png, { mime: 'application/octet-stream' })
    const first = await publish()
    expect(first).toMatchObject({ mime: 'image/png', fileName: 'image-1001.png', bytes: png.length })
    expect(await publish()).toEqual(first)
    expect(opened()).toBe(1)
    const file = await fileOf(first.url)
    expect((await readFile(file?.path ?? '')).equals(png)).toBe(true)
    expect((await publish({ part: 1 })).url).not.toBe(first.url)
    expect(opened()).toBe(2)
  })

  test('makes links that last as long as the files of their direction', async () => {
    await using place = await temporaryFolder()
    const { publish, fileOf } = bench(place.folder, png)
    for (const [direction, days] of [
      ['inbound', 30],
      ['outbound', 400],
    ] as const) {
      const { url } = await publish({ direction })
      expect(await fileOf(url, receivedAt + days * day - 1)).toBeDefined()
      expect(await fileOf(url, receivedAt + days * day)).toBeUndefined()
    }
  })

  test('fetches again what was erased', async () => {
    await using place = await temporaryFolder()
    const { store, publish, fileOf, opened } = bench(place.folder, png)
    const { url } = await publish()
    await store.eraseMessage(messagePrefix({ channel: 'shop', direction: 'inbound', messageId: '1001' }))
    expect(await fileOf(url)).toBeUndefined()
    expect((await publish()).url).toBe(url)
    expect(opened()).toBe(2)
  })

  test('tries again when the body is empty or shorter than promised, and keeps nothing of it', async () => {
    await using place = await temporaryFolder()
    const some = Buffer.from('12345')
    for (const [bytes, told, claimed] of [
      [Buffer.alloc(0), {}, undefined],
      [Buffer.alloc(0), { bytes: 0 }, 5],
      [some, { bytes: 6 }, undefined],
      [some, {}, 6],
      [some, { bytes: 5 }, 6],
    ] as const) {
      const { publish, fileOf } = bench(place.folder, bytes, told)
      await expect(publish({}, claimed === undefined ? {} : { bytes: claimed })).rejects.toMatchObject(retry)
      const whole = bench(place.folder, Buffer.from('whole'))
      const { url } = await whole.publish()
      expect((await fileOf(url))?.bytes).toBe(5)
      await whole.store.erase((url.split('/').at(-1) ?? '').split('.')[0] ?? '')
    }
    const empty = bench(place.folder, Buffer.alloc(0))
    expect(await empty.publish({ messageId: 'empty' }, { media: 'file', bytes: 0 })).toMatchObject({ bytes: 0 })
  })

  test('refuses what is too large, by what is claimed, told or sent', async () => {
    await using place = await temporaryFolder()
    const tooLarge = { name: 'MediaUnavailable', problem: 'too_large' }
    const claimed = bench(place.folder, png)
    await expect(claimed.publish({ maxBytes: 10 }, { bytes: 11 })).rejects.toMatchObject(tooLarge)
    expect(claimed.opened()).toBe(0)
    await expect(bench(place.folder, png, { bytes: 11 }).publish({ maxBytes: 10 })).rejects.toMatchObject(tooLarge)
    await expect(bench(place.folder, png).publish({ maxBytes: 10 })).rejects.toMatchObject(tooLarge)
    const outbound = bench(place.folder, png, { bytes: 200_000_001 })
    await expect(outbound.publish({ direction: 'outbound' })).rejects.toMatchObject(tooLarge)
    expect(await bench(place.folder, png, { bytes: png.length }).publish()).toBeDefined()
  })

  test('passes on what the origin says, and explains what it does not', async () => {
    await using place = await temporaryFolder()
    const { publish } = bench(place.folder, png)
    const failing = (error: unknown): MediaOrigin => ({ open: () => Promise.reject(error) })
    const gone = new MediaUnavailable('gone', 'deleted')
    await expect(publish({ origin: failing(gone) })).rejects.toBe(gone)
    await expect(publish({ origin: failing(new Error('any')) })).rejects.toMatchObject(retry)
    await using server = await serve((_request, response) => void response.writeHead(404).end())
    const fetchOutside = createFetchOutside({ exemptOrigins: [server.origin] })
    const origin: MediaOrigin = { open: (_source, stop) => fetchOutside(server.origin, stop) }
    await expect(publish({ origin })).rejects.toMatchObject({ name: 'MediaUnavailable', problem: 'gone' })
  })

  test('stops with the process, in the middle of a body too', async () => {
    await using place = await temporaryFolder()
    const { publish } = bench(place.folder, png)
    const stop = new AbortController()
    const stream = new Readable({ read() {} })
    stream.push(Buffer.alloc(100_000))
    const origin: MediaOrigin = {
      async open() {
        setImmediate(() => stop.abort())
        return { stream }
      },
    }
    await expect(publish({ origin, signal: stop.signal })).rejects.toMatchObject({ name: 'Stopping' })
    expect(stream.destroyed).toBe(true)
  })

  test('carries a file from one server to the store whole', async () => {
    await using place = await temporaryFolder()
    const picture = await noise({ width: 900, height: 700 }).png().toBuffer()
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': picture.length }).end(picture)
    })
    const fetchOutside = createFetchOutside({ exemptOrigins: [server.origin] })
    const { publish, fileOf } = bench(place.folder, Buffer.alloc(0))
    const published = await publish({ origin: { open: (_source, stop) => fetchOutside(server.origin, stop) } })
    expect((await readFile((await fileOf(published.url))?.path ?? '')).equals(picture)).toBe(true)
  })
})

describe('a file for a customer', () => {
  const outbound = { direction: 'outbound' } as const

  test('that is a small picture is its own preview', async () => {
    await using place = await temporaryFolder()
    const published = await bench(place.folder, png).publish(outbound)
    expect(published.previewUrl).toBe(published.url)
    expect(published).not.toHaveProperty('durationMs')
  })

  test('that is a large picture has a small preview, made once', async () => {
    await using place = await temporaryFolder()
    const large = await noise({ width: 1500, height: 1000 }).jpeg({ quality: 100 }).toBuffer()
    const { publish, fileOf } = bench(place.folder, large)
    const published = await publish(outbound)
    expect(published).toMatchObject({ mime: 'image/jpeg', bytes: large.length })
    const preview = await fileOf(published.previewUrl)
    expect(preview).toMatchObject({ mime: 'image/jpeg', fileName: 'image-1001.jpg' })
    expect(preview?.bytes).toBeLessThanOrEqual(1_000_000)
    expect(await publish(outbound)).toEqual(published)
    expect(await fileOf(published.previewUrl)).toEqual(preview)
  })

  test('that LINE cannot show is converted; one that cannot be converted has no preview', async () => {
    await using place = await temporaryFolder()
    const webp = await plain({ width: 20, height: 10 }).webp().toBuffer()
    const { publish, fileOf } = bench(place.folder, webp)
    const published = await publish(outbound, { fileName: 'logo.webp' })
    expect(published).toMatchObject({ mime: 'image/jpeg', fileName: 'logo.jpg' })
    const shown = await fileOf(published.url)
    expect(shown?.bytes).toBe(published.bytes)
    expect((await sharp(shown?.path).metadata()).format).toBe('jpeg')
    expect(published.previewUrl).toBeDefined()

    const broken = bench(place.folder, webp.subarray(0, 40))
    const asItIs = await broken.publish({ ...outbound, messageId: 'broken' }, { fileName: 'logo.webp' })
    expect(asItIs).toMatchObject({ mime: 'image/webp', fileName: 'logo.webp', bytes: 40 })
    expect(asItIs).not.toHaveProperty('previewUrl')
  })

  test('that is a film has a drawn preview that all films share, and its playing time', async () => {
    await using place = await temporaryFolder()
    const { publish, fileOf } = bench(place.folder, mp4({ brand: 'mp42', durationMs: 3_000 }))
    const one = await publish(outbound, { media: 'video' })
    const two = await publish({ ...outbound, messageId: '1002' }, { media: 'video' })
    expect(one).toMatchObject({ mime: 'video/mp4', durationMs: 3_000 })
    const still = await fileOf(one.previewUrl)
    expect(still?.mime).toBe('image/png')
    expect(await fileOf(two.previewUrl)).toEqual(still)
  })

  test('that is a voice note has its playing time, measured or as the sender told it', async () => {
    await using place = await temporaryFolder()
    const { publish } = bench(place.folder, mp4({ brand: 'mp42', durationMs: 1_234 }))
    const published = await publish(outbound, { media: 'audio' })
    expect(published).toMatchObject({ mime: 'audio/mp4', fileName: 'audio-1001.m4a', durationMs: 1_234 })
    expect(published).not.toHaveProperty('previewUrl')
    const told = await publish({}, { media: 'audio', durationMs: 99 })
    expect(told.durationMs).toBe(99)
  })
})
