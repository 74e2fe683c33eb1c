import { setTimeout as sleep } from 'node:timers/promises'
import type { Emit } from './bridge/events.ts'
import type { Config, Role } from './config.ts'
import { createGenesysClients } from './genesys/index.ts'
import { createHealthRoutes } from './http/health.ts'
import { createMediaRoute } from './http/media-route.ts'
import { createMetricsRoute } from './http/metrics-route.ts'
import { createHttpApp, createHttpServer, type Routes } from './http/server.ts'
import { createWebhookRoute } from './http/webhook-route.ts'
import { joinChannel } from './join-channel.ts'
import { joinConsole } from './join-console.ts'
import type { FaultPoints } from './lib/fault-points.ts'
import type { Logger } from './lib/logger.ts'
import { connectRedis, untilAway, untilUsable } from './lib/redis.ts'
import { createRedisCache } from './lib/redis-cache.ts'
import { createHistoryRetention } from './lib/redis-history.ts'
import { type KeptRedisServer, keepRedisServer } from './lib/redis-keeper.ts'
import { createSealer } from './lib/seal.ts'
import { keptMs } from './media/config.ts'
import { eraseFilesOf } from './media/erase.ts'
import { createMediaLinks } from './media/links.ts'
import { createPublisher } from './media/publish.ts'
import { createMediaRetention } from './media/retention.ts'
import { createMediaStore } from './media/store.ts'
import { createAlerts } from './observe/alerts.ts'
import { createErrorListener } from './observe/errors.ts'
import { createLastWebhooks } from './observe/last-webhooks.ts'
import { createLogListener } from './observe/log.ts'
import { createMetrics } from './observe/metrics.ts'
import { withoutRepeats } from './observe/repeats.ts'
import { createQueueing } from './queue/index.ts'
import { createQuotes } from './quotes/store.ts'

/** A running bridge, or one part of it. */
export interface App {
  /**
   * Resolves when it is ready. While Redis is not there yet it waits, alive but not ready.
   * @throws {Error} when the port is taken, or Redis may evict keys
   */
  start(): Promise<{ readonly url: string }>
  /**
   * Ready turns false, requests and deliveries in flight finish, then all parts close in the reverse order of their
   * start.
   */
  stop(): Promise<void>
  /** Lets every message that waits for its next attempt be tried now. */
  retryNow(): Promise<void>
}

/** Requests in flight get so long to finish. LINE gives up after 2 s, Genesys after 10 s. */
const requestGraceMs = 10_000
/**
 * A stop waits so long for a Redis that is away: without it nothing can be written down, and the next start takes
 * everything up.
 */
const redisGraceMs = 6_000
const readyCheckSeconds = 60

/**
 * Makes every part and joins them. Nothing runs before `start`.
 * @param parts.redisServer the private Redis, when the caller has begun to start it already; else it is started here if
 *   `redis.url` is absent
 * @param parts.dataFolder where the private Redis keeps its data
 * @param parts.observe hears all that happens to messages, as the log and the metrics do
 * @param parts.faults where this process is to die, for tests
 * @param parts.drainMs how long requests are still taken after ready turned false; a load balancer needs a moment to see it
 */
export async function createApp(parts: {
  readonly config: Config
  readonly roles: ReadonlySet<Role>
  readonly logger: Logger
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly redisServer?: Promise<KeptRedisServer>
  readonly dataFolder?: string
  readonly observe?: Emit
  readonly drainMs?: number
  readonly faults?: FaultPoints
}): Promise<App> {
  const { config, roles, logger, environment, dataFolder = './.data/redis', observe, drainMs = 0, faults } = parts
  const onError = createErrorListener({ logger })

  // The store
  const embedded = config.redis.url
    ? undefined
    : await (parts.redisServer ?? keepRedisServer({ folder: dataFolder, environment }))
  const redisUrl = config.redis.url ?? embedded?.url ?? ''
  const front = connectRedis({ url: redisUrl, failFast: true, onError })
  const back = connectRedis({ url: redisUrl, failFast: false, onError })
  const sealer = createSealer({ keys: config.redis.encryptionKeys })
  const cache = createRedisCache({ redis: front, base: `{${config.redis.keyPrefix}}:`, sealer })

  // Who hears what happens
  const metrics = createMetrics({ readQueues: () => queueing.figures() })
  const alerts = createAlerts({ settings: config.alerts, logger })
  const lastWebhooks = createLastWebhooks({ redis: front, base: `{${config.redis.keyPrefix}}:` })
  const listeners: Emit[] = [createLogListener({ logger }), metrics.observe, alerts.observe, lastWebhooks.observe]
  if (observe) listeners.push(observe)
  const emit = withoutRepeats({
    emit: (event) => {
      for (const listener of listeners) listener(event)
    },
    now: () => performance.now(),
  })

  // Files
  const store = createMediaStore({ folder: config.media.store })
  const links = createMediaLinks({ publicUrl: config.server.publicUrl, secrets: config.media.signingSecret })
  const publisher = createPublisher({ store, links, settings: config.media, searchPath: environment.PATH })
  const quotes = createQuotes({ folder: config.media.store, secrets: config.media.signingSecret, onError })

  // What waits
  const queueing = createQueueing({
    front,
    back,
    keyPrefix: config.redis.keyPrefix,
    sealer,
    channels: config.channels.map(({ name }) => name),
    ...config.retention,
    overload: config.overload,
    // A private Redis lives in this process' container, and shares its limit.
    ...(embedded && process.constrainedMemory() > 0 && { redisMemoryBytes: process.constrainedMemory() }),
    emit,
    onError,
    // A console alone may have no media folder.
    ...((roles.has('worker') || roles.has('receiver')) && {
      async eraseFiles({ user, ...message }) {
        await eraseFilesOf({ store, ...message })
        await quotes.forget({ channel: message.channel, user }, message.messageId)
      },
    }),
    ...(faults && { faults }),
  })

  // The two sides of every channel
  const clients = createGenesysClients()
  const joined = await Promise.all(
    config.channels.map((settings) => joinChannel({ settings, clients, queueing, publisher, cache, quotes, logger })),
  )
  const channels = new Map(joined.map((channel) => [channel.name, channel]))

  // The HTTP surface
  const stopping = new AbortController()
  let started = false
  const routes: Routes = {
    ...(roles.has('receiver') && {
      webhook: createWebhookRoute({ find: (source, name) => channels.get(name)?.receivers.get(source), emit, onError }),
      media: createMediaRoute({
        async find(token) {
          const key = links.open(token, Date.now())
          return key === undefined ? undefined : store.find(key)
        },
      }),
    }),
    health: createHealthRoutes({
      checks: {
        started: async () => {
          if (!started) throw new Error('Not started yet.')
        },
        // A write, because a full or read-only Redis still answers a ping.
        redis: () => cache.set('ready', '', readyCheckSeconds),
      },
      stopping: () => stopping.signal.aborted,
    }),
    metrics: createMetricsRoute({ render: metrics.render, ...config.metrics }),
    ...(roles.has('console') && {
      admin: joinConsole({ config, joined, queueing, lastWebhooks: lastWebhooks.read, redis: front, emit }),
    }),
  }
  const server = createHttpServer({ app: createHttpApp({ routes, onError }) })

  const historyRetention = createHistoryRetention({ redis: back, onError })
  const mediaRetention = createMediaRetention({
    async sweep(limits) {
      await quotes.sweep(limits.now)
      await store.sweep(limits)
    },
    maxAgeMs: keptMs(config.media),
    onError,
  })

  function startWork(): void {
    queueing.startSweep()
    if (roles.has('receiver')) queueing.watchPressure()
    if (!roles.has('worker')) return
    for (const channel of joined) {
      queueing.work(channel.routes.inbound)
      queueing.work(channel.routes.outbound)
      queueing.work(channel.routes.receipts)
    }
    mediaRetention.start()
    // Another's Redis is looked after by whoever runs it.
    if (embedded) historyRetention.start()
    clients.preload()
  }

  return {
    async start() {
      const { host, port } = config.server
      const url = await server.listen(port, host)
      // Redis may still be starting, or be away for a while: nothing that was acknowledged before is lost by waiting.
      // Stopped while it waited: then nothing may be started any more.
      if (!(await untilUsable(front, stopping.signal))) return { url }
      startWork()
      started = true
      logger.info({ url, roles: [...roles], channels: joined.length }, 'bridge.ready')
      return { url }
    },

    async stop() {
      stopping.abort()
      mediaRetention.stop()
      historyRetention.stop()
      // Whoever asks can see that it is not ready, and is still served, before the address is gone.
      await sleep(drainMs)
      await server.stop(requestGraceMs)
      const stopped = new AbortController()
      await Promise.race([
        queueing.stop().finally(() => stopped.abort()),
        untilAway(front, { awayMs: redisGraceMs, signal: stopped.signal }),
      ])
      await quotes.close()
      await alerts.close()
      await Promise.all(joined.map((channel) => channel.close()))
      await clients.close()
      front.disconnect()
      back.disconnect()
      await embedded?.stop()
      logger.info('bridge.stopped')
    },

    retryNow: queueing.retryNow,
  }
}
