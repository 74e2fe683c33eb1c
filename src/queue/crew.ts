import type { Job, Processor, Worker } from 'bullmq'
import { createPlaces, mostOfThePlaces } from './places.ts'

/** So many conversations more are served while deliveries hang: each keeps its place for up to 10 s, and must not hold up the others. */
const sparePlaces = 200

/** A delivery that takes longer than this is slow. */
const slowMs = 1_000
const lookEveryMs = 100

/**
 * The BullMQ workers of one queue: one that always works, and a second one that is called in while most places of the first are taken by
 * deliveries that hang.
 * @param settings.make makes a worker that does not run yet
 */
export function createCrew<Data>(settings: {
  readonly process: (job: Job<Data>, token: string | undefined) => Promise<void>
  readonly make: (process: Processor<Data>, concurrency: number) => Worker<Data>
  readonly onError: (error: Error) => void
}) {
  const { process, make, onError } = settings
  /** When each delivery began, by `performance.now()`. */
  const begun = new Set<{ readonly at: number }>()

  async function work(job: Job<Data>, token: string | undefined): Promise<void> {
    const place = { at: performance.now() }
    begun.add(place)
    try {
      await process(job, token)
    } finally {
      begun.delete(place)
    }
  }

  const places = createPlaces()
  const first = make(work, places.now)
  let second: Worker<Data> | undefined
  /** Second ones that take no more jobs, and still have some. */
  const leaving = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    places.look(begun.size)
    first.concurrency = places.now
    const before = performance.now() - slowMs
    let slow = 0
    for (const { at } of begun) if (at < before) slow += 1
    if (slow > mostOfThePlaces && !second) {
      second = make(work, sparePlaces)
      void second.run().catch(onError)
    } else if (slow === 0 && second) {
      const left = second
        .close()
        .catch(onError)
        .finally(() => leaving.delete(left))
      leaving.add(left)
      second = undefined
    }
  }

  return {
    start(): void {
      void first.run().catch(onError)
      timer = setInterval(look, lookEveryMs)
    },
    /** Takes no new jobs, and waits for those under way. */
    async close(): Promise<void> {
      clearInterval(timer)
      await Promise.all([first.close(), second?.close(), ...leaving])
    },
  }
}
