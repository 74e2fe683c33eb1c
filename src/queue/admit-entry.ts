import type { Flow } from '../bridge/events.ts'
import type { InboundMessage, OutboundMessage } from '../bridge/message.ts'
import type { Effect, Heard, Refused } from '../bridge/side.ts'
import type { Codec } from './envelope.ts'
import { type AdmitEntry, laneEntry } from './lanes.ts'
import { lostLetterId, writeLostLetter } from './letters.ts'
import { journalField, journalOf, queueName, safeId } from './names.ts'
import { idsOf, writeItem } from './payload.ts'
import { receiptPlace } from './receipt-place.ts'
import { writeStep, writeTrace } from './trace.ts'

/** The messages that webhooks bring; those to customers may have been refused already. */
export type HeardMessage = Heard<InboundMessage | OutboundMessage> | Refused<OutboundMessage>

/** What all events of a body have in common. */
export interface About {
  readonly channel: string
  readonly flow: Flow
  readonly queue: string
  readonly receivedAt: number
  readonly codec: Codec
}

/** Only what has an id can be known again, and is worth a call to the store. */
export const isNoted = (heard: HeardMessage): boolean => heard.kind !== 'ignored' || heard.id !== undefined

/** What the script needs of the effects of an event, and the customer whom they are about. */
interface Effects {
  customer?: string
  mark?: NonNullable<AdmitEntry['mark']>
  withdrawn?: NonNullable<AdmitEntry['withdrawn']>
  lost?: NonNullable<AdmitEntry['lost']>
}

const none: Effects = {}

const signs = { blocked: 'b', unblocked: 'u', reachable: 'm' } as const

/** Passing effects leave nothing here. */
function effectsOf(effects: readonly Effect[] | undefined, { channel, flow, receivedAt }: About): Effects {
  if (!effects || effects.length === 0) return none
  const found: Effects = {}
  for (const effect of effects) {
    switch (effect.kind) {
      case 'blocked':
      case 'unblocked':
      case 'reachable':
        found.customer = effect.user
        // A follow that is told as a message is both, and an unfollow must not count as a sign of life.
        if (effect.kind !== 'reachable' || !found.mark) found.mark = { sign: signs[effect.kind], at: effect.at }
        break
      case 'unsent': {
        const id = safeId(effect.message)
        const { shard } = journalOf(id, receivedAt)
        found.customer = effect.user
        found.withdrawn = { id, shard, field: journalField(channel, flow, id) }
        break
      }
      case 'not_shown': {
        const { remote, detail } = effect
        const letter = writeLostLetter({ remote, reason: { code: 'not_shown', message: detail }, now: receivedAt })
        found.lost = { id: lostLetterId(remote), letter }
        break
      }
    }
  }
  return found
}

/** A sender that does not say when it made the message is taken to have made it now; but it may be a repeat. */
const madeAt = ({ at }: { readonly at: number }, receivedAt: number) => (at === receivedAt ? {} : { madeAt: at })

/** What the store keeps of an event; undefined when that is nothing. */
export function toEntry(heard: HeardMessage, about: About): AdmitEntry | undefined {
  if (heard.id === undefined) return undefined
  if (heard.kind === 'refused') return refusedEntry(heard, about)
  const { channel, flow, queue, receivedAt, codec } = about
  const id = safeId(heard.id)
  const { customer = '', ...effects } = effectsOf(heard.effects, about)
  const { day, shard } = journalOf(id, receivedAt)
  const field = journalField(channel, flow, id)
  if (heard.kind === 'ignored') {
    const text = writeTrace({ message: id, user: customer }, receivedAt)
    // What the contact centre could not show is a letter of the other direction.
    const place = { queue: effects.lost ? queueName(channel, 'inbound') : queue, user: safeId(customer), id }
    return { channel, ...place, trace: { day, shard, field, text }, ...effects }
  }
  const { message } = heard
  const ids = idsOf(message)
  const user = safeId(ids.user)
  const replaces = 'edited' in message && message.edited ? effects.withdrawn?.id : undefined
  return {
    channel,
    queue,
    user,
    id,
    trace: { day, shard, field, text: writeTrace(ids, receivedAt) },
    ...madeAt(message, receivedAt),
    entry: laneEntry(id, receivedAt, writeItem(codec, message, { id, user, receivedAt }, replaces)),
    ...effects,
  }
}

/**
 * Of a message that was refused only its failed receipt waits, in the lane for receipts, behind nothing else. The message is noted and
 * traced as any other, in the same go.
 */
function refusedEntry({ id: given, message, reason }: Refused<OutboundMessage>, about: About): AdmitEntry {
  const { channel, flow, receivedAt, codec } = about
  const { conversation } = message
  const receipt = { id: message.id, conversation, at: receivedAt, status: 'failed', reason } as const
  const id = safeId(given)
  const { day, shard } = journalOf(id, receivedAt)
  const step = writeStep({ what: 'refused', afterMs: 0, code: reason.code })
  const text = writeTrace(idsOf(message), receivedAt) + step
  return {
    channel,
    ...receiptPlace(receipt, codec, receivedAt),
    trace: { day, shard, field: journalField(channel, flow, id), text },
    ...madeAt(message, receivedAt),
  }
}
