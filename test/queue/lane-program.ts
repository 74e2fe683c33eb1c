import { expect } from '@jest/globals'
import fc from 'fast-check'
import { Stopping } from '../../src/bridge/errors.ts'
import { laneEntry, type Place } from '../../src/queue/lanes.ts'
import { writeLetter } from '../../src/queue/letters.ts'
import { jobId, parseQueueName, safeId } from '../../src/queue/names.ts'
import { createParts, createProcess, entryOf, inbound, plainCodec, type Store } from './harness.ts'
import { createModel, type Known } from './lane-model.ts'

/*
 * Random programs of what processes do to lanes, and of how far they come with it before they die, against a model that a child
 * could follow: a lane is a list. A death is what a process would have done next, left undone. After every step Redis must hold
 * what the model holds, and nothing may depend on the process that died.
 */

const users = 3
/** So many different messages; those of the same number are the same. */
const messages = 36
const messageQueue = 'shop-outbound'
const receiptQueue = 'shop-receipts'

/** How far a process comes with what it does. */
type Death = 'none' | 'before the end is written down' | 'before the next job' | 'before its own job is over'
const death = fc.constantFrom<Death>(
  'none',
  'none',
  'before the end is written down',
  'before the next job',
  'before its own job is over',
)

/** One thing that a process does. `job` says with which of the jobs. */
export type Operation =
  | { readonly do: 'admit'; readonly ids: readonly number[]; readonly copies: number; readonly dies: boolean }
  | { readonly do: 'deliver' | 'give up'; readonly job: number; readonly death: Death }
  | { readonly do: 'retry' | 'wait'; readonly job: number; readonly plan: boolean; readonly dies: boolean }
  /** A process sleeps in the middle of an attempt, another one takes the message over, and then the first one goes on. */
  | { readonly do: 'oversleep'; readonly job: number; readonly delivered: boolean }
  | { readonly do: 'sweep' | 'replay' | 'discard' }

const job = fc.nat(20)
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('admit' as const),
      ids: fc.array(fc.nat(messages - 1), { minLength: 1, maxLength: 8 }),
      copies: fc.integer({ min: 1, max: 3 }),
      dies: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('deliver' as const, 'give up' as const), job, death }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('retry' as const, 'wait' as const),
      job,
      plan: fc.boolean(),
      dies: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('oversleep' as const), job, delivered: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('sweep' as const, 'sweep' as const, 'replay' as const, 'discard' as const),
    }),
  },
)

const startMs = 1_790_000_000_000

/** Two processes that share a Redis, and what they do in a program. */
export async function createProgram(store: Store) {
  const keyPrefix = store.newPrefix()
  const [one, other] = [createParts(store, keyPrefix), createParts(store, keyPrefix)]
  const { redis, base } = one
  const { operations } = await createProcess(store, { keyPrefix })
  let model = createModel()
  let clock = startMs
  let receipts = 0

  /** Everything anew, so that a failing program can be made smaller. */
  async function reset(): Promise<void> {
    await redis.flushdb()
    model = createModel()
    clock = startMs
  }

  const queueOf = (name: string) => one.queues.get('shop', parseQueueName(name).flow)
  const userOf = (number: number) => `U${number % users}`

  async function admit({ ids, copies, dies }: Extract<Operation, { do: 'admit' }>): Promise<void> {
    clock += 1_000
    const body = ids.map((number, index) => {
      const message = inbound(String(number), userOf(number))
      return entryOf(message, { flow: 'outbound', receivedAt: clock + index })
    })
    // Copies of one body may arrive together anywhere.
    const answers = await Promise.all(
      Array.from({ length: copies }, (_, copy) => (copy % 2 === 0 ? one : other).lanes.admit(body, clock)),
    )
    const heads: Place[] = []
    for (const [index, place] of body.entries()) {
      const found = answers.map((copy) => copy[index]).filter((answer) => answer !== 'duplicate')
      const { id, user } = place
      if (model.seen.has(id)) {
        expect(found).toEqual([])
        continue
      }
      const lane = model.laneOf(place)
      expect(found).toEqual([lane.length === 0 ? 'first' : 'behind'])
      if (lane.length === 0) heads.push(place)
      model.seen.add(id)
      lane.push({ id, user, at: clock + index })
    }
    if (!dies) await one.queues.addHeads(heads)
  }

  /** All jobs; as no worker runs, they wait. */
  async function jobs(): Promise<Place[]> {
    const found = await Promise.all(
      [messageQueue, receiptQueue].map(async (queue) => {
        const waiting = await queueOf(queue).getJobs(['wait', 'prioritized'])
        return waiting.map((job) => one.queues.begin(job))
      }),
    )
    return found.flat().toSorted((a, b) => (`${a.queue} ${a.id}` < `${b.queue} ${b.id}` ? -1 : 1))
  }

  const over = ({ queue, id }: Place) => queueOf(queue).remove(jobId(id))
  const noTrace = { journal: 'journal:0:0', field: 'none', step: '' }

  /** Begins an attempt and checks what it is told. @returns its token; undefined: the message is no head, so its job is over */
  async function take(place: Place, lanes = one.lanes): Promise<string | undefined> {
    const taken = await lanes.take({ ...place, channel: 'shop', holdKey: 'hold:test' })
    if (!model.isHead(place)) {
      expect(taken).toBeUndefined()
      await over(place)
      return undefined
    }
    const course = model.course(place)
    expect(taken).toMatchObject({ attempt: course.attempts + 1, inDoubt: course.doubt, plan: course.plan })
    expect(taken?.receivedAt).toBe(model.laneOf(place)[0]?.at)
    course.attempts += 1
    course.doubt = true
    return taken?.token
  }

  /** Writes an ending down. @returns the heads that need a job now */
  async function finish(place: Place, givenUp: boolean, lanes = one.lanes): Promise<Place[]> {
    const { queue, user, id } = place
    const lane = model.laneOf(place)
    const message = lane.shift()
    if (!message) throw new Error('The model has no such message.')
    const dies = givenUp && queue === messageQueue
    const receipt = queue === messageQueue ? receiptFor(message, dies) : undefined
    const { attempts } = model.course(place)
    const reason = { code: 'general', message: 'It was refused.' } as const
    const letter = dies
      ? writeLetter({ kind: 'message', reason, attempts, now: clock, ids: { message: id, user }, inDoubt: false })
      : undefined
    const next = await lanes.finish(place, {
      now: clock,
      trace: noTrace,
      ...(letter && { letter }),
      ...(receipt && { receipt }),
    })
    expect(next).toBe(lane[0]?.id)
    if (dies) model.dead.set(id, { ...message, course: { ...model.course(place), attempts: 0, doubt: false } })
    else if (queue === messageQueue) model.left.push(message)
    model.forget(place)
    if (receipt) model.laneOf(receipt).push({ id: receipt.id, user: receipt.user, at: message.at })
    return [...(next ? [{ ...place, id: next }] : []), ...(receipt ? [receipt] : [])]
  }

  function receiptFor({ id, user, at }: Known, failed: boolean): Place & { readonly entry: string } {
    receipts += 1
    const receiptId = `${failed ? 'failed' : 'delivered'}.${safeId(id)}.${receipts}`
    const envelope = plainCodec.write({ message: id, user }, { at: 1, status: 'delivered' })
    return { queue: receiptQueue, user: id, id: receiptId, entry: laneEntry(receiptId, at, envelope) }
  }

  async function end(place: Place, givenUp: boolean, dies: Death): Promise<void> {
    if (!(await take(place)) || dies === 'before the end is written down') return
    const heads = await finish(place, givenUp)
    if (dies === 'before the next job') return
    await one.queues.addHeads(heads)
    if (dies === 'none') await over(place)
  }

  async function tryAgain(place: Place, { do: what, plan, dies }: Extract<Operation, { do: 'retry' | 'wait' }>) {
    const token = await take(place)
    if (!token) return
    const course = model.course(place)
    const attempt = course.attempts
    if (plan && course.plan === undefined && place.queue === messageQueue) {
      course.plan = `plan of ${place.id}`
      await one.lanes.savePlan(place, course.plan, token)
    }
    if (dies) return
    const state =
      what === 'retry'
        ? { attempts: attempt, inDoubt: true, spentMs: 500 }
        : { attempts: attempt - 1, inDoubt: false, spentMs: 0 }
    await one.lanes.settle(place, token, state, noTrace)
    course.attempts = state.attempts
    course.doubt = state.inDoubt
  }

  async function oversleep(place: Place, delivered: boolean): Promise<void> {
    const token = await take(place)
    if (!token) return
    expect(await take(place, other.lanes)).not.toBe(token)
    if (delivered) {
      const heads = await finish(place, false, other.lanes)
      await other.queues.addHeads(heads)
      await over(place)
      // The next one may be under way already when the sleeper wakes up.
      const next = heads.find(({ queue }) => queue === place.queue)
      if (next) await take(next, other.lanes)
    }
    await expect(one.lanes.savePlan(place, 'a plan too late', token)).rejects.toThrow(Stopping)
    const late = { now: clock, trace: noTrace, letter: '{}', givenUpBy: token }
    expect(await one.lanes.finish(place, late)).toBe(false)
    await one.lanes.partDone(place, delivered ? 7 : 0)
    expect(await one.lanes.isCurrent(place, token)).toBe(false)
    await one.lanes.settle(place, token, { attempts: 77, inDoubt: false, spentMs: 7 }, noTrace)
  }

  /** As the sweep does it, without waiting for debts to grow old. */
  const sweep = async () => other.queues.addHeads(await other.lanes.owed(Number.MAX_SAFE_INTEGER, 1_000, 0))

  async function replay(): Promise<void> {
    const dead = [...model.dead.values()].toSorted((a, b) => a.at - b.at)
    expect(await operations.replay({ filter: {} })).toEqual({ done: dead.length, skipped: [] })
    for (const { course, ...message } of dead) {
      const place = { queue: messageQueue, ...message }
      model.putBack(model.laneOf(place), message)
      Object.assign(model.course(place), course)
    }
    model.dead.clear()
  }

  async function discard(): Promise<void> {
    const ids = [...model.dead.keys()].slice(0, 2)
    const moved = await operations.discard({ ids: ids.map((id) => `${messageQueue}-${id}`) })
    expect(moved).toEqual({ done: ids.length, skipped: [] })
    for (const id of ids) {
      model.dead.delete(id)
      model.discarded.push(id)
    }
  }

  async function run(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'admit':
        return admit(operation)
      case 'sweep':
        return sweep()
      case 'replay':
        return replay()
      case 'discard':
        return discard()
    }
    const waiting = await jobs()
    const place = waiting[operation.job % Math.max(1, waiting.length)]
    if (!place) return
    switch (operation.do) {
      case 'oversleep':
        return oversleep(place, operation.delivered)
      case 'retry':
      case 'wait':
        return tryAgain(place, operation)
      case 'deliver':
      case 'give up':
        return end(place, operation.do === 'give up', operation.death)
    }
  }

  const listOf = (key: string) => redis.lrange(key, 0, -1)
  const membersOf = async (key: string) => (await redis.zrange(key, '0', '-1')).toSorted()

  /** Redis holds what the model holds; every lane has somebody who will go on with it. */
  async function check(): Promise<void> {
    const lanes = [...model.lanes].filter(([, lane]) => lane.length > 0)
    const keyOf = (name: string) => `${base}lane:${name.replace(' ', ':')}`
    const queues = [messageQueue, receiptQueue]
    const [keys, entries, owed, waiting, depths, waitingLanes, dead, letters] = await Promise.all([
      redis.keys(`${base}lane:*`),
      Promise.all(lanes.map(([name]) => listOf(keyOf(name)))),
      membersOf(`${base}owed`),
      jobs(),
      redis.hgetall(`${base}depth`),
      Promise.all(queues.map((queue) => membersOf(`${base}lanes:${queue}`))),
      membersOf(`${base}dead:${messageQueue}`),
      redis.hkeys(`${base}letters:${messageQueue}`),
    ])
    expect(keys.toSorted()).toEqual(lanes.map(([name]) => keyOf(name)).toSorted())
    expect(entries.map((lane) => lane.map((entry) => entry.split(' ').slice(0, 2)))).toEqual(
      lanes.map(([, lane]) => lane.map(({ id, at }) => [id, String(at)])),
    )
    const cared = new Set([...owed, ...waiting.map(({ queue, user, id }) => `${queue} ${user} ${id}`)])
    expect(lanes.map(([name, [head]]) => `${name} ${head?.id}`).filter((head) => !cared.has(head))).toEqual([])
    for (const [index, queue] of queues.entries()) {
      const own = lanes.filter(([name]) => name.startsWith(`${queue} `))
      expect(Number(depths[queue] ?? 0)).toBe(own.reduce((sum, [, lane]) => sum + lane.length, 0))
      expect(waitingLanes[index]).toEqual(own.map(([name]) => name.slice(queue.length + 1)).toSorted())
    }
    expect(dead).toEqual([...model.dead.keys()].toSorted())
    expect(letters.toSorted()).toEqual(dead)
  }

  return {
    reset,
    run,
    check,
    /** Whoever still lives does all that is left, and nothing remains but traces and dead letters. */
    async end(): Promise<void> {
      for (let round = 0; round < 500; round += 1) {
        await sweep()
        const waiting = await jobs()
        if (waiting.length === 0) break
        for (const place of waiting) await end(place, false, 'none')
      }
      await check()
      const ids = [...model.dead.keys()].map((id) => `${messageQueue}-${id}`)
      expect(await operations.discard({ ids })).toEqual({ done: ids.length, skipped: [] })
      const ended = [...model.left.map(({ id }) => id), ...model.dead.keys(), ...model.discarded]
      expect(ended.toSorted()).toEqual([...model.seen].toSorted())
      const left = (await redis.keys(`${base}*`)).map((key) => key.slice(base.length))
      const mayStay = /^(journal:\d+:\d+|depth|deaths|shop-(inbound|outbound|receipts):(meta|id|marker|events|pc))$/
      expect(left.filter((key) => !mayStay.test(key))).toEqual([])
    },
  }
}
