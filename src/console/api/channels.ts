import type { Direction } from '../../bridge/message.ts'
import type { TokenDescription } from '../../bridge/side.ts'
import type { Paused } from '../../queue/operations.ts'
import type { ChannelJson, ChannelsJson, PauseJson, SideJson } from './shapes.ts'

/** What is configured of a channel, as far as it may be seen. */
export interface ChannelFacts {
  readonly name: string
  readonly type: string
  readonly market: string
  readonly brand: string
  readonly sides: readonly {
    readonly name: string
    readonly webhookUrl: string
    readonly describe: () => TokenDescription
  }[]
}

/** When a side was last heard; times in ms since the epoch. */
interface LastWebhooks {
  readonly takenAt?: number
  readonly refused?: { readonly at: number; readonly status: number }
}

/** What waits in one queue, by state; `failed` are dead letters. */
interface QueueCount {
  readonly channel: string
  readonly direction: Direction | 'receipts'
  readonly jobs: Readonly<Record<string, number>>
}

/** All that changes about channels, at one moment. */
export interface Standing {
  /** By channel and side, joined with `/`. */
  readonly webhooks: ReadonlyMap<string, LastWebhooks>
  readonly paused: readonly Paused[]
  readonly queues: readonly QueueCount[]
}

export const isoTime = (atMs: number): string => new Date(atMs).toISOString()

/** A pause as callers see it. */
export const toPauseJson = ({ reason, who, at }: Pick<Paused, 'reason' | 'who' | 'at'>): PauseJson => ({
  reason,
  who,
  at: isoTime(at),
})

/** Joins what is configured with how it stands. */
export const toChannelsJson = (channels: readonly ChannelFacts[], standing: Standing): ChannelsJson => ({
  items: channels.map((channel): ChannelJson => {
    const { name, type, market, brand, sides } = channel
    const pauseOf = (direction: Direction) => {
      const found = standing.paused.find((one) => one.channel === name && one.direction === direction)
      return found ? toPauseJson(found) : null
    }
    const jobsOf = (direction: Direction | 'receipts') =>
      standing.queues.find((one) => one.channel === name && one.direction === direction)?.jobs ?? {}
    const waiting = (direction: Direction | 'receipts') => {
      const { waiting = 0, active = 0, delayed = 0 } = jobsOf(direction)
      return waiting + active + delayed
    }
    return {
      name,
      type,
      market,
      brand,
      sides: Object.fromEntries(
        sides.map((side) => [side.name, toSideJson(side, standing.webhooks.get(`${name}/${side.name}`) ?? {})]),
      ),
      paused: { inbound: pauseOf('inbound'), outbound: pauseOf('outbound') },
      waiting: { inbound: waiting('inbound'), outbound: waiting('outbound'), receipts: waiting('receipts') },
      deadLetters: { inbound: jobsOf('inbound').failed ?? 0, outbound: jobsOf('outbound').failed ?? 0 },
    }
  }),
})

function toSideJson(side: ChannelFacts['sides'][number], { takenAt, refused }: LastWebhooks): SideJson {
  const { kind, expiresAt } = side.describe()
  return {
    webhookUrl: side.webhookUrl,
    lastWebhookAt: takenAt === undefined ? null : isoTime(takenAt),
    lastRefused: refused ? { at: isoTime(refused.at), status: refused.status } : null,
    token: { kind, expiresAt: expiresAt === undefined ? null : isoTime(expiresAt) },
  }
}
