import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createPictures, playingTimeMs } from '../../src/media/preview.ts'
import { mp3, mp4, noise, plain, temporaryFolder } from './samples.ts'

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

test('the stand-in for a video is a small PNG, the same every time', async () => {
  const [one, two] = await Promise.all([pictures.videoStill(), createPictures().videoStill()])
  expect(one.mime).toBe('image/png')
  expect(await sharp(one.bytes).metadata()).toMatchObject({ format: 'png', width: 640, height: 360 })
  expect(one.bytes.length).toBeLessThan(20_000)
  expect(one.bytes.equals(two.bytes)).toBe(true)
})

describe('the playing time', () => {
  test('is read from sound and film', async () => {
    await using place = await temporaryFolder()
    expect(await playingTimeMs(await put(place.folder, mp4({ brand: 'M4A ', durationMs: 2500 })))).toBe(2500)
    expect(await playingTimeMs(await put(place.folder, mp4({ brand: 'mp42', durationMs: 61_000 })))).toBe(61_000)
    const song = await playingTimeMs(await put(place.folder, mp3({ frames: 100 })))
    expect(Math.abs((song ?? 0) - (100 * 1152 * 1000) / 44_100)).toBeLessThan(60)
  })

  test('is undefined where the file does not tell', async () => {
    await using place = await temporaryFolder()
    expect(await playingTimeMs(await put(place.folder, Buffer.from('not a sound')))).toBeUndefined()
  })
})
