import type { Redis } from '../lib/redis.ts'
import { debtOf } from './debts.ts'
import type { Lanes, StandingHead } from './lanes.ts'
import type { createLetters } from './letters.ts'
import { createLostLetters } from './lost.ts'
import { createMarks } from './marks.ts'
import { jobId, parseQueueName, turnJobId } from './names.ts'
import type { Pauses } from './pauses.ts'
import type { Queue, Queues } from './queues.ts'

const everyMs = 1_000
const debtsPerCall = 500
/** Each round also looks at some lanes of each queue, for heads whose job was lost in ways we do not know of. */
const auditEveryMs = 5_000
const lanesPerAudit = 200
/** So many heads that may have no job are remembered. */
const mostMissed = 10_000
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
  const missed = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let auditedAt = 0
  let lettersAt = 0
  let marksAt = 0
  const marks = createMarks({ redis, base })
  const lost = createLostLetters({ redis, base })

  async function payDebts(): Promise<void> {
    for (let offset = 0; ; ) {
      const owed = await lanes.owed(debtsPerCall, offset)
      // Channels that left the configuration keep their messages until they are back.
      const known = owed.filter(({ queue }) => queues.has(queue))
      await queues.addHeads(known)
      if (owed.length < debtsPerCall) return
      offset += owed.length - known.length
    }
  }

  /** A lane whose head waits for nothing that will come gets a new job. */
  async function audit(): Promise<void> {
    for (const queue of queues.all) {
      const { name } = queue
      const [next, found] = await redis.zscan(`${base}lanes:${name}`, cursors.get(name) ?? '0', 'COUNT', lanesPerAudit)
      cursors.set(name, next)
      const users = found.filter((_, index) => index % 2 === 0)
      if (users.length === 0) continue
      const heads = await lanes.heads(users.map((user) => ({ queue: name, user })))
      // One that is owed a job is either in somebody's hands, or its debt will soon be old.
      const alone = heads.filter((head) => head !== undefined).filter(({ owed }) => !owed)
      const waiting = alone.filter(({ turn }) => turn !== undefined)
      const others = alone.filter(({ turn }) => turn === undefined)
      await queues.addHeads([...(await withoutTurn(queue, waiting)), ...(await withoutJob(queue, others))])
    }
  }

  /** Heads whose wait will never end. */
  async function withoutTurn(queue: Queue, heads: readonly StandingHead[]): Promise<readonly StandingHead[]> {
    const names = heads.map(({ id, turn = 0 }) => turnJobId(id, turn))
    // The jobs themselves, because BullMQ searches whole lists for a job's state.
    const jobs = await Promise.all(names.map((name) => queue.getJob(name)))
    const ended = names.filter((_, index) => jobs[index]?.finishedOn !== undefined)
    await Promise.all(ended.map((name) => queue.remove(name)))
    return heads.filter((_, index) => !jobs[index] || jobs[index].finishedOn !== undefined)
  }

  /**
   * Heads that no job names. Which job names a head is known to the jobs alone, and there may be very many. But jobs come in the order in which
   * they were added: a head that had none when the oldest of them was added has none now.
   */
  async function withoutJob(queue: Queue, heads: readonly StandingHead[]): Promise<readonly StandingHead[]> {
    if (heads.length === 0) return []
    const { wait = 0, prioritized = 0 } = await queue.getJobCounts('wait', 'prioritized')
    const [oldest] = wait > 0 ? await queue.getJobs('wait', 0, 0, true) : []
    const until = prioritized > 0 ? 0 : (oldest?.timestamp ?? Number.POSITIVE_INFINITY)
    const suspected = heads.filter((head) => firstMissedAt(head) < until)
    if (suspected.length === 0) return []
    const active = await queue.getJobs('active')
    const named = new Set(active.flatMap((job) => queues.headsOf(job).map(debtOf)))
    const lost = suspected.filter((head) => !named.has(debtOf(head)))
    // Jobs of an earlier release have the names of their heads.
    const jobs = await Promise.all(lost.map(({ id }) => queue.getJob(jobId(id))))
    return lost.filter((_, index) => !jobs[index] || jobs[index].finishedOn !== undefined)
  }

  /** When this process saw first that a head may have no job, in ms since the epoch. */
  function firstMissedAt(head: StandingHead): number {
    const name = debtOf(head)
    const known = missed.get(name)
    if (known !== undefined) return known
    if (missed.size >= mostMissed) missed.clear()
    missed.set(name, Date.now())
    return Date.now()
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
      await payDebts()
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
