import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from './error-code.ts'
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts'

/** Thrown when a living process works on the folder. The message is for the operator. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

/** A server that works in a folder, and how it is reached. */
export interface NotedServer extends ProcessIdentity {
  /** Only the owner of the folder can read it: it opens the server. */
  readonly address?: { readonly port: number; readonly password: string }
}

/** A folder that belongs to this process until it is released or the process ends, however it ends. */
export interface FolderLock {
  /** A server that an earlier owner left running in the folder when it was killed. */
  readonly left: ProcessIdentity | undefined
  /** Notes the server that now works in the folder, for the next owner and for {@link serverOf}. */
  note(server: NotedServer): void
  /** Gives the folder up. A server that still runs stays on record. */
  release(): void
}

interface Entry {
  readonly holder?: ProcessIdentity | undefined
  readonly server?: NotedServer | undefined
}

const lockName = 'bridge.lock'

/** Reading the old entry and writing the new one takes microseconds; a guard this old was left by a killed process. */
const guardStaleAfterMs = 5_000

/**
 * Takes a folder for this process. The entry of a process that has ended counts for nothing, so nothing has to be
 * tidied by hand.
 * @throws {FolderInUse} when another bridge (or this one) holds it.
 */
export function lockFolder(folder: string): FolderLock {
  const file = join(folder, lockName)
  const me = identifyProcess(process.pid) ?? { pid: process.pid }

  const write = (entry: Entry): void => {
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, JSON.stringify(entry), { mode: 0o600 })
    renameSync(draft, file)
  }

  const left = guarded(`${file}.guard`, folder, () => {
    const { holder, server } = readEntry(file)
    if (holder && isRunning(holder)) throw new FolderInUse(inUse(folder, `process ${holder.pid}`))
    const running = server && isRunning(server) ? server : undefined
    write({ holder: me, server: running })
    return running
  })

  return {
    left,
    note: (server) => write({ holder: me, server }),
    release() {
      const { server } = readEntry(file)
      if (server && isRunning(server)) write({ server })
      else rmSync(file, { force: true })
    },
  }
}

/** The server that works in a folder now, if there is one; for other programs of the same user on the same machine. */
export function serverOf(folder: string): NotedServer | undefined {
  const { server } = readEntry(join(folder, lockName))
  return server && isRunning(server) ? server : undefined
}

const inUse = (folder: string, by: string): string =>
  `The data folder ${folder} is in use by another bridge (${by}). Stop that one first, or set redis.url so that both share one Redis.`

/**
 * Two starts at the same moment must not both find the same stale entry and both take the folder. A folder is made by
 * one only.
 */
function guarded<T>(guard: string, folder: string, work: () => T): T {
  if (!make(guard)) {
    const abandoned = ageMs(guard) > guardStaleAfterMs
    if (abandoned) rmSync(guard, { recursive: true, force: true })
    if (!abandoned || !make(guard)) throw new FolderInUse(inUse(folder, 'which is starting at this moment'))
  }
  try {
    return work()
  } finally {
    rmdirSync(guard)
  }
}

/** False when it is there already. */
function make(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    // Gone since: whoever made it has just taken the folder.
    return 0
  }
}

/** An entry that is missing or was damaged tells nothing. */
function readEntry(file: string): Entry {
  try {
    const entry: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof entry === 'object' && entry !== null ? entry : {}
  } catch {
    return {}
  }
}
