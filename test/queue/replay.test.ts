import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { InboundMessage, OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import { journalKey, journalOf } from '../../src/queue/names.ts'
import { readTrace } from '../../src/queue/trace.ts'
import {
  createCuttableWay,
  createParts,
  createProcess,
  eventually,
  failing,
  heard,
  inbound,
  outbound,
  receiptOf,
  type Store,
  startStore,
} from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const reason = { code: 'invalid_message', message: 'It was refused.' } as const
const refused = () => failing({ do: 'give-up', reason }, 400)
const all = { filter: {} }
const hour = 3_600_000

type Process = Awaited<ReturnType<typeof createProcess>>
const delivered = (process: Process) => process.told('message.delivered').map(({ ids }) => ids.message)

/** A process that refuses inbound messages while `broken()`, and notes what it delivers. */
async function createShop(broken: (message: InboundMessage) => boolean, keyPrefix?: string) {
  const process = await createProcess(store, keyPrefix ? { keyPrefix } : {})
  const arrived: string[] = []
  process.deliver((message) => {
    if (broken(message)) throw refused()
    arrived.push(message.id)
  })
  return { ...process, arrived }
}

async function failed(
  process: Process,
  messages: readonly (InboundMessage | OutboundMessage)[],
  flow: 'inbound' | 'outbound' = 'inbound',
) {
  const before = process.told('message.failed').length
  await process.admit('shop', flow, messages.map(heard))
  await process.until(() => process.told('message.failed').length === before + messages.length)
}

async function stepsOf(process: Process, field: string): Promise<string[]> {
  const id = field.slice(field.indexOf('/') + 2)
  const text = await process.front.hget(process.base + journalKey(journalOf(id, Date.now())), field)
  return readTrace(text ?? '').steps.map(({ what }) => what)
}

describe('a replay', () => {
  test('delivers what was given up, and leaves no letter and no failed job', async () => {
    let broken = true
    const process = await createShop(() => broken)
    await failed(process, [inbound('1')])
    const queue = createParts(store, process.keyPrefix).queues.get('shop', 'inbound')
    await eventually(async () => (await queue.getFailedCount()) === 1)
    broken = false
    expect(await process.operations.replay({ ids: ['shop-inbound-1'] })).toEqual({ done: 1, skipped: [] })
    await process.until(() => process.told('message.delivered').length === 1)
    expect(process.arrived).toEqual(['1'])
    expect(await process.operations.listLetters({})).toEqual({ items: [] })
    expect(await queue.getFailedCount()).toBe(0)
    expect(await stepsOf(process, 'shop/i1')).toEqual(['dead', 'replayed', 'delivered'])
    expect(await process.operations.replay({ ids: ['shop-inbound-1'] })).toMatchObject({
      done: 0,
      skipped: [{ id: 'shop-inbound-1', why: 'not_found' }],
    })
  })

  test('keeps the original order of a conversation, whatever order the ids are named in', async () => {
    let broken = true
    const process = await createShop(() => broken)
    const ids = ['a', 'c', 'b', 'e', 'd']
    // All of one body, hence of one moment.
    await failed(
      process,
      ids.map((id) => inbound(id)),
    )
    broken = false
    const names = ids.map((id) => `shop-inbound-${id}`)
    expect((await process.operations.replay({ ids: names.toSorted().reverse() })).done).toBe(5)
    await process.until(() => process.told('message.delivered').length === 5)
    expect(process.arrived).toEqual(ids)
  })

  test('keeps it also when one of them was replayed alone and died again', async () => {
    let broken = true
    const process = await createShop(() => broken)
    await failed(
      process,
      ['a', 'b', 'c'].map((id) => inbound(id)),
    )
    await process.operations.replay({ ids: ['shop-inbound-a'] })
    await process.until(() => process.told('message.failed').length === 4)
    broken = false
    expect((await process.operations.replay(all)).done).toBe(3)
    await process.until(() => process.told('message.delivered').length === 3)
    expect(process.arrived).toEqual(['a', 'b', 'c'])
  })

  test('goes before newer messages that wait, and behind the one that is being delivered', async () => {
    let broken = true
    const process = await createProcess(store)
    const arrived: string[] = []
    const gate = Promise.withResolvers<void>()
    process.deliver(async ({ id }) => {
      if (broken) throw refused()
      if (id === 'head') await gate.promise
      arrived.push(id)
    })
    await failed(process, [inbound('old1'), inbound('old2')])
    broken = false
    await process.admit(
      'shop',
      'inbound',
      ['head', 'new1', 'new2'].map((id) => heard(inbound(id))),
    )
    await process.operations.replay({ ids: ['shop-inbound-old2'] })
    await process.operations.replay({ ids: ['shop-inbound-old1'] })
    expect(await process.front.hget(`${process.base}depth`, 'shop-inbound')).toBe('5')
    gate.resolve()
    await process.until(() => process.told('message.delivered').length === 5)
    expect(arrived).toEqual(['head', 'old1', 'old2', 'new1', 'new2'])
    expect(await process.front.hget(`${process.base}depth`, 'shop-inbound')).toBe('0')
  })

  test('counts its waiting from the moment of the replay', async () => {
    const process = await createShop(() => true)
    await failed(process, [inbound('1')])
    await process.stop()
    const { redis, base, letters } = createParts(store, process.keyPrefix)
    const text = (await redis.hget(`${base}letters:shop-inbound`, '1')) ?? ''
    await redis.hset(`${base}letters:shop-inbound`, '1', text.replace(/"entry":"1 \d+/, '"entry":"1 1000'))
    expect((await letters.read('shop-inbound', ['1']))[0]?.letter.firstAt).toBe(1_000)
    const other = await createProcess(store, { keyPrefix: process.keyPrefix })
    await other.operations.replay(all)
    const figures = await other.figures()
    expect(figures.find(({ direction }) => direction === 'inbound')?.oldestWaitingSeconds).toBeLessThan(60)
  })

  test('begins all attempts anew, but not the doubt about the earlier ones', async () => {
    const process = await createProcess(store)
    const seen: { attempt: number; mayHaveArrived: boolean }[] = []
    process.deliver((_, { attempt, mayHaveArrived }) => {
      seen.push({ attempt, mayHaveArrived })
      if (seen.length === 1) throw failing({ do: 'retry', mayHaveArrived: true })
      if (seen.length === 2) throw refused()
    })
    await failed(process, [inbound('1')])
    await process.operations.replay(all)
    await process.until(() => process.told('message.delivered').length === 1)
    expect(seen).toEqual([
      { attempt: 1, mayHaveArrived: false },
      { attempt: 2, mayHaveArrived: true },
      { attempt: 1, mayHaveArrived: true },
    ])
  })

  test('of an agent’s message goes on with the same plan at the first part that was not confirmed, and makes a final receipt', async () => {
    const process = await createProcess(store)
    const plans: unknown[] = []
    const receipts: Receipt[] = []
    process.deliver<OutboundMessage>(
      async (_, { plan, partsDone, savePlan, partDone }) => {
        plans.push([plan, partsDone])
        if (plan === undefined) {
          await savePlan('the "plan" \\ ¥')
          await partDone()
          throw refused()
        }
      },
      { flow: 'outbound', receipt: receiptOf },
    )
    process.deliver<Receipt>((receipt) => void receipts.push(receipt), { flow: 'receipts' })
    await failed(process, [outbound('1')], 'outbound')
    await process.until(() => receipts.length === 1)
    await process.operations.replay(all)
    await process.until(() => receipts.length === 2)
    expect(plans).toEqual([
      [undefined, 0],
      ['the "plan" \\ ¥', 1],
    ])
    expect(receipts.map(({ status }) => status)).toEqual(['failed', 'delivered'])
    await eventually(async () => (await stepsOf(process, 'shop/o1')).length === 5)
    expect(await stepsOf(process, 'shop/o1')).toEqual(['dead', 'receipt', 'replayed', 'delivered', 'receipt'])
  })

  test('sends a further receipt although the first one still waits, and in order', async () => {
    const process = await createProcess(store)
    let down = true
    const receipts: Receipt[] = []
    let broken = true
    process.deliver<OutboundMessage>(
      () => {
        if (broken) throw refused()
      },
      { flow: 'outbound', receipt: receiptOf },
    )
    process.deliver<Receipt>(
      (receipt) => {
        if (down) throw failing({ do: 'hold' }, 401)
        receipts.push(receipt)
      },
      { flow: 'receipts' },
    )
    await failed(process, [outbound('1')], 'outbound')
    await process.operations.replay(all)
    await process.until(() => process.told('message.failed').length === 2)
    broken = false
    await process.operations.replay(all)
    await process.until(() => delivered(process).length === 1)
    await process.until(() => process.told('delivery.attempted').some(({ flow }) => flow === 'receipts'))
    down = false
    await eventually(async () => {
      await process.retryNow()
      return receipts.length === 3
    })
    expect(receipts.map(({ status }) => status)).toEqual(['failed', 'failed', 'delivered'])
  })

  test('skips what has no content, is unknown, or is of a channel that left', async () => {
    const process = await createShop(() => true)
    await failed(process, [inbound('1')])
    await process.front.hset(
      `${process.base}letters:shop-inbound`,
      '1',
      JSON.stringify({ v: 2, kind: 'message', reason, attempts: 1, lastAt: 1, ids: {}, entry: '1 1 withdrawn' }),
    )
    const ids = ['shop-inbound-1', 'shop-inbound-2', 'gone-inbound-1', 'nonsense', 'shop-receipts-1', 'nonsense']
    expect(await process.operations.replay({ ids })).toEqual({
      done: 0,
      skipped: [
        { id: 'gone-inbound-1', why: 'unknown_channel' },
        { id: 'nonsense', why: 'not_found' },
        { id: 'shop-receipts-1', why: 'not_found' },
        { id: 'shop-inbound-2', why: 'not_found' },
        { id: 'shop-inbound-1', why: 'no_content' },
      ],
    })
    expect(await process.operations.replay({ filter: { channel: 'gone' } })).toEqual({ done: 0, skipped: [] })
    expect((await process.operations.listLetters({})).items).toHaveLength(1)
  })

  test('takes only what the filter means', async () => {
    let broken = true
    const process = await createProcess(store, { channels: ['shop', 'bank'] })
    const why = (id: string) => ({ code: id.startsWith('x') ? 'expired' : 'general', message: '' }) as const
    const arrived: string[] = []
    for (const channel of ['shop', 'bank'])
      process.deliver(
        ({ id }) => {
          if (broken) throw failing({ do: 'give-up', reason: why(id) })
          arrived.push(`${channel} ${id}`)
        },
        { channel },
      )
    for (const channel of ['shop', 'bank']) {
      await process.admit(
        channel,
        'inbound',
        ['x1', 'y1', 'x2'].map((id) => heard(inbound(id, id))),
      )
    }
    await process.until(() => process.told('message.failed').length === 6)
    broken = false
    const filter = { channel: 'bank', direction: 'inbound', reason: 'expired' } as const
    expect(await process.operations.replay({ filter })).toEqual({ done: 2, skipped: [] })
    expect(await process.operations.replay({ filter: { direction: 'outbound' } })).toEqual({ done: 0, skipped: [] })
    await process.until(() => arrived.length === 2)
    expect(arrived.toSorted()).toEqual(['bank x1', 'bank x2'])
    expect((await process.operations.listLetters({})).items).toHaveLength(4)
  })

  test('waits for a worker that is just letting go', async () => {
    const parts = createParts(store)
    const process = await createShop(() => true, parts.keyPrefix)
    await failed(process, [inbound('1')])
    const lock = `${process.base}shop-inbound:m-1:lock`
    await eventually(async () => (await parts.queues.get('shop', 'inbound').getFailedCount()) === 1)
    await process.stop()
    await parts.redis.set(lock, 'somebody', 'PX', 400)
    const other = await createProcess(store, { keyPrefix: parts.keyPrefix })
    expect(await other.operations.replay(all)).toEqual({ done: 1, skipped: [] })
    expect(await parts.redis.exists(lock)).toBe(0)
  })
})

describe('many letters', () => {
  const users = Array.from({ length: 40 }, (_, index) => `U${index}`)
  const perUser = 15

  async function many() {
    let broken = true
    const process = await createProcess(store)
    const arrived = new Map<string, string[]>()
    const note = ({ id, conversation }: InboundMessage): undefined => {
      arrived.set(conversation.user, [...(arrived.get(conversation.user) ?? []), id])
    }
    process.deliver((message) => {
      if (broken) throw refused()
      note(message)
    })
    for (let round = 0; round < perUser; round += 1)
      await process.admit(
        'shop',
        'inbound',
        users.map((user) => heard(inbound(`${user}.${round}`, user))),
      )
    await process.until(() => process.told('message.failed').length === users.length * perUser, 20_000)
    broken = false
    return { process, arrived, note }
  }

  function expectAllInOrder(arrived: ReadonlyMap<string, readonly string[]>) {
    for (const user of users)
      expect(arrived.get(user)).toEqual(Array.from({ length: perUser }, (_, round) => `${user}.${round}`))
  }

  test('are moved once and in order by two operators in two processes at once, while workers deliver', async () => {
    const { process, arrived, note } = await many()
    const other = await createProcess(store, { keyPrefix: process.keyPrefix })
    other.deliver(note)
    const outcomes = await Promise.all([process.operations.replay(all), other.operations.replay(all)])
    expect(outcomes[0].done + outcomes[1].done).toBe(users.length * perUser)
    await eventually(() => [...arrived.values()].flat().length >= users.length * perUser)
    expectAllInOrder(arrived)
    expect(await process.operations.listLetters({})).toEqual({ items: [] })
  })

  test('are all moved by a second try when the first one broke off', async () => {
    const { process, arrived } = await many()
    await process.operations.pause({ channel: 'shop', direction: 'inbound', reason: 'test', who: 'me' })
    // The one that breaks off loses its connection somewhere in the middle.
    const way = await createCuttableWay(store)
    const broken = await createProcess(store, { keyPrefix: process.keyPrefix, url: way.url })
    const first = broken.operations.replay(all).catch(() => undefined)
    await eventually(async () => Number(await process.front.hget(`${process.base}depth`, 'shop-inbound')) >= 200)
    way.cut()
    const { done } = await process.operations.replay(all)
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(users.length * perUser)
    way.mend()
    await first
    process.startSweep()
    await process.operations.resume({ channel: 'shop', direction: 'inbound' })
    await process.until(() => delivered(process).length === users.length * perUser, 20_000)
    expectAllInOrder(arrived)
  }, 40_000)
})

describe('a message of which nobody knows whether it arrived', () => {
  /** One that saved its plan, ended without an answer, and whose key was then first used `ageMs` ago. */
  async function inDoubt(ageMs: number) {
    const parts = createParts(store)
    const process = await createProcess(store, { keyPrefix: parts.keyPrefix })
    const pushes: string[] = []
    const receipts: Receipt[] = []
    process.deliver<OutboundMessage>(
      async (_, { plan, savePlan }) => {
        if (plan === undefined) await savePlan('plan')
        pushes.push(plan ?? 'plan')
        if (pushes.length === 1) {
          const at = Date.now() - ageMs
          await parts.redis.hset(`${parts.base}attempt:shop-outbound:U1`, 'keyAt', at)
          throw failing({ do: 'retry', mayHaveArrived: true })
        }
      },
      { flow: 'outbound', receipt: receiptOf },
    )
    process.deliver<Receipt>((receipt) => void receipts.push(receipt), { flow: 'receipts' })
    await process.admit('shop', 'outbound', [heard(outbound('1'))])
    return { process, pushes, receipts, parts }
  }

  test('is repeated while LINE still knows its key', async () => {
    const { process, pushes } = await inDoubt(23 * hour - 60_000)
    await process.until(() => delivered(process).includes('1'))
    expect(pushes).toHaveLength(2)
  })

  test('is not sent again after that: it becomes uncertain, with an alert and a failed receipt', async () => {
    const { process, pushes, receipts } = await inDoubt(23 * hour)
    await process.until(() => receipts.length === 1)
    expect(pushes).toHaveLength(1)
    expect(receipts[0]).toMatchObject({ status: 'failed', reason: { message: expect.stringContaining('not known') } })
    expect(process.told('alert.raised')).toMatchObject([{ kind: 'dead_letter' }])
    expect((await process.operations.listLetters({})).items).toMatchObject([{ kind: 'uncertain', attempts: 1 }])
  })

  test('is neither replayed nor discarded unless a person confirms it, and then sent with the same plan', async () => {
    const { process, pushes, receipts } = await inDoubt(23 * hour)
    await process.until(() => receipts.length === 1)
    const skipped = [{ id: 'shop-outbound-1', why: 'uncertain' }]
    expect(await process.operations.replay(all)).toEqual({ done: 0, skipped })
    expect(await process.operations.discard(all)).toEqual({ done: 0, skipped })
    expect(await process.operations.replay({ ...all, confirmUncertain: true })).toEqual({ done: 1, skipped: [] })
    await process.until(() => receipts.length === 2)
    expect(pushes).toEqual(['plan', 'plan'])
    expect(receipts[1]).toMatchObject({ status: 'delivered' })
  })

  test('is found out when a replayed one comes to the head too late', async () => {
    const { redis, base, keyPrefix } = createParts(store)
    const process = await createProcess(store, { keyPrefix })
    let pushes = 0
    process.deliver<OutboundMessage>(
      async (_, { plan, savePlan }) => {
        pushes += 1
        if (plan !== undefined) throw refused()
        await savePlan('plan')
        throw failing({ do: 'retry', mayHaveArrived: true })
      },
      { flow: 'outbound' },
    )
    await failed(process, [outbound('1')], 'outbound')
    const order = { channel: 'shop', direction: 'outbound' } as const
    await process.operations.pause({ ...order, reason: 'test', who: 'me' })
    expect((await process.operations.replay(all)).done).toBe(1)
    const waiting = JSON.parse((await redis.hget(`${base}replayed:shop-outbound`, '1')) ?? '')
    expect(waiting).toMatchObject({ doubt: true, plan: 'plan' })
    const late = JSON.stringify({ ...waiting, keyUsedAt: Date.now() - 23 * hour })
    await redis.hset(`${base}replayed:shop-outbound`, '1', late)
    await process.operations.resume(order)
    await process.until(() => process.told('message.failed').length === 2)
    expect(pushes).toBe(2)
    expect((await process.operations.listLetters({})).items).toMatchObject([{ kind: 'uncertain', attempts: 0 }])
  })

  test('is in no doubt once its part was confirmed: only the next part’s own attempts count', async () => {
    const parts = createParts(store)
    const process = await createProcess(store, { keyPrefix: parts.keyPrefix })
    const attempts: number[] = []
    process.deliver<OutboundMessage>(
      async (_, { attempt, partsDone, savePlan, partDone }) => {
        attempts.push(attempt)
        if (attempt === 1) {
          await savePlan('plan')
          throw failing({ do: 'retry', mayHaveArrived: true })
        }
        if (partsDone === 0) {
          await partDone()
          await parts.redis.hset(`${parts.base}attempt:shop-outbound:U1`, 'keyAt', Date.now() - 24 * hour)
          throw failing({ do: 'retry', mayHaveArrived: false })
        }
      },
      { flow: 'outbound' },
    )
    await process.admit('shop', 'outbound', [heard(outbound('1'))])
    await process.until(() => delivered(process).length === 1)
    expect(attempts).toEqual([1, 2, 3])
  })

  test('does not come of a key that has rested: the attempt begins its time anew', async () => {
    const { lanes, redis, base, abandon } = createParts(store)
    const place = { queue: 'shop-outbound', user: 'U1', id: '1' }
    const entry = { ...place, channel: 'shop', holdKey: 'hold:test' }
    await redis.rpush(`${base}lane:shop-outbound:U1`, '1 1000 {}')
    const taken = await lanes.take(entry)
    await lanes.savePlan(place, 'plan')
    const settled = { journal: 'j', field: 'f', step: '' }
    await lanes.settle(place, taken?.token ?? '', { attempts: 1, inDoubt: false, spentMs: 0 }, settled)
    const old = Date.now() - 25 * hour
    await redis.hset(`${base}attempt:shop-outbound:U1`, 'keyAt', old)
    expect((await lanes.take(entry))?.keyUsedAt).toBeGreaterThan(Date.now() - hour)
    await redis.hset(`${base}attempt:shop-outbound:U1`, 'keyAt', old)
    // This time an attempt is left open, hence in doubt.
    await abandon()
    expect((await lanes.take(entry))?.keyUsedAt).toBe(old)
  })
})

describe('a discarded letter', () => {
  test('is gone with all of its content, and a repeat of its webhook is still known', async () => {
    const process = await createShop(() => true)
    await failed(process, [inbound('1', 'U1', 'very secret words')])
    const parts = createParts(store, process.keyPrefix)
    const queue = parts.queues.get('shop', 'inbound')
    await eventually(async () => (await queue.getFailedCount()) === 1)
    expect(await process.operations.discard({ ids: ['shop-inbound-1'] })).toEqual({ done: 1, skipped: [] })
    expect(await process.operations.listLetters({})).toEqual({ items: [] })
    expect(await queue.getFailedCount()).toBe(0)
    expect(await everything(parts.redis, parts.base)).not.toContain('secret')
    expect(await stepsOf(process, 'shop/i1')).toEqual(['dead', 'discarded'])
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    expect(process.told('message.duplicate')).toHaveLength(1)
    const again = await process.operations.discard({ ids: ['shop-inbound-1'] })
    expect(again).toEqual({ done: 0, skipped: [{ id: 'shop-inbound-1', why: 'not_found' }] })
  })

  test('is discarded by one of two who try at once', async () => {
    const process = await createShop(() => true)
    await failed(
      process,
      ['a', 'b', 'c'].map((id) => inbound(id)),
    )
    const outcomes = await Promise.all([process.operations.discard(all), process.operations.discard(all)])
    expect(outcomes[0].done + outcomes[1].done).toBe(3)
  })
})

test('nothing of a delivered message’s words stays, nor of a replayed one’s', async () => {
  let broken = true
  const process = await createProcess(store)
  process.deliver<OutboundMessage>(
    async (_, { plan, savePlan }) => {
      if (plan === undefined) await savePlan('plan with secret words')
      if (broken) throw refused()
    },
    { flow: 'outbound', receipt: receiptOf },
  )
  process.deliver<Receipt>(() => undefined, { flow: 'receipts' })
  const parts = createParts(store, process.keyPrefix)
  await failed(process, [outbound('1', 'U1', 'secret words')], 'outbound')
  expect(await everything(parts.redis, parts.base)).toContain('secret words')
  broken = false
  await process.operations.replay(all)
  await process.admit('shop', 'outbound', [heard(outbound('2', 'U1', 'more secret words'))])
  await process.until(() => process.told('message.delivered').filter(({ flow }) => flow === 'receipts').length === 3)
  expect(await everything(parts.redis, parts.base)).not.toContain('secret')
})

/** All that lies in Redis under a prefix, as one text. */
async function everything(redis: ReturnType<typeof createParts>['redis'], base: string): Promise<string> {
  const keys = await redis.keys(`${base.replace(/[{}]/g, '?')}*`)
  const texts = await Promise.all(
    keys.map(async (key) => {
      switch (await redis.type(key)) {
        case 'string':
          return redis.get(key)
        case 'hash':
          return JSON.stringify(await redis.hgetall(key))
        case 'list':
          return (await redis.lrange(key, 0, -1)).join()
        case 'zset':
          return (await redis.zrange(key, '0', '-1')).join()
        case 'stream':
          return JSON.stringify(await redis.xrange(key, '-', '+'))
        default:
          return (await redis.smembers(key)).join()
      }
    }),
  )
  return [...keys, ...texts].join('\n')
}
