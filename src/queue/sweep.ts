import type { Redis } from '../lib/redis.ts'
import { debtOf, type Lanes, type Place } from './lanes.ts'
import type { createLetters } from './letters.ts'
import { createLostLetters } from './lost.ts'
import { createMarks } from './marks.ts'
import { jobId, parseQueueName } from './names.ts'
import type { Pauses } from './pauses.ts'
import type { Queues } from './queues.ts'

const everyMs = 1_000
/** A head that has been owed a job for so long was left by a process that died. */
const debtIsOldMs = 1_500
const debtsPerCall = 500
/** Each round also looks at some lanes of each queue, for heads whose job was lost in ways we do not know of. */
const auditEveryMs = 5_000
const lanesPerAudit = 200
const lettersEveryMs = 600_000
const marksEveryMs = 86_400_000

/**
 * Mends what dying processes leave behind, and erases what is past its time. Runs in every process, cheap when all is well:
 * whatever it does is right to do twice.
 */
export function createSweep(settings: {
  readonly redis: Redis
  readonly base: string
  readonly lanes: Lanes
  readonly queues: Queues
  readonly letters: ReturnType<typeof createLetters>
  readonly pauses: Pauses
  readonly deadLetterDays: number
  readonly unsent?: { sweep(now: number): Promise<void> }
  /** Gets the names of the queues that are stopped, again and again. */
  readonly onPaused: (queues: readonly string[]) => void
  readonly onError: (error: Error) => void
}) {
  const { redis, base, lanes, queues, letters, pauses, deadLetterDays, unsent, onPaused, onError } = settings
  const cursors = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let auditedAt = 0
  let lettersAt = 0
  let marksAt = 0
  const marks = createMarks({ redis, base })
  const lost = createLostLetters({ redis, base })

  async function payDebts(now: number): Promise<void> {
    for (let offset = 0; ; ) {
      const owed = await lanes.owed(now - debtIsOldMs, debtsPerCall, offset)
      // Channels that left the configuration keep their messages until they are back.
      const known = owed.filter(({ queue }) => queues.has(queue))
      await queues.addHeads(known)
      if (owed.length < debtsPerCall) return
      offset += owed.length - known.length
    }
  }

  /** A lane whose head has no job, or one that has ended, gets a new one. */
  async function audit(): Promise<void> {
    for (const queue of queues.all) {
      const { name } = queue
      const [next, found] = await redis.zscan(`${base}lanes:${name}`, cursors.get(name) ?? '0', 'COUNT', lanesPerAudit)
      cursors.set(name, next)
      const users = found.filter((_, index) => index % 2 === 0)
      if (users.length === 0) continue
      const heads = await lanes.heads(users.map((user) => ({ queue: name, user })))
      const places = users.flatMap((user, index): Place[] => {
        const id = heads[index]
        return id ? [{ queue: name, user, id }] : []
      })
      // The jobs themselves, because BullMQ searches whole lists for a job's state.
      const jobs = await Promise.all(places.map(({ id }) => queue.getJob(jobId(id))))
      const ended = places.filter((_, index) => jobs[index]?.finishedOn !== undefined)
      await Promise.all(ended.map(({ id }) => queue.remove(jobId(id))))
      const missing = places.filter((_, index) => jobs[index] === undefined)
      // One that is owed a job is either in somebody's hands, or its debt will soon be old.
      const owed = await Promise.all(missing.map((place) => redis.zscore(`${base}owed`, debtOf(place))))
      await queues.addHeads([...ended, ...missing.filter((_, index) => owed[index] === null)])
    }
  }

  async function eraseOldLetters(now: number): Promise<void> {
    const before = now - deadLetterDays * 86_400_000
    // Also those of channels that left the configuration: every queue that ever had a message is counted there.
    const names = new Set([...queues.all.map(({ name }) => name), ...(await redis.hkeys(`${base}depth`))])
    for (const name of names) while ((await letters.sweep(name, before)) > 0);
  }

  async function round(): Promise<void> {
    const now = Date.now()
    try {
      onPaused(await pauses.names())
      await payDebts(now)
      await lost.resolve(now)
      await unsent?.sweep(now)
      if (now - auditedAt >= auditEveryMs) {
        auditedAt = now
        await pauses.mend()
        await audit()
      }
      if (now - lettersAt >= lettersEveryMs) {
        lettersAt = now
        await eraseOldLetters(now)
      }
      if (now - marksAt >= marksEveryMs) {
        marksAt = now
        const channels = new Set(queues.all.map(({ name }) => parseQueueName(name).channel))
        for (const channel of channels) await marks.sweep(channel, now)
      }
    } catch (error) {
      onError(error as Error)
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = round().then(() => {
        if (timer) schedule()
      })
    }, everyMs)
  }

  return {
    start: schedule,
    async stop(): Promise<void> {
      clearTimeout(timer)
      timer = undefined
      await running
    },
  }
}
