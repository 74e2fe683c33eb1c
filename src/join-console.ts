import type { Emit } from './bridge/events.ts'
import type { Config } from './config.ts'
import { createConsoleApi } from './console/api/index.ts'
import { createConsole } from './console/index.ts'
import type { Routes } from './http/server.ts'
import type { JoinedChannel } from './join-channel.ts'
import type { Redis } from './lib/redis.ts'
import type { LastWebhooks } from './observe/last-webhooks.ts'
import type { Queueing } from './queue/index.ts'

/**
 * Joins the console with what it shows and does.
 * @param parts.redis refuses commands at once while Redis is away
 */
export function joinConsole(parts: {
  readonly config: Config
  readonly joined: readonly JoinedChannel[]
  readonly queueing: Queueing
  readonly lastWebhooks: () => Promise<ReadonlyMap<string, LastWebhooks>>
  readonly redis: Redis
  readonly emit: Emit
}): NonNullable<Routes['admin']> {
  const { config, joined, queueing, lastWebhooks, redis, emit } = parts
  const { publicUrl } = config.server
  const sidesOf = new Map(joined.map(({ name, sides }) => [name, sides]))
  const keyOwnerOf = new Map(joined.map(({ name, keyOwner }) => [name, keyOwner]))
  return createConsole({
    admin: config.admin,
    publicUrl,
    queues: () => queueing.queues,
    api: createConsoleApi({
      channels: config.channels.map(({ name, type, market, brand }) => ({
        name,
        type,
        market,
        brand,
        sides: (sidesOf.get(name) ?? []).map((side) => ({
          name: side.name,
          webhookUrl: `${publicUrl}/webhooks/${side.name}/${name}`,
          describe: side.describe,
        })),
      })),
      operations: queueing.operations,
      find: (id) => queueing.find(id, { keyOwner: (channel) => keyOwnerOf.get(channel)?.(id) }),
      lastWebhooks,
      queues: queueing.figures,
      askStore: () => redis.ping(),
      emit,
    }),
  })
}
