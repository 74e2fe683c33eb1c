import type { Flow } from '../bridge/events.ts'
import type { InboundMessage, OutboundMessage } from '../bridge/message.ts'
import type { Effect, Heard } from '../bridge/side.ts'
import type { Codec } from './envelope.ts'
import { type AdmitEntry, laneEntry } from './lanes.ts'
import { writeLostLetter } from './letters.ts'
import { journalField, journalOf, queueName, safeId } from './names.ts'
import { idsOf, writeItem } from './payload.ts'
import { writeTrace } from './trace.ts'

/** The messages that webhooks bring. */
export type HeardMessage = Heard<InboundMessage | OutboundMessage>

/** What all events of a body have in common. */
export interface About {
  readonly channel: string
  readonly flow: Flow
  readonly queue: string
  readonly receivedAt: number
  readonly codec: Codec
}

/** Only what has an id can be known again, and is worth a call to the store. */
export const isNoted = (heard: HeardMessage): boolean => heard.kind === 'message' || heard.id !== undefined

/** A weak sign of life is enough to end a block, but only an explicit one is worth remembering for people who never were blocked. */
function markOf(effect: Effect & { kind: 'blocked' | 'unblocked' }, heard: HeardMessage): AdmitEntry['mark'] {
  const sign = effect.kind === 'blocked' ? 'b' : heard.kind === 'message' ? 'm' : 'u'
  return { sign, at: effect.at }
}

/** What the script needs of an effect, and the customer whom it is about. */
function effectOf(
  heard: HeardMessage,
  { channel, flow, receivedAt }: About,
): Partial<AdmitEntry> & { readonly customer?: string } {
  for (const effect of heard.effects ?? []) {
    switch (effect.kind) {
      case 'blocked':
      case 'unblocked':
        return { customer: effect.user, mark: markOf(effect, heard) } as ReturnType<typeof effectOf>
      case 'unsent': {
        const id = safeId(effect.message)
        const { shard } = journalOf(id, receivedAt)
        return { customer: effect.user, withdrawn: { id, shard, field: journalField(channel, flow, id) } }
      }
      case 'not_shown': {
        const { remote, detail } = effect
        const letter = writeLostLetter({ remote, reason: { code: 'not_shown', message: detail }, now: receivedAt })
        return { queue: queueName(channel, 'inbound'), lost: { id: `r-${safeId(remote)}`, letter } }
      }
    }
  }
  return {}
}

/** What the store keeps of an event; undefined when that is nothing. */
export function toEntry(heard: HeardMessage, about: About): AdmitEntry | undefined {
  if (heard.kind !== 'message' && heard.id === undefined) return undefined
  const { channel, flow, queue, receivedAt, codec } = about
  const id = safeId(heard.id ?? '')
  const { customer = '', ...effect } = effectOf(heard, about)
  const { day, shard } = journalOf(id, receivedAt)
  const field = journalField(channel, flow, id)
  if (heard.kind !== 'message') {
    const text = writeTrace({ message: id, user: customer }, receivedAt)
    return { channel, queue, user: safeId(customer), id, trace: { day, shard, field, text }, ...effect }
  }
  const ids = idsOf(heard.message)
  const user = safeId(ids.user)
  return {
    channel,
    queue,
    user,
    id,
    trace: { day, shard, field, text: writeTrace(ids, receivedAt) },
    entry: laneEntry(id, receivedAt, writeItem(codec, heard.message, { id, user, receivedAt })),
    ...effect,
  }
}
