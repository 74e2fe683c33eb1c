import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Flow } from '../bridge/events.ts'

/** Names of queues, jobs and journals. Channel names hold letters, digits and `_` only, so `-` never occurs in them. */

export const flows: readonly Flow[] = ['inbound', 'outbound', 'receipts']

export const queueName = (channel: string, flow: Flow): string => `${channel}-${flow}`

/** The inverse of {@link queueName}. */
export function parseQueueName(name: string): { readonly channel: string; readonly flow: Flow } {
  const cut = name.lastIndexOf('-')
  return { channel: name.slice(0, cut), flow: name.slice(cut + 1) as Flow }
}

/**
 * An id from outside in a form that lane entries and BullMQ job ids can carry: no white space, no colon, not too long.
 * Different ids stay different; ordinary ones stay as they are.
 */
export function safeId(id: string): string {
  // As nearly all are.
  if (/^[A-Za-z0-9._~@-]{0,120}$/.test(id)) return id
  if (id.length > 120) return `=${createHash('sha256').update(id).digest('hex')}`
  return id.replace(/[^A-Za-z0-9._~@-]/gu, (character) => `=${character.codePointAt(0)?.toString(16)}.`)
}

/** The inverse of {@link safeId}; ids that were too long stay as their digest. */
export const originalId = (safe: string): string =>
  safe.replace(/=([0-9a-f]{1,6})\./g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))

/** The job that shows a message which was given up. BullMQ takes no ids of digits alone. */
export const jobId = (id: string): string => `m-${id}`

/** The job of a message that waits. Each turn has its own, because the one before may still be there. */
export const turnJobId = (id: string, turn: number): string => `${jobId(id)}~${turn}`

/** The inverse of {@link turnJobId}. */
export function parseTurnJobId(job: string): { readonly id: string; readonly turn: number } {
  const cut = job.lastIndexOf('~')
  return { id: messageOf(job.slice(0, cut)), turn: Number(job.slice(cut + 1)) }
}

/** Does a message that was tried before wait in this job? */
export const isTurnJob = (job: string): boolean => /^m-.*~\d+$/.test(job)

/** The inverse of {@link jobId}. */
export const messageOf = (job: string): string => job.slice(2)

const msPerDay = 86_400_000
/** Journals of one day. */
export const shards = 1024

/** A journal holds the traces of some of a day's messages; small hashes are what makes a trace cheap in Redis. */
export function journalOf(id: string, receivedAt: number): { readonly day: number; readonly shard: number } {
  return { day: Math.floor(receivedAt / msPerDay), shard: crc32(id) % shards }
}

export const journalKey = (place: { readonly day: number; readonly shard: number }): string =>
  `journal:${place.day}:${place.shard}`

/** The traces' field name: channel, flow and id. */
export const journalField = (channel: string, flow: Flow, id: string): string => `${channel}/${flow[0]}${id}`

/** The inverse of {@link journalField}; receipts have no traces of their own. */
export function parseJournalField(field: string): {
  readonly channel: string
  readonly flow: 'inbound' | 'outbound'
  readonly id: string
} {
  const cut = field.indexOf('/')
  return {
    channel: field.slice(0, cut),
    flow: field[cut + 1] === 'i' ? 'inbound' : 'outbound',
    id: field.slice(cut + 2),
  }
}
