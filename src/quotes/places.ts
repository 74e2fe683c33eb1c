import { hash } from 'node:crypto'
import type { Conversation } from '../bridge/message.ts'

/** Files per channel and day: few, so that what is kept in a moment goes into few of them, and none becomes large. */
export const shardCount = 8

/** So many days are kept besides the one that has not ended yet. */
const keptDays = 7

const dayMs = 86_400_000

/**
 * In which of a channel's files a customer's texts lie. This is asked for every message, so it is no digest: the ends of LINE's ids are
 * as good as one. To be changed never, or what was kept is not found.
 */
export const shardOf = (user: string): number =>
  (user.charCodeAt(user.length - 1) * 31 + user.charCodeAt(user.length - 2)) % shardCount || 0

/** The name of a channel's file on every day: `<16 hex digits of the channel>-<2 hex digits>`. */
export const fileName = (channel: string, shard: number): string =>
  `${hash('sha256', JSON.stringify(['quotes', channel])).slice(0, 16)}-${shard.toString(16).padStart(2, '0')}`

/** The name of the file in which a conversation's texts lie. */
export const fileOf = ({ channel, user }: Conversation): string => fileName(channel, shardOf(user))

/** The UTC day of an instant (ms since the epoch): `2026-03-31`. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** The days of which texts are kept, the latest first. */
export const keptDaysAt = (now: number): readonly string[] =>
  Array.from({ length: keptDays + 1 }, (_, back) => dayOf(now - back * dayMs))

/** Is it the name of a day's folder, and is that day past its time? */
export const isPast = (folder: string, now: number): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(folder) && folder < dayOf(now - keptDays * dayMs)
