import { setImmediate as breathe } from 'node:timers/promises'
import type { Result } from 'ioredis'
import type { Redis } from '../lib/redis.ts'
import { lostLetterId, readLetter, withMessage } from './letters.ts'
import { journalKey, journalOf, originalId, parseJournalField, queueName, shards } from './names.ts'
import { defineScripts } from './scripts.ts'
import { formsOf } from './squeeze.ts'
import { readTrace, type Trace, writeStep } from './trace.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    lostFind(base: string, ...values: (string | number)[]): Result<[number, string[]], Context>
    lostResolve(base: string, ...values: string[]): Result<number, Context>
  }
}

/** The report of the contact centre may come before we have written down its id, and some time after that. */
const searchForMs = 600_000
const firstPauseMs = 2_000
/** Reports come soon: today's traces, and those of the two days before. */
const searchedDays = 3
const lettersPerRound = 500
/** Redis looks at so many traces in one go, which takes it about a millisecond. */
const tracesPerSlice = 2_000
/** One process at a time searches; it needs no longer than this for a slice of the work. */
const claimMs = 30_000

interface Open {
  readonly member: string
  readonly queue: string
  readonly id: string
  readonly text: string
  /** The wanted id. */
  readonly remote: string
  readonly filedAt: number
}

/**
 * Letters about messages that the contact centre took and could not show name only its own id. This finds out which messages they
 * are about. The search looks at all traces of some days, so all open letters share one, and it is made again and again at growing
 * distances for ten minutes; whoever is not found by then is left as it is.
 */
export function createLostLetters(settings: { readonly redis: Redis; readonly base: string }) {
  const { redis, base } = settings
  defineScripts(redis, { lostFind: 'find-remote', lostResolve: 'resolve' })
  const unresolved = `${base}unresolved`
  const claim = `${base}resolving`

  async function read(members: readonly string[]): Promise<readonly Open[]> {
    const open = await Promise.all(
      members.map(async (member): Promise<Open | undefined> => {
        const [queue = '', id = ''] = member.split(' ')
        const text = await redis.hget(`${base}letters:${queue}`, id)
        const letter = text ? readLetter(queue, id, text, Date.now()).letter : undefined
        const { remote } = letter?.ids ?? {}
        if (!(text && letter && remote && lostLetterId(remote) === id)) return undefined
        return { member, queue, id, text, remote, filedAt: letter.lastAt }
      }),
    )
    return open.filter((one) => one !== undefined)
  }

  async function search(open: readonly Open[], now: number): Promise<void> {
    const left = new Map(open.map((one) => [`${one.queue} ${one.remote}`, one]))
    const { day: today } = journalOf('', now)
    for (let day = today; day > today - searchedDays && left.size > 0; day -= 1) {
      for (let shard = 0; shard >= 0; ) {
        const wanted = new Map(
          [...left.values()].flatMap(({ remote }) => formsOf(remote).map((form) => [form, remote])),
        )
        const [next, found] = await redis.lostFind(base, day, shards, shard, tracesPerSlice, ...wanted.keys())
        for (let i = 0; i < found.length; i += 3) {
          const [form = '', field = '', text = ''] = [found[i], found[i + 1], found[i + 2]]
          const { channel, flow } = parseJournalField(field)
          const key = `${queueName(channel, flow)} ${wanted.get(form)}`
          const one = left.get(key)
          if (one) await resolve(one, field, readTrace(text))
          left.delete(key)
        }
        if (left.size === 0) return
        shard = next
        await breathe()
      }
      await redis.pexpire(claim, claimMs)
    }
  }

  async function resolve({ queue, id, text, remote }: Open, field: string, trace: Trace): Promise<void> {
    const { id: message } = parseJournalField(field)
    const delivered = trace.steps.findLast((step) => step.what === 'delivered')
    const { letter } = readLetter(queue, id, text, Date.now())
    const known = withMessage(text, {
      ids: { message: originalId(message), ...trace.ids, remote },
      firstAt: trace.receivedAt,
      attempts: delivered?.attempt ?? 0,
    })
    const afterMs = letter.lastAt - trace.receivedAt
    const step = writeStep({ what: 'not_shown', afterMs, code: letter.reason.code })
    await redis.lostResolve(base, queue, id, text, known, journalKey(journalOf(message, trace.receivedAt)), field, step)
  }

  return {
    /** Looks for the messages of those letters that are due for it. Returns without waiting when another process is about it. */
    async resolve(now: number): Promise<void> {
      if ((await redis.zcount(unresolved, '-inf', now)) === 0) return
      if ((await redis.set(claim, '1', 'PX', claimMs, 'NX')) === null) return
      try {
        const members = await redis.zrangebyscore(unresolved, '-inf', now, 'LIMIT', 0, lettersPerRound)
        const open = await read(members)
        await search(open, now)
        const byMember = new Map(open.map((one) => [one.member, one]))
        for (const member of members) {
          const filedAt = byMember.get(member)?.filedAt
          if (filedAt === undefined || now - filedAt >= searchForMs) await redis.zrem(unresolved, member)
          // Twice as long each time; one that was found is not there any more, and must not come back.
          else await redis.zadd(unresolved, 'XX', now + Math.max(firstPauseMs, now - filedAt), member)
        }
      } finally {
        await redis.del(claim)
      }
    },
  }
}
