import type { Server } from './bridge.ts'
import type { LoadQuestions, LoadResult } from './load.ts'
import { startHelper } from './processes.ts'
import type { Source } from './traffic.ts'

/** How the webhooks of a figure are posted. */
export interface Posting {
  readonly source: Source
  readonly count: number
  readonly users: number
  /** The first message's number. */
  readonly first?: number
}

const connections = 50

/** Posts webhooks as fast as they are taken. @throws {Error} when one is refused */
export async function post(
  server: Pick<Server, 'url'>,
  { source, count, users, first = 0 }: Posting,
): Promise<LoadResult> {
  const load = startHelper<LoadQuestions>('bench/load.ts')
  try {
    await load.ask('prepare', { url: server.url, source, first, count, users, connections })
    const result = await load.ask('run', { requests: count })
    if (result.refused > 0) throw new Error(`${result.refused} webhooks were not answered with 200.`)
    return result
  } finally {
    await load.stop()
  }
}

/**
 * Fills a queue the real way, through the webhooks of a receiver that is stopped afterwards. A customer's next message is sent when the one
 * before has its 200: only then is the order one that can be kept.
 */
export async function fill(start: () => Promise<Server>, posting: Posting): Promise<void> {
  const { count, users, first = 0 } = posting
  const receiver = await start()
  try {
    for (let sent = 0; sent < count; sent += users)
      await post(receiver, { ...posting, first: first + sent, count: Math.min(users, count - sent) })
  } finally {
    await receiver.stop()
  }
}
