import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { followFailovers } from './redis-failover.ts'
import { readRedisUrl } from './redis-url.ts'

export type { Redis }

/** Without a byte for so long after a command was sent, the server hangs or its host is gone, and the connection is given up. */
const silentMs = { failFast: 3_000, patient: 5_000, blocking: 15_000 }

/**
 * Opens a connection that comes back by itself after an outage, and follows a failover.
 * @param settings.url see {@link readRedisUrl}
 * @param settings.failFast commands are refused at once while the server is away (webhooks: the sender tries again);
 *   otherwise they wait for its return (workers), and scripts run even when the server is full: see {@link runWhenFull}
 * @param settings.onError hears of lost connections; without a listener Node would end the process
 * @throws {Error} for an address that cannot be read; the message holds nothing of it
 */
export function connectRedis(settings: {
  readonly url: string
  readonly failFast: boolean
  readonly onError: (error: Error) => void
}): Redis {
  const { url, failFast, onError } = settings
  const target = readRedisUrl(url)
  if ('faults' in target) throw new Error(`The address of Redis ${target.faults.join('; ')}.`)
  const redis = new Redis({
    ...target.options,
    replyMapping: 'legacy',
    maxRetriesPerRequest: failFast ? 0 : null,
    enableOfflineQueue: !failFast,
    autoResendUnfulfilledCommands: !failFast,
    connectTimeout: 2_000,
    // A Sentinel that hangs must not hold up the question to the next one.
    sentinelCommandTimeout: 1_000,
    // Without Sentinels that answer there is nothing to do but to ask again.
    sentinelRetryStrategy: (attempt: number) => Math.min(50 * attempt, 1_000),
    socketTimeout: failFast ? silentMs.failFast : silentMs.patient,
    keepAlive: 10_000,
    retryStrategy: (attempt: number) => Math.min(50 * attempt, 1_000),
    // While it reads its data, Redis guesses how long that takes, and may be wrong by a lot. Believed, that would be up to 10 s too long.
    maxLoadingRetryTime: 50,
    // A replica that was the primary before a failover answers READONLY: connect anew to reach the new primary.
    reconnectOnError: (error: Error) => /\bREADONLY\b/.test(error.message),
  })
  gatherWrites(redis)
  if (!failFast) runWhenFull(redis)
  const connections = new Set([redis])
  const duplicate = redis.duplicate.bind(redis)
  // BullMQ duplicates the connection for calls that block for up to 10 s.
  redis.duplicate = (override) => {
    const blocking = duplicate({ ...override, socketTimeout: silentMs.blocking })
    connections.add(blocking)
    blocking.once('end', () => connections.delete(blocking))
    return blocking
  }
  if (target.options.sentinels) {
    const failovers = followFailovers({ options: target.options, connections })
    const disconnect = redis.disconnect.bind(redis)
    redis.disconnect = (reconnect) => {
      if (!reconnect) failovers.close()
      disconnect(reconnect)
    }
  }
  redis.on('error', onError)
  return redis
}

/** Whoever waits for an answer that does not come must not hold up the others for longer. */
const gatherMs = 1

const flushes = new WeakMap<Redis, () => void>()

/** Sends what was gathered: for a command that is large enough for a system call of its own, and whose answer is waited for. */
export const sendNow = (redis: Redis): void => flushes.get(redis)?.()

/**
 * What is sent in one turn of the event loop goes out in one system call; and while answers are outstanding, what is sent waits for the
 * next of them, as Nagle's algorithm has it. A busy process then makes a tenth of the calls, and an idle one waits for nothing.
 * ioredis' own way, auto-pipelining, makes an object with all scripts of the connection for each turn, and BullMQ has sixty of them:
 * that costs more than it saves.
 */
function gatherWrites(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    let outstanding = false
    let timer: NodeJS.Timeout | undefined

    function flush(): void {
      clearTimeout(timer)
      timer = undefined
      if (stream.writableCorked === 0) return
      outstanding = true
      stream.uncork()
    }
    flushes.set(redis, flush)
    stream.on('data', () => {
      outstanding = false
      // What the answers lead to goes along.
      if (timer) setImmediate(() => timer && flush())
    })
    stream.write = (...args: unknown[]) => {
      if (stream.writableCorked === 0) {
        stream.cork()
        if (outstanding) timer = setTimeout(flush, gatherMs)
        else setImmediate(flush)
      }
      return write(...args)
    }
  })
}

/** BullMQ's scripts that only read are left alone: they should answer on a server that takes no writes. */
const onlyReads = /^(get|is|paginate)[A-Z]/

/**
 * A full Redis refuses a script's first write if that could need memory, and every write after it is allowed. Workers' scripts
 * need a little memory to free much more, so a full Redis would stay full for ever. A write that cannot need memory, put in front
 * of them, opens the way; it works on every version, while the script flag `allow-oom` came with 7.0.
 * https://redis.io/docs/latest/develop/reference/eviction/ https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags
 */
function runWhenFull(redis: Redis): void {
  const defineCommand = redis.defineCommand.bind(redis)
  redis.defineCommand = (name, definition) =>
    defineCommand(
      name,
      onlyReads.test(name)
        ? definition
        : { ...definition, lua: `redis.call('DEL', KEYS[1] .. ':none')\n${definition.lua}` },
    )
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
