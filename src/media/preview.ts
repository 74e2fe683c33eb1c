import type { Sharp } from 'sharp'
import { readBitmap } from './bitmap.ts'
import type { Size } from './film-size.ts'
import { oneByOne } from './one-by-one.ts'
import { stillDrawing } from './video-still.ts'

/**
 * LINE shows JPEG and PNG only: originals up to 10 MB, previews up to 1 MB, and a broken picture for anything more
 * (https://developers.line.biz/en/reference/messaging-api/#image-message,
 * https://github.com/chatwoot/chatwoot/issues/12757).
 * Whether its MB are of 10^6 or 2^20 bytes is not said.
 */
export const pictureLimits = { originalBytes: 10_000_000, previewBytes: 1_000_000 } as const

/**
 * The sides of a preview, which also stands at the head of a card
 * (https://developers.line.biz/en/reference/messaging-api/#f-image).
 */
const previewSide = 1024

/** Pixels that are decoded at most: a small file can hold an enormous picture. */
const maxInputPixels = 100_000_000

/** A picture that we made. */
export interface Picture {
  readonly bytes: Buffer
  readonly mime: 'image/jpeg' | 'image/png'
}

/** Makes the pictures that LINE wants beside or instead of a file. A picture may also be given as its encoded bytes. */
export interface Pictures {
  /** Has the picture at `path` at most the pixels of a preview? Undefined when it cannot be read. */
  fitsPreview(path: string): Promise<boolean | undefined>
  /** A JPEG of at most 1 MB and 1,024 pixels a side; undefined when it cannot be read as a picture. */
  preview(picture: string | Buffer): Promise<Picture | undefined>
  /** The picture as JPEG or PNG of at most 10 MB (of an animation the first frame), or undefined as above. */
  convert(picture: string | Buffer): Promise<Picture | undefined>
  /** A drawn stand-in with a play sign, for a film of which there is no picture. PNG, far below the limits. */
  videoStill(size: Size): Promise<Picture>
}

/** Tried in turn until the result is small enough. */
const previewSteps = [
  { side: previewSide, quality: 80 },
  { side: 720, quality: 70 },
  { side: 480, quality: 50 },
] as const
const originalSteps = [
  { side: 4096, quality: 88 },
  { side: 2048, quality: 80 },
  { side: 1024, quality: 75 },
] as const

/** Pictures are made one at a time: each may take hundreds of MB while it is decoded. */
export function createPictures(): Pictures {
  const alone = oneByOne()

  /** Loaded when first needed: most processes of most installations never see a picture that must be changed. */
  async function load() {
    const { default: sharp } = await import('sharp')
    sharp.cache(false)
    sharp.concurrency(1)
    return sharp
  }

  async function fitting(
    picture: string | Buffer,
    steps: readonly { readonly side: number; readonly quality: number }[],
    maxBytes: number,
    encode: (image: Sharp, quality: number, hasAlpha: boolean) => Sharp,
  ): Promise<Picture | undefined> {
    const sharp = await load()
    try {
      const bitmap = typeof picture === 'string' ? await readBitmap(picture) : undefined
      const limits = { limitInputPixels: maxInputPixels, failOn: 'error', sequentialRead: true } as const
      const read = () =>
        bitmap
          ? sharp(bitmap.data, { ...limits, raw: { width: bitmap.width, height: bitmap.height, channels: 3 } })
          : sharp(picture, limits)
      const { hasAlpha } = await read().metadata()
      for (const { side, quality } of steps) {
        const image = read()
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
    async fitsPreview(path) {
      const sharp = await load()
      try {
        const { width, height } = await sharp(path).metadata()
        return Math.max(width, height) <= previewSide
      } catch {
        return undefined
      }
    },

    preview: (picture) =>
      alone(() =>
        fitting(picture, previewSteps, pictureLimits.previewBytes, (image, quality) =>
          image.flatten({ background: '#ffffff' }).jpeg({ quality }),
        ),
      ),

    convert: (picture) =>
      alone(() =>
        fitting(picture, originalSteps, pictureLimits.originalBytes, (image, quality, hasAlpha) =>
          hasAlpha ? image.png() : image.jpeg({ quality }),
        ),
      ),

    videoStill: (size) =>
      alone(async () => {
        const sharp = await load()
        const bytes = await sharp(Buffer.from(stillDrawing(size)))
          .png({ palette: true })
          .toBuffer()
        return { bytes, mime: 'image/png' }
      }),
  }
}
