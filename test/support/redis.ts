import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedisServer } from '../../src/lib/redis-server.ts'

/** A real, empty Redis of the test's own, on a free port; the same server that the bridge embeds. */
export interface TestRedis {
  /** With its password, as `redis.url` takes it. */
  readonly url: string
  /** Stops it and removes its data. */
  stop(): Promise<void>
}

export async function startTestRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-redis-'))
  const server = await startRedisServer({ folder, environment: process.env })
  return {
    url: server.url,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
