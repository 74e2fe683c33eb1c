import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GenesysCloud, LinePlatform } from '../../src/sandbox/platforms.ts'
import { bareEnvironment } from './environment.ts'
import { freePort } from './free-port.ts'
import { until } from './until.ts'
import { pointWebhooks, startPlatforms, worldConfig } from './world.ts'

const main = new URL('../../src/main.ts', import.meta.url).pathname

/** The program as operators run it: a process of its own. */
export interface BridgeProcess {
  readonly pid: number
  /** Every line of the log. */
  readonly log: readonly string[]
  readonly stderr: () => string
  /** The code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Resolves when it says that it is ready. */
  ready(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** As Ctrl-C in a terminal does it. */
  signalGroup(signal: NodeJS.Signals): void
}

/** Two fake platforms, and a folder in which bridges are started. */
export interface ProcessWorld {
  readonly line: LinePlatform
  readonly genesys: GenesysCloud
  readonly url: string
  readonly folder: string
  readonly config: Readonly<Record<string, unknown>>
  /** What all its bridges have told so far, the lines of their logs and their errors. */
  readonly log: readonly string[]
  /** @param settings.config instead of the world's own */
  start(settings?: {
    readonly config?: object | string
    readonly environment?: Readonly<Record<string, string>>
  }): Promise<BridgeProcess>
  /** The process id of the private Redis of this folder, as its lock tells it. */
  redisPid(): Promise<number | undefined>
  /** Kills what still runs, and removes the folder. */
  stop(): Promise<void>
}

/** The status of an answer, if there is one. */
export const statusOf = (url: string): Promise<number | 'closed'> =>
  fetch(url).then(
    ({ status }) => status,
    () => 'closed' as const,
  )

/** Is there a process of this id? A zombie counts as gone. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))
  } catch {
    try {
      return process.platform !== 'linux' && process.kill(pid, 0)
    } catch {
      return false
    }
  }
}

let worlds = 0

/** @param redisUrl empty: each bridge brings its own Redis, in the world's folder */
export async function startProcessWorld(redisUrl = ''): Promise<ProcessWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-process-'))
  const { line, genesys } = await startPlatforms()
  const port = await freePort()
  worlds += 1
  const url = `http://127.0.0.1:${port}`
  pointWebhooks({ line, genesys }, url)
  const config = worldConfig({
    publicUrl: url,
    port,
    redisUrl,
    keyPrefix: `process-${process.pid}-${worlds}`,
    folder,
    lineUrl: line.apiUrl,
    lineDataUrl: line.dataApiUrl,
    genesysUrl: genesys.url,
  })
  const running = new Set<BridgeProcess>()
  const told: string[] = []
  let files = 0

  async function start(settings: Parameters<ProcessWorld['start']>[0] = {}): Promise<BridgeProcess> {
    files += 1
    const path = join(folder, `bridge-${files}.yaml`)
    const source = settings.config ?? config
    await writeFile(path, typeof source === 'string' ? source : JSON.stringify(source))
    const child = spawn(process.execPath, [main], {
      cwd: folder,
      env: { ...bareEnvironment(), BRIDGE_CONFIG: path, ...settings.environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const log: string[] = []
    let errors = ''
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      log.push(...lines)
      told.push(...lines)
    })
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      errors += piece
      told.push(piece)
    })
    const bridge: BridgeProcess = {
      pid: child.pid ?? 0,
      log,
      stderr: () => errors,
      ended: once(child, 'close').then(([code, signal]) => {
        running.delete(bridge)
        return (signal ?? code) as number | NodeJS.Signals
      }),
      async ready() {
        await until('the bridge to be ready', () => {
          if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${errors}`)
          return log.some((lineOfLog) => lineOfLog.includes('"bridge.ready"'))
        })
      },
      signal: (signal) => void child.kill(signal),
      signalGroup: (signal) => void process.kill(-bridge.pid, signal),
    }
    running.add(bridge)
    return bridge
  }

  return {
    line,
    genesys,
    url,
    folder,
    config,
    log: told,
    start,
    async redisPid() {
      const lock = await readFile(join(folder, '.data/redis/bridge.lock'), 'utf8').catch(() => '{}')
      return (JSON.parse(lock) as { server?: { pid: number } }).server?.pid
    },
    async stop() {
      for (const bridge of running) bridge.signal('SIGKILL')
      await Promise.all([...running].map(({ ended }) => ended))
      await Promise.all([line.stop(), genesys.stop()])
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
