import { rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Direction } from '../bridge/message.ts'
import { foldersIn } from './folders.ts'
import type { Owners } from './owners.ts'

/** What is too old to be kept. */
export interface SweepLimits {
  /** Ms since the epoch. */
  readonly now: number
  /** How long files are kept after they were stored, in ms. */
  readonly maxAgeMs: Readonly<Record<Direction, number>>
}

/** What a sweep erased. */
export interface Swept {
  readonly files: number
  /** Unfinished files of processes that are no more. */
  readonly leftovers: number
  /** Notes on whose files are whose, of messages that have no files any more. */
  readonly markers: number
}

/**
 * No write lasts as long: a body that stands still is given up after 10 s, and none is longer than a few hundred MB.
 */
const leftoverAgeMs = 3_600_000

/** Undefined when another process has just removed it. */
const changedAt = (file: string): Promise<number | undefined> =>
  stat(file).then(
    (found) => found.mtimeMs,
    () => undefined,
  )

/** Walks all files of a store folder once. `aboutName` is written last, so its age is the file's. */
export async function sweepFolder(store: {
  readonly root: string
  readonly temporaryRoot: string
  readonly aboutName: string
  readonly discard: (folder: string) => Promise<unknown>
  readonly owners: Owners
  /** Has the message of this prefix any file? */
  readonly hasFiles: (prefix: string) => Promise<boolean>
  readonly limits: SweepLimits
}): Promise<Swept> {
  const { root, temporaryRoot, aboutName, discard, owners, hasFiles, limits } = store
  let files = 0
  let leftovers = 0

  for (const direction of ['inbound', 'outbound'] as const) {
    const keptSince = limits.now - limits.maxAgeMs[direction]
    for await (const outer of foldersIn(path.join(root, direction)))
      for await (const inner of foldersIn(outer))
        for await (const message of foldersIn(inner)) {
          for await (const part of foldersIn(message)) {
            const storedAt = (await changedAt(path.join(part, aboutName))) ?? (await changedAt(part))
            if (storedAt === undefined || storedAt >= keptSince) continue
            await discard(part)
            files += 1
          }
          // Refused while anything is in it; a writer that has just made it makes it again.
          await rmdir(message).catch(() => undefined)
        }
  }

  for await (const folder of foldersIn(temporaryRoot)) {
    let latest = await changedAt(folder)
    for (const name of ['content', aboutName])
      latest = Math.max(latest ?? 0, (await changedAt(path.join(folder, name))) ?? 0)
    if (!latest || latest >= limits.now - leftoverAgeMs) continue
    await rm(folder, { recursive: true, force: true })
    leftovers += 1
  }

  const markers = await owners.sweep({
    unusedBefore: limits.now - leftoverAgeMs,
    anyBefore: limits.now - Math.max(...Object.values(limits.maxAgeMs)),
    hasFiles,
  })
  return { files, leftovers, markers }
}
