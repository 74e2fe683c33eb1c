import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Emit, Flow } from '../bridge/events.ts'
import type { InboundMessage, OutboundMessage } from '../bridge/message.ts'
import type { Effect, Heard } from '../bridge/side.ts'
import type { FaultPoints } from '../lib/fault-points.ts'
import type { Codec } from './envelope.ts'
import { type Admission, type AdmitEntry, type Lanes, laneEntry, type Place } from './lanes.ts'
import { writeLostLetter } from './letters.ts'
import { journalField, journalOf, queueName, safeId } from './names.ts'
import { idsOf, writeItem } from './payload.ts'
import { writeTrace } from './trace.ts'

/** The messages that webhooks bring. */
export type HeardMessage = Heard<InboundMessage | OutboundMessage>

/** The store did not take the events, or not in time; the sender has to try again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

interface Request {
  readonly entries: readonly AdmitEntry[]
  /** By `performance.now()`. */
  readonly deadline: number
  readonly stored: (answers: readonly Admission[]) => void
  readonly failed: (error: StoreUnavailable) => void
}

/** An event that is older than this when it comes had been sent in vain before, or was held up on its way. */
const lateAfterMs = 60_000

/** So many bodies are worth a call of their own; fewer wait for others, but no longer than this. */
const smallBatch = 25
const gatherMs = 1

/** One script call should not block Redis for long, however many webhooks gather. */
const entriesPerCall = 1_000

/**
 * The way into the queues: stores what a webhook body told, once, before the webhook is answered.
 * While one call to Redis is under way, further bodies gather and then go together.
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
  // Lists, because sets that are filled and emptied all the time make the garbage collector keep what was in them.
  let gathered: Request[] = []
  let underWay: readonly Request[] = []
  let busy = false

  /** One call to Redis at a time; what comes meanwhile, or in the same turn of the event loop, goes with the next. */
  async function drain(): Promise<void> {
    let tell = () => {}
    while (gathered.length > 0) {
      await untilQuiet()
      const batch = takeBatch()
      underWay = batch
      const sent = send(batch)
      // Redis works on this call while the senders of the last one get their answers.
      setImmediate(tell)
      tell = await sent
      underWay = []
      if (gathered.length === 0) {
        tell()
        tell = () => {}
      }
    }
    busy = false
  }

  /** Waits as long as each turn of the event loop brings more. */
  async function untilQuiet(): Promise<void> {
    const until = performance.now() + gatherMs
    for (let before = 0; gathered.length > before && gathered.length < smallBatch && performance.now() < until; ) {
      before = gathered.length
      await nextTurn()
    }
  }

  /** Stores what some bodies told. Never rejects. @returns tells those who wait for it */
  async function send(batch: readonly Request[]): Promise<() => void> {
    const entries = batch.length === 1 && batch[0] ? batch[0].entries : batch.flatMap((request) => request.entries)
    try {
      faults.reach('admit.before')
      const answers = await lanes.admit(entries, Date.now())
      faults.reach('admit.after')
      const heads = entries.filter((_, index) => answers[index] === 'first')
      if (heads.length > 0) onHeads(heads)
      return () => {
        let from = 0
        for (const { entries, stored } of batch) {
          stored(answers.slice(from, from + entries.length))
          from += entries.length
        }
      }
    } catch {
      return () => {
        for (const { failed } of batch) failed(new StoreUnavailable('Redis did not take it.'))
      }
    }
  }

  /** The next bodies, whole, as many as fit one call. */
  function takeBatch(): readonly Request[] {
    let size = 0
    const left = gathered.findIndex(({ entries }, index) => {
      size += entries.length
      return index > 0 && size > entriesPerCall
    })
    const batch = left === -1 ? gathered : gathered.slice(0, left)
    gathered = left === -1 ? [] : gathered.slice(left)
    return batch
  }

  let watching = false
  /** One timer for all, in the order of their deadlines. */
  function expire(): void {
    const now = performance.now()
    const isDue = ({ deadline }: Request) => deadline <= now
    // Their senders are told to try again: while Redis hangs, such requests must not pile up.
    for (const request of [...underWay, ...gathered].filter(isDue))
      request.failed(new StoreUnavailable('Redis did not answer in time.'))
    underWay = underWay.filter((request) => !isDue(request))
    gathered = gathered.filter((request) => !isDue(request))
    const next = underWay[0] ?? gathered[0]
    watching = next !== undefined
    if (next) setTimeout(expire, Math.max(1, next.deadline - now)).unref()
  }

  function store(entries: readonly AdmitEntry[]): Promise<readonly Admission[]> {
    return new Promise((stored, failed) => {
      gathered.push({ entries, deadline: performance.now() + timeoutMs, stored, failed })
      if (!watching) setTimeout(expire, timeoutMs).unref()
      watching = true
      if (busy) return
      busy = true
      setImmediate(() => void drain())
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
      const answers = entries.length > 0 ? await store(entries) : []
      let next = 0
      for (const one of heard) tell(one, isNoted(one) ? answers[next++] : undefined, about)
    },
  }

  function tell(heard: HeardMessage, answer: Admission | undefined, { channel, flow, receivedAt }: About): void {
    if (answer === 'duplicate') {
      const ids = heard.kind === 'message' ? idsOf(heard.message) : { message: heard.id ?? '', user: '' }
      emit({ type: 'message.duplicate', channel, flow, ids })
      return
    }
    if (heard.kind === 'message') {
      const { message } = heard
      const lateMs = receivedAt - message.at
      const late = lateMs >= lateAfterMs || ('redelivered' in message && message.redelivered === true)
      const ids = idsOf(message)
      emit({ type: 'message.received', channel, flow, ids, at: receivedAt, ...(late && { lateMs }) })
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

/** What all events of a body have in common. */
interface About {
  readonly channel: string
  readonly flow: Flow
  readonly queue: string
  readonly receivedAt: number
  readonly codec: Codec
}

/** Only what has an id can be known again, and is worth a call to the store. */
const isNoted = (heard: HeardMessage): boolean => heard.kind === 'message' || heard.id !== undefined

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

function toEntry(heard: HeardMessage, about: About): AdmitEntry | undefined {
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
