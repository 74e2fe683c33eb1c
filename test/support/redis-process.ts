import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

/** A Redis that can be killed, frozen and brought back on the same port with its data. */
export interface RedisProcess {
  readonly url: string
  readonly port: number
  /** Where its data lie. */
  readonly folder: string
  /** A connection of the test's own. */
  readonly client: Redis
  /** Resolves when it answers. @param more words of the command line, for this time only */
  start(...more: string[]): Promise<void>
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

/** @param words further ones of redis-server's command line */
export async function startRedisProcess(...words: string[]): Promise<RedisProcess> {
  const data = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--repl-diskless-sync-delay', '0']
  return startProcess((folder, port) => ['--port', String(port), '--dir', folder, ...data, ...words])
}

/** A Sentinel that watches a primary under the name `bridge`, and decides alone. */
export async function startSentinel(primaryPort: number, password?: string): Promise<RedisProcess> {
  return startProcess(async (folder, port) => {
    const path = join(folder, 'sentinel.conf')
    const lines = [
      `port ${port}`,
      `dir ${folder}`,
      `sentinel monitor bridge 127.0.0.1 ${primaryPort} 1`,
      'sentinel down-after-milliseconds bridge 500',
      'sentinel failover-timeout bridge 1000',
      ...(password === undefined ? [] : [`requirepass ${password}`]),
    ]
    await writeFile(path, `${lines.join('\n')}\n`)
    return [path, '--sentinel']
  }, password)
}

async function startProcess(
  wordsFor: (folder: string, port: number) => string[] | Promise<string[]>,
  password?: string,
): Promise<RedisProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-redis-process-'))
  const port = await freePort()
  const words = await wordsFor(folder, port)
  let child: ChildProcess | undefined
  const url = `redis://127.0.0.1:${port}`
  const client = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    ...(password !== undefined && { password }),
  })
  client.on('error', () => {})

  async function start(...more: string[]): Promise<void> {
    child = spawn('redis-server', [...words, ...more, '--bind', '127.0.0.1'], { stdio: 'ignore' })
    await until('Redis to answer', () => client.ping().catch(() => false))
  }
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await client.connect().catch(() => {})
  await start()
  return {
    url,
    port,
    folder,
    client,
    start,
    kill,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async remove() {
      client.disconnect()
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
