import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rename, rm, utimes } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { eraseFilesOf, eraseFilesOfPerson } from '../../src/media/erase.ts'
import { derivedKey, type MediaMessage, mediaKey, messagePrefix, ownerOf } from '../../src/media/keys.ts'
import { createMediaRetention } from '../../src/media/retention.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { until } from '../support/until.ts'
import { temporaryFolder } from './samples.ts'

const mine = { channel: 'shop', user: 'U1' }
const yours = { channel: 'shop', user: 'U2' }
const message = (messageId: string, direction: 'inbound' | 'outbound' = 'inbound'): MediaMessage => ({
  channel: 'shop',
  direction,
  messageId,
})
const png = { mime: 'image/png', fileName: 'a.png', maxBytes: 1_000 }
const hour = 3_600_000
const day = 24 * hour
const maxAgeMs = { inbound: 30 * day, outbound: 400 * day }

const filesBelow = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}

/** A store, and a short way to put a file of somebody into it. */
function bench(folder: string, now?: () => number) {
  const store = createMediaStore({ folder, ...(now && { now }) })
  const put = (about: MediaMessage, owner?: typeof mine, part = 0, content = 'abc') =>
    store.write(mediaKey({ ...about, part }), Readable.from([content]), {
      ...png,
      ...(owner && { owner: ownerOf(owner) }),
    })
  const markers = async () =>
    (await filesBelow(path.join(folder, 'owners'))).map((file) => path.relative(path.join(folder, 'owners'), file))
  return { store, put, markers }
}

describe('the owner index', () => {
  test('tells people apart, and tells nobody who they are', () => {
    const others = [ownerOf(yours), ownerOf({ channel: 'shop2', user: 'U1' }), ownerOf({ channel: 'shopU', user: '1' })]
    expect(new Set([ownerOf(mine), ...others]).size).toBe(4)
    expect(ownerOf(mine)).toMatch(/^[0-9a-f]{40}$/)
    // A person whose id is that of a message shares no folder with it.
    expect(messagePrefix(message('U1'))).not.toContain(ownerOf(mine))
  })

  test('has one empty marker for each message with files', async () => {
    await using place = await temporaryFolder()
    const { store, put, markers } = bench(place.folder)
    for (const part of [0, 1]) await put(message('1'), mine, part)
    const key = derivedKey(mediaKey({ ...message('1'), part: 0 }), 'preview')
    await store.write(key, Readable.from(['p']), { ...png, owner: ownerOf(mine) })
    await put(message('2', 'outbound'), mine)
    const owner = ownerOf(mine)
    const folder = `${owner.slice(0, 2)}/${owner.slice(2, 4)}/${owner}`
    const expected = [message('1'), message('2', 'outbound')].map((one) => `${folder}/${messagePrefix(one)}`)
    expect((await markers()).toSorted()).toEqual(expected.toSorted())
  })

  test('leads to all files of one person, both ways, and to nobody else’s', async () => {
    await using place = await temporaryFolder()
    const { store, put, markers } = bench(place.folder)
    await put(message('1'), mine, 0, 'abc')
    await put(message('1'), mine, 1, 'defg')
    await put(message('2', 'outbound'), mine, 0, 'h')
    await put(message('3'), yours)
    await put(message('4'), { channel: 'shop2', user: 'U1' })

    const { files, bytes } = await store.eraseOwner(ownerOf(mine))
    expect(files).toBe(3)
    // The descriptions beside the files go, too.
    expect(bytes).toBeGreaterThan(8)
    for (const one of [message('1'), message('2', 'outbound')])
      expect(await store.find(mediaKey({ ...one, part: 0 }))).toBeUndefined()
    for (const one of [message('3'), message('4')])
      expect(await store.find(mediaKey({ ...one, part: 0 }))).toBeDefined()
    expect((await markers()).length).toBe(2)
    expect(await store.eraseOwner(ownerOf(mine))).toEqual({ files: 0, bytes: 0 })
    expect((await filesBelow(path.join(place.folder, 'tmp'))).length).toBe(0)
  })

  test('is no way out of the folder', async () => {
    await using place = await temporaryFolder()
    const { store } = bench(place.folder)
    for (const wrong of ['..', '../../etc', '', 'x'.repeat(40)])
      await expect(store.eraseOwner(wrong)).rejects.toThrow(TypeError)
  })

  test('knows a message before its first file can be seen, even when the writer is killed', async () => {
    await using place = await temporaryFolder()
    const { store } = bench(place.folder)
    const script = fileURLToPath(new URL('./write-files.ts', import.meta.url))
    let seen = 0
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, [script, place.folder, `r${round}`], { stdio: 'ignore' })
      const ended = once(child, 'exit')
      // Killed anywhere: nearer to the start in some rounds, farther in others.
      await until(
        'some files',
        async () => (await filesBelow(path.join(place.folder, 'inbound'))).length > seen + round,
      )
      child.kill('SIGKILL')
      await ended
      seen = (await filesBelow(path.join(place.folder, 'inbound'))).length
    }
    expect(seen).toBeGreaterThan(0)
    await store.eraseOwner(ownerOf(mine))
    expect(await filesBelow(path.join(place.folder, 'inbound'))).toEqual([])
  })

  test('loses no file that is written while its owner is being erased', async () => {
    await using place = await temporaryFolder()
    const { store, put, markers } = bench(place.folder)
    let writing = true
    const erasing = (async () => {
      while (writing) await store.eraseOwner(ownerOf(mine))
    })()
    await Promise.all(Array.from({ length: 60 }, (_, part) => put(message(String(part % 7)), mine, part)))
    writing = false
    await erasing
    // What survived, because it came later, is still known to be theirs.
    await store.eraseOwner(ownerOf(mine))
    expect(await filesBelow(path.join(place.folder, 'inbound'))).toEqual([])
    expect(await markers()).toEqual([])
  })
})

describe('the sweep', () => {
  test('removes markers of messages that have no files any more, but not at once', async () => {
    await using place = await temporaryFolder()
    const { store, put, markers } = bench(place.folder)
    await put(message('1'), mine)
    await put(message('2'), mine)
    await eraseFilesOf({ store, ...message('1') })
    const now = Date.now()
    // A writer may have made the marker and not the file yet.
    expect(await store.sweep({ now, maxAgeMs })).toMatchObject({ markers: 0 })
    expect(await store.sweep({ now: now + 2 * hour, maxAgeMs })).toMatchObject({ files: 0, markers: 1 })
    expect((await markers()).map((file) => path.basename(file))).toEqual([messagePrefix(message('2'))])
    expect(await store.sweep({ now: now + 31 * day, maxAgeMs })).toMatchObject({ files: 1, markers: 1 })
    expect(await markers()).toEqual([])
    const [outer = ''] = await readdir(path.join(place.folder, 'owners'))
    const [inner = ''] = await readdir(path.join(place.folder, 'owners', outer))
    expect(await readdir(path.join(place.folder, 'owners', outer, inner))).toEqual([])
  })

  test('removes markers that are past both keep times whatever lies where the files were', async () => {
    await using place = await temporaryFolder()
    const { store, put, markers } = bench(place.folder)
    const { path: file } = await put(message('1'), mine)
    // As if a hand had put something there, or a network store had left a name behind.
    await mkdir(path.join(path.dirname(path.dirname(file)), 'strange'))
    const [marker = ''] = await filesBelow(path.join(place.folder, 'owners'))
    const now = Date.now()
    const earlier = new Date(now - 401 * day)
    await utimes(marker, earlier, earlier)
    expect(await store.sweep({ now, maxAgeMs })).toMatchObject({ files: 0, markers: 1 })
    expect(await markers()).toEqual([])
  })

  test('keeps a marker whose message got another file later', async () => {
    await using place = await temporaryFolder()
    let now = Date.now() - 390 * day
    const { store, put, markers } = bench(place.folder, () => now)
    await put(message('1', 'outbound'), mine)
    now = Date.now()
    await put(message('1', 'outbound'), mine, 1)
    await store.sweep({ now: now + 20 * day, maxAgeMs })
    expect((await markers()).length).toBe(1)
  })

  test('of several processes at once leaves the same', async () => {
    await using place = await temporaryFolder()
    const { store, put, markers } = bench(place.folder)
    for (let index = 0; index < 20; index += 1) await put(message(String(index)), index % 2 ? mine : yours)
    const limits = { now: Date.now() + 31 * day, maxAgeMs }
    const swept = await Promise.all([store.sweep(limits), store.sweep(limits)])
    expect(swept.reduce((sum, { markers: count }) => sum + count, 0)).toBeGreaterThanOrEqual(20)
    expect(await markers()).toEqual([])
  })

  test('runs by itself soon after the start, and tells of a failure', async () => {
    const sweeps: number[] = []
    const errors: Error[] = []
    const retention = createMediaRetention({
      sweep: async ({ now }) => {
        sweeps.push(now)
        throw new Error('The folder is away.')
      },
      maxAgeMs,
      onError: (error) => void errors.push(error),
      firstMs: 5,
    })
    retention.start()
    await until('the first sweep', () => errors.length === 1)
    retention.stop()
    expect(sweeps.length).toBe(1)
  })
})

describe('erasing', () => {
  test('the files of one message ends their links, and leaves others alone', async () => {
    await using place = await temporaryFolder()
    const { store, put } = bench(place.folder)
    await put(message('1'), mine)
    await put(message('1', 'outbound'), mine)
    expect(await eraseFilesOf({ store, ...message('1') })).toMatchObject({ files: 1 })
    expect(await store.find(mediaKey({ ...message('1'), part: 0 }))).toBeUndefined()
    expect(await store.find(mediaKey({ ...message('1', 'outbound'), part: 0 }))).toBeDefined()
    expect(await eraseFilesOf({ store, ...message('never') })).toEqual({ files: 0, bytes: 0 })
  })

  test('a person finds files from before the store knew owners by their messages', async () => {
    await using place = await temporaryFolder()
    const { store, put } = bench(place.folder)
    await put(message('old'))
    await put(message('new'), mine)
    await put(message('other'))
    const messages = [message('old'), message('new'), message('without a file')]
    expect(await eraseFilesOfPerson({ store, ...mine, messages })).toMatchObject({ files: 2 })
    expect(await store.find(mediaKey({ ...message('other'), part: 0 }))).toBeDefined()
    expect((await filesBelow(path.join(place.folder, 'inbound'))).length).toBe(2)
  })

  test('takes away a marker that an earlier one, cut short, has left behind', async () => {
    await using place = await temporaryFolder()
    const { store, put, markers } = bench(place.folder)
    const { path: file } = await put(message('1'), mine)
    const messageFolder = path.dirname(path.dirname(file))
    await rename(messageFolder, path.join(place.folder, 'tmp', 'doomed'))
    expect(await store.eraseOwner(ownerOf(mine))).toEqual({ files: 0, bytes: 0 })
    expect(await markers()).toEqual([])
    await rm(path.join(place.folder, 'tmp', 'doomed'), { recursive: true })
  })
})
