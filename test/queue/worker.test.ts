import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Stopping } from '../../src/bridge/errors.ts'
import type { OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import type { Redis } from '../../src/lib/redis.ts'
import type { QueuedDelivery } from '../../src/queue/index.ts'
import { readTrace, type Trace } from '../../src/queue/trace.ts'
import {
  createCuttableWay,
  createParts,
  createProcess,
  entryOf,
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
let redis: Redis
beforeAll(async () => {
  store = await startStore()
  redis = store.open()
})
afterAll(() => store.stop())

const reason = { code: 'invalid_message', message: 'It was refused.' } as const

/** The trace of the only message there is with that field. */
async function traceOf(base: string, field: string): Promise<Trace> {
  for (const journal of await redis.keys(`${base}journal:*`)) {
    const text = await redis.hget(journal, field)
    if (text) return readTrace(text)
  }
  throw new Error(`There is no trace ${field}.`)
}

describe('a delivery', () => {
  test('learns what it needs to know', async () => {
    const process = await createProcess(store)
    let seen: QueuedDelivery | undefined
    process.deliver((_, delivery) => {
      seen = delivery
    })
    const before = Date.now()
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    await process.until(() => process.told('message.delivered').length === 1)
    expect(seen).toMatchObject({ attempt: 1, mayHaveArrived: false, blocked: false, plan: undefined, partsDone: 0 })
    expect(seen?.receivedAt).toBeGreaterThanOrEqual(before)
  })

  test('is told, traced, and leaves nothing behind but its trace', async () => {
    const process = await createProcess(store)
    process.deliver(() => ({ status: 202, remoteId: 'remote' }))
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    await process.until(() => process.told('message.delivered').length === 1)
    expect(process.told('message.delivered')).toMatchObject([{ ids: { message: '1', user: 'U1', remote: 'remote' } }])
    expect(process.told('delivery.attempted')).toMatchObject([{ attempt: 1, outcome: 'delivered', status: 202 }])
    const { steps, ids } = await traceOf(process.base, 'shop/i1')
    expect(steps).toMatchObject([{ what: 'delivered', status: 202 }])
    expect(ids.remote).toBe('remote')
    await eventually(async () => {
      const keys = await redis.keys(`${process.base}*`)
      return !keys.some((key) => /:(lane|attempt|lanes|owed|shop-inbound:\d+)\b/.test(key))
    })
  })

  test('is made soon although the process died that Redis had woken for it', async () => {
    const process = await createProcess(store)
    const woken = store.open().bzpopmin(`${process.base}shop-inbound:marker`, 0)
    process.deliver(() => {})
    await eventually(async () => {
      const clients = String(await redis.client('LIST')).split('\n')
      return clients.some((line) => line.includes(`name={${process.keyPrefix}}`) && line.includes('cmd=bzpopmin'))
    })
    await process.admitElsewhere('shop', 'inbound', [heard(inbound('1'))])
    expect(await woken).not.toBeNull()
    await process.until(() => process.told('message.delivered').length === 1, 4_000)
  })

  test('waits for no other conversation', async () => {
    const process = await createProcess(store)
    const { promise: never, resolve: release } = Promise.withResolvers<void>()
    const arrived: string[] = []
    process.deliver(async ({ id, conversation: { user } }) => {
      if (user === 'slow') await never
      if (user === 'failing') throw failing({ do: 'retry', mayHaveArrived: false })
      if (user === 'held') throw failing({ do: 'hold' })
      arrived.push(id)
      return undefined
    })
    try {
      for (const user of ['slow', 'failing', 'held'])
        await process.admit('shop', 'inbound', [heard(inbound(`${user}1`, user)), heard(inbound(`${user}2`, user))])
      const ids = Array.from({ length: 30 }, (_, index) => String(index))
      await process.admit(
        'shop',
        'inbound',
        ids.map((id) => heard(inbound(id, `U${id}`))),
      )
      await process.until(() => arrived.length === 30, 1_000)
      expect(arrived.toSorted()).toEqual(ids.toSorted())
    } finally {
      release()
    }
  })

  test('of a long conversation goes on message by message', async () => {
    const process = await createProcess(store)
    const arrived: string[] = []
    process.deliver(({ id }) => void arrived.push(id))
    const ids = Array.from({ length: 500 }, (_, index) => String(index))
    await process.admit(
      'shop',
      'inbound',
      ids.map((id) => heard(inbound(id))),
    )
    await process.until(() => process.told('message.delivered').length === 500)
    expect(arrived).toEqual(ids)
  })
})

describe('a retry', () => {
  test('counts attempts and hands on doubt, plan and parts', async () => {
    const process = await createProcess(store)
    const seen: Pick<QueuedDelivery, 'attempt' | 'mayHaveArrived' | 'plan' | 'partsDone'>[] = []
    process.deliver(async (_, delivery) => {
      const { attempt, mayHaveArrived, plan, partsDone } = delivery
      seen.push({ attempt, mayHaveArrived, plan, partsDone })
      if (attempt === 1) {
        await delivery.savePlan('the plan')
        await delivery.partDone()
        throw failing({ do: 'retry', mayHaveArrived: false })
      }
      if (attempt === 2) {
        await delivery.partDone()
        throw failing({ do: 'retry', mayHaveArrived: true }, 503)
      }
      if (attempt === 3) throw failing({ do: 'retry', mayHaveArrived: false })
      return undefined
    })
    await process.admit('shop', 'inbound', [heard(inbound('1')), heard(inbound('2'))])
    for (const times of [1, 2, 3]) {
      await process.until(() => process.told('delivery.attempted').length >= times)
      await eventually(async () => (await process.queues[0]?.getDelayedCount()) === 1 || seen.length > times)
      await process.retryNow()
    }
    await process.until(() => process.told('message.delivered').length === 1)
    expect(seen.slice(0, 4)).toEqual([
      { attempt: 1, mayHaveArrived: false, plan: undefined, partsDone: 0 },
      { attempt: 2, mayHaveArrived: false, plan: 'the plan', partsDone: 1 },
      { attempt: 3, mayHaveArrived: true, plan: 'the plan', partsDone: 2 },
      { attempt: 4, mayHaveArrived: true, plan: 'the plan', partsDone: 2 },
    ])
    // The next message starts afresh.
    await process.until(() => seen.length === 5)
    expect(seen[4]).toEqual({ attempt: 1, mayHaveArrived: false, plan: undefined, partsDone: 0 })
  })

  test('comes by itself, the first one within a second', async () => {
    const process = await createProcess(store)
    process.deliver((_, { attempt }) => {
      if (attempt === 1) throw failing({ do: 'retry', mayHaveArrived: false }, 503)
    })
    const users = ['U1', 'U2', 'U3', 'U4', 'U5']
    for (const user of users) await process.admit('shop', 'inbound', [heard(inbound(`of ${user}`, user))])
    await process.until(() => process.told('message.delivered').length === users.length)
    const waits = users.map((user) => {
      const [first, second] = process.told('delivery.attempted').filter(({ ids }) => ids.user === user)
      expect(first).toMatchObject({ outcome: 'retry', status: 503 })
      return (second?.at ?? 0) - (first?.at ?? 0)
    })
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(395)
    // The median: the machine may hold up some.
    expect(waits.toSorted((a, b) => a - b)[2]).toBeLessThan(900)
  })

  test('ends when patience does: expired', async () => {
    const process = await createProcess(store)
    const parts = createParts(store, process.keyPrefix)
    const entry = entryOf(outbound('1') as never, { flow: 'outbound' })
    await parts.lanes.admit([entry], Date.now())
    const taken = await parts.lanes.take({ ...entry, holdKey: 'hold:test' })
    const trace = { journal: 'journal:0:0', field: 'none', step: '' }
    await parts.lanes.settle(entry, taken?.token ?? '', { attempts: 1, inDoubt: false, spentMs: 15 * 60_000 }, trace)
    process.deliver(() => Promise.reject(failing({ do: 'retry', mayHaveArrived: true })), { flow: 'outbound' })
    await parts.queues.addHeads([entry])
    await process.until(() => process.told('message.failed').length === 1)
    const [letter] = (await process.operations.listLetters({})).items
    expect(letter).toMatchObject({
      id: 'shop-outbound-1',
      kind: 'expired',
      attempts: 2,
      reason: { code: 'server_error' },
    })
    expect(process.told('alert.raised')).toMatchObject([{ kind: 'dead_letter' }])
  })

  test('follows a bug of ours, in doubt, and the bug is heard of', async () => {
    const process = await createProcess(store)
    const doubts: boolean[] = []
    process.deliver((_, { attempt, mayHaveArrived }) => {
      doubts.push(mayHaveArrived)
      if (attempt === 1) throw new TypeError('a bug')
    })
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    await process.until(() => process.told('message.delivered').length === 1)
    expect(doubts).toEqual([false, true])
    expect(process.errors).toContainEqual(new TypeError('a bug'))
  })
})

describe('what is given up', () => {
  test('becomes a dead letter, makes way for the next, and its receipt is sent', async () => {
    const process = await createProcess(store)
    const parts = createParts(store, process.keyPrefix)
    const receipts: Receipt[] = []
    process.deliver<OutboundMessage>(
      ({ id }) => {
        if (id === '1') throw failing({ do: 'give-up', reason }, 400)
      },
      { flow: 'outbound', receipt: receiptOf },
    )
    process.deliver<Receipt>((receipt) => void receipts.push(receipt), { flow: 'receipts' })
    await process.admit('shop', 'outbound', [heard(outbound('1')), heard(outbound('2'))])
    await process.until(() => process.told('message.delivered').filter(({ flow }) => flow === 'receipts').length === 2)
    expect((await process.operations.listLetters({})).items).toMatchObject([
      { direction: 'outbound', kind: 'message', reason, attempts: 1, ids: { message: '1', user: 'U1' } },
    ])
    expect(process.told('message.failed')).toMatchObject([{ ids: { message: '1' }, code: 'invalid_message' }])
    expect(process.told('alert.raised')).toMatchObject([{ kind: 'dead_letter', channel: 'shop' }])
    expect(receipts.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toMatchObject([
      { id: '1', status: 'failed', reason },
      { id: '2', status: 'delivered' },
    ])
    // The whole story is in the message's own trace.
    const what = async (id: string) => (await traceOf(process.base, `shop/o${id}`)).steps.map((step) => step.what)
    expect(await what('1')).toEqual(['dead', 'receipt'])
    expect(await what('2')).toEqual(['delivered', 'receipt'])
    // The dashboard shows it as failed.
    await eventually(async () => (await parts.queues.get('shop', 'outbound').getFailedCount()) === 1)
  })

  test('is, as a receipt, dropped without an alert, and said so in the trace', async () => {
    const process = await createProcess(store)
    process.deliver<OutboundMessage>(() => undefined, { flow: 'outbound', receipt: receiptOf })
    process.deliver<Receipt>(() => Promise.reject(failing({ do: 'give-up', reason }, 400)), { flow: 'receipts' })
    await process.admit('shop', 'outbound', [heard(outbound('1'))])
    await process.until(() => process.told('message.failed').length === 1)
    expect(process.told('alert.raised')).toEqual([])
    const { steps } = await traceOf(process.base, 'shop/o1')
    expect(steps).toMatchObject([{ what: 'delivered' }, { what: 'receipt', status: 'delivered refused' }])
  })
})

describe('a wait', () => {
  test('spends no attempt, and holds what shares the budget and nothing else', async () => {
    const process = await createProcess(store, { channels: ['shop', 'spa'] })
    const begin = Date.now()
    const attempts: number[] = []
    const at = new Map<string, number>()
    process.deliver(async ({ id }, { attempt, permit }) => {
      attempts.push(attempt)
      await permit()
      if (!at.has('limited')) {
        at.set('limited', Date.now())
        throw failing({ do: 'wait', afterMs: 400 }, 429)
      }
      at.set(id, Date.now())
      return undefined
    })
    process.deliver(
      async ({ id }, { permit }) => {
        await permit()
        at.set(id, Date.now())
        return undefined
      },
      { channel: 'spa', budget: process.budget('another') },
    )
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    await process.until(() => process.told('delivery.attempted').length === 1)
    await process.admit('shop', 'inbound', [heard(inbound('2', 'U2'))])
    await process.admit('spa', 'inbound', [heard(inbound('3'))])
    await process.until(() => process.told('message.delivered').length === 3)
    const waited = (id: string): number => (at.get(id) ?? 0) - (at.get('limited') ?? begin)
    expect(waited('1')).toBeGreaterThanOrEqual(395)
    expect(waited('2')).toBeGreaterThanOrEqual(395)
    expect(waited('3')).toBeLessThan(300)
    expect(attempts.every((attempt) => attempt === 1)).toBe(true)
  })
})

describe('a wait of one conversation only', () => {
  test('delays its own message, and no other conversation', async () => {
    const process = await createProcess(store)
    const at = new Map<string, number>()
    let limited = 0
    process.deliver<OutboundMessage>(
      async ({ id }, { permit }) => {
        await permit()
        if (limited === 0) {
          limited = Date.now()
          throw failing({ do: 'wait', afterMs: 400, only: 'conversation' }, 429)
        }
        at.set(id, Date.now())
        return undefined
      },
      { flow: 'outbound' },
    )
    await process.admit('shop', 'outbound', [heard(outbound('1'))])
    await process.until(() => process.told('delivery.attempted').length === 1)
    await process.admit('shop', 'outbound', [heard(outbound('2')), heard(outbound('3', 'U2'))])
    await process.until(() => process.told('message.delivered').length === 3)
    expect([...at.keys()]).toEqual(['3', '1', '2'])
    expect((at.get('1') ?? 0) - limited).toBeGreaterThanOrEqual(395)
    expect((at.get('3') ?? 0) - limited).toBeLessThan(395)
    expect(await process.front.exists(`${process.base}hold:test`)).toBe(0)
  })
})

describe('a hold', () => {
  test('raises an alert, spends no attempt, and is tried again', async () => {
    const process = await createProcess(store)
    const attempts: number[] = []
    process.deliver((_, { attempt }) => {
      attempts.push(attempt)
      if (attempts.length < 3) throw failing({ do: 'hold' }, 401)
    })
    await process.admit('shop', 'inbound', [heard(inbound('1')), heard(inbound('2'))])
    const queue = createParts(store, process.keyPrefix).queues.get('shop', 'inbound')
    for (const times of [1, 2]) {
      await process.until(() => process.told('alert.raised').length === times)
      await eventually(async () => (await queue.getDelayedCount()) === 1)
      const [job] = await queue.getDelayed()
      expect(job?.delay).toBeLessThanOrEqual(30_000)
      await process.retryNow()
    }
    await process.until(() => process.told('message.delivered').length === 2)
    expect(attempts).toEqual([1, 1, 1, 1])
    expect(process.told('alert.raised')).toMatchObject([{ kind: 'setup' }, { kind: 'setup' }])
  })
})

describe('a process that stops', () => {
  test('gives back untouched what had not begun, and ends what had', async () => {
    const process = await createProcess(store)
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    let begun = 0
    process.deliver(async ({ conversation: { user } }, { signal, permit }) => {
      begun += 1
      if (user === 'begun') {
        await answered
        return undefined
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await permit()
      throw new Stopping('The process stops.')
    })
    await process.admit('shop', 'inbound', [heard(inbound('1', 'begun')), heard(inbound('2', 'begun'))])
    await process.admit('shop', 'inbound', [heard(inbound('3', 'waiting'))])
    await eventually(() => begun === 2)
    const stopped = process.stop()
    answer()
    await stopped
    expect(process.told('message.delivered')).toMatchObject([{ ids: { message: '1' } }])
    expect(process.told('delivery.attempted')).toHaveLength(1)

    const next = await createProcess(store, { keyPrefix: process.keyPrefix })
    const seen: (readonly [string, number, boolean])[] = []
    next.deliver(({ id }, { attempt, mayHaveArrived }) => void seen.push([id, attempt, mayHaveArrived]))
    await next.until(() => next.told('message.delivered').length === 2, 2_000)
    expect(seen.toSorted()).toEqual([
      ['2', 1, false],
      ['3', 1, false],
    ])
  })

  test('stops at once when nothing is under way', async () => {
    const process = await createProcess(store)
    process.deliver(() => undefined)
    process.startSweep()
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    await process.until(() => process.told('message.delivered').length === 1)
    const begin = Date.now()
    await process.stop()
    expect(Date.now() - begin).toBeLessThan(1_000)
  })
})

describe('while Redis is away', () => {
  test('an ending waits for its return, is then written, and nothing is delivered twice', async () => {
    const way = await createCuttableWay(store)
    const process = await createProcess(store, { url: way.url })
    const arrived: string[] = []
    const { promise: away, resolve: goAway } = Promise.withResolvers<void>()
    process.deliver(async ({ id }) => {
      arrived.push(id)
      if (id === '1') {
        await eventually(async () => (await createParts(store, process.keyPrefix).redis.ping()) === 'PONG')
        way.cut()
        goAway()
      }
      return undefined
    })
    await process.admit('shop', 'inbound', [heard(inbound('1')), heard(inbound('2'))])
    await away
    setTimeout(way.mend, 1_000)
    await process.until(() => process.told('message.delivered').length === 2)
    expect(arrived).toEqual(['1', '2'])
  })

  // Its debt grows old then, another process pays that with a job, and the first one may be who gets it.
  test('for longer than a debt is young, what is being delivered is not delivered a second time beside it', async () => {
    const way = await createCuttableWay(store)
    const process = await createProcess(store, { url: way.url })
    const arrived: string[] = []
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    process.deliver(async ({ id }) => {
      arrived.push(id)
      if (id === '1') await answered
      return undefined
    })
    await process.admit('shop', 'inbound', [heard(inbound('1')), heard(inbound('2'))])
    await eventually(() => arrived.length === 1)
    way.cut()
    const other = createParts(store, process.keyPrefix)
    await eventually(async () => (await other.lanes.owed(10, 0)).length === 1)
    await other.queues.addHeads(await other.lanes.owed(10, 0))
    way.mend()
    const jobs = other.queues.get('shop', 'inbound')
    // The job is done as soon as its head is in hands, and whoever has it in hands waits for what is under way.
    await eventually(async () => (await jobs.getJobCountByTypes('active', 'waiting')) === 0)
    answer()
    await process.until(() => process.told('message.delivered').length === 2)
    expect(arrived).toEqual(['1', '2'])
    await eventually(async () => (await jobs.getJobCountByTypes('active', 'waiting', 'delayed', 'failed')) === 0)
  })

  test('for longer than a lock lives, a job that was just begun comes again, and nothing twice', async () => {
    const way = await createCuttableWay(store)
    const process = await createProcess(store, { url: way.url })
    const other = createParts(store, process.keyPrefix)
    const arrived: string[] = []
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    process.deliver(async ({ id }) => {
      if (id === 'U9-1') {
        way.cut()
        await answered
      }
      arrived.push(id)
      return undefined
    })
    const users = Array.from({ length: 16 }, (_, index) => `U${index}`)
    const ids = users.flatMap((user) => [`${user}-1`, `${user}-2`])
    const entries = ids.map((id) => entryOf(inbound(id, id.slice(0, -2))))
    await other.lanes.admit(entries, Date.now())
    await other.queues.addHeads(entries.filter(({ id }) => id.endsWith('-1')))
    setTimeout(way.mend, 3_200)
    // Its process completes it as soon as it can, or finds that it has lost it.
    const lost = async () => Number((await redis.hget(`${process.base}shop-inbound:1`, 'stc')) ?? 0) > 0
    const completed = async () => (await redis.exists(`${process.base}shop-inbound:1`)) === 0
    await eventually(async () => (await lost()) || (await completed()))
    answer()
    await process.until(() => process.told('message.delivered').length === 32)
    expect(arrived.toSorted()).toEqual(ids.toSorted())
    await eventually(completed)
  })
})

describe('a Redis that refuses to be written to', () => {
  // BullMQ asks again without a pause: ten times a second when it is idle, a thousand times when it was busy.
  test('is left alone for a while by every worker, and deliveries resume when it is mended', async () => {
    const own = await startStore()
    try {
      const process = await createProcess(own)
      const refuse = (yes: boolean) => process.front.config('SET', 'min-replicas-to-write', yes ? '1' : '0')
      const refused = (): number => process.errors.filter(({ message }) => message.startsWith('NOREPLICAS')).length
      process.deliver(() => undefined)
      await process.admit('shop', 'inbound', [heard(inbound('1'))])
      await process.until(() => process.told('message.delivered').length === 1)
      await refuse(true)
      // Scripts are refused in other words: this is the blocking call, with which the worker waits for jobs.
      await eventually(() => process.errors.some(({ message }) => /^NOREPLICAS.*write\.$/.test(message)))
      const before = refused()
      const begin = Date.now()
      await eventually(() => Date.now() - begin > 1_500)
      expect(refused() - before).toBeLessThan(9)
      await refuse(false)
      await process.admit('shop', 'inbound', [heard(inbound('2'))])
      await process.until(() => process.told('message.delivered').length === 2)
    } finally {
      await own.stop()
    }
  })
})

describe('with a key', () => {
  const keys = [randomBytes(32)]
  const secret = 'a most private sentence'

  /** Everything that Redis holds, in every form it has. */
  async function everything(): Promise<string> {
    const pieces: string[] = []
    for (const key of await redis.keys('*')) {
      const dump = await redis.dumpBuffer(key)
      pieces.push(key, dump?.toString('latin1') ?? '')
      const type = await redis.type(key)
      if (type === 'hash') pieces.push(JSON.stringify(await redis.hgetall(key)))
      if (type === 'list') pieces.push(JSON.stringify(await redis.lrange(key, 0, -1)))
      if (type === 'zset') pieces.push(JSON.stringify(await redis.zrange(key, '0', '-1')))
      if (type === 'string') pieces.push((await redis.get(key)) ?? '')
      if (type === 'stream') pieces.push(JSON.stringify(await redis.xrange(key, '-', '+')))
    }
    return pieces.join('\n')
  }

  test('no text is found in Redis, whatever becomes of its message', async () => {
    const process = await createProcess(store, { keys })
    process.deliver<OutboundMessage>(
      async ({ id }, { savePlan }) => {
        await savePlan(JSON.stringify({ text: secret }))
        if (id === 'refused') throw failing({ do: 'give-up', reason }, 400)
        if (id === 'buggy') throw new Error(secret)
        throw failing({ do: 'hold' })
      },
      { flow: 'outbound', receipt: receiptOf },
    )
    for (const id of ['refused', 'buggy', 'held'])
      await process.admit('shop', 'outbound', [heard(outbound(id, id, secret)), heard(outbound(`${id}2`, id, secret))])
    await process.until(() => process.told('delivery.attempted').length >= 5)
    const found = await everything()
    expect(found).toContain('refused')
    expect(found).not.toContain('private')
    // To be sure that it would be found:
    await process.admit('shop', 'outbound', [heard(outbound('private', 'open'))])
    expect(await everything()).toContain('private')
  })

  test('a message that cannot be opened is held and alerted, and goes on once its key is back', async () => {
    const process = await createProcess(store, { keys })
    await process.admit('shop', 'inbound', [heard(inbound('1', 'U1', secret))])
    await process.stop()
    const wrong = await createProcess(store, { keyPrefix: process.keyPrefix, keys: [randomBytes(32)] })
    wrong.deliver(() => undefined)
    await wrong.until(() => wrong.told('delivery.attempted').length === 1)
    expect(wrong.told('alert.raised')).toMatchObject([{ kind: 'setup' }])
    expect(wrong.told('delivery.attempted')).toMatchObject([{ outcome: 'hold', ids: { message: '1' } }])
    await wrong.stop()
    const right = await createProcess(store, { keyPrefix: process.keyPrefix, keys: [randomBytes(32), ...keys] })
    const texts: unknown[] = []
    right.deliver(({ content }) => void texts.push(content))
    await eventually(async () => (await right.queues[0]?.getDelayedCount()) === 1)
    await right.retryNow()
    await right.until(() => right.told('message.delivered').length === 1)
    expect(texts).toEqual([{ kind: 'text', text: secret }])
  })

  test('a plan that cannot be opened is held, too', async () => {
    const process = await createProcess(store, { keyPrefix: store.newPrefix() })
    const parts = createParts(store, process.keyPrefix)
    const entry = entryOf(inbound('1'))
    await parts.lanes.admit([entry], Date.now())
    await parts.lanes.take({ ...entry, holdKey: 'hold:test' })
    await parts.lanes.savePlan(entry, 'sealed.AAAA')
    await parts.abandon()
    process.deliver(() => undefined)
    await parts.queues.addHeads([entry])
    await process.until(() => process.told('delivery.attempted').length === 1)
    expect(process.told('delivery.attempted')).toMatchObject([{ outcome: 'hold' }])
  })
})
