import type { Head, LaneName, Place } from '../../src/queue/lanes.ts'

/** What must be known of a message. */
export interface Known {
  readonly id: string
  readonly user: string
  /** Reception; no two are alike. */
  readonly at: number
}

/** What an attempt must find. */
export interface Course {
  /** Since it became a head: only then is there anything to find. */
  tried: boolean
  attempts: number
  doubt: boolean
  plan: string | undefined
  /** The attempt has not ended. */
  open: boolean
  /** The one for which it waits, 0 before the first. */
  turn: number
  /** Which death of the queue its first one was. */
  order: number | undefined
}

const newCourse = (): Course => ({
  tried: false,
  attempts: 0,
  doubt: false,
  plan: undefined,
  open: false,
  turn: 0,
  order: undefined,
})

/** What was given up and comes back counts its turns from here, so that jobs of its earlier life come for nothing. */
const firstTurn = ({ order }: Course): number => (order === undefined ? 0 : order * 1_000)

/** A head in the hands of a process that lives. */
export interface Held {
  readonly place: Place
  readonly token: string
  /** Which process. */
  readonly by: number
}

export const nameOf = ({ queue, user, id }: Place): string => `${queue} ${user} ${id}`

/** The lanes, as they should be, and who has their heads. */
export function createModel() {
  const lanes = new Map<string, Known[]>()
  const courses = new Map<string, Course>()
  const seen = new Set<string>()
  const dead = new Map<string, Known & { readonly course: Course }>()
  const left: Known[] = []
  const discarded: string[] = []
  const hands = new Map<string, Held>()
  const laneOf = ({ queue, user }: LaneName): Known[] => {
    const name = `${queue} ${user}`
    const lane = lanes.get(name) ?? []
    lanes.set(name, lane)
    return lane
  }
  const isHead = (place: Place) => laneOf(place)[0]?.id === place.id
  function course({ queue, id }: Pick<Place, 'queue' | 'id'>): Course {
    const name = `${queue} ${id}`
    const found = courses.get(name) ?? newCourse()
    courses.set(name, found)
    return found
  }
  const isOfTurn = ({ turn }: Pick<Head, 'turn'>, { tried, turn: now }: Course) =>
    !tried || turn === undefined || now === 0 || turn === now
  return {
    lanes,
    seen,
    dead,
    /** Messages in the order in which they left their lanes. */
    left,
    discarded,
    hands,
    laneOf,
    isHead,
    course,
    /** The heads that there are, and how far they have come. */
    heads: (): readonly Place[] =>
      [...lanes].flatMap(([name, [head]]) => {
        const [queue = '', user = ''] = name.split(' ')
        return head ? [{ queue, user, id: head.id }] : []
      }),
    /** Can a job that names it do something about this head, now or as soon as its hands are dead? */
    concerns: (head: Head) => isHead(head) && isOfTurn(head, course(head)),
    mayTake: (head: Head) => isHead(head) && !hands.has(nameOf(head)) && isOfTurn(head, course(head)),
    /** It is in those hands from now on. */
    take(held: Held): void {
      hands.set(nameOf(held.place), held)
      const found = course(held.place)
      if (!found.tried) found.turn = firstTurn(found)
      Object.assign(found, { tried: true, attempts: found.attempts + 1, doubt: true, open: true })
    },
    forget(place: Place): void {
      hands.delete(nameOf(place))
      courses.delete(`${place.queue} ${place.id}`)
    },
    /** What was given up goes behind the head, else before all that came later. */
    putBack(lane: Known[], message: Known): void {
      let index = lane.length
      while (index > 1 && (lane[index - 1]?.at ?? 0) > message.at) index -= 1
      lane.splice(index, 0, message)
    },
  }
}
