import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { InboundMessage } from '../../src/bridge/message.ts'
import type { QueuedDelivery } from '../../src/queue/index.ts'
import { createProcess, failing, heard, inbound, type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

/** What becomes of an attempt. `unanswered`: the platform took it, and its answer was lost. */
const mishap = fc.constantFrom('refused connection', 'unanswered', 'wait', 'hold', 'give up', 'bug')
type Mishap = 'refused connection' | 'unanswered' | 'wait' | 'hold' | 'give up' | 'bug'
const message = fc.record({
  user: fc.nat(4),
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

  async function deliver(message: InboundMessage, { mayHaveArrived, permit }: QueuedDelivery): Promise<undefined> {
    const { id, conversation } = message
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
      fc.array(message, { minLength: 1, maxLength: 30 }),
      fc.infiniteStream(fc.boolean()),
      async (plan, coins) => {
        run += 1
        arrived.length = 0
        const messages = plan.map(({ user, mishaps: planned }, index) => {
          const id = `${run}-${index}`
          mishaps.set(id, [...planned])
          return inbound(id, `U${run}-${user}`)
        })
        // Bodies of one to three messages, through either process.
        for (let from = 0; from < messages.length; from += 3) {
          const [coin = false] = coins.take(1)
          const body = messages.slice(from, from + 3).map(heard)
          await (coin ? one : other).admit('shop', 'inbound', body)
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
})
