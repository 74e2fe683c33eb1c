import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createPictures } from '../../src/media/preview.ts'
import { stillSize } from '../../src/media/video-still.ts'
import { bitmap, heic, noise, plain, temporaryFolder } from './samples.ts'

const pictures = createPictures()

const put = async (folder: string, bytes: Buffer): Promise<string> => {
  const file = path.join(folder, 'content')
  await writeFile(file, bytes)
  return file
}

describe('a preview', () => {
  test('is a JPEG below 1 MB even of a picture that hardly compresses', async () => {
    await using place = await temporaryFolder()
    const bytes = await noise({ width: 2400, height: 1600 }).jpeg({ quality: 100 }).toBuffer()
    expect(bytes.length).toBeGreaterThan(1_000_000)
    const made = await pictures.preview(await put(place.folder, bytes))
    expect(made?.mime).toBe('image/jpeg')
    expect(made?.bytes.length).toBeLessThanOrEqual(1_000_000)
    const { format, width, height } = await sharp(made?.bytes).metadata()
    expect(format).toBe('jpeg')
    expect(Math.max(width ?? 0, height ?? 0)).toBeLessThanOrEqual(1024)
    expect((width ?? 0) / (height ?? 1)).toBeCloseTo(1.5, 1)
  })

  test('stands upright as the camera meant it', async () => {
    await using place = await temporaryFolder()
    const bytes = await plain({ width: 40, height: 20 }).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const made = await pictures.preview(await put(place.folder, bytes))
    expect(await sharp(made?.bytes).metadata()).toMatchObject({ width: 20, height: 40 })
  })

  test('is undefined for what is no picture, is broken, or would be enormous', async () => {
    await using place = await temporaryFolder()
    expect(await pictures.preview(await put(place.folder, Buffer.from('not a picture')))).toBeUndefined()
    const whole = await noise({ width: 400, height: 400 }).jpeg().toBuffer()
    expect(await pictures.preview(await put(place.folder, whole.subarray(0, 3000)))).toBeUndefined()
    const huge = await plain({ width: 12_000, height: 9_000 }).png().toBuffer()
    expect(huge.length).toBeLessThan(5_000_000)
    expect(await pictures.preview(await put(place.folder, huge))).toBeUndefined()
    expect(await pictures.preview(path.join(place.folder, 'absent'))).toBeUndefined()
  })

  test('is not needed by what has at most 1,024 pixels a side', async () => {
    await using place = await temporaryFolder()
    for (const [width, height, fits] of [
      [1024, 1024, true],
      [1025, 10, false],
      [10, 1025, false],
    ] as const)
      expect(await pictures.fitsPreview(await put(place.folder, await plain({ width, height }).png().toBuffer()))).toBe(
        fits,
      )
    expect(await pictures.fitsPreview(await put(place.folder, Buffer.from('not a picture')))).toBeUndefined()
  })
})

describe('a picture that LINE does not show', () => {
  test.each([
    ['gif', 'png'],
    ['webp', 'jpeg'],
    ['avif', 'jpeg'],
    ['tiff', 'jpeg'],
  ] as const)('becomes one that it does: %s → %s', async (format, shown) => {
    await using place = await temporaryFolder()
    const bytes = await plain({ width: 30, height: 20 }).toFormat(format).toBuffer()
    const made = await pictures.convert(await put(place.folder, bytes))
    const { format: now, width } = await sharp(made?.bytes).metadata()
    expect({ now, width, mime: made?.mime }).toEqual({ now: shown, width: 30, mime: `image/${shown}` })
  })

  test('shows the first picture of an animation', async () => {
    await using place = await temporaryFolder()
    const frames = ['#ff0000', '#0000ff'].map((background) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer(),
    )
    const animated = await sharp(await Promise.all(frames), { join: { animated: true } })
      .gif()
      .toBuffer()
    expect((await sharp(animated).metadata()).pages).toBe(2)
    const made = await pictures.convert(await put(place.folder, animated))
    const { info, data } = await sharp(made?.bytes).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, data[0], data[1], data[2]]).toEqual([8, 8, 255, 0, 0])
  })

  test.each([8, 24, 32] as const)('is read also where it is a Windows bitmap of %d bits', async (bits) => {
    await using place = await temporaryFolder()
    const rows = [
      [
        [250, 0, 0],
        [0, 250, 0],
        [0, 0, 250],
      ],
      [
        [0, 0, 0],
        [120, 120, 120],
        [250, 250, 0],
      ],
    ] as const
    const made = await pictures.preview(await put(place.folder, bitmap(rows, bits)))
    expect(made?.mime).toBe('image/jpeg')
    const whole = await pictures.convert(await put(place.folder, bitmap(rows, bits)))
    const { info, data } = await sharp(whole?.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([3, 2])
    // JPEG is not exact, least of all in so small a picture.
    const lightness = [...Array(6).keys()].map(
      (at) => (data[at * 3] ?? 0) + (data[at * 3 + 1] ?? 0) + (data[at * 3 + 2] ?? 0),
    )
    expect(lightness.indexOf(Math.max(...lightness))).toBe(5)
    expect(lightness.indexOf(Math.min(...lightness))).toBe(3)
  })

  test('stays as it is where it cannot be read: a cut bitmap, a photo whose coding is unknown', async () => {
    await using place = await temporaryFolder()
    const whole = bitmap([[[1, 2, 3]], [[4, 5, 6]]])
    expect(await pictures.convert(await put(place.folder, whole.subarray(0, -2)))).toBeUndefined()
    expect(await pictures.convert(await put(place.folder, Buffer.from('BM and then some words')))).toBeUndefined()
    expect(await pictures.convert(await put(place.folder, heic()))).toBeUndefined()
  })

  test('keeps what is transparent', async () => {
    await using place = await temporaryFolder()
    const clear = sharp({ create: { width: 5, height: 5, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
    const made = await pictures.convert(await put(place.folder, await clear.webp().toBuffer()))
    expect(made?.mime).toBe('image/png')
    expect((await sharp(made?.bytes).stats()).isOpaque).toBe(false)
  })

  test('is made smaller when it is above 10 MB', async () => {
    await using place = await temporaryFolder()
    const bytes = await noise({ width: 2200, height: 1800 }).png({ compressionLevel: 0 }).toBuffer()
    expect(bytes.length).toBeGreaterThan(10_000_000)
    const made = await pictures.convert(await put(place.folder, bytes))
    expect(made?.bytes.length).toBeLessThanOrEqual(10_000_000)
    expect((await sharp(made?.bytes).metadata()).format).toBe('jpeg')
  })
})

describe('the stand-in for a film', () => {
  test('is a small PNG, the same every time', async () => {
    const size = stillSize(undefined)
    const [one, two] = await Promise.all([pictures.videoStill(size), createPictures().videoStill(size)])
    expect(one.mime).toBe('image/png')
    expect(await sharp(one.bytes).metadata()).toMatchObject({ format: 'png', width: 640, height: 360 })
    expect(one.bytes.length).toBeLessThan(20_000)
    expect(one.bytes.equals(two.bytes)).toBe(true)
  })

  test.each([
    [
      { width: 1920, height: 1080 },
      { width: 640, height: 360 },
    ],
    [
      { width: 1080, height: 1920 },
      { width: 360, height: 640 },
    ],
    [
      { width: 500, height: 500 },
      { width: 640, height: 640 },
    ],
    [
      { width: 640, height: 481 },
      { width: 640, height: 482 },
    ],
    [
      { width: 5000, height: 10 },
      { width: 640, height: 214 },
    ],
  ])('has the proportions of a film of %j, within reason', async (film, still) => {
    expect(stillSize(film)).toEqual(still)
    expect(await sharp((await pictures.videoStill(still)).bytes).metadata()).toMatchObject(still)
  })
})
