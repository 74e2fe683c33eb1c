import type { Sharp } from 'sharp'

/**
 * LINE shows JPEG and PNG only: originals up to 10 MB, previews up to 1 MB, and a broken picture for anything more
 * (https://developers.line.biz/en/reference/messaging-api/#image-message,
 * https://github.com/chatwoot/chatwoot/issues/12757).
 * Whether its MB are of 10^6 or 2^20 bytes is not said.
 */
export const pictureLimits = { originalBytes: 10_000_000, previewBytes: 1_000_000 } as const

/** Pixels that are decoded at most: a small file can hold an enormous picture. */
const maxInputPixels = 100_000_000

/** A picture that we made. */
export interface Picture {
  readonly bytes: Buffer
  readonly mime: 'image/jpeg' | 'image/png'
}

/** Makes the pictures that LINE wants beside or instead of a file. */
export interface Pictures {
  /** A JPEG of at most 1 MB; undefined when the file at `path` cannot be read as a picture. */
  preview(path: string): Promise<Picture | undefined>
  /** The picture as JPEG or PNG of at most 10 MB (of an animation the first frame), or undefined as above. */
  convert(path: string): Promise<Picture | undefined>
  /** A drawn stand-in with a play sign: taking a real frame out of a video would need a video decoder. */
  videoStill(): Promise<Picture>
}

/** Tried in turn until the result is small enough. */
const previewSteps = [
  { side: 1024, quality: 80 },
  { side: 720, quality: 70 },
  { side: 480, quality: 50 },
] as const
const originalSteps = [
  { side: 4096, quality: 88 },
  { side: 2048, quality: 80 },
  { side: 1024, quality: 75 },
] as const

const videoStillSvg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360" viewBox="0 0 640 360">
  <rect width="640" height="360" fill="#22303c"/>
  <circle cx="320" cy="180" r="64" fill="#ffffff" fill-opacity="0.92"/>
  <path d="M300 146 L356 180 L300 214 Z" fill="#22303c"/>
</svg>`

/** Pictures are made one at a time: each may take hundreds of MB while it is decoded. */
export function createPictures(): Pictures {
  let last: Promise<unknown> = Promise.resolve()

  const alone = <T>(make: () => Promise<T>): Promise<T> => {
    const made = last.then(make)
    last = made.catch(() => undefined)
    return made
  }

  /** Loaded when first needed: most processes of most installations never see a picture that must be changed. */
  async function load() {
    const { default: sharp } = await import('sharp')
    sharp.cache(false)
    sharp.concurrency(1)
    return sharp
  }

  async function fitting(
    path: string,
    steps: readonly { readonly side: number; readonly quality: number }[],
    maxBytes: number,
    encode: (image: Sharp, quality: number, hasAlpha: boolean) => Sharp,
  ): Promise<Picture | undefined> {
    const sharp = await load()
    try {
      const { hasAlpha } = await sharp(path, { limitInputPixels: maxInputPixels }).metadata()
      for (const { side, quality } of steps) {
        const image = sharp(path, { limitInputPixels: maxInputPixels, failOn: 'error', sequentialRead: true })
          .timeout({ seconds: 20 })
          .autoOrient()
          .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
        const { data, info } = await encode(image, quality, hasAlpha).toBuffer({ resolveWithObject: true })
        if (data.length <= maxBytes) return { bytes: data, mime: info.format === 'png' ? 'image/png' : 'image/jpeg' }
      }
    } catch {
      // Broken, too large, or of a format that this build of the library cannot read: there is no picture then.
    }
    return undefined
  }

  return {
    preview: (path) =>
      alone(() =>
        fitting(path, previewSteps, pictureLimits.previewBytes, (image, quality) =>
          image.flatten({ background: '#ffffff' }).jpeg({ quality }),
        ),
      ),

    convert: (path) =>
      alone(() =>
        fitting(path, originalSteps, pictureLimits.originalBytes, (image, quality, hasAlpha) =>
          hasAlpha ? image.png() : image.jpeg({ quality }),
        ),
      ),

    videoStill: () =>
      alone(async () => {
        const sharp = await load()
        const bytes = await sharp(Buffer.from(videoStillSvg)).png({ palette: true }).toBuffer()
        return { bytes, mime: 'image/png' }
      }),
  }
}

/** The playing time of an audio or video file in ms, or undefined when the file does not tell. */
export async function playingTimeMs(path: string): Promise<number | undefined> {
  const { parseFile } = await import('music-metadata')
  try {
    const { format } = await parseFile(path, { duration: true, skipCovers: true })
    const seconds = format.duration
    return seconds && Number.isFinite(seconds) ? Math.max(1, Math.round(seconds * 1000)) : undefined
  } catch {
    return undefined
  }
}
