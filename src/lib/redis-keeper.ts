import { setTimeout as wait } from 'node:timers/promises'
import { type RedisServer, startRedisServer } from './redis-server.ts'

/** Delays before the server is started again, doubled with each attempt in a row. */
const firstDelayMs = 100
const lastDelayMs = 5_000

/**
 * A private Redis that comes back when it ends without having been asked, at the same address, so that connections find
 * it again.
 */
export type KeptRedisServer = Pick<RedisServer, 'url' | 'stop'>

/**
 * Starts a private Redis as {@link startRedisServer} does, and starts it again whenever it ends unasked: killed by
 * hand, or for want of memory. What it had written to disk is there again.
 * @param request.onEnded hears that it has ended; it is being started again
 * @throws as {@link startRedisServer}, for the first start only
 */
export async function keepRedisServer(
  request: Parameters<typeof startRedisServer>[0] & { readonly onEnded?: () => void },
): Promise<KeptRedisServer> {
  const { onEnded, ...start } = request
  let server = await startRedisServer(start)
  const { url, port, password } = server
  const stopping = new AbortController()

  async function startAgain(): Promise<void> {
    for (let delayMs = firstDelayMs; !stopping.signal.aborted; delayMs = Math.min(2 * delayMs, lastDelayMs)) {
      await wait(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        server = await startRedisServer({ ...start, at: { port, password } })
        return
      } catch {
        // The folder or the port is not free yet, or the disk is full: everybody who asks gets 503 meanwhile.
      }
    }
  }

  async function watch(): Promise<void> {
    for (;;) {
      const { asked } = await server.exited
      if (asked || stopping.signal.aborted) return
      onEnded?.()
      await startAgain()
      if (stopping.signal.aborted) return server.stop()
    }
  }
  const watched = watch()

  return {
    url,
    async stop() {
      stopping.abort()
      await server.stop()
      await watched
    },
  }
}
