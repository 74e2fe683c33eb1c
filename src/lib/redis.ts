import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

export type { Redis }

/**
 * Opens a connection that comes back by itself after an outage.
 * @param settings.failFast commands are refused at once while the server is away (webhooks: the sender tries again);
 *   otherwise they wait for its return (workers)
 * @param settings.onError hears of lost connections; without a listener Node would end the process
 */
export function connectRedis(settings: {
  readonly url: string
  readonly failFast: boolean
  readonly onError: (error: Error) => void
}): Redis {
  const redis = new Redis(settings.url, {
    maxRetriesPerRequest: settings.failFast ? 0 : null,
    enableOfflineQueue: !settings.failFast,
    autoResendUnfulfilledCommands: !settings.failFast,
    enableAutoPipelining: true,
    connectTimeout: 2_000,
    // A server that hangs, or a network that swallows everything, is given up. BullMQ's blocking calls last up to 10 s.
    socketTimeout: settings.failFast ? 3_000 : 15_000,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
    // A replica that was the primary before a failover answers READONLY: connect anew to reach the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })
  redis.on('error', settings.onError)
  return redis
}

/** The server may drop keys when its memory runs short. */
export class EvictingRedis extends Error {
  override readonly name = 'EvictingRedis'
}

/**
 * BullMQ and our lanes must never lose a key to memory pressure.
 * @throws {EvictingRedis} when the server may evict keys; servers that hide their configuration (some managed ones)
 *   pass
 */
async function refuseEvicting(redis: Redis): Promise<void> {
  const info = await redis.info('memory')
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (policy && policy !== 'noeviction') {
    throw new EvictingRedis(
      `Redis may evict keys (maxmemory-policy ${policy}), which would lose messages. Set maxmemory-policy noeviction.`,
    )
  }
}

/**
 * Waits until Redis answers, however long that takes.
 * @returns false when `signal` was aborted first
 * @throws {EvictingRedis}
 */
export async function untilUsable(redis: Redis, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await redis.ping()
      await refuseEvicting(redis)
      return !signal.aborted
    } catch (error) {
      if (error instanceof EvictingRedis) throw error
      await sleep(20)
    }
  }
  return false
}

/** Resolves when Redis has not answered for `awayMs`, or when `signal` is aborted. */
export async function untilAway(
  redis: Redis,
  limits: { readonly awayMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { awayMs, signal } = limits
  for (let lastSeenAt = Date.now(); Date.now() - lastSeenAt < awayMs; ) {
    await sleep(200, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    if (await redis.ping().catch(() => false)) lastSeenAt = Date.now()
  }
}
