import { hasEnded, type Tale } from './tale.ts'

/** What the two platforms and the bridge add up to. The last three are what the bridge promises never to happen. */
export interface Counts {
  /** Seen on the other side. */
  readonly carried: number
  readonly waiting: number
  readonly failed: number
  /** Given up by the sender because the bridge never took it, or called delivered and yet not there. */
  readonly lost: number
  /** Arrivals of something that had arrived before. */
  readonly doubled: number
  /** Arrivals after something newer of the same conversation and direction. */
  readonly outOfOrder: number
}

const hasArrived = (tale: Tale): boolean => tale.taken.length > 0 || tale.pushes.length > 0

const repeats = (keys: readonly string[]): number => keys.length - new Set(keys).size

function doublesOf(tale: Tale): number {
  const pushed = tale.pushes.flatMap((push) => [
    ...new Set(push.messages.map((one) => JSON.stringify([one.message, one.part]))),
  ])
  return repeats(tale.taken.map((item) => item.messageId ?? item.id)) + repeats(pushed)
}

function overtakenIn(tales: readonly Tale[]): number {
  const newest = new Map<string, number>()
  let overtaken = 0
  for (const tale of tales.filter(hasArrived).sort((a, b) => (a.arrival ?? 0) - (b.arrival ?? 0))) {
    const lane = `${tale.channel}/${tale.direction}`
    const before = newest.get(lane) ?? 0
    if (tale.no < before) overtaken += 1
    else newest.set(lane, tale.no)
  }
  return overtaken
}

/** Counts from what was really sent and seen; `tales` are all messages of all conversations. */
export function countsOf(tales: readonly Tale[]): Counts {
  const count = (is: (tale: Tale) => boolean) => tales.filter(is).length
  return {
    carried: count(hasArrived),
    waiting: count((tale) => !hasEnded(tale)),
    failed: count((tale) => tale.failed !== undefined),
    lost: count((tale) => !hasArrived(tale) && (tale.wasNeverTaken || tale.deliveredAt !== undefined)),
    doubled: tales.reduce((sum, tale) => sum + doublesOf(tale), 0),
    outOfOrder: overtakenIn(tales),
  }
}
