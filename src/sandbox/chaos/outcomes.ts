import { fieldsOf } from '../fields.ts'
import type { GenesysCloud, RecordedRequest } from '../platforms.ts'
import { channelOf } from './brands.ts'
import { keyOf } from './history.ts'

/** A request that brought a customer's message to Genesys. */
export interface Bringing {
  readonly request: RecordedRequest
  /** Ms since the epoch; undefined: it never was. */
  readonly answeredAt: number | undefined
}

/** Notes when requests are answered, and finds them again by the message that they brought. */
export interface BringingBook {
  /** By channel and message id, in the order of arrival. */
  byMessage(): ReadonlyMap<string, readonly Bringing[]>
  close(): void
}

export function keepBringings(genesys: GenesysCloud): BringingBook {
  const answered = new Map<RecordedRequest, number>()
  const close = genesys.on((event) => {
    if (event.type === 'request.answered' && event.request.endpoint === 'message') {
      answered.set(event.request, Date.now())
    }
  })
  return {
    close,
    byMessage() {
      const found = new Map<string, Bringing[]>()
      for (const request of genesys.requests) {
        if (request.endpoint !== 'message') continue
        const integrationId = /\/messages\/([^/]+)\/inbound\/open\//.exec(request.path)?.[1]
        const { messageId } = fieldsOf(fieldsOf(JSON.parse(request.body)).channel)
        const key = keyOf(channelOf(integrationId), String(messageId))
        const list = found.get(key) ?? []
        list.push({ request, answeredAt: answered.get(request) })
        found.set(key, list)
      }
      return found
    },
  }
}

/** A time in which something was away, in ms since the epoch. */
export interface Outage {
  readonly from: number
  readonly to: number
}

/** How long a worker may need, after its answer was sent, to read it and to write it down, on a busy machine. */
const writingDownMs = 1_000
/** How late the end of a killed process's connections may be noticed here. */
const noticedWithinMs = 1_000
/** How long connections to Redis may need to come back. */
const reconnectingMs = 1_500

/**
 * What the sender of a request that took effect can know of that: see `outcomes` of a message's history. A worker that is killed before
 * it could write down that it had its answer takes its knowledge with it; while Redis is away that takes longer.
 * @param deaths.deliverers when processes were killed that deliver, in ms since the epoch
 */
export function outcomeOf(
  {
    request,
    answeredAt,
  }: { readonly request: Pick<RecordedRequest, 'status' | 'connection'> } & Pick<Bringing, 'answeredAt'>,
  deaths: { readonly deliverers: readonly number[]; readonly redis: readonly Outage[] },
): 'known' | 'unknown' {
  const { status, connection } = request
  if (status === undefined || status === 0 || status >= 500 || answeredAt === undefined) return 'unknown'
  const { closedAt } = connection
  if (closedAt === undefined) return 'known'
  const writtenBy = (killedAt: number) =>
    answeredAt + writingDownMs < killedAt &&
    !deaths.redis.some(({ from, to }) => from < answeredAt + writingDownMs && killedAt < to + reconnectingMs)
  const cutOff = deaths.deliverers.some(
    (killedAt) => closedAt >= killedAt && closedAt < killedAt + noticedWithinMs && !writtenBy(killedAt),
  )
  return cutOff ? 'unknown' : 'known'
}
