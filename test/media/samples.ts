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

/** The matrix of a track that is shown as it is, and of one that is shown after a quarter turn. */
const matrices = {
  upright: [1, 0, 0, 0, 1, 0, 0, 0, 16_384],
  turned: [0, 1, 0, 65_535, 0, 0, 0, 0, 16_384],
} as const

const track = (about: {
  readonly kind: 'soun' | 'vide'
  readonly durationMs: number
  readonly description: Buffer
  readonly width?: number
  readonly height?: number
  readonly turned?: boolean
}): Buffer => {
  const { kind, durationMs, description, width = 0, height = 0, turned = false } = about
  const matrix = matrices[turned ? 'turned' : 'upright'].map((one) => (one * 65_536) % 2 ** 32)
  const head = box(
    'tkhd',
    numbers(0, 0, 0, 1, 0, durationMs),
    Buffer.alloc(16),
    numbers(...matrix, width * 65_536, height * 65_536),
  )
  const table = box(
    'stbl',
    box('stsd', numbers(0, 1), description),
    box('stts', numbers(0, 0)),
    box('stsc', numbers(0, 0)),
    box('stsz', numbers(0, 0, 0)),
    box('stco', numbers(0, 0)),
  )
  const media = box(
    'mdia',
    box('mdhd', numbers(0, 0, 0, 1000, durationMs, 0)),
    box('hdlr', numbers(0, 0), Buffer.from(kind), Buffer.alloc(13)),
    box('minf', table),
  )
  return box('trak', head, media)
}

/**
 * An MP4 container with one empty sound track of `durationMs`, and an empty track of pictures where their size is given.
 * `brand`: `M4A ` as iPhones write it, `mp42` as others do. `late`: its description stands at the end, as cameras write it.
 */
export function mp4(about: {
  readonly brand: string
  readonly durationMs: number
  readonly pictures?: { readonly width: number; readonly height: number; readonly turned?: boolean }
  readonly late?: boolean
}): Buffer {
  const { brand, durationMs, pictures, late = false } = about
  const sound = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]),
    numbers(0, 0),
    Buffer.from([0, 1, 0, 16, 0, 0, 0, 0]),
    numbers(44_100 * 65_536),
  ])
  const moov = box(
    'moov',
    box('mvhd', numbers(0, 0, 0, 1000, durationMs), Buffer.alloc(80)),
    track({ kind: 'soun', durationMs, description: box('mp4a', sound) }),
    ...(pictures ? [track({ kind: 'vide', durationMs, description: box('avc1', Buffer.alloc(78)), ...pictures })] : []),
  )
  const head = box('ftyp', Buffer.from(brand), numbers(0), Buffer.from('isom'))
  return Buffer.concat(late ? [head, box('mdat', Buffer.alloc(5_000)), moov] : [head, moov])
}

/** A Windows bitmap of rows of red, green and blue. `bits`: 24 with its last row first, 32 with its first row first, 8 with a palette. */
export function bitmap(
  rows: readonly (readonly (readonly [number, number, number])[])[],
  bits: 8 | 24 | 32 = 24,
): Buffer {
  const width = rows[0]?.length ?? 0
  const palette = bits === 8 ? rows.flat() : []
  const ordered = bits === 32 ? rows : rows.toReversed()
  const body = ordered.map((row, at) => {
    const line = Buffer.alloc(Math.ceil((width * bits) / 32) * 4)
    const first = (rows.length - 1 - at) * width
    for (const [column, [red, green, blue]] of row.entries())
      if (bits === 8) line[column] = first + column
      else line.set([blue, green, red], (column * bits) / 8)
    return line
  })
  const colours = Buffer.from(palette.flatMap(([red, green, blue]) => [blue, green, red, 0]))
  const head = Buffer.alloc(54)
  head.write('BM', 0, 'latin1')
  head.writeUInt32LE(54 + colours.length, 10)
  head.writeUInt32LE(40, 14)
  head.writeInt32LE(width, 18)
  head.writeInt32LE(bits === 32 ? -rows.length : rows.length, 22)
  head.writeUInt16LE(1, 26)
  head.writeUInt16LE(bits, 28)
  return Buffer.concat([head, colours, ...body])
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

/** What begins like a photo of an iPhone, whose coding needs a licence to be read. */
export const heic = (): Buffer =>
  Buffer.concat([box('ftyp', Buffer.from('heic'), numbers(0), Buffer.from('mif1heic')), box('mdat', randomBytes(500))])

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
