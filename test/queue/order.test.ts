import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { InboundMessage } from '../../src/bridge/message.ts'
import type { QueuedDelivery } from '../../src/queue/index.ts'
import { createParts, createProcess, failing, heard, inbound, type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

/** What becomes of an attempt. `unanswered`: the platform took it, and its answer was lost. */
const mishap = fc.constantFrom('refused connection', 'unanswered', 'wait', 'hold', 'give up', 'bug')
type Mishap = 'refused connection' | 'unanswered' | 'wait' | 'hold' | 'give up' | 'bug'
const message = fc.record({
  // Few have long lanes, and many together fill jobs.
  user: fc.oneof(fc.nat(4), fc.nat(29)),
  mishaps: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(mishap, { maxLength: 4 }) },
  ),
})

test('whatever fails, every message of every user arrives in its order, once where the outcome was known', async () => {
  const one = await createProcess(store)
  const other = await createProcess(store, { keyPrefix: one.keyPrefix })
  const mishaps = new Map<string, Mishap[]>()
  const arrived: InboundMessage[] = []
  const taken = new Set<string>()
  const faults: string[] = []
  const underWay = new Set<string>()
  const { lanes, queues, redis, base } = createParts(store, one.keyPrefix)
  let several = 0
  let further = 0

  /**
   * Jobs that nobody needs: for heads in hands or with a job, for turns that are over or far off. Not for the very next turn: its own job would then
   * count as there already. No turn has a job before a head waits for it.
   */
  async function disturb(turn: number): Promise<void> {
    const users = await redis.zrange(`${base}lanes:shop-inbound`, '0', '-1')
    const heads = await lanes.heads(users.map((user) => ({ queue: 'shop-inbound', user })))
    const found = heads.filter((head) => head !== undefined)
    await queues.addHeads(found)
    if (found.length > 1) several += 1
    const [first] = found
    if (first) await queues.addLater(first, { turn: turn <= (first.turn ?? 0) ? turn : 1_000 + turn, delayMs: 0 })
  }

  async function deliver(message: InboundMessage, delivery: QueuedDelivery): Promise<undefined> {
    const { mayHaveArrived, permit, attempt } = delivery
    const { id, conversation } = message
    if (attempt > 1) further += 1
    if (underWay.has(conversation.user)) faults.push(`two messages of ${conversation.user} at once`)
    underWay.add(conversation.user)
    try {
      await permit()
      if (taken.has(id) && !mayHaveArrived) faults.push(`${id} comes again without a doubt`)
      const next = mishaps.get(id)?.shift()
      if (next === 'refused connection') throw failing({ do: 'retry', mayHaveArrived: false })
      if (next === 'wait') throw failing({ do: 'wait', afterMs: 3 })
      if (next === 'hold') throw failing({ do: 'hold' })
      if (next === 'bug') throw new Error('a bug')
      // The platform knows the message by its id, as both of ours do, and takes it once.
      if (!taken.has(id)) arrived.push(message)
      taken.add(id)
      if (next === 'unanswered') throw failing({ do: 'retry', mayHaveArrived: true })
      if (next === 'give up') throw failing({ do: 'give-up', reason: { code: 'general', message: 'It was refused.' } })
    } finally {
      underWay.delete(conversation.user)
    }
  }
  for (const process of [one, other]) process.deliver(deliver)
  const ended = () =>
    [one, other].flatMap((process) => [...process.told('message.delivered'), ...process.told('message.failed')])

  let run = 0
  let expected = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.infiniteStream(fc.record({ coin: fc.boolean(), size: fc.integer({ min: 1, max: 40 }), turn: fc.nat(4) })),
      async (plan, chances) => {
        run += 1
        arrived.length = 0
        const messages = plan.map(({ user, mishaps: planned }, index) => {
          const id = `${run}-${index}`
          mishaps.set(id, [...planned])
          return inbound(id, `U${run}-${user}`)
        })
        // Bodies of any size, through either process.
        for (let from = 0; from < messages.length; ) {
          const [chance] = chances.take(1)
          const { coin, size, turn } = chance ?? { coin: false, size: 1, turn: 0 }
          const body = messages.slice(from, from + size).map(heard)
          await (coin ? one : other).admit('shop', 'inbound', body)
          if (turn > 0) await disturb(turn)
          from += size
        }
        expected += messages.length
        const giveUpAt = Date.now() + 10_000
        while (ended().length < expected && Date.now() < giveUpAt) await one.retryNow()
        expect(faults).toEqual([])
        for (const user of new Set(messages.map(({ conversation }) => conversation.user))) {
          const of = (list: readonly InboundMessage[]) =>
            list.filter(({ conversation }) => conversation.user === user).map(({ id }) => id)
          expect(of(arrived)).toEqual(of(messages))
        }
        expect(ended()).toHaveLength(expected)
      },
    ),
    { numRuns: 25 },
  )
  // It was what it was meant to be.
  expect(several).toBeGreaterThan(5)
  expect(further).toBeGreaterThan(20)
})
