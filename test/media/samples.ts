import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp, { type Sharp } from 'sharp'

/** Small real files, made here so that what they hold can be read from the code. */

const box = (type: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8, 0)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

const numbers = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4)
  return bytes
}

/**
 * An MP4 container with one empty sound track of `durationMs`. `brand`: `M4A ` as iPhones write it, `mp42` as others
 * do.
 */
export function mp4({ brand, durationMs }: { readonly brand: string; readonly durationMs: number }): Buffer {
  const movie = box('mvhd', numbers(0, 0, 0, 1000, durationMs), Buffer.alloc(80))
  const trackHead = box('tkhd', numbers(0, 0, 0, 1, 0, durationMs), Buffer.alloc(60))
  const mediaHead = box('mdhd', numbers(0, 0, 0, 1000, durationMs, 0))
  const handler = box('hdlr', numbers(0, 0), Buffer.from('soun'), Buffer.alloc(13))
  const sound = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]),
    numbers(0, 0),
    Buffer.from([0, 1, 0, 16, 0, 0, 0, 0]),
    numbers(44_100 * 65_536),
  ])
  const table = box(
    'stbl',
    box('stsd', numbers(0, 1), box('mp4a', sound)),
    box('stts', numbers(0, 0)),
    box('stsc', numbers(0, 0)),
    box('stsz', numbers(0, 0, 0)),
    box('stco', numbers(0, 0)),
  )
  const track = box('trak', trackHead, box('mdia', mediaHead, handler, box('minf', table)))
  const moov = box('moov', movie, track)
  return Buffer.concat([box('ftyp', Buffer.from(brand), numbers(0), Buffer.from('isom')), moov])
}

/** Silent MPEG-1 layer III frames: 128 kbit/s, 44.1 kHz, 1152 samples each. */
export function mp3({ frames }: { readonly frames: number }): Buffer {
  const frame = Buffer.alloc(417)
  frame.set([0xff, 0xfb, 0x90, 0x64])
  return Buffer.concat(Array.from({ length: frames }, () => frame))
}

/** A picture of noise, which does not compress. */
export const noise = (size: { readonly width: number; readonly height: number }): Sharp =>
  sharp(randomBytes(size.width * size.height * 3), { raw: { ...size, channels: 3 } })

/** A plain picture of very few bytes. */
export const plain = (size: { readonly width: number; readonly height: number }): Sharp =>
  sharp({ create: { ...size, channels: 3, background: '#2080c0' } })

/** A folder that is removed with `await using`. */
export async function temporaryFolder(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'media-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** An HTTP server on a free port of one loopback address, closed with `await using`. */
export async function serve(
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<{ readonly origin: string; readonly port: number } & AsyncDisposable> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
