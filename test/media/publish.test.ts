import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { MediaUnavailable } from '../../src/bridge/errors.ts'
import type { MediaContent } from '../../src/bridge/message.ts'
import type { MediaOrigin } from '../../src/bridge/side.ts'
import { mediaSettings } from '../../src/media/config.ts'
import { eraseFilesOf } from '../../src/media/erase.ts'
import { createFetchOutside } from '../../src/media/fetch-outside.ts'
import { messagePrefix } from '../../src/media/keys.ts'
import { createMediaLinks } from '../../src/media/links.ts'
import { createPublisher, type PublishRequest } from '../../src/media/publish.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { until } from '../support/until.ts'
import { bitmap, heic, mp4, noise, plain, serve, temporaryFolder } from './samples.ts'

const { signal } = new AbortController()
const receivedAt = 1_800_000_000_000
const retry = { name: 'DeliveryError', next: { do: 'retry', mayHaveArrived: false } }
const day = 86_400_000
const settings = mediaSettings.parse({ signingSecret: 'a secret' })

/** A publisher over a folder, an origin that serves `bytes`, and the way back from a link to the stored file. */
function bench(
  folder: string,
  bytes: Buffer,
  told: { readonly mime?: string; readonly bytes?: number } = {},
  searchPath?: string,
) {
  const store = createMediaStore({ folder })
  const links = createMediaLinks({ publicUrl: 'https://bridge.example.com', secrets: ['s'] })
  const publisher = createPublisher({ store, links, settings, searchPath })
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
    // Whoever asks for a limit of their own cannot raise that of the direction.
    await expect(outbound.publish({ direction: 'outbound', maxBytes: 1e12 })).rejects.toMatchObject(tooLarge)
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

  test('that is small in bytes but has many pixels has a preview of at most 1,024 a side', async () => {
    await using place = await temporaryFolder()
    for (const [messageId, format, width, height] of [
      ['wide', 'png', 2048, 600],
      ['high', 'jpeg', 300, 1025],
    ] as const) {
      const bytes = await plain({ width, height }).toFormat(format).toBuffer()
      const { publish, fileOf } = bench(place.folder, bytes)
      const published = await publish({ ...outbound, messageId })
      expect(published).toMatchObject({ mime: `image/${format}`, bytes: bytes.length })
      expect(published.previewUrl).not.toBe(published.url)
      const preview = await sharp((await fileOf(published.previewUrl))?.path).metadata()
      expect(Math.max(preview.width ?? 0, preview.height ?? 0)).toBe(1024)
    }
  })

  test.each(['gif', 'webp', 'avif', 'tiff'] as const)('that LINE cannot show is converted: %s', async (format) => {
    await using place = await temporaryFolder()
    const bytes = await plain({ width: 1200, height: 300 }).toFormat(format).toBuffer()
    const { publish, fileOf } = bench(place.folder, bytes)
    const published = await publish(outbound, { fileName: `logo.${format}` })
    const shown = await sharp((await fileOf(published.url))?.path).metadata()
    expect(published.mime).toBe(`image/${shown.format}`)
    expect(['image/jpeg', 'image/png']).toContain(published.mime)
    expect(published.fileName).toBe(published.mime === 'image/png' ? 'logo.png' : 'logo.jpg')
    expect(shown.width).toBe(1200)
    const preview = await sharp((await fileOf(published.previewUrl))?.path).metadata()
    expect(preview).toMatchObject({ format: 'jpeg', width: 1024, height: 256 })
  })

  test('that is a Windows bitmap is converted too', async () => {
    await using place = await temporaryFolder()
    const { publish, fileOf } = bench(place.folder, bitmap(Array.from({ length: 9 }, () => [[9, 9, 9]])))
    const published = await publish(outbound, { fileName: 'scan.bmp' })
    expect(published).toMatchObject({ mime: 'image/jpeg', fileName: 'scan.jpg' })
    expect(await sharp((await fileOf(published.url))?.path).metadata()).toMatchObject({ width: 1, height: 9 })
    expect(published.previewUrl).toBeDefined()
  })

  test('that cannot be read as a picture stays as it is, without a preview', async () => {
    await using place = await temporaryFolder()
    const webp = await plain({ width: 20, height: 10 }).webp().toBuffer()
    for (const [fileName, mime, bytes] of [
      ['logo.webp', 'image/webp', webp.subarray(0, 40)],
      ['photo.heic', 'image/heic', heic()],
      ['photo.jpg', 'image/jpeg', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ] as const) {
      const asItIs = await bench(place.folder, bytes).publish({ ...outbound, messageId: fileName }, { fileName })
      expect(asItIs).toMatchObject({ mime, fileName, bytes: bytes.length })
      expect(asItIs).not.toHaveProperty('previewUrl')
    }
  })

  test('has no more a link that works once its message is erased, nor have the pictures made from it', async () => {
    await using place = await temporaryFolder()
    const large = await noise({ width: 1500, height: 1000 }).jpeg({ quality: 100 }).toBuffer()
    const { store, publish, fileOf } = bench(place.folder, large)
    const published = await publish(outbound)
    expect(await fileOf(published.previewUrl)).toBeDefined()
    await eraseFilesOf({ store, channel: 'shop', ...outbound, messageId: '1001' })
    expect(await fileOf(published.url)).toBeUndefined()
    expect(await fileOf(published.previewUrl)).toBeUndefined()
  })
})

describe('a film for a customer', () => {
  const outbound = { direction: 'outbound' } as const

  test('has a drawn preview that films of its proportions share, and its playing time', async () => {
    await using place = await temporaryFolder()
    const film = (width: number, height: number) =>
      bench(place.folder, mp4({ brand: 'mp42', durationMs: 3_000, pictures: { width, height } }))
    const { publish, fileOf } = film(1920, 1080)
    const one = await publish(outbound, { media: 'video' })
    const two = await film(1280, 720).publish({ ...outbound, messageId: '1002' }, { media: 'video' })
    expect(one).toMatchObject({ mime: 'video/mp4', durationMs: 3_000 })
    const still = await fileOf(one.previewUrl)
    expect(still?.mime).toBe('image/png')
    expect(await sharp(still?.path).metadata()).toMatchObject({ width: 640, height: 360 })
    expect(await fileOf(two.previewUrl)).toEqual(still)
    const upright = await film(1080, 1920).publish({ ...outbound, messageId: '1003' }, { media: 'video' })
    expect(await sharp((await fileOf(upright.previewUrl))?.path).metadata()).toMatchObject({ width: 360, height: 640 })
  })

  /** Programs that answer as ffmpeg's do: the frame is the picture that lies beside them. */
  async function withPrograms(folder: string, frame: Buffer): Promise<string> {
    const bin = path.join(folder, 'bin')
    await mkdir(bin)
    await writeFile(path.join(bin, 'frame'), frame)
    const scripts = {
      ffprobe: `echo '{"format":{"duration":"7.5"},"streams":[{"width":300,"height":400}]}'`,
      ffmpeg: `cd "$(dirname "$0")"; echo run >> runs; if [ -e slow ]; then exec sleep 600; fi; cat frame`,
    }
    for (const [name, script] of Object.entries(scripts)) {
      await writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`)
      await chmod(path.join(bin, name), 0o755)
    }
    return bin
  }
  const searchPath = (bin: string): string => [bin, process.env.PATH].join(path.delimiter)
  const film = mp4({ brand: 'mp42', durationMs: 3_000 })

  test('has a picture of its own where ffmpeg is installed, made once and erased with it', async () => {
    await using place = await temporaryFolder()
    const bin = await withPrograms(place.folder, await plain({ width: 300, height: 400 }).jpeg().toBuffer())
    const { store, publish, fileOf } = bench(place.folder, film, {}, searchPath(bin))
    const published = await publish(outbound, { media: 'video', fileName: 'clip.mp4' })
    expect(published.durationMs).toBe(7_500)
    const preview = await fileOf(published.previewUrl)
    expect(preview).toMatchObject({ mime: 'image/jpeg', fileName: 'clip.jpg' })
    expect(await sharp(preview?.path).metadata()).toMatchObject({ width: 300, height: 400 })
    expect(await publish(outbound, { media: 'video', fileName: 'clip.mp4' })).toEqual(published)
    expect(await readFile(path.join(bin, 'runs'), 'utf8')).toBe('run\n')
    await eraseFilesOf({ store, channel: 'shop', ...outbound, messageId: '1001' })
    expect(await fileOf(published.previewUrl)).toBeUndefined()
  })

  test('has the drawn preview, in its proportions, where ffmpeg makes no picture of it', async () => {
    await using place = await temporaryFolder()
    const bin = await withPrograms(place.folder, Buffer.from('not a picture'))
    const { publish, fileOf } = bench(place.folder, film, {}, searchPath(bin))
    const published = await publish(outbound, { media: 'video' })
    expect(await sharp((await fileOf(published.previewUrl))?.path).metadata()).toMatchObject({
      format: 'png',
      width: 480,
      height: 640,
    })
  })

  test('that is looked at when the process stops is looked at again by the next', async () => {
    await using place = await temporaryFolder()
    const bin = await withPrograms(place.folder, await plain({ width: 30, height: 40 }).jpeg().toBuffer())
    await writeFile(path.join(bin, 'slow'), '')
    const stop = new AbortController()
    const { publish, fileOf } = bench(place.folder, film, {}, searchPath(bin))
    const stopped = publish({ ...outbound, signal: stop.signal }, { media: 'video' })
    const outcome = expect(stopped).rejects.toMatchObject({ name: 'Stopping' })
    await until('ffmpeg to run', () => readFile(path.join(bin, 'runs'), 'utf8').catch(() => undefined))
    stop.abort()
    await outcome
    await writeFile(path.join(bin, 'ffmpeg'), '#!/bin/sh\ncat "$(dirname "$0")/frame"\n')
    const published = await publish(outbound, { media: 'video' })
    expect((await fileOf(published.previewUrl))?.mime).toBe('image/jpeg')
  })
})

describe('a voice note for a customer', () => {
  const outbound = { direction: 'outbound' } as const

  test('has its playing time, measured or as the sender told it', async () => {
    await using place = await temporaryFolder()
    const { publish } = bench(place.folder, mp4({ brand: 'mp42', durationMs: 1_234 }))
    const published = await publish(outbound, { media: 'audio' })
    expect(published).toMatchObject({ mime: 'audio/mp4', fileName: 'audio-1001.m4a', durationMs: 1_234 })
    expect(published).not.toHaveProperty('previewUrl')
    const told = await publish({}, { media: 'audio', durationMs: 99 })
    expect(told.durationMs).toBe(99)
  })
})
