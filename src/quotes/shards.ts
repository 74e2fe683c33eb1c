import { hkdfSync, randomUUID } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as othersTurn } from 'node:timers/promises'
import { errorCode } from '../lib/error-code.ts'
import { createSealer, type Sealer } from '../lib/seal.ts'
import { findIn, type Kept, without } from './lines.ts'
import { isPast } from './places.ts'

/**
 * The files in which texts are kept: `<folder> / <day> / <file>`. What came within one moment is one line there, sealed as a
 * whole, so that a text never lies readable on a disk. A line that cannot be opened (cut off, or sealed under a secret that is no
 * longer known) counts as absent.
 */
export interface Shards {
  append(day: string, file: string, lines: string): Promise<void>
  /** What was kept last of that message. */
  find(day: string, file: string, user: string, id: string): Promise<string | undefined>
  /**
   * Writes the file anew without what is `doomed`, and without what cannot be opened. What another process appends at this very
   * moment may be lost.
   * @returns how many were doomed
   */
  remove(day: string, file: string, doomed: (kept: Kept) => boolean): Promise<number>
  /** Removes the days whose time is over at `now` (ms since the epoch). */
  sweep(now: number): Promise<void>
}

/** After so many lines others have their turn: a busy channel's file holds thousands. */
const linesPerTurn = 100

/** A key of its own for each use of a secret: https://datatracker.ietf.org/doc/html/rfc5869 */
const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'line-genesys-bridge quotes', 32))

/** Empty when it is none of ours. */
function opened(sealer: Sealer, sealed: string): string {
  try {
    const lines = sealer.open(sealed)
    // A sealer passes on what is not sealed; here that is nothing of ours.
    return lines === sealed ? '' : lines
  } catch {
    return ''
  }
}

/** Empty when there is no such file. */
async function sealedIn(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'latin1')).split('\n').filter(Boolean)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** @param settings.secrets the first one seals, all of them open */
export function createShards(settings: { readonly folder: string; readonly secrets: readonly string[] }): Shards {
  const root = path.resolve(settings.folder)
  const sealer = createSealer({ keys: settings.secrets.map(keyOf) })
  if (!sealer.seals) throw new TypeError('a secret is needed to seal quotes')

  return {
    async append(day, file, lines) {
      const target = path.join(root, day, file)
      const sealed = `${sealer.seal(lines)}\n`
      const write = () => appendFile(target, sealed, { mode: 0o600 })
      try {
        await write()
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
        await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
        await write()
      }
    },

    async find(day, file, user, id) {
      const all = await sealedIn(path.join(root, day, file))
      for (const [count, sealed] of all.reverse().entries()) {
        const text = findIn(opened(sealer, sealed), user, id)
        if (text !== undefined) return text
        if (count % linesPerTurn === linesPerTurn - 1) await othersTurn()
      }
      return undefined
    },

    async remove(day, file, doomed) {
      const target = path.join(root, day, file)
      const kept: string[] = []
      let removed = 0
      let changed = false
      for (const [count, sealed] of (await sealedIn(target)).entries()) {
        const lines = opened(sealer, sealed)
        const { left, removed: here } = without(lines, doomed)
        if (left !== '') kept.push(left === lines ? `${sealed}\n` : `${sealer.seal(left)}\n`)
        removed += here
        changed ||= left !== lines || left === ''
        if (count % linesPerTurn === linesPerTurn - 1) await othersTurn()
      }
      if (!changed) return 0
      if (kept.length === 0) {
        await rm(target, { force: true })
        return removed
      }
      const temporary = `${target}.${randomUUID()}`
      try {
        await writeFile(temporary, kept.join(''), { mode: 0o600, flag: 'wx', flush: true })
        await rename(temporary, target)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
      return removed
    },

    async sweep(now) {
      const days = await readdir(root).catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return []
        throw error
      })
      for (const day of days) if (isPast(day, now)) await rm(path.join(root, day), { recursive: true, force: true })
    },
  }
}
