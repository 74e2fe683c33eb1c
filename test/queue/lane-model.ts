import type { Place } from '../../src/queue/lanes.ts'

/** What must be known of a message. */
export interface Known {
  readonly id: string
  readonly user: string
  /** Reception; no two are alike. */
  readonly at: number
}

/** What an attempt must find. */
interface Course {
  attempts: number
  doubt: boolean
  plan: string | undefined
}

const newCourse = (): Course => ({ attempts: 0, doubt: false, plan: undefined })

/** The lanes, as they should be. */
export function createModel() {
  const lanes = new Map<string, Known[]>()
  const courses = new Map<string, Course>()
  const seen = new Set<string>()
  const dead = new Map<string, Known & { readonly course: Course }>()
  const left: Known[] = []
  const discarded: string[] = []
  const laneOf = ({ queue, user }: Pick<Place, 'queue' | 'user'>): Known[] => {
    const name = `${queue} ${user}`
    const lane = lanes.get(name) ?? []
    lanes.set(name, lane)
    return lane
  }
  return {
    lanes,
    seen,
    dead,
    /** Messages in the order in which they left their lanes. */
    left,
    discarded,
    laneOf,
    isHead: (place: Place) => laneOf(place)[0]?.id === place.id,
    course({ queue, id }: Pick<Place, 'queue' | 'id'>): Course {
      const name = `${queue} ${id}`
      const course = courses.get(name) ?? newCourse()
      courses.set(name, course)
      return course
    },
    forget: ({ queue, id }: Pick<Place, 'queue' | 'id'>) => void courses.delete(`${queue} ${id}`),
    /** What was given up goes behind the head, else before all that came later. */
    putBack(lane: Known[], message: Known): void {
      let index = lane.length
      while (index > 1 && (lane[index - 1]?.at ?? 0) > message.at) index -= 1
      lane.splice(index, 0, message)
    },
  }
}
