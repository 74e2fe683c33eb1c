import { setTimeout as sleep } from 'node:timers/promises'
import { type RedisServer, startRedisServer } from '../../lib/redis-server.ts'
import type { Outage } from './outcomes.ts'

/** A Redis that writes every answered command to disk first, and can be killed. */
export interface Store {
  readonly url: string
  readonly outages: readonly Outage[]
  /** SIGKILL; it comes back after so long at the same address with the same data. Resolves when it answers; false if it was down. */
  kill(downMs: number): Promise<boolean>
  stop(): Promise<void>
}

export async function startStore(request: {
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}): Promise<Store> {
  const settings = { ...request, appendfsync: 'always' } as const
  let server: RedisServer | undefined = await startRedisServer(settings)
  const { url, port, password } = server
  const outages: Outage[] = []
  const stopping = new AbortController()
  let coming: Promise<RedisServer> | undefined
  return {
    url,
    outages,
    async kill(downMs) {
      if (!server) return false
      const dying = server
      server = undefined
      const from = Date.now()
      const outage = { from, to: Number.POSITIVE_INFINITY }
      outages.push(outage)
      await dying.kill()
      await sleep(downMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return true
      coming = startRedisServer({ ...settings, at: { port, password } })
      server = await coming
      outage.to = Date.now()
      return true
    },
    async stop() {
      stopping.abort()
      await coming?.catch(() => undefined)
      await server?.kill()
    },
  }
}
