import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { MediaUnavailable } from '../../src/bridge/errors.ts'
import { derivedKey, mediaKey, messagePrefix, sharedKey } from '../../src/media/keys.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { temporaryFolder } from './samples.ts'

const message = { channel: 'shop', direction: 'inbound', messageId: '1001' } as const
const key = mediaKey({ ...message, part: 0 })
const png = { mime: 'image/png', fileName: 'a.png', maxBytes: 1_000 }
const day = 86_400_000

/** Every path below a folder that is a file. */
const filesBelow = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}

describe('a key', () => {
  test('is the same for the same file and another for any other', () => {
    const others = [
      mediaKey({ ...message, part: 1 }),
      mediaKey({ ...message, channel: 'shop2', part: 0 }),
      mediaKey({ ...message, direction: 'outbound', part: 0 }),
      mediaKey({ ...message, messageId: '1002', part: 0 }),
      mediaKey({ channel: 'a', direction: 'inbound', messageId: 'b","c', part: 0 }),
      mediaKey({ channel: 'a","b', direction: 'inbound', messageId: 'c', part: 0 }),
      derivedKey(key, 'preview'),
      sharedKey('1001'),
    ]
    expect(mediaKey({ ...message, part: 0 })).toBe(key)
    expect(new Set([key, ...others]).size).toBe(others.length + 1)
    expect(key.startsWith(`${messagePrefix(message)}-`)).toBe(true)
  })

  test('is safe as a path whatever the id', () => {
    for (const messageId of ['../../etc/passwd', 'a/b\\c', '\0', '', 'ไทย', '.'.repeat(5000)])
      expect(mediaKey({ ...message, messageId, part: 3 })).toMatch(/^i-[0-9a-f]{40}-3$/)
  })
})

describe('the media store', () => {
  test('gives back what was written, with its description', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder, now: () => 42 })
    const written = await store.write(key, Readable.from([Buffer.from('ab'), Buffer.from('c')]), png)
    expect(written).toMatchObject({ mime: 'image/png', fileName: 'a.png', bytes: 3, storedAt: 42 })
    expect(await store.find(key)).toEqual(written)
    expect(await readFile(written.path, 'utf8')).toBe('abc')
    expect(await store.find(mediaKey({ ...message, part: 1 }))).toBeUndefined()
  })

  test('finds nothing under what is no key, and writes nothing there', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    for (const wrong of ['', '../x', `${key}/../0`, `${key}\n`, 'x-'.concat('0'.repeat(40), '-0')]) {
      expect(await store.find(wrong)).toBeUndefined()
      const stream = Readable.from(['x'])
      await expect(store.write(wrong, stream, png)).rejects.toThrow(TypeError)
      expect(stream.destroyed).toBe(true)
    }
    await expect(store.eraseMessage('../..')).rejects.toThrow(TypeError)
    expect(await filesBelow(place.folder)).toEqual([])
  })

  test('takes a file of 60 MB piece by piece, never holding much of it in memory', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    const piece = randomBytes(64 * 1024)
    const pieces = 60 * 16
    const hash = createHash('sha256')
    let produced = 0
    let looks = 0
    let mostAhead = 0
    async function* body() {
      let file = ''
      for (let count = 0; count < pieces; count += 1) {
        if (count === 8) [file = ''] = await filesBelow(path.join(place.folder, 'tmp'))
        if (count >= 8) {
          mostAhead = Math.max(mostAhead, produced - statSync(file).size)
          looks += 1
        }
        hash.update(piece)
        produced += piece.length
        yield piece
      }
    }
    const written = await store.write(key, Readable.from(body()), { ...png, maxBytes: 100_000_000 })
    expect(written.bytes).toBe(60 * 1024 * 1024)
    expect((await stat(written.path)).size).toBe(60 * 1024 * 1024)
    expect(createHash('sha256').update(readFileSync(written.path)).digest('hex')).toBe(hash.digest('hex'))
    expect(looks).toBe(pieces - 8)
    expect(mostAhead).toBeLessThan(2 * 1024 * 1024)
  })

  test('refuses a stream over the limit and leaves nothing, one of exactly the limit passes', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(300)
      })(),
    )
    await expect(store.write(key, endless, png)).rejects.toMatchObject({ problem: 'too_large' })
    await expect(store.write(key, Readable.from([Buffer.alloc(1_001)]), png)).rejects.toThrow(MediaUnavailable)
    expect(endless.destroyed).toBe(true)
    expect(await filesBelow(place.folder)).toEqual([])
    expect(await store.find(key)).toBeUndefined()
    expect(await store.write(key, Readable.from([Buffer.alloc(1_000)]), png)).toMatchObject({ bytes: 1_000 })
  })

  test('leaves nothing when the stream breaks or the caller stops', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    const breaking = Readable.from(
      (async function* () {
        yield Buffer.from('x')
        throw new Error('broken')
      })(),
    )
    await expect(store.write(key, breaking, png)).rejects.toThrow('broken')
    const early = new Readable({ read() {} })
    process.nextTick(() => early.destroy(new Error('broken early')))
    await expect(store.write(key, early, png)).rejects.toThrow('broken early')
    const stop = new AbortController()
    const silent = new Readable({ read: () => stop.abort() })
    await expect(store.write(key, silent, { ...png, signal: stop.signal })).rejects.toThrow(/abort/i)
    expect(await filesBelow(place.folder)).toEqual([])
  })

  test('lets several writers of one key succeed, and shows readers only whole files', async () => {
    await using place = await temporaryFolder()
    const stores = Array.from({ length: 8 }, () => createMediaStore({ folder: place.folder }))
    let done = false
    const reader = (async () => {
      const seen = new Set<string>()
      while (!done) {
        const found = await stores[0]?.find(key)
        if (found) seen.add(`${found.fileName}:${(await readFile(found.path)).length}`)
      }
      return seen
    })()
    const results = await Promise.all(
      stores.map((store, at) =>
        store.write(key, Readable.from([Buffer.alloc(at + 1), Buffer.alloc(100)]), { ...png, fileName: `${at}.png` }),
      ),
    )
    done = true
    const winner = await stores[1]?.find(key)
    expect(winner).toBeDefined()
    for (const result of results) expect(result).toEqual(winner)
    const number = Number.parseInt(winner?.fileName ?? '', 10)
    expect(winner?.bytes).toBe(number + 101)
    for (const seen of await reader) expect(seen).toBe(`${number}.png:${number + 101}`)
    expect((await filesBelow(place.folder)).length).toBe(2)
  })

  test('stores a file anew when its content has gone or been cut', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    const first = await store.write(key, Readable.from(['abc']), png)
    await writeFile(first.path, 'a')
    expect(await store.find(key)).toBeUndefined()
    await store.write(key, Readable.from(['abc']), png)
    await rm(first.path)
    expect(await store.find(key)).toBeUndefined()
    const again = await store.write(key, Readable.from(['abcd']), png)
    expect(again.bytes).toBe(4)
    expect(await readFile(again.path, 'utf8')).toBe('abcd')
  })

  test('erases one file, or all files of one message and what was made from them', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    const keys = [key, mediaKey({ ...message, part: 1 }), derivedKey(key, 'preview')]
    const other = mediaKey({ ...message, messageId: 'other', part: 0 })
    for (const one of [...keys, other]) await store.write(one, Readable.from(['x']), png)
    await store.erase(keys[1] ?? '')
    await store.erase(keys[1] ?? '')
    expect(await store.find(keys[1] ?? '')).toBeUndefined()
    expect(await store.find(key)).toBeDefined()
    await store.eraseMessage(messagePrefix(message))
    await store.eraseMessage(messagePrefix(message))
    for (const one of keys) expect(await store.find(one)).toBeUndefined()
    expect(await store.find(other)).toBeDefined()
    expect((await filesBelow(place.folder)).length).toBe(2)
  })

  test('writes while the same message is being erased', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    const writing = Promise.all(
      Array.from({ length: 40 }, (_, part) => store.write(mediaKey({ ...message, part }), Readable.from(['x']), png)),
    )
    const erasing = (async () => {
      for (let count = 0; count < 20; count += 1) await store.eraseMessage(messagePrefix(message))
    })()
    await erasing
    for (const result of await writing) expect(result.bytes).toBe(1)
  })

  test('sweeps files past the time of their direction, and what crashed writers left', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: place.folder })
    const outbound = mediaKey({ ...message, direction: 'outbound', part: 0 })
    const still = sharedKey('still')
    for (const one of [key, outbound, still]) await store.write(one, Readable.from(['x']), png)
    const crashed = path.join(place.folder, 'tmp', 'crashed')
    const current = path.join(place.folder, 'tmp', 'current')
    for (const folder of [crashed, current]) {
      await mkdir(folder, { recursive: true })
      await writeFile(path.join(folder, 'content'), 'half')
    }
    const now = Date.now()
    const earlier = new Date(now - 3_700_000)
    await utimes(path.join(crashed, 'content'), earlier, earlier)
    // A long write: the folder is old, its file is not.
    for (const folder of [crashed, current]) await utimes(folder, earlier, earlier)
    const maxAgeMs = { inbound: 30 * day, outbound: 400 * day }

    expect(await store.sweep({ now, maxAgeMs })).toEqual({ files: 0, leftovers: 1, markers: 0 })
    expect(await readdir(path.join(place.folder, 'tmp'))).toEqual(['current'])
    expect(await store.find(key)).toBeDefined()

    expect(await store.sweep({ now: now + 31 * day, maxAgeMs })).toEqual({ files: 1, leftovers: 1, markers: 0 })
    expect(await store.find(key)).toBeUndefined()
    expect(await store.find(outbound)).toBeDefined()
    const [outer = ''] = await readdir(path.join(place.folder, 'inbound'))
    const [inner = ''] = await readdir(path.join(place.folder, 'inbound', outer))
    expect(await readdir(path.join(place.folder, 'inbound', outer, inner))).toEqual([])

    expect(await store.sweep({ now: now + 401 * day, maxAgeMs })).toEqual({ files: 1, leftovers: 0, markers: 0 })
    expect(await store.find(outbound)).toBeUndefined()
    expect(await store.find(still)).toBeDefined()
  })

  test('is swept in several processes at once, and before anything was written', async () => {
    await using place = await temporaryFolder()
    const store = createMediaStore({ folder: path.join(place.folder, 'new') })
    const limits = { now: Date.now() + day, maxAgeMs: { inbound: 1, outbound: 1 } }
    expect(await store.sweep(limits)).toEqual({ files: 0, leftovers: 0, markers: 0 })
    const keys = Array.from({ length: 30 }, (_, part) => mediaKey({ ...message, messageId: `m${part}`, part }))
    for (const one of keys) await store.write(one, Readable.from(['x']), png)
    await Promise.all([store.sweep(limits), store.sweep(limits), store.sweep(limits)])
    for (const one of keys) expect(await store.find(one)).toBeUndefined()
    expect(await filesBelow(place.folder)).toEqual([])
  })
})
