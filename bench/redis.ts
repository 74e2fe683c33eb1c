import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedisServer } from '../src/lib/redis-server.ts'

/** A real, empty Redis with `appendfsync everysec`: the very server that the bridge embeds. */
export interface BenchRedis {
  readonly url: string
  readonly client: Redis
  /** User and system time of the server so far, in µs. */
  cpuMicros(): Promise<number>
  /** `used_memory` in bytes, when it has stopped to change. */
  settledBytes(): Promise<number>
  /** Stops it and removes its data. */
  stop(): Promise<void>
}

/** Memory of closed connections and rehashed tables is given back within moments. */
const settleMs = 300
const settledWithinBytes = 1_024

export async function startRedis(): Promise<BenchRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'))
  const server = await startRedisServer({ folder, environment: process.env })
  const client = new Redis(server.url)
  const figure = async (section: string, name: string) =>
    Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(await client.info(section))?.[1])

  return {
    url: server.url,
    client,
    async cpuMicros() {
      const [user, system] = await Promise.all([figure('cpu', 'used_cpu_user'), figure('cpu', 'used_cpu_sys')])
      return (user + system) * 1e6
    },
    async settledBytes() {
      let before = Number.NaN
      for (;;) {
        const bytes = await figure('memory', 'used_memory')
        if (Math.abs(bytes - before) < settledWithinBytes) return bytes
        before = bytes
        await sleep(settleMs)
      }
    },
    async stop() {
      client.disconnect()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
