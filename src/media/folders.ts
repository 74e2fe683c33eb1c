import { open, opendir } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../lib/error-code.ts'

/** Two levels of 256 keep folders small with millions of entries: `<folder>/ab/cd/abcd…`. */
export const spread = (folder: string, hash: string): string =>
  path.join(folder, hash.slice(0, 2), hash.slice(2, 4), hash)

/** Makes a change in a folder survive a power cut. Not every platform can open folders; there it is left to the system. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  try {
    await handle?.sync().catch(() => undefined)
  } finally {
    await handle?.close()
  }
}

/** Nothing is there, or something that is no folder stands where one was looked for. */
export const isAbsence = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')

async function* entriesIn(folder: string, wanted: 'folders' | 'files'): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(folder))
      if (wanted === 'folders' ? entry.isDirectory() : entry.isFile()) yield path.join(folder, entry.name)
  } catch (error) {
    if (!isAbsence(error)) throw error
  }
}

/** The folders directly below; read piece by piece, as there may be very many, and empty when the folder is gone. */
export const foldersIn = (folder: string): AsyncGenerator<string> => entriesIn(folder, 'folders')

/** As {@link foldersIn}, for plain files. */
export const filesIn = (folder: string): AsyncGenerator<string> => entriesIn(folder, 'files')
