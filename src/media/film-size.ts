import { type FileHandle, open } from 'node:fs/promises'

/** In pixels, as it is shown. */
export interface Size {
  readonly width: number
  readonly height: number
}

interface Box {
  readonly type: string
  readonly from: number
  readonly to: number
}

/** The description of a film of hours is a few MB. */
const maxMovieBytes = 30_000_000
const maxBoxes = 1_000

/** The box whose head lies at `at`; undefined when there is none, or its size makes no sense. */
function boxAt(head: Buffer, at: number, end: number): Box | undefined {
  if (head.length < 8) return undefined
  const type = head.toString('latin1', 4, 8)
  let bytes = head.readUInt32BE(0)
  let headBytes = 8
  if (bytes === 1 && head.length >= 16) {
    bytes = Number(head.readBigUInt64BE(8))
    headBytes = 16
  } else if (bytes === 0) bytes = end - at
  return bytes >= headBytes && at + bytes <= end ? { type, from: at + headBytes, to: at + bytes } : undefined
}

async function movieOf(file: FileHandle): Promise<Buffer | undefined> {
  const { size } = await file.stat()
  const head = Buffer.alloc(16)
  for (let at = 0, count = 0; count < maxBoxes; count += 1) {
    const { bytesRead } = await file.read(head, 0, 16, at)
    const box = boxAt(head.subarray(0, bytesRead), at, size)
    if (!box) return undefined
    if (box.type === 'moov') {
      const bytes = box.to - box.from
      if (bytes > maxMovieBytes) return undefined
      const movie = Buffer.alloc(bytes)
      await file.read(movie, 0, bytes, box.from)
      return movie
    }
    at = box.to
  }
  return undefined
}

/** The boxes directly within a part of the movie's description. */
function* boxesIn(movie: Buffer, from: number, to: number): Generator<Box> {
  for (let at = from; at < to; ) {
    const box = boxAt(movie.subarray(at, Math.min(at + 16, to)), at, to)
    if (!box) return
    yield box
    at = box.to
  }
}

/** A track's size, turned as its matrix says: phones film upright by noting a quarter turn. Sound has none. */
function trackSize(movie: Buffer, { from, to }: Box): Size | undefined {
  const long = movie[from] === 1
  const matrix = from + (long ? 52 : 40)
  if (to < matrix + 44) return undefined
  const width = movie.readUInt32BE(matrix + 36) / 65_536
  const height = movie.readUInt32BE(matrix + 40) / 65_536
  if (width < 1 || height < 1) return undefined
  const turned = movie.readInt32BE(matrix) === 0 && movie.readInt32BE(matrix + 16) === 0
  return turned ? { width: height, height: width } : { width, height }
}

function sizeIn(movie: Buffer): Size | undefined {
  for (const track of boxesIn(movie, 0, movie.length)) {
    if (track.type !== 'trak') continue
    for (const box of boxesIn(movie, track.from, track.to)) {
      const size = box.type === 'tkhd' ? trackSize(movie, box) : undefined
      if (size) return size
    }
  }
  return undefined
}

/**
 * The size of the first picture track of an MP4 or QuickTime file, from its `tkhd` box
 * (https://developer.apple.com/documentation/quicktime-file-format/track_header_atom).
 * @returns undefined where the file does not tell, and for every other file
 * @throws {Error} the disk's
 */
export async function filmSize(path: string): Promise<Size | undefined> {
  const file = await open(path)
  try {
    const movie = await movieOf(file)
    return movie && sizeIn(movie)
  } finally {
    await file.close()
  }
}
