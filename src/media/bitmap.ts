import { open } from 'node:fs/promises'

/** A picture as rows of red, green and blue, one byte each. */
export interface Bitmap {
  readonly data: Buffer
  readonly width: number
  readonly height: number
}

/** What is decoded at most: nobody sends larger ones, and all of it is held in memory. */
const maxPixels = 25_000_000
const maxFileBytes = 110_000_000

const uncompressed = 0
const withMasks = 3
/** Where red, green and blue lie in a pixel of 32 bits; programs that write masks write these. */
const usualMasks = [0xff0000, 0xff00, 0xff]

/** Undefined when it is none, or of one of the kinds that nobody writes any more (compressed, 16 bits, OS/2). */
function decoded(file: Buffer): Bitmap | undefined {
  const start = file.readUInt32LE(10)
  const headerBytes = file.readUInt32LE(14)
  if (headerBytes < 40) return undefined
  const width = file.readInt32LE(18)
  const rows = file.readInt32LE(22)
  // Rows lie from the last to the first, unless the height is negative.
  const height = Math.abs(rows)
  const bits = file.readUInt16LE(28)
  const packing = file.readUInt32LE(30)
  if (width < 1 || height < 1 || width * height > maxPixels) return undefined
  if (packing === withMasks) {
    if (bits !== 32 || usualMasks.some((mask, at) => file.readUInt32LE(54 + at * 4) !== mask)) return undefined
  } else if (packing !== uncompressed) return undefined
  const indexed = bits === 1 || bits === 4 || bits === 8
  if (!indexed && bits !== 24 && bits !== 32) return undefined

  const palette = 14 + headerBytes
  const rowBytes = Math.ceil((width * bits) / 32) * 4
  const data = Buffer.allocUnsafe(width * height * 3)
  let to = 0
  for (let row = 0; row < height; row += 1) {
    const from = start + (rows > 0 ? height - 1 - row : row) * rowBytes
    for (let column = 0; column < width; column += 1) {
      let colour = from + (column * bits) / 8
      if (indexed) {
        const byte = file.readUInt8(Math.floor(colour))
        const index = (byte >> (8 - bits - ((column * bits) % 8))) & (2 ** bits - 1)
        colour = palette + index * 4
      }
      // Reading beyond the end throws: the file is cut off then.
      data[to] = file.readUInt8(colour + 2)
      data[to + 1] = file.readUInt8(colour + 1)
      data[to + 2] = file.readUInt8(colour)
      to += 3
    }
  }
  return { data, width, height }
}

/**
 * Reads a Windows bitmap, which the picture library cannot
 * (https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage). Transparency is not read.
 * @returns undefined for every other file, and for a broken or very large one
 * @throws {Error} the disk's
 */
export async function readBitmap(path: string): Promise<Bitmap | undefined> {
  const file = await open(path)
  try {
    const head = Buffer.alloc(2)
    await file.read(head, 0, 2, 0)
    if (head.toString('latin1') !== 'BM' || (await file.stat()).size > maxFileBytes) return undefined
    return decoded(await file.readFile())
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  } finally {
    await file.close()
  }
}
