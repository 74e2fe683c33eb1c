import { asNumber, asObject } from '../../../lib/loose.ts'

/** By what an event is sorted, and among which others. */
interface Rank {
  readonly among: string
  readonly by: number
}

/** Sorts the events that have a rank among the places that they hold together; all others keep theirs. */
function arranged(events: readonly unknown[], rankOf: (event: unknown) => Rank | undefined): readonly unknown[] {
  const ranks = events.map(rankOf)
  const together = new Map<string, { readonly by: number; readonly event: unknown }[]>()
  for (const [index, rank] of ranks.entries()) {
    if (!rank) continue
    const ranked = { by: rank.by, event: events[index] }
    const others = together.get(rank.among)
    if (others) others.push(ranked)
    else together.set(rank.among, [ranked])
  }
  const sorted = new Map([...together].map(([among, list]) => [among, list.sort((a, b) => a.by - b.by).values()]))
  return events.map((event, index) => {
    const rank = ranks[index]
    return rank ? sorted.get(rank.among)?.next().value?.event : event
  })
}

function timeOf(event: unknown): Rank | undefined {
  const by = asNumber(asObject(event).timestamp)
  return by === undefined ? undefined : { among: '', by }
}

/** Pictures that were sent together come in any order: https://developers.line.biz/en/reference/messaging-api/#wh-image */
function placeInSet(event: unknown): Rank | undefined {
  const { id, index } = asObject(asObject(asObject(event).message).imageSet)
  const by = asNumber(index)
  return typeof id === 'string' && by !== undefined ? { among: id, by } : undefined
}

/**
 * The events of a webhook body in the order in which they must be carried: that of their time, and the pictures of one set in the
 * order in which they were chosen. What tells neither keeps its place.
 */
export const inOrder = (events: readonly unknown[]): readonly unknown[] =>
  events.length < 2 ? events : arranged(arranged(events, timeOf), placeInSet)
