import type { Emit } from '../bridge/events.ts'
import type { Redis } from '../lib/redis.ts'

/** When a side last called its webhook; ms since the epoch. */
export interface LastWebhooks {
  readonly takenAt?: number
  readonly refused?: { readonly at: number; readonly status: number }
}

/** A busy channel is not written down more often than this. */
const everyMs = 1_000

/**
 * Remembers when each side of each channel was last heard, in Redis, so that every process can tell. It shows operators whether a
 * platform calls at all, and whether it is refused. Right to a second.
 * @param parts.redis refuses commands at once while it is away: then the note is left out
 * @param parts.now ms since the epoch
 */
export function createLastWebhooks(parts: {
  readonly redis: Redis
  readonly base: string
  readonly now?: () => number
}) {
  const { redis, base, now = Date.now } = parts
  const key = `${base}webhooks`
  const writtenAt = new Map<string, number>()

  return {
    /** Never throws. */
    observe: ((event) => {
      if (event.type !== 'webhook.answered' || event.channel === 'unknown') return
      const { channel, source, status } = event
      const outcome = status < 300 ? 'taken' : 'refused'
      const field = `${channel}/${source}/${outcome}`
      const at = now()
      if (at - (writtenAt.get(field) ?? 0) < everyMs) return
      writtenAt.set(field, at)
      redis.hset(key, field, outcome === 'taken' ? `${at}` : `${at} ${status}`).catch(() => {})
    }) satisfies Emit,

    /** Of all channels: by channel and side, joined with `/`. Rejects while Redis is away. */
    async read(): Promise<ReadonlyMap<string, LastWebhooks>> {
      const found = new Map<string, LastWebhooks>()
      for (const [field, value] of Object.entries(await redis.hgetall(key))) {
        const cut = field.lastIndexOf('/')
        const side = field.slice(0, cut)
        const [at = 0, status = 0] = value.split(' ').map(Number)
        const told = field.slice(cut + 1) === 'taken' ? { takenAt: at } : { refused: { at, status } }
        found.set(side, { ...found.get(side), ...told })
      }
      return found
    },
  }
}
