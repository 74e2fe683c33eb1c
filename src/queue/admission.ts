import type { Emit, Flow } from '../bridge/events.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import { type About, type HeardMessage, isNoted, toEntry } from './admit-entry.ts'
import type { Codec } from './envelope.ts'
import { createGathering, NotAnswered } from './gathering.ts'
import type { Admission, AdmitEntry, Lanes, Place } from './lanes.ts'
import { queueName, safeId } from './names.ts'
import { idsOf } from './payload.ts'

export type { HeardMessage } from './admit-entry.ts'

/** The store did not take the events, or not in time; the sender has to try again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** An event that is older than this when it comes had been sent in vain before, or was held up on its way. */
const lateAfterMs = 60_000

/** A body goes whole, however many events it has; else calls are small, and hold Redis for half a millisecond. */
const eventsPerCall = 25
const callsAtOnce = 3

/**
 * The way into the queues: stores what a webhook body told, once, before the webhook is answered.
 * @param settings.timeoutMs how long a webhook may wait for the store
 * @param settings.onHeads gets the heads that need a job; whatever it does is not waited for
 */
export function createAdmission(settings: {
  readonly lanes: Lanes
  readonly codec: Codec
  readonly emit: Emit
  readonly timeoutMs: number
  readonly onHeads: (heads: readonly Place[]) => void
  readonly faults: FaultPoints
}) {
  const { lanes, codec, emit, timeoutMs, onHeads, faults } = settings
  const store = createGathering({
    send,
    weightPerCall: eventsPerCall,
    weigh: ({ length }) => length,
    callsAtOnce,
    timeoutMs,
  })

  /** Stores the entries of some bodies: all of a body, or none. */
  async function send(bodies: readonly (readonly AdmitEntry[])[]): Promise<readonly (readonly Admission[])[]> {
    const entries = bodies.flat()
    faults.reach('admit.before')
    const answers = await lanes.admit(entries, Date.now())
    faults.reach('admit.after')
    const heads = entries.filter((_, index) => answers[index] === 'first')
    if (heads.length > 0) onHeads(heads)
    let from = 0
    return bodies.map(({ length }) => {
      from += length
      return answers.slice(from - length, from)
    })
  }

  return {
    /**
     * Stores the events of one webhook body.
     * @throws {StoreUnavailable} when nothing is known to be stored; a later repeat of the body is then welcome
     */
    async admit(channel: string, flow: Flow, heard: readonly HeardMessage[]): Promise<void> {
      const receivedAt = Date.now()
      const about = { channel, flow, queue: queueName(channel, flow), receivedAt, codec }
      const entries: AdmitEntry[] = []
      for (const one of heard) {
        const entry = toEntry(one, about)
        if (entry) entries.push(entry)
      }
      const answers = entries.length > 0 ? await store(entries).catch(unavailable) : []
      let next = 0
      for (const one of heard) tell(one, isNoted(one) ? answers[next++] : undefined, about)
    },
  }

  function tell(heard: HeardMessage, answer: Admission | undefined, { channel, flow, receivedAt }: About): void {
    if (answer === 'duplicate') {
      const ids = heard.kind === 'ignored' ? { message: heard.id ?? '', user: '' } : idsOf(heard.message)
      emit({ type: 'message.duplicate', channel, flow, ids })
      return
    }
    if (heard.kind !== 'ignored') {
      const { message } = heard
      const lateMs = receivedAt - message.at
      const late = lateMs >= lateAfterMs || ('redelivered' in message && message.redelivered === true)
      const ids = idsOf(message)
      emit({ type: 'message.received', channel, flow, ids, at: receivedAt, ...(late && { lateMs }) })
      if (heard.kind === 'refused') {
        const { code, message: reason } = heard.reason
        emit({ type: 'message.failed', channel, flow, ids, at: receivedAt, code, reason })
      }
    } else {
      const { reason, what } = heard
      emit({ type: 'message.ignored', channel, flow, reason, ...(what !== undefined && { what }) })
    }
    for (const effect of heard.effects ?? []) {
      if (effect.kind === 'alert') emit({ type: 'alert.raised', kind: effect.alert, channel, detail: effect.detail })
      if (effect.kind === 'not_shown')
        emit({
          type: 'alert.raised',
          kind: 'not_shown',
          channel,
          detail: `message ${safeId(effect.remote)}: ${effect.detail}`,
        })
    }
  }
}

function unavailable(error: unknown): never {
  throw new StoreUnavailable(error instanceof NotAnswered ? error.message : 'Redis did not take it.')
}
