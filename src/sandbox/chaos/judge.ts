/** The course of one message, as seen from outside the bridge. Ticks order what happened; two things never share one. */
export interface MessageHistory {
  readonly flow: 'inbound' | 'outbound'
  /** Account and customer. */
  readonly conversation: string
  /** Counts within the conversation and direction. */
  readonly number: number
  readonly id: string
  /** Messages of one body have the same. */
  readonly body: number
  /** When its first attempt began. */
  readonly sent: number
  /** Its first 200; undefined: there was none. */
  readonly acknowledged: number | undefined
  /** In how many pieces it arrives. */
  readonly pieces: number
  /** Each time that a piece, counted from 0, took effect at the other platform. */
  readonly arrivals: readonly { readonly tick: number; readonly piece: number }[]
  /**
   * For each request that brought it and took effect: what its sender can know of that. `known`: it got the answer; `unknown`: the
   * connection broke, nothing came back, a gateway's error came back, or the sender was killed before it was done with the request.
   */
  readonly outcomes: readonly ('known' | 'unknown')[]
  /** Statuses of the receipts about it. */
  readonly receipts: readonly string[]
  /** At the end the bridge still holds it. */
  readonly waiting: boolean
}

/** What can be wrong with a message. */
export type Wrong =
  | 'lost'
  | 'stuck'
  | 'never acknowledged'
  | 'doubled at LINE'
  | 'doubled at Genesys'
  | 'out of order'
  | 'receipt missing'
  | 'receipt wrong'

export interface Verdict {
  /** The messages with each fault; every list is empty when all is well. */
  readonly wrong: Readonly<Record<Wrong, readonly MessageHistory[]>>
  /** How often Genesys took a message once more where nobody could know that it had it: allowed. */
  readonly doubtfulRepeats: number
  readonly good: boolean
}

/**
 * Judges a finished run.
 *
 * - `lost`: acknowledged, not arrived whole, and the bridge does not mean to deliver it any more; `stuck`: it still has it.
 * - `doubled at LINE`: a piece was shown twice.
 * - `doubled at Genesys`: taken again although the bridge knew that it had been taken. A repeat for each earlier request of unknown
 *   outcome that took effect is allowed, and counted.
 * - `out of order`: a message of the same conversation that must be before it came after it, or its own pieces changed places. Before it
 *   must be what was acknowledged before it was first sent, and what stands before it in the same body. First arrivals count.
 * - `receipt missing`: shown at LINE without a `Delivered` receipt; `receipt wrong`: any other receipt, as no message of a run is one that fails.
 */
export function judgeRun(histories: readonly MessageHistory[]): Verdict {
  const wrong: Record<Wrong, MessageHistory[]> = {
    lost: [],
    stuck: [],
    'never acknowledged': [],
    'doubled at LINE': [],
    'doubled at Genesys': [],
    'out of order': outOfOrder(histories),
    'receipt missing': [],
    'receipt wrong': [],
  }
  let doubtfulRepeats = 0
  for (const one of histories) {
    const arrived = firstArrivals(one).length === one.pieces
    if (one.acknowledged === undefined) wrong['never acknowledged'].push(one)
    else if (!arrived) wrong[one.waiting ? 'stuck' : 'lost'].push(one)
    if (one.flow === 'inbound') {
      const repeats = Math.max(0, one.arrivals.length - 1)
      const blameless = Math.min(repeats, one.outcomes.filter((outcome) => outcome === 'unknown').length)
      doubtfulRepeats += blameless
      if (repeats > blameless) wrong['doubled at Genesys'].push(one)
    } else {
      if (one.arrivals.length > firstArrivals(one).length) wrong['doubled at LINE'].push(one)
      if (arrived && !one.receipts.includes('Delivered')) wrong['receipt missing'].push(one)
      if (one.receipts.some((status) => status !== 'Delivered')) wrong['receipt wrong'].push(one)
    }
  }
  const good = Object.values(wrong).every((messages) => messages.length === 0)
  return { wrong, doubtfulRepeats, good }
}

/** Of each piece that arrived, in the order of pieces. */
function firstArrivals({ arrivals, pieces }: MessageHistory): number[] {
  const first = new Array<number | undefined>(pieces).fill(undefined)
  for (const { tick, piece } of arrivals) first[piece] = Math.min(tick, first[piece] ?? tick)
  return first.filter((tick) => tick !== undefined)
}

/** What has not arrived is lost or stuck, and in nobody's way here. */
function outOfOrder(histories: readonly MessageHistory[]): MessageHistory[] {
  const conversations = Map.groupBy(histories, ({ flow, conversation }) => `${flow} ${conversation}`)
  return [...conversations.values()].flatMap((messages) => {
    const timed = messages
      .map((message) => ({ message, ticks: firstArrivals(message) }))
      .filter(({ ticks }) => ticks.length > 0)
      .map(({ message, ticks }) => ({ message, ticks, begin: Math.min(...ticks), end: Math.max(...ticks) }))
    return timed
      .filter(
        (one) =>
          one.ticks.some((tick, piece) => tick < (one.ticks[piece - 1] ?? tick)) ||
          timed.some((other) => mustPrecede(other.message, one.message) && other.end > one.begin),
      )
      .map(({ message }) => message)
  })
}

const mustPrecede = (one: MessageHistory, other: MessageHistory): boolean =>
  one.body === other.body ? one.number < other.number : one.acknowledged !== undefined && one.acknowledged < other.sent
