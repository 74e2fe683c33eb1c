import type { Emit, Flow } from '../bridge/events.ts'
import type { InboundMessage, OutboundMessage } from '../bridge/message.ts'
import type { Effect, Heard } from '../bridge/side.ts'
import type { Codec } from './envelope.ts'
import { type Admission, type AdmitEntry, type Lanes, laneEntry, type Place } from './lanes.ts'
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
  readonly settle: (outcome: readonly Admission[] | StoreUnavailable) => void
}

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
}) {
  const { lanes, codec, emit, timeoutMs, onHeads } = settings
  const gathered = new Set<Request>()
  let busy = false

  async function drain(): Promise<void> {
    busy = true
    while (gathered.size > 0) {
      const batch = takeBatch()
      const entries = batch.flatMap((request) => request.entries)
      try {
        const answers = await lanes.admit(entries, Date.now())
        let from = 0
        for (const request of batch) {
          request.settle(answers.slice(from, from + request.entries.length))
          from += request.entries.length
        }
        const heads = entries.flatMap((entry, index) => (answers[index] === 'first' ? [entry] : []))
        if (heads.length > 0) onHeads(heads)
      } catch {
        for (const request of batch) request.settle(new StoreUnavailable('Redis did not take it.'))
      }
    }
    busy = false
  }

  /** The next bodies, whole, as many as fit one call. */
  function takeBatch(): Request[] {
    const batch: Request[] = []
    let size = 0
    for (const request of gathered) {
      if (size > 0 && size + request.entries.length > entriesPerCall) break
      gathered.delete(request)
      batch.push(request)
      size += request.entries.length
    }
    return batch
  }

  function store(entries: readonly AdmitEntry[]): Promise<readonly Admission[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Its sender is told to try again: while Redis hangs, such requests must not pile up.
        gathered.delete(request)
        reject(new StoreUnavailable('Redis did not answer in time.'))
      }, timeoutMs)
      const request: Request = {
        entries,
        settle: (outcome) => {
          clearTimeout(timer)
          if (outcome instanceof StoreUnavailable) reject(outcome)
          else resolve(outcome)
        },
      }
      gathered.add(request)
      if (!busy) void drain()
    })
  }

  return {
    /**
     * Stores the events of one webhook body.
     * @throws {StoreUnavailable} when nothing is known to be stored; a later repeat of the body is then welcome
     */
    async admit(channel: string, flow: Flow, heard: readonly HeardMessage[]): Promise<void> {
      const receivedAt = Date.now()
      const noted = heard.filter((one) => one.kind === 'message' || one.id !== undefined)
      const entries = noted.map((one) => toEntry({ channel, flow, heard: one, receivedAt, codec }))
      const answers = entries.length > 0 ? await store(entries) : []
      const answerTo = new Map(noted.map((one, index) => [one, answers[index]]))
      for (const one of heard) tell(channel, flow, one, answerTo.get(one), receivedAt)
    },
  }

  function tell(channel: string, flow: Flow, heard: HeardMessage, answer: Admission | undefined, at: number): void {
    if (answer === 'duplicate') {
      const ids = heard.kind === 'message' ? idsOf(heard.message) : { message: heard.id ?? '', user: '' }
      emit({ type: 'message.duplicate', channel, flow, ids })
      return
    }
    if (heard.kind === 'message') emit({ type: 'message.received', channel, flow, ids: idsOf(heard.message), at })
    else {
      const { reason, what } = heard
      emit({ type: 'message.ignored', channel, flow, reason, ...(what !== undefined && { what }) })
    }
    for (const effect of heard.effects ?? []) {
      if (effect.kind === 'alert') emit({ type: 'alert.raised', kind: effect.alert, channel, detail: effect.detail })
    }
  }
}

/** A weak sign of life is enough to end a block, but only an explicit one is worth remembering for people who never were blocked. */
function markOf(heard: HeardMessage): AdmitEntry['mark'] {
  const effect = heard.effects?.find((one): one is Effect & { kind: 'blocked' | 'unblocked' } => one.kind !== 'alert')
  if (!effect) return undefined
  const sign = effect.kind === 'blocked' ? 'b' : heard.kind === 'message' ? 'm' : 'u'
  return { sign, user: safeId(effect.user), at: effect.at }
}

function toEntry(about: {
  readonly channel: string
  readonly flow: Flow
  readonly heard: HeardMessage
  readonly receivedAt: number
  readonly codec: Codec
}): AdmitEntry {
  const { channel, flow, heard, receivedAt, codec } = about
  const message = heard.kind === 'message' ? heard.message : undefined
  const id = safeId(heard.id ?? '')
  const mark = markOf(heard)
  const ids = message ? idsOf(message) : { message: id, user: mark?.user ?? '' }
  return {
    queue: queueName(channel, flow),
    channel,
    user: safeId(ids.user),
    id,
    trace: { ...journalOf(id, receivedAt), field: journalField(channel, flow, id), text: writeTrace(ids, receivedAt) },
    ...(message && { entry: laneEntry(id, receivedAt, writeItem(codec, message)) }),
    ...(mark && { mark }),
  }
}
