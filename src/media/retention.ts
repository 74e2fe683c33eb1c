import type { SweepLimits } from './sweep.ts'

/** A start is busy enough. Processes that start together then do not walk the folder together either. */
const firstMs = { least: 30_000, most: 90_000 }
const thenMs = { least: 3_000_000, most: 4_200_000 }

const between = ({ least, most }: typeof firstMs): number => least + Math.random() * (most - least)

/**
 * Sweeps a media store by itself: about a minute after the start, then about every hour. Several processes may do so at
 * once.
 * @param settings.firstMs when the first sweep is due, for tests
 */
export function createMediaRetention(settings: {
  readonly sweep: (limits: SweepLimits) => Promise<unknown>
  readonly maxAgeMs: SweepLimits['maxAgeMs']
  readonly onError: (error: Error) => void
  readonly firstMs?: number
}) {
  const { sweep, maxAgeMs, onError } = settings
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function round(): Promise<void> {
    try {
      await sweep({ now: Date.now(), maxAgeMs })
    } catch (error) {
      onError(error as Error)
    }
    if (!stopped) schedule(between(thenMs))
  }

  function schedule(afterMs: number): void {
    timer = setTimeout(() => void round(), afterMs)
  }

  return {
    start: () => schedule(settings.firstMs ?? between(firstMs)),
    /** A sweep under way goes on to its end, which may come later. */
    stop(): void {
      stopped = true
      clearTimeout(timer)
    },
  }
}
