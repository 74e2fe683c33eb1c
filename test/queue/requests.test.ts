import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { InboundMessage } from '../../src/bridge/message.ts'
import { createFaultPoints } from '../../src/lib/fault-points.ts'
import { createBudget, prepareBudgets } from '../../src/queue/budget.ts'
import { createWorker } from '../../src/queue/worker.ts'
import { gate, usersTo } from './carrier.ts'
import { createParts, entryOf, eventually, failing, inbound, plainCodec, type Store, startStore } from './harness.ts'

/*
 * A process has more conversations of a queue in its hands than requests under way: while some wait for the platform, others are taken from
 * Redis, or written back to it.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const [places, requests] = [128, 100]
const users = usersTo(150)

/** What a worker never comes near. */
const perMinute = 120_000

/** A worker whose deliveries ask for two permits each, and then wait at a gate. */
function start(how: { keyPrefix?: string; limit?: { perMinute?: number }; fails?: (attempt: number) => boolean } = {}) {
  const { limit = { perMinute }, fails = () => false } = how
  const { redis, prefix, base, lanes, queues, debts, keyPrefix } = createParts(store, how.keyPrefix)
  const { pass, open } = gate()
  prepareBudgets(redis)
  const jobs = queues.get('shop', 'inbound')
  const [begun, passed]: [number[], number[]] = [[], []]
  const [arrived, errors]: [string[], Error[]] = [[], []]
  const worker = createWorker<InboundMessage>({
    route: {
      channel: 'shop',
      flow: 'inbound',
      budget: createBudget({ redis, base, name: 'test', ...limit }),
      urgency: () => 0,
      async deliver({ id }, { permit, attempt }) {
        begun.push(performance.now())
        await permit()
        await permit()
        passed.push(performance.now())
        await pass()
        if (fails(attempt)) throw failing({ do: 'retry', mayHaveArrived: false })
        arrived.push(id)
        return { status: 200 }
      },
    },
    ...{ lanes, queues, redis, prefix, codec: plainCodec, faults: createFaultPoints(undefined) },
    onReceipt: async () => {},
    emit: () => {},
    onError: (error) => void errors.push(error),
  })
  store.later(worker.stop)
  store.later(open)
  worker.start()
  return {
    ...{ ...worker, keyPrefix, open, jobs, begun, passed, arrived },
    /** One message of each customer, named as the customer is. */
    async admit(from: readonly string[]): Promise<void> {
      const entries = from.map((user) => entryOf(inbound(user, user)))
      await lanes.admit(entries, Date.now())
      await queues.addHeads(entries)
    },
    /** Whose messages wait in jobs, when nothing is in hands. */
    async waiting(): Promise<readonly string[]> {
      await eventually(async () => (await debts()).length === 0 && (await jobs.getActiveCount()) === 0)
      return (await jobs.getWaiting()).flatMap((job) => queues.headsOf(job).map(({ user }) => user)).toSorted()
    },
    /** Nothing is left, and nothing went wrong. */
    async over(): Promise<void> {
      await eventually(async () => (await redis.exists(`${base}lanes:shop-inbound`)) + (await debts()).length === 0)
      await eventually(async () => (await jobs.getJobCountByTypes('waiting', 'active', 'delayed', 'failed')) === 0)
      expect(errors).toEqual([])
    },
  }
}

test('A hundred make their requests at once, while 128 conversations have begun', async () => {
  const { admit, begun, passed, open, arrived, over } = start()
  await admit(users)
  // Later some will have hung for a second, and others come besides them.
  const soon = (times: readonly number[]) => times.filter((at) => at - (begun[0] ?? at) < 800).length
  await eventually(() => performance.now() - (begun[0] ?? Number.POSITIVE_INFINITY) > 800)
  expect([soon(begun), soon(passed)]).toEqual([places, requests])
  open()
  await eventually(() => arrived.length === users.length)
  expect(arrived.toSorted()).toEqual(users.toSorted())
  await over()
})

test('A delivery that fails ends its request, too', async () => {
  const { admit, open, passed, arrived, over } = start({ fails: (attempt) => attempt === 1 })
  open()
  // More than may hang: if requests did not end, the last ones would never be made.
  const many = usersTo(400)
  await admit(many)
  await eventually(() => arrived.length === many.length)
  expect(arrived.toSorted()).toEqual(many.toSorted())
  expect(passed).toHaveLength(2 * many.length)
  await over()
})

test.each([
  ['with a budget', {}],
  ['without one', { limit: {} }],
])(
  'Who waits to make a request makes none when the queue is stopped, and comes when it goes on: %s',
  async (_, settings) => {
    const { admit, begun, passed, open, arrived, jobs, putBack, waiting, over } = start(settings)
    await admit(users)
    await eventually(() => begun.length === places && passed.length === requests)
    await jobs.pause()
    putBack()
    open()
    await eventually(() => arrived.length === requests)
    expect(await waiting()).toEqual(users.filter((user) => !arrived.includes(user)).toSorted())
    expect(passed).toHaveLength(requests)
    await jobs.resume()
    await eventually(() => arrived.length === users.length)
    expect(arrived.toSorted()).toEqual(users.toSorted())
    await over()
  },
)

test('Who waits to make a request makes none when the process stops, and another process makes it', async () => {
  const { admit, begun, passed, open, arrived, stop, keyPrefix } = start({ limit: {} })
  await admit(users)
  await eventually(() => begun.length === places && passed.length === requests)
  const stopped = stop()
  const other = start({ keyPrefix })
  other.open()
  await eventually(() => other.arrived.length === users.length - requests)
  expect([passed.length, arrived.length]).toEqual([requests, 0])
  open()
  await stopped
  expect([...arrived, ...other.arrived].toSorted()).toEqual(users.toSorted())
  await other.over()
})
