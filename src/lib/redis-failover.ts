import { Redis, type RedisOptions } from 'ioredis'

const channel = '+switch-master'
const askAgainMs = 1_000

/**
 * Leaves a primary as soon as a Sentinel says that another one has taken its place. When people start a failover, the old primary lives on
 * and takes writes until it is told to follow the new one, seconds later; all of them are lost then. And one that hangs is left without
 * waiting for it.
 *
 * ioredis' own `failoverDetector` is not used: a message that comes while it asks for the new address ends the connection for good.
 * https://redis.io/docs/latest/develop/reference/sentinel-clients/
 *
 * @param parts.options of connections that were made for Sentinels, from `readRedisUrl`
 * @param parts.connections all that are to move on; may grow later
 */
export function followFailovers(parts: { readonly options: RedisOptions; readonly connections: ReadonlySet<Redis> }) {
  const { options, connections } = parts
  const { sentinels, name, sentinelUsername, sentinelPassword, sentinelTLS } = options
  const watchers = (sentinels ?? []).map(({ host = '127.0.0.1', port = 26_379 }) => {
    const watcher = new Redis({
      host,
      port,
      ...(sentinelUsername && { username: sentinelUsername }),
      ...(sentinelPassword && { password: sentinelPassword }),
      ...(sentinelTLS && { tls: sentinelTLS }),
      replyMapping: 'legacy',
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      connectTimeout: 2_000,
      keepAlive: 10_000,
      retryStrategy: () => askAgainMs,
    })
    // Whether Sentinels answer is told by the connections that ask them.
    watcher.on('error', () => {})
    watcher.on('message', (_, told: string) => {
      // "<name> <old address> <old port> <new address> <new port>"
      if (told.split(' ')[0] !== name) return
      for (const connection of connections) if (connection.status === 'ready') connection.disconnect(true)
    })
    watcher.subscribe(channel).catch(() => {})
    return watcher
  })
  return {
    close(): void {
      for (const watcher of watchers) watcher.disconnect()
    },
  }
}
