import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { filmSize } from '../../src/media/film-size.ts'
import { createFilms } from '../../src/media/films.ts'
import { playingTimeMs } from '../../src/media/playing-time.ts'
import { mp3, mp4, temporaryFolder } from './samples.ts'

const put = async (folder: string, bytes: Buffer): Promise<string> => {
  const file = path.join(folder, 'content')
  await writeFile(file, bytes)
  return file
}

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

describe('the size of a film', () => {
  const film = (pictures: { width: number; height: number; turned?: boolean }, late = false) =>
    mp4({ brand: 'mp42', durationMs: 1_000, pictures, late })

  test('is read from its description, at the beginning or the end of the file', async () => {
    await using place = await temporaryFolder()
    const size = { width: 1280, height: 720 }
    expect(await filmSize(await put(place.folder, film(size)))).toEqual(size)
    expect(await filmSize(await put(place.folder, film(size, true)))).toEqual(size)
  })

  test('is that of an upright film where a phone noted a quarter turn', async () => {
    await using place = await temporaryFolder()
    const file = await put(place.folder, film({ width: 1280, height: 720, turned: true }))
    expect(await filmSize(file)).toEqual({ width: 720, height: 1280 })
  })

  test('is undefined for sound alone, for what is cut off, and for anything else', async () => {
    await using place = await temporaryFolder()
    const whole = film({ width: 1280, height: 720 })
    for (const bytes of [
      mp4({ brand: 'M4A ', durationMs: 1 }),
      whole.subarray(0, 100),
      Buffer.alloc(0),
      Buffer.from('not a film at all'),
      Buffer.alloc(300),
    ])
      expect(await filmSize(await put(place.folder, bytes))).toBeUndefined()
  })

  test('is told together with the playing time, without any program', async () => {
    await using place = await temporaryFolder()
    const films = createFilms({ searchPath: undefined })
    const { signal } = new AbortController()
    const file = { path: await put(place.folder, film({ width: 300, height: 200 })), mime: 'video/mp4' }
    expect(await films.look(file, signal)).toEqual({ durationMs: 1_000, size: { width: 300, height: 200 } })
    expect(await films.look({ ...file, mime: 'audio/mp4' }, signal)).toEqual({ durationMs: 1_000 })
    expect(await films.frame(file.path, {}, signal)).toBeUndefined()
  })
})
