import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { lockFolder, type NotedServer, serverOf } from './folder-lock.ts'
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts'
import { type Environment, findRedisBinary, installRedis } from './redis-binary.ts'
import { untilAnswering } from './redis-ready.ts'

/** The private Redis of one bridge. */
export interface RedisServer {
  /** `redis://:<password>@127.0.0.1:<port>`: holds a secret, so it is never logged. */
  readonly url: string
  readonly port: number
  readonly password: string
  /** Resolves when the server has ended, however that came about. */
  readonly exited: Promise<RedisExit>
  /** Ends it gracefully: everything is on disk when this resolves. May be called again. */
  stop(): Promise<void>
  /** Ends it as `kill -9` does, or the failure of its machine. */
  kill(): Promise<void>
}

/** How a server ended; `asked`: through `stop`. */
export interface RedisExit {
  readonly asked: boolean
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What Redis needs to come to an end before it is killed; SIGKILL then loses nothing that was written to the file. */
const stopWithinMs = 5_000
const portAttempts = 5

/**
 * Starts a private `redis-server` (or `valkey-server`) on a free loopback port, with its data in `folder`.
 *
 * - Only this bridge can use it: it listens on 127.0.0.1 and wants a random password that stands on no command line.
 * - Ctrl-C reaches the whole process group of the terminal; the server is outside of it and lives until `stop`.
 * - When this process is killed, the server ends by itself, with its data on disk.
 *
 * @param request.folder made with access for its owner only when missing
 * @param request.say lines for the person at the terminal, when Redis has to be installed first
 * @param request.at the port and password to use, so that a server can come back where it was
 * @param request.appendfsync `always`: nothing that was answered can be lost; default `everysec`: what was written in the last
 *   second or two can. https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 * @throws {RedisMissing} when there is no Redis and none can be installed; {@link FolderInUse} when a second bridge
 *   works on the folder.
 */
export async function startRedisServer(request: {
  readonly folder: string
  readonly environment: Environment
  readonly say?: (line: string) => void
  readonly at?: { readonly port: number; readonly password: string }
  readonly appendfsync?: 'always' | 'everysec'
}): Promise<RedisServer> {
  const { environment, say = (line) => process.stderr.write(`${line}\n`), at, appendfsync = 'everysec' } = request
  const binary = findRedisBinary({ environment }) ?? installRedis({ environment, say })
  const folder = resolve(request.folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(folder)
  try {
    if (lock.left) await endLeftServer(lock.left, folder)
    for (let attempt = 1; ; attempt += 1) {
      const { port, password } = at ?? { port: await freePort(), password: randomBytes(24).toString('hex') }
      const settings = settingsOf({ port, password, appendfsync })
      const server = await launch({ binary, folder, port, password, settings, onSpawn: lock.note, onEnd: lock.release })
      if (server) return server
      if (attempt === portAttempts) throw new Error(`redis-server found no free port in ${portAttempts} attempts`)
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * The address of the private server that a running bridge keeps in `folder`; undefined when none runs. The note of it is
 * readable for the user who runs the bridge only.
 */
export function findRedisServer(folder: string): string | undefined {
  const address = serverOf(resolve(folder))?.address
  return address && addressOf(address)
}

const addressOf = ({ port, password }: { readonly port: number; readonly password: string }): string =>
  `redis://:${password}@127.0.0.1:${port}`

/**
 * The shell starts a watcher and then becomes the server. The watcher waits on a pipe from the bridge: a line means
 * that the server has ended; the end of the pipe means that the bridge has, in whichever way, and the server must
 * follow.
 */
const script = '{ read -r _ <&3 || kill -TERM $$; } </dev/null >/dev/null 2>&1 & exec "$0" - 3<&-'

/**
 * Comes through stdin. No log of slow commands, because it would hold words of people. The `ziplist` names are understood by every version; those with `listpack`
 * only from 7.0 on.
 */
const settingsOf = (of: { readonly port: number; readonly password: string; readonly appendfsync: string }) => `
bind 127.0.0.1
port ${of.port}
protected-mode yes
requirepass ${of.password}
daemonize no
dir .
appendonly yes
appendfsync ${of.appendfsync}
save ""
maxmemory-policy noeviction
slowlog-log-slower-than -1
hash-max-ziplist-entries 512
hash-max-ziplist-value 256
`

interface Launch {
  readonly binary: string
  readonly folder: string
  readonly port: number
  readonly password: string
  readonly settings: string
  readonly onSpawn: (server: NotedServer) => void
  readonly onEnd: () => void
}

/** Resolves with undefined when somebody else took the port in the meantime. */
async function launch(request: Launch): Promise<RedisServer | undefined> {
  const { binary, folder, port, password, settings, onSpawn, onEnd } = request
  const child = spawn('/bin/sh', ['-c', script, binary], {
    cwd: folder,
    // The bridge's secrets are none of Redis' business.
    env: {},
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  const lastLines = keepLastLines(child)
  const ended = Promise.all([once(child, 'exit'), once(child, 'close')]).then(
    ([[code, signal]]): Omit<RedisExit, 'asked'> => ({ code, signal }),
  )
  const leash = child.stdio[3]
  // A server that ends at once closes its pipes before it was told anything; its exit says more than EPIPE would.
  for (const pipe of [child.stdin, leash]) pipe?.on('error', () => {})
  child.once('exit', () => {
    if (leash instanceof Writable) leash.end('ended\n', () => leash.destroy())
  })
  if (child.pid !== undefined)
    onSpawn({ ...(identifyProcess(child.pid) ?? { pid: child.pid }), address: { port, password } })
  child.stdin?.end(settings)

  const giveUp = new AbortController()
  const early = await Promise.race([
    untilAnswering({ port, password, signal: giveUp.signal }),
    ended.then((exit) => ({ ...exit, lines: lastLines() })),
  ]).finally(() => giveUp.abort())
  if (early === 'silent') child.kill('SIGKILL')
  else if (early !== 'answering' && early.lines.some((line) => /Address already in use|Failed listening/.test(line)))
    return undefined
  if (early !== 'answering') {
    await ended
    throw new Error(`redis-server did not start:\n${lastLines().join('\n').replaceAll(password, '…')}`)
  }

  let asked = false
  const exited = ended.then((exit) => ({ asked, ...exit })).finally(onEnd)
  return {
    url: addressOf({ port, password }),
    port,
    password,
    exited,
    async stop() {
      asked = true
      child.kill('SIGTERM')
      const impatience = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
      await exited
      clearTimeout(impatience)
    },
    async kill() {
      asked = true
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** @returns what the child said last, for the message of a failed start */
function keepLastLines(child: ChildProcess): () => readonly string[] {
  const last: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      last.push(...lines)
      last.splice(0, last.length - 10)
    })
  }
  return () => last
}

/**
 * The port is free at this moment; should another process take it before Redis does, Redis says so and the next one is
 * tried.
 */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')
  return address.port
}

/**
 * A killed bridge's server ends by itself; should its watcher have been killed as well, it is told to. Its start time
 * proved that it is ours.
 */
async function endLeftServer(server: ProcessIdentity, folder: string): Promise<void> {
  const giveUpAt = Date.now() + stopWithinMs
  if (server.started !== undefined) process.kill(server.pid, 'SIGTERM')
  while (isRunning(server)) {
    if (Date.now() > giveUpAt)
      throw new Error(
        `An earlier bridge's redis-server (process ${server.pid}) still works in ${folder} and does not end.`,
      )
    await wait(5)
  }
}
