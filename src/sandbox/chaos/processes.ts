import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findFreePorts } from '../free-ports.ts'

const main = fileURLToPath(new URL('../../main.ts', import.meta.url))

/** Like a service manager, so that one that failed is not started again and again without a breath. */
const restartAfterMs = 300
const readyWithinMs = 30_000

/** A process of the bridge that is started again whenever it ends. */
export interface BridgeProcess {
  readonly kind: 'receiver' | 'worker'
  /** Where it listens, or undefined while it is down. */
  port(): number | undefined
  /** For how long it has been ready, in ms; undefined: it is not. */
  readyMs(): number | undefined
  /** SIGKILL; false if it was down. It comes back after so long. */
  kill(downMs: number): boolean
}

/** All processes of a bridge. */
export interface Processes {
  readonly receivers: readonly BridgeProcess[]
  readonly workers: readonly BridgeProcess[]
  /** Those that ended without having been killed: never right. */
  readonly crashes: readonly string[]
  /** @throws {Error} when one of them is not ready within 30 s */
  ready(): Promise<void>
  /** Kills them all, for good. */
  stop(): Promise<void>
}

/**
 * Starts them, with one log file each.
 * @param request.folder their working directory, outside of the repository so that no `.env` counts
 */
export function startProcesses(request: {
  readonly folder: string
  readonly configPath: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly receivers: number
  readonly workers: number
  readonly together: boolean
}): Processes {
  const { folder, configPath, together } = request
  const roles = { receiver: together ? 'receiver,console,worker' : 'receiver,console', worker: 'worker' }
  const logs = join(folder, 'logs')
  mkdirSync(logs, { recursive: true })
  const crashes: string[] = []
  const stopping = new AbortController()
  const running = new Map<ChildProcess, Promise<unknown>>()

  function keep(kind: BridgeProcess['kind'], number: number): BridgeProcess {
    const name = `${kind}-${number}`
    let current: { readonly child: ChildProcess; readonly port: number; readyAt?: number } | undefined
    let downMs: number | undefined

    async function start(): Promise<void> {
      // Another port each time: the old one may have been given to somebody else.
      const { port } = await findFreePorts({ port: 0 })
      if (stopping.signal.aborted) return
      const log = openSync(join(logs, `${name}.log`), 'a')
      const child = spawn(process.execPath, [main], {
        cwd: folder,
        env: {
          ...request.environment,
          BRIDGE_CONFIG: configPath,
          BRIDGE_ROLES: roles[kind],
          PORT: String(port),
        },
        stdio: ['ignore', log, log],
      })
      closeSync(log)
      const started: typeof current = { child, port }
      current = started
      void untilReady(port, () => current === started).then((ready) => {
        if (ready) started.readyAt = performance.now()
      })
      const ended = once(child, 'exit').then(([code, signal]) => {
        running.delete(child)
        current = undefined
        if (stopping.signal.aborted) return
        if (downMs === undefined) crashes.push(`${name} ended with ${signal ?? code}`)
        const afterMs = downMs ?? restartAfterMs
        downMs = undefined
        sleep(afterMs, undefined, { signal: stopping.signal }).then(start, () => undefined)
      })
      running.set(child, ended)
    }
    void start()
    return {
      kind,
      port: () => current?.port,
      readyMs: () => (current?.readyAt === undefined ? undefined : performance.now() - current.readyAt),
      kill(forMs) {
        if (!current || downMs !== undefined) return false
        downMs = forMs
        return current.child.kill('SIGKILL')
      },
    }
  }

  const several = (kind: BridgeProcess['kind'], count: number) =>
    Array.from({ length: count }, (_, index) => keep(kind, index + 1))
  const receivers = several('receiver', request.receivers)
  const workers = several('worker', request.workers)

  return {
    receivers,
    workers,
    crashes,
    async ready() {
      const giveUpAt = Date.now() + readyWithinMs
      for (const one of [...receivers, ...workers]) {
        while (one.readyMs() === undefined) {
          if (stopping.signal.aborted) return
          if (crashes[0] !== undefined) throw new Error(`${crashes[0]}: see ${logs}`)
          if (Date.now() > giveUpAt) throw new Error(`A ${one.kind} is not ready: see ${logs}`)
          await sleep(20)
        }
      }
    },
    async stop() {
      stopping.abort()
      for (const child of running.keys()) child.kill('SIGKILL')
      await Promise.all(running.values())
    },
  }
}

/** Asks until it says so; false when it is of no interest any more. */
async function untilReady(port: number, isWanted: () => boolean): Promise<boolean> {
  while (isWanted()) {
    if (await isReady(port)) return true
    await sleep(50)
  }
  return false
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ status }) => status === 200,
    () => false,
  )
