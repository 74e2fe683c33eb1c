import { mkdir, open, readdir, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../lib/error-code.ts'
import { filesIn, foldersIn, isAbsence, spread, syncFolder } from './folders.ts'
import { isOwner, readPrefix } from './keys.ts'

/**
 * Whose files are whose. Files lie under hashes of message ids, which tell nobody whom they came from or went to; so
 * beside them lies one empty file, a marker, for each message with files:
 * `owners / 2 digits / 2 digits / hash of channel and user / <message prefix>`.
 *
 * A marker is on disk before the first file of its message can be seen, and its age is that of the message's latest
 * file. It may outlive the files, never the other way round.
 */
export interface Owners {
  /** Notes, durably, that the message of this prefix has files of the owner. */
  mark(owner: string, prefix: string): Promise<void>
  has(owner: string, prefix: string): Promise<boolean>
  /** The prefixes of all messages of one owner. */
  messagesOf(owner: string): Promise<readonly string[]>
  /** Removes one marker; the owner's folder goes with its last one. Does nothing when it is not there. */
  forget(owner: string, prefix: string): Promise<void>
  /** Removes markers that no file needs any more. @returns how many */
  sweep(limits: {
    /** Markers older than this (ms since the epoch) are looked at. A younger one may be about to get its file. */
    readonly unusedBefore: number
    /** Markers older than this go in any case. */
    readonly anyBefore: number
    readonly hasFiles: (prefix: string) => Promise<boolean>
  }): Promise<number>
}

/** How often a marker is made anew when a sweep removes its empty folder at that very moment. */
const attempts = 50

/** @param settings.root the folder of the media store */
export function createOwners(settings: { readonly root: string; readonly now: () => number }): Owners {
  const { now } = settings
  const root = path.join(settings.root, 'owners')

  function folderOf(owner: string): string {
    if (!isOwner(owner)) throw new TypeError('not an owner')
    return spread(root, owner)
  }

  async function remove(file: string): Promise<void> {
    await rm(file, { force: true })
    // Refused while other markers are in it; whoever writes the next one makes it again.
    await rmdir(path.dirname(file)).catch(() => undefined)
  }

  async function mark(owner: string, prefix: string): Promise<void> {
    const folder = folderOf(owner)
    for (let attempt = 1; ; attempt += 1) {
      try {
        await mkdir(folder, { recursive: true })
        const handle = await open(path.join(folder, prefix), 'a')
        const at = new Date(now())
        await handle.utimes(at, at).finally(() => handle.close())
        return await syncFolder(folder)
      } catch (error) {
        if (attempt === attempts || errorCode(error) !== 'ENOENT') throw error
      }
    }
  }

  return {
    mark,

    has: (owner, prefix) =>
      stat(path.join(folderOf(owner), prefix)).then(
        () => true,
        (error: unknown) => {
          if (isAbsence(error)) return false
          throw error
        },
      ),

    async messagesOf(owner) {
      try {
        const names = await readdir(folderOf(owner))
        return names.filter((name) => readPrefix(name) !== undefined)
      } catch (error) {
        if (isAbsence(error)) return []
        throw error
      }
    },

    forget: (owner, prefix) => remove(path.join(folderOf(owner), prefix)),

    async sweep({ unusedBefore, anyBefore, hasFiles }) {
      let removed = 0
      for await (const outer of foldersIn(root))
        for await (const inner of foldersIn(outer))
          for await (const owner of foldersIn(inner))
            for await (const marker of filesIn(owner)) {
              const prefix = path.basename(marker)
              const found = await stat(marker).catch(() => undefined)
              if (!found || found.mtimeMs >= unusedBefore) continue
              const expired = found.mtimeMs < anyBefore
              if (!expired && (await hasFiles(prefix))) continue
              await remove(marker)
              removed += 1
              // A writer that came meanwhile has seen the marker, and counts on it.
              if (!expired && (await hasFiles(prefix))) await mark(path.basename(owner), prefix)
            }
      return removed
    },
  }
}
