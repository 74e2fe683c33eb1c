import { setTimeout as sleep } from 'node:timers/promises'
import type { Emit } from './bridge/events.ts'
import { channelTypes } from './channels/index.ts'
import type { Config, Role } from './config.ts'
import { createConsole } from './console/index.ts'
import { createGenesysCentre, createGenesysClients } from './genesys/index.ts'
import { createHealthRoutes } from './http/health.ts'
import { createMediaRoute } from './http/media-route.ts'
import { createMetricsRoute } from './http/metrics-route.ts'
import { createHttpApp, createHttpServer } from './http/server.ts'
import { createReceiver, createWebhookRoute, type Receiver } from './http/webhook-route.ts'
import { type ChannelRoutes, joinSides } from './join-sides.ts'
import type { Logger } from './lib/logger.ts'
import { connectRedis, refuseEvictingRedis } from './lib/redis.ts'
import { createRedisCache } from './lib/redis-cache.ts'
import { type KeptRedisServer, keepRedisServer } from './lib/redis-keeper.ts'
import { createSealer } from './lib/seal.ts'
import { createFetchOutside } from './media/fetch-outside.ts'
import { createMediaLinks } from './media/links.ts'
import { createPublisher } from './media/publish.ts'
import { createMediaStore } from './media/store.ts'
import { createAlerts } from './observe/alerts.ts'
import { createErrorListener } from './observe/errors.ts'
import { createLogListener } from './observe/log.ts'
import { createMetrics } from './observe/metrics.ts'
import { createQueueing } from './queue/index.ts'

/** A running bridge, or one part of it. */
export interface App {
  /**
   * Resolves when it is ready. While Redis is not there yet it waits, alive but not ready.
   * @throws {Error} when the port is taken, or Redis may evict keys
   */
  start(): Promise<{ readonly url: string }>
  /** Ready turns false, requests and deliveries in flight finish, then all parts close in the reverse order of their start. */
  stop(): Promise<void>
  /** Lets every message that waits for its next attempt be tried now. */
  retryNow(): Promise<void>
}

/** Requests in flight get so long to finish. LINE gives up after 2 s, Genesys after 10 s. */
const requestGraceMs = 10_000
/** A stop waits so long for a Redis that is away: without it nothing can be written down, and the next start takes everything up. */
const redisGraceMs = 6_000
const mediaSweepMs = 3_600_000
const dayMs = 86_400_000

/**
 * Makes every part and joins them. Nothing runs before `start`.
 * @param settings.redisServer the private Redis, when the caller has begun to start it already; else it is started here if `redis.url` is absent
 * @param settings.dataFolder where the private Redis keeps its data
 * @param settings.observe hears all that happens to messages, as the log and the metrics do
 */
export async function createApp(settings: {
  readonly config: Config
  readonly roles: ReadonlySet<Role>
  readonly logger: Logger
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly redisServer?: Promise<KeptRedisServer>
  readonly dataFolder?: string
  readonly observe?: Emit
}): Promise<App> {
  const { config, roles, logger, environment, dataFolder = './.data/redis', observe } = settings
  const onError = createErrorListener({ logger })

  // The store
  const embedded = config.redis.url
    ? undefined
    : await (settings.redisServer ?? keepRedisServer({ folder: dataFolder, environment }))
  const redisUrl = config.redis.url ?? embedded?.url ?? ''
  const front = connectRedis({ url: redisUrl, failFast: true, onError })
  const back = connectRedis({ url: redisUrl, failFast: false, onError })
  const sealer = createSealer({ keys: config.redis.encryptionKeys })
  const cache = createRedisCache({ redis: front, base: `{${config.redis.keyPrefix}}:`, sealer })

  // Who hears what happens
  const metrics = createMetrics({ readQueues: () => queueing.figures() })
  const alerts = createAlerts({ settings: config.alerts, claim: cache.claim, logger })
  const listeners: Emit[] = [createLogListener({ logger }).observe, metrics.observe, alerts.observe]
  if (observe) listeners.push(observe)
  const emit: Emit = (event) => {
    for (const listener of listeners) listener(event)
  }

  const queueing = createQueueing({
    front,
    back,
    keyPrefix: config.redis.keyPrefix,
    sealer,
    channels: config.channels.map(({ name }) => name),
    ...config.retention,
    emit,
    onError,
  })

  // Files
  const store = createMediaStore({ folder: config.media.store })
  const links = createMediaLinks({ publicUrl: config.server.publicUrl, secrets: config.media.signingSecret })
  const publisher = createPublisher({ store, links, settings: config.media })

  // The two sides of every channel, and the webhooks by which they are heard
  const clients = createGenesysClients()
  const receivers = new Map<string, Receiver>()
  const joinChannel = async (settings: Config['channels'][number]) => {
    const { name, type, genesys } = settings
    const kind = channelTypes[type]
    const exemptOrigins = [...kind.origins(settings[type]), ...(genesys.gatewayUrl ? [genesys.gatewayUrl] : [])]
    const fetchOutside = createFetchOutside({ exemptOrigins })
    const channel = await kind.create({ name, settings: settings[type], cache, logger, fetchOutside })
    const centre = createGenesysCentre({ channel: settings, settings: genesys, clients, fetchOutside })
    receivers.set(
      `${channel.name}/${name}`,
      createReceiver(channel.webhook, (heard) => queueing.admit(name, 'inbound', heard)),
    )
    receivers.set(
      `${centre.name}/${name}`,
      createReceiver(centre.webhook, (heard) => queueing.admit(name, 'outbound', heard)),
    )
    const account = genesys.region ?? genesys.gatewayUrl
    const routes: ChannelRoutes = joinSides({
      name,
      channel,
      centre,
      publisher,
      channelBudget: queueing.budget(`${channel.name}:${name}`),
      centreBudget: queueing.budget(`${centre.name}:${account}:${genesys.clientId}`, genesys.requestsPerMinute),
      receipts: genesys.receipts,
    })
    return { channel, centre, routes }
  }
  const channels = await Promise.all(config.channels.map(joinChannel))

  // The HTTP surface
  let phase: 'starting' | 'ready' | 'stopping' = 'starting'
  const server = createHttpServer(
    createHttpApp(
      {
        ...(roles.has('receiver') && {
          webhook: createWebhookRoute({ find: (source, name) => receivers.get(`${source}/${name}`), emit, onError }),
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
              if (phase === 'starting') throw new Error('Not started yet.')
            },
            redis: async () => void (await front.ping()),
          },
          stopping: () => phase === 'stopping',
        }),
        metrics: createMetricsRoute({ render: metrics.render, ...config.metrics }),
        admin: createConsole({
          admin: roles.has('console') ? config.admin : undefined,
          publicUrl: config.server.publicUrl,
          queues: () => queueing.queues,
        }),
      },
      onError,
    ),
  )

  async function sweepMedia(): Promise<void> {
    const { inboundDays, outboundDays } = config.media
    await store.sweep({ now: Date.now(), maxAgeMs: { inbound: inboundDays * dayMs, outbound: outboundDays * dayMs } })
  }
  let mediaTimer: NodeJS.Timeout | undefined

  /** Redis may still be starting, or be away for a while: nothing that was acknowledged before is lost by waiting. False: the process stops. */
  async function redisIsThere(): Promise<boolean> {
    while (phase === 'starting') {
      try {
        await front.ping()
        await refuseEvictingRedis(front)
        return phase === 'starting'
      } catch (error) {
        if (error instanceof Error && error.message.includes('maxmemory-policy')) throw error
        await sleep(20)
      }
    }
    return false
  }

  async function untilRedisIsGivenUp(signal: AbortSignal): Promise<void> {
    for (let lastSeenAt = Date.now(); Date.now() - lastSeenAt < redisGraceMs; ) {
      await sleep(200, undefined, { signal })
      if (await front.ping().catch(() => false)) lastSeenAt = Date.now()
    }
  }

  function startWork(): void {
    queueing.startSweep()
    if (!roles.has('worker')) return
    for (const { routes } of channels) {
      queueing.work(routes.inbound)
      queueing.work(routes.outbound)
      queueing.work(routes.receipts)
    }
    mediaTimer = setInterval(() => void sweepMedia().catch(onError), mediaSweepMs)
    clients.preload()
  }

  return {
    async start() {
      const port = await server.listen(config.server.port, config.server.host)
      const host = config.server.host.replace(/^(0\.0\.0\.0|::)$/, '127.0.0.1')
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
      // Stopped while it waited: then nothing may be started any more.
      if (!(await redisIsThere())) return { url }
      startWork()
      phase = 'ready'
      logger.info({ url, roles: [...roles], channels: receivers.size / 2 }, 'bridge.ready')
      return { url }
    },

    async stop() {
      phase = 'stopping'
      clearInterval(mediaTimer)
      await server.stop(requestGraceMs)
      const stopped = new AbortController()
      await Promise.race([
        queueing.stop().finally(() => stopped.abort()),
        untilRedisIsGivenUp(stopped.signal).catch(() => undefined),
      ])
      await alerts.close()
      await Promise.all(channels.flatMap(({ channel, centre }) => [channel.close(), centre.close()]))
      await clients.close()
      front.disconnect()
      back.disconnect()
      await embedded?.stop()
      logger.info('bridge.stopped')
    },

    retryNow: queueing.retryNow,
  }
}
