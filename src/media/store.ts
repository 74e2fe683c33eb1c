import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MediaUnavailable } from '../bridge/errors.ts'
import { errorCode } from '../lib/error-code.ts'
import { filesIn, foldersIn, isAbsence, spread, syncFolder } from './folders.ts'
import { prefixOf, readKey, readPrefix } from './keys.ts'
import { createOwners } from './owners.ts'
import { type SweepLimits, type Swept, sweepFolder } from './sweep.ts'

/** A file that is completely in the store. */
export interface StoredMedia {
  /** An absolute path; the file never changes while it is there. */
  readonly path: string
  readonly mime: string
  readonly fileName: string
  readonly bytes: number
  /** Ms since the epoch. */
  readonly storedAt: number
}

/** What an erasure removed. */
export interface ErasedFiles {
  /** Files as they came or went; what was made from them is not counted. */
  readonly files: number
  /** All that lay on disk for them, what was made from them included. */
  readonly bytes: number
}

/** Keeps files under keys made by `mediaKey`. Several processes may use one store at once. */
export interface MediaStore {
  /**
   * Takes a stream to its end and keeps it, durably, under the key; a file that is already there is kept instead and
   * returned. On any error nothing is left behind, and `stream` is destroyed.
   * @throws {MediaUnavailable} `too_large` when the stream is longer than `maxBytes`; otherwise what the stream or the
   *   disk says.
   */
  write(
    key: string,
    stream: Readable,
    about: {
      readonly mime: string
      readonly fileName: string
      readonly maxBytes: number
      /** From `ownerOf`: the customer whom the file came from or goes to. Absent for what belongs to nobody. */
      readonly owner?: string | undefined
      readonly signal?: AbortSignal | undefined
    },
  ): Promise<StoredMedia>
  /** Undefined for what was never stored, is still being stored, was erased, or is no key of ours. */
  find(key: string): Promise<StoredMedia | undefined>
  /** Does nothing when it is not there. */
  erase(key: string): Promise<void>
  /** Erases all files of one message, and what was made from them; `prefix` comes from `messagePrefix`. */
  eraseMessage(prefix: string): Promise<ErasedFiles>
  /**
   * Erases all files of all messages of one customer; `owner` comes from `ownerOf`. A file that is being written at this
   * moment may appear afterwards: it is found by the next call.
   */
  eraseOwner(owner: string): Promise<ErasedFiles>
  /** Erases what is past its time, and what crashed processes left. Safe to run in several processes at once. */
  sweep(limits: SweepLimits): Promise<Swept>
}

/** Within the folder of one file. */
const contentName = 'content'
const aboutName = 'about.json'

type About = Omit<StoredMedia, 'path'>

/** A stream that fails as soon as more than `maxBytes` have passed. */
const limited = (maxBytes: number): { readonly stream: Transform; readonly bytes: () => number } => {
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes) done(new MediaUnavailable('too_large', `more than ${maxBytes} bytes`))
      else done(null, chunk)
    },
  })
  return { stream, bytes: () => bytes }
}

/**
 * A media store in a folder, which several machines may share.
 *
 * Layout: `inbound|outbound|shared / 2 digits / 2 digits / message hash / part / { content, about.json }`. One message is
 * one folder, so that erasing it is one rename. Whose messages they are lies beside it: see {@link createOwners}.
 * A file is written in a folder of its own below `tmp/` and then renamed as a whole: content and description appear
 * together or not at all, and of two writers of one key the first wins (a full folder cannot be renamed over).
 */
export function createMediaStore(settings: { readonly folder: string; readonly now?: () => number }): MediaStore {
  const root = path.resolve(settings.folder)
  const temporaryRoot = path.join(root, 'tmp')
  const now = settings.now ?? Date.now
  const owners = createOwners({ root, now })

  const messageFolder = (id: { readonly area: string; readonly hash: string }): string =>
    spread(path.join(root, id.area), id.hash)

  const folderOf = (key: string): string | undefined => {
    const parts = readKey(key)
    return parts && path.join(messageFolder(parts), parts.part)
  }

  async function find(key: string): Promise<StoredMedia | undefined> {
    const folder = folderOf(key)
    if (!folder) return undefined
    try {
      const about = JSON.parse(await readFile(path.join(folder, aboutName), 'utf8')) as About
      const file = path.join(folder, contentName)
      // What a person or a broken disk has touched counts as absent, so that it is fetched again.
      return (await stat(file)).size === about.bytes ? { path: file, ...about } : undefined
    } catch (error) {
      if (error instanceof SyntaxError || isAbsence(error)) return undefined
      throw error
    }
  }

  /**
   * Out of sight at once, so that no reader meets a half-erased folder; then the bytes. `look` sees the folder between
   * the two, when nobody else changes it any more.
   */
  async function discard<T>(folder: string, look?: (doomed: string) => Promise<T>): Promise<T | undefined> {
    const doomed = path.join(temporaryRoot, randomUUID())
    await mkdir(temporaryRoot, { recursive: true })
    try {
      await rename(folder, doomed)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
    const seen = await look?.(doomed)
    await rm(doomed, { recursive: true, force: true })
    return seen
  }

  async function measure(message: string): Promise<ErasedFiles> {
    let files = 0
    let bytes = 0
    for await (const part of foldersIn(message)) {
      // What was made from a file is named after it: `0-preview`.
      if (!path.basename(part).includes('-')) files += 1
      for await (const file of filesIn(part)) bytes += (await stat(file).catch(() => undefined))?.size ?? 0
    }
    return { files, bytes }
  }

  async function eraseMessage(prefix: string): Promise<ErasedFiles> {
    const parts = readPrefix(prefix)
    if (!parts) throw new TypeError('not a message prefix')
    return (await discard(messageFolder(parts), measure)) ?? { files: 0, bytes: 0 }
  }

  async function hasFiles(prefix: string): Promise<boolean> {
    const parts = readPrefix(prefix)
    if (!parts) return false
    for await (const _ of foldersIn(messageFolder(parts))) return true
    return false
  }

  /** Moves a finished folder to its place; returns the file that is there now, be it this one or an earlier one. */
  async function settle(key: string, target: string, finished: string, about: About): Promise<StoredMedia> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await mkdir(path.dirname(target), { recursive: true })
        await rename(finished, target)
        await syncFolder(path.dirname(target))
        return { path: path.join(target, contentName), ...about }
      } catch (error) {
        const code = errorCode(error)
        // Between the two calls a sweep or an erasure may take the empty message folder away, again and again.
        if (attempt === 50 || !['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(code ?? '')) throw error
        if (code === 'ENOENT') continue
        const earlier = await find(key)
        if (earlier) return earlier
        // What is in the way does not count as a file.
        await discard(target)
      }
    }
  }

  return {
    find,

    async write(key, stream, { mime, fileName, maxBytes, owner, signal }) {
      // An error may come before the folder is made; the pipeline is told of it then.
      stream.on('error', () => undefined)
      const parts = readKey(key)
      const target = folderOf(key)
      if (!parts || !target) {
        stream.destroy()
        throw new TypeError('not a media key')
      }
      const folder = path.join(temporaryRoot, randomUUID())
      try {
        await mkdir(folder, { recursive: true })
        const file = await open(path.join(folder, contentName), 'wx')
        const counted = limited(maxBytes)
        await pipeline(stream, counted.stream, file.createWriteStream({ flush: true }), signal ? { signal } : {})
        const about: About = { mime, fileName, bytes: counted.bytes(), storedAt: now() }
        await writeFile(path.join(folder, aboutName), JSON.stringify(about), { flag: 'wx', flush: true })
        await syncFolder(folder)
        if (owner === undefined) return await settle(key, target, folder, about)
        const prefix = prefixOf(parts)
        await owners.mark(owner, prefix)
        const stored = await settle(key, target, folder, about)
        // An erasure or a sweep that came between the two has taken the marker away, and not the file.
        if (!(await owners.has(owner, prefix))) await owners.mark(owner, prefix)
        return stored
      } finally {
        stream.destroy()
        await rm(folder, { recursive: true, force: true })
      }
    },

    async erase(key) {
      const folder = folderOf(key)
      if (folder) await discard(folder)
    },

    eraseMessage,

    async eraseOwner(owner) {
      let [files, bytes] = [0, 0]
      for (const prefix of await owners.messagesOf(owner)) {
        const erased = await eraseMessage(prefix)
        // Last, so that an erasure that is cut short can be repeated …
        await owners.forget(owner, prefix)
        // … and then once more: a writer may have put a file there meanwhile, and have seen the marker still in its place.
        const late = await eraseMessage(prefix)
        files += erased.files + late.files
        bytes += erased.bytes + late.bytes
      }
      return { files, bytes }
    },

    sweep: (limits) => sweepFolder({ root, temporaryRoot, aboutName, discard, owners, hasFiles, limits }),
  }
}
