import { hkdfSync, randomUUID } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as othersTurn } from 'node:timers/promises'
import { errorCode } from '../lib/error-code.ts'
import { createSealer, type Sealer } from '../lib/seal.ts'
import { isPast } from './places.ts'

/** The tag of a conversation, the id of a message, its text. */
export type Kept = readonly [tag: string, id: string, text: string]

/**
 * The files in which texts are kept: `<folder> / <day> / <shard>`. Each line holds what came within one moment, sealed as a
 * whole, so that a text never lies readable on a disk. A line that cannot be opened (cut off, or sealed under a secret that is no
 * longer known) counts as absent.
 */
export interface Shards {
  append(day: string, shard: string, kept: readonly Kept[]): Promise<void>
  /** What was kept last under the tag and id. */
  find(day: string, shard: string, tag: string, id: string): Promise<string | undefined>
  /**
   * Writes the file anew without what is `doomed`, and without what cannot be opened. What another process appends at this very
   * moment may be lost.
   * @returns how many were doomed
   */
  remove(day: string, shard: string, doomed: (kept: Kept) => boolean): Promise<number>
  /** Removes the days whose time is over at `now` (ms since the epoch). */
  sweep(now: number): Promise<void>
}

/** After so many lines others have their turn: a busy channel's file holds thousands. */
const linesPerTurn = 100

/** A key of its own for each use of a secret: https://datatracker.ietf.org/doc/html/rfc5869 */
const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'line-genesys-bridge quotes', 32))

const isKept = (value: unknown): value is Kept =>
  Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === 'string')

/** Undefined when the line is none of ours, or does not hold `word`: most lines need not be read then. */
function opened(sealer: Sealer, line: string, word = ''): readonly Kept[] | undefined {
  try {
    const text = sealer.open(line)
    // A sealer passes on what is not sealed; here that is nothing of ours.
    if (text === line || !text.includes(word)) return undefined
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every(isKept) ? list : undefined
  } catch {
    return undefined
  }
}

/** Empty when there is no such file. */
async function linesOf(file: string): Promise<string[]> {
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

  const seal = (kept: readonly Kept[]): string => `${sealer.seal(JSON.stringify(kept))}\n`

  return {
    async append(day, shard, kept) {
      const file = path.join(root, day, shard)
      const line = seal(kept)
      const write = () => appendFile(file, line, { mode: 0o600 })
      try {
        await write()
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
        await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
        await write()
      }
    },

    async find(day, shard, tag, id) {
      const lines = await linesOf(path.join(root, day, shard))
      for (const [count, line] of lines.reverse().entries()) {
        const found = opened(sealer, line, tag)?.findLast((kept) => kept[0] === tag && kept[1] === id)
        if (found) return found[2]
        if (count % linesPerTurn === linesPerTurn - 1) await othersTurn()
      }
      return undefined
    },

    async remove(day, shard, doomed) {
      const file = path.join(root, day, shard)
      const lines = await linesOf(file)
      const left: string[] = []
      let removed = 0
      let changed = false
      for (const [count, line] of lines.entries()) {
        const before = opened(sealer, line) ?? []
        const after = before.filter((kept) => !doomed(kept))
        if (after.length > 0) left.push(after.length === before.length ? `${line}\n` : seal(after))
        removed += before.length - after.length
        changed ||= after.length === 0 || after.length < before.length
        if (count % linesPerTurn === linesPerTurn - 1) await othersTurn()
      }
      if (!changed) return 0
      if (left.length === 0) {
        await rm(file, { force: true })
        return removed
      }
      const temporary = `${file}.${randomUUID()}`
      try {
        await writeFile(temporary, left.join(''), { mode: 0o600, flag: 'wx', flush: true })
        await rename(temporary, file)
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
