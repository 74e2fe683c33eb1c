import { expect } from '@jest/globals'
import type { Job } from 'bullmq'
import { Stopping } from '../../src/bridge/errors.ts'
import { type Head, laneEntry, type Place, type Taken } from '../../src/queue/lanes.ts'
import { writeLetter } from '../../src/queue/letters.ts'
import { parseQueueName, safeId } from '../../src/queue/names.ts'
import type { LaneJob } from '../../src/queue/queues.ts'
import { createParts, createProcess, entryOf, inbound, plainCodec, type Store } from './harness.ts'
import { createModel, type Held, type Known, nameOf } from './lane-model.ts'
import type { Operation } from './lane-operations.ts'

/*
 * Random programs of what processes do to lanes, and of how far they come with it before they die, against a model that a child
 * could follow: a lane is a list, and a head is in somebody's hands or in nobody's. A death is what a process would have done next, left
 * undone, and its hands let go of what they held. After every step Redis must hold what the model holds, and nothing may depend
 * on the process that died.
 */

/** Enough that a job can be full. */
const users = 20
const messageQueue = 'shop-outbound'
const receiptQueue = 'shop-receipts'
const queues = [messageQueue, receiptQueue]

const startMs = 1_790_000_000_000
const taker = { channel: 'shop', holdKey: 'hold:test' }
const noTrace = { journal: 'journal:0:0', field: 'none', step: '' }
const hourMs = 3_600_000

type Of<Do extends Operation['do']> = Extract<Operation, { readonly do: Do }>

/** Two processes that share a Redis, and what they do in a program. */
export async function createProgram(store: Store) {
  const keyPrefix = store.newPrefix()
  const [one, other] = [createParts(store, keyPrefix), createParts(store, keyPrefix)]
  const { redis, base } = one
  const { operations } = await createProcess(store, { keyPrefix })
  let model = createModel()
  let clock = startMs
  let receipts = 0
  let deaths = 0

  /** Everything anew, so that a failing program can be made smaller. */
  async function reset(): Promise<void> {
    await redis.flushdb()
    model = createModel()
    clock = startMs
    deaths = 0
  }

  const process = (by: number) => (by === 0 ? one : other)
  const queueOf = (name: string) => one.queues.get('shop', parseQueueName(name).flow)
  const userOf = (number: number) => `U${number % users}`
  const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % Math.max(1, list.length)]

  async function admit({ ids, copies, dies }: Of<'admit'>): Promise<void> {
    clock += 1_000
    const body = ids.map((number, index) => {
      const message = inbound(String(number), userOf(number))
      return entryOf(message, { flow: 'outbound', receivedAt: clock + index })
    })
    // Copies of one body may arrive together anywhere.
    const answers = await Promise.all(
      Array.from({ length: copies }, (_, copy) => process(copy % 2).lanes.admit(body, clock)),
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
    if (!dies) await one.queues.addNew(heads)
  }

  /** All jobs, but those that only tell of a death; as no worker runs, they wait. */
  async function jobs(): Promise<Job<LaneJob>[]> {
    const found = await Promise.all(queues.map((queue) => queueOf(queue).getJobs(['wait', 'prioritized', 'delayed'])))
    const order = (job: Job<LaneJob>) => `${job.queueName} ${JSON.stringify(job.data)} ${job.id?.padStart(9)}`
    return found
      .flat()
      .filter((job) => !('dead' in job.data))
      .toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
  }

  /** So long ago did those who had these heads in their hands, or owe them jobs, die. */
  async function age(names: readonly string[]): Promise<void> {
    if (names.length > 0) await redis.zadd(`${base}owed`, 'XX', ...names.flatMap((name) => [1, name]))
  }

  async function die(by: number): Promise<void> {
    const its = [...model.hands].filter(([, held]) => held.by === by).map(([name]) => name)
    for (const name of its) model.hands.delete(name)
    await age(its)
  }

  /** Begins an attempt, if it can, and checks what it is told. */
  async function take(head: Head, by: number): Promise<Held | undefined> {
    const taken = await process(by).lanes.take({ ...head, ...taker })
    if (model.mayTake(head)) return hold(head, taken, by)
    expect(taken).toBeUndefined()
    return undefined
  }

  function hold({ queue, user, id }: Place, taken: Taken | undefined, by: number): Held {
    const place = { queue, user, id }
    const { attempts, doubt, plan, open } = model.course(place)
    expect(taken).toMatchObject({ attempt: attempts + 1, inDoubt: doubt, plan, overtakes: open })
    expect(taken?.receivedAt).toBe(model.laneOf(place)[0]?.at)
    const held = { place, token: taken?.token ?? '', by }
    model.take(held)
    return held
  }

  async function begin(job: Job<LaneJob>, { by, places, death }: Omit<Of<'begin'>, 'do' | 'job'>): Promise<void> {
    const heads = one.queues.begin(job)
    for (const [index, head] of heads.slice(0, places).entries()) {
      if (death === 'before all are taken' && index >= heads.length / 2) break
      await take(head, by)
    }
    const left = death === 'before all are taken' ? [] : heads.slice(places)
    if (left.length > 0) await process(by).queues.addHeads(left, { atFront: true, addedAt: job.timestamp })
    if (death === 'none') await job.remove()
    else await die(by)
  }

  /** Writes an ending down. @returns the heads that need a job now */
  async function finish(
    { place, by }: Pick<Held, 'place' | 'by'>,
    { givenUp = false, takesNext = false }: { readonly givenUp?: boolean; readonly takesNext?: boolean },
  ): Promise<Place[]> {
    const { queue, user, id } = place
    const lane = model.laneOf(place)
    const message = lane.shift()
    if (!message) throw new Error('The model has no such message.')
    const dies = givenUp && queue === messageQueue
    const receipt = queue === messageQueue ? receiptFor(message, dies) : undefined
    const course = model.course(place)
    const reason = { code: 'general', message: 'It was refused.' } as const
    const about = { kind: 'message', reason, attempts: course.attempts, now: clock, inDoubt: false } as const
    const next = await process(by).lanes.finish(place, {
      now: clock,
      trace: noTrace,
      ...(dies && { letter: writeLetter({ ...about, ids: { message: id, user } }) }),
      ...(receipt && { receipt }),
      ...(takesNext && { takeNext: taker }),
    })
    if (dies) {
      if (course.order === undefined) deaths += 1
      const order = course.order ?? deaths
      const anew = { tried: false, attempts: 0, doubt: false, open: false, turn: 0, order }
      model.dead.set(id, { ...message, course: { ...course, ...anew } })
    } else if (queue === messageQueue) model.left.push(message)
    model.forget(place)
    if (receipt) model.laneOf(receipt).push({ id: receipt.id, user: receipt.user, at: message.at })
    const follower = lane[0] && { queue, user, id: lane[0].id }
    expect(next ? next.id : next).toBe(follower?.id)
    if (follower && takesNext) hold(follower, next ? next.taken : undefined, by)
    else if (next) expect(next.taken).toBeUndefined()
    return [...(follower && !takesNext ? [follower] : []), ...(receipt ? [receipt] : [])]
  }

  function receiptFor({ id, user, at }: Known, failed: boolean): Place & { readonly entry: string } {
    receipts += 1
    const receiptId = `${failed ? 'failed' : 'delivered'}.${safeId(id)}.${receipts}`
    const envelope = plainCodec.write({ message: id, user }, { at: 1, status: 'delivered' })
    return { queue: receiptQueue, user: id, id: receiptId, entry: laneEntry(receiptId, at, envelope) }
  }

  async function end(
    held: Held,
    { do: what, takesNext, death }: Omit<Of<'deliver' | 'give up'>, 'held'>,
  ): Promise<void> {
    const { place, by } = held
    const givenUp = what === 'give up'
    if (death === 'before the end is written down') return die(by)
    const heads = await finish(held, { givenUp, takesNext })
    if (death === 'before the next job') return die(by)
    await process(by).queues.addNew(heads.filter((head) => model.isHead(head)))
    if (givenUp && place.queue === messageQueue) await process(by).queues.addDead(place, 'It was refused.')
  }

  async function tryAgain(held: Held, { do: what, plan, dies }: Of<'retry' | 'wait'>): Promise<void> {
    const { place, token, by } = held
    const { lanes, queues: added } = process(by)
    const course = model.course(place)
    if (plan && course.plan === undefined && place.queue === messageQueue) {
      course.plan = `plan of ${place.id}`
      await lanes.savePlan(place, course.plan, token)
    }
    const state =
      what === 'retry'
        ? { attempts: course.attempts, inDoubt: true, spentMs: 500 }
        : { attempts: course.attempts - 1, inDoubt: false, spentMs: 0 }
    const turn = await lanes.settle(place, token, state, noTrace)
    expect(turn).toBe(course.turn + 1)
    Object.assign(course, { attempts: state.attempts, doubt: state.inDoubt, open: false, turn })
    model.hands.delete(nameOf(place))
    if (dies) return die(by)
    await added.addLater(place, { turn: course.turn, delayMs: hourMs })
  }

  async function postpone(job: Job<LaneJob>, { dies }: Pick<Of<'postpone'>, 'dies'>): Promise<void> {
    const [head] = one.queues.headsOf(job)
    if (!head) return
    const turn = await one.lanes.postpone(head)
    const course = model.course(head)
    if (!model.mayTake(head)) return expect(turn).toBeUndefined()
    if (!course.tried) return expect(turn).toBe(0)
    expect(turn).toBe(course.turn + 1)
    course.turn += 1
    // What has begun before has died, and left its doubt.
    course.open = false
    if (!dies) await one.queues.addLater(head, { turn: course.turn, delayMs: hourMs })
  }

  async function oversleep(held: Held, { awakening }: Of<'oversleep'>): Promise<void> {
    const { place, token, by } = held
    const { lanes } = process(by)
    model.hands.delete(nameOf(place))
    await age([nameOf(place)])
    const taken = await take(place, 1 - by)
    if (!taken) throw new Error('Nobody could take it over.')
    expect(taken.token).not.toBe(token)
    if (awakening === 'the other delivers') {
      // The next one is under way already when the sleeper wakes up.
      const heads = await finish(taken, { takesNext: true })
      await process(1 - by).queues.addNew(heads.filter((head) => model.isHead(head)))
    }
    if (awakening === 'the sleeper delivers') {
      const heads = await finish(held, {})
      await process(by).queues.addNew(heads.filter((head) => model.isHead(head)))
    }
    // Whoever is too late has no say any more: not in what comes next, nor for the message behind.
    const late = awakening === 'the sleeper delivers' ? taken : held
    const voice = process(late.by).lanes
    await expect(voice.savePlan(place, 'a plan too late', late.token)).rejects.toThrow(Stopping)
    const giveUp = { now: clock, trace: noTrace, letter: '{}', givenUpBy: late.token, takeNext: taker }
    expect(await voice.finish(place, giveUp)).toBe(false)
    await lanes.partDone(place, awakening === 'nothing' ? 0 : 7)
    expect(await voice.isCurrent(place, late.token)).toBe(false)
    const state = { attempts: 77, inDoubt: false, spentMs: 7 }
    expect(await voice.settle(place, late.token, state, noTrace)).toBeUndefined()
  }

  async function want({ place }: Held, { turn }: Of<'want'>): Promise<void> {
    const head = turn === 0 ? place : { ...place, turn }
    for (const by of [0, 1]) expect(await take(head, by)).toBeUndefined()
    expect(await one.lanes.postpone(head)).toBeUndefined()
  }

  /** As the sweep does it, without waiting for the debts of those who live no more to grow old. */
  async function sweep(): Promise<void> {
    await age((await one.debts()).filter((debt) => !model.hands.has(debt)))
    const owed = await other.lanes.owed(1_000, 0)
    expect(owed.filter((place) => model.hands.has(nameOf(place)))).toEqual([])
    await other.queues.addHeads(owed)
  }

  /** The heads that are owed a job, or have one that can do something about them. */
  async function cared(): Promise<ReadonlySet<string>> {
    const named = (await jobs()).flatMap((job) => one.queues.headsOf(job)).filter((head) => model.concerns(head))
    return new Set([...(await one.debts()), ...named.map(nameOf)])
  }

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

  async function withJob(number: number, act: (job: Job<LaneJob>) => Promise<void>): Promise<void> {
    const job = pick(await jobs(), number)
    if (job) await act(job)
  }

  async function withHeld(number: number, act: (held: Held) => Promise<void>): Promise<void> {
    const held = pick([...model.hands.values()], number)
    if (held) await act(held)
  }

  async function run(operation: Operation): Promise<void> {
    // Those who live do so all the time.
    const hands = [...model.hands.values()].map(({ place }) => place)
    if (hands.length > 0) await one.lanes.renew(hands)
    switch (operation.do) {
      case 'admit':
        return admit(operation)
      case 'begin':
        return withJob(operation.job, (job) => begin(job, operation))
      case 'postpone':
        return withJob(operation.job, (job) => postpone(job, operation))
      case 'deliver':
      case 'give up':
        return withHeld(operation.held, (held) => end(held, operation))
      case 'retry':
      case 'wait':
        return withHeld(operation.held, (held) => tryAgain(held, operation))
      case 'oversleep':
        return withHeld(operation.held, (held) => oversleep(held, operation))
      case 'want':
        return withHeld(operation.held, (held) => want(held, operation))
      case 'add again': {
        const heads = operation.heads.map((number) => pick(model.heads(), number))
        return one.queues.addHeads(heads.filter((head) => head !== undefined))
      }
      case 'die':
        return die(operation.by)
      case 'sweep':
        return sweep()
      case 'replay':
        return replay()
      case 'discard':
        return discard()
    }
  }

  const listOf = (key: string) => redis.lrange(key, 0, -1)
  const membersOf = async (key: string) => (await redis.zrange(key, '0', '-1')).toSorted()

  /** Redis holds what the model holds; every lane has somebody who will go on with it. */
  async function check(): Promise<void> {
    const lanes = [...model.lanes].filter(([, lane]) => lane.length > 0)
    const keyOf = (name: string) => `${base}lane:${name.replace(' ', ':')}`
    const places = model.heads()
    const [keys, entries, owed, inHands, named, depths, waitingLanes, dead, letters, standing] = await Promise.all([
      redis.keys(`${base}lane:*`),
      Promise.all(lanes.map(([name]) => listOf(keyOf(name)))),
      one.debts(),
      one.lanes.inHands(1_000),
      cared(),
      redis.hgetall(`${base}depth`),
      Promise.all(queues.map((queue) => membersOf(`${base}lanes:${queue}`))),
      membersOf(`${base}dead:${messageQueue}`),
      redis.hkeys(`${base}letters:${messageQueue}`),
      one.lanes.heads(places),
    ])
    expect(keys.toSorted()).toEqual(lanes.map(([name]) => keyOf(name)).toSorted())
    expect(entries.map((lane) => lane.map((entry) => entry.split(' ').slice(0, 2)))).toEqual(
      lanes.map(([, lane]) => lane.map(({ id, at }) => [id, String(at)])),
    )
    const heads = places.map(nameOf)
    expect(heads.filter((head) => !named.has(head))).toEqual([])
    // Nobody is owed anything who is no head; and who has a head in its hands owes it, and is known to.
    expect(owed.filter((debt) => !heads.includes(debt))).toEqual([])
    const young = new Set(inHands.map(nameOf))
    expect([...model.hands.keys()].filter((name) => !young.has(name))).toEqual([])
    expect(standing.map((head) => [head?.id, head?.turn ?? 0, head?.owed])).toEqual(
      places.map((place) => {
        const { tried, open, turn } = model.course(place)
        return [place.id, tried && !open ? turn : 0, owed.includes(nameOf(place))]
      }),
    )
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
      await die(1)
      for (let round = 0; round < 500; round += 1) {
        await sweep()
        const waiting = await jobs()
        if (waiting.length === 0 && model.hands.size === 0) break
        for (const job of waiting) await begin(job, { by: 0, places: Number.POSITIVE_INFINITY, death: 'none' })
        for (const held of [...model.hands.values()]) await end(held, { do: 'deliver', takesNext: true, death: 'none' })
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
