import { setTimeout as sleep } from 'node:timers/promises'

/** A stopping process waits no longer than this for Redis to come back. */
const lastChanceMs = 5_000

/**
 * Does something that must be written down because it has already happened outside: tries until Redis takes it, so that an
 * outage of Redis alone never leads to a second delivery.
 * @throws the last error when the process stops and Redis stays away
 */
export async function insist<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let stoppedAt: number | undefined; ; ) {
    try {
      return await action()
    } catch (error) {
      if (signal.aborted) stoppedAt ??= Date.now()
      if (stoppedAt !== undefined && Date.now() - stoppedAt > lastChanceMs) throw error
      await sleep(200)
    }
  }
}
