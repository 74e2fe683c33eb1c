import { hash } from 'node:crypto'
import type { Conversation } from '../bridge/message.ts'

/** Files per channel and day: few, so that what is kept in a moment goes into few of them, and none becomes large. */
const shards = 32

/** So many days are kept besides the one that has not ended yet. */
const keptDays = 7

const dayMs = 86_400_000

/** Where the texts of a conversation are kept. */
export interface Place {
  /** The name of its file on every day: `<16 hex digits of the channel>-<2 hex digits of the user>`. */
  readonly shard: string
  /** Stands for the conversation within the file. */
  readonly tag: string
}

const digestOf = (...parts: readonly string[]): Buffer => hash('sha256', JSON.stringify(['quotes', ...parts]), 'buffer')

/** There are as many as the configuration has channels. */
const channelNames = new Map<string, string>()

function nameOf(channel: string): string {
  const name = channelNames.get(channel) ?? digestOf(channel).toString('hex', 0, 8)
  channelNames.set(channel, name)
  return name
}

/** Finds the place of a conversation. Neither part of it leads back to the channel's or the customer's name. */
export function placeOf({ channel, user }: Conversation): Place {
  const digest = digestOf(channel, user)
  const shard = ((digest[0] ?? 0) % shards).toString(16).padStart(2, '0')
  return { shard: `${nameOf(channel)}-${shard}`, tag: digest.toString('base64url', 1, 13) }
}

/** The UTC day of an instant (ms since the epoch): `2026-03-31`. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** The days of which texts are kept, the latest first. */
export const keptDaysAt = (now: number): readonly string[] =>
  Array.from({ length: keptDays + 1 }, (_, back) => dayOf(now - back * dayMs))

/** Is it the name of a day's folder, and is that day past its time? */
export const isPast = (folder: string, now: number): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(folder) && folder < dayOf(now - keptDays * dayMs)
