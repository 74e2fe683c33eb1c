import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Effect } from '../../src/bridge/side.ts'
import type { HeardMessage } from '../../src/queue/admission.ts'
import { StoreUnavailable } from '../../src/queue/index.ts'
import { readTrace } from '../../src/queue/trace.ts'
import { everythingIn } from '../support/everything.ts'
import {
  createCuttableWay,
  createParts,
  createProcess,
  eventually,
  heard,
  inbound,
  type Store,
  startStore,
  stored,
} from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const laneOf = async (base: string, user = 'U1'): Promise<readonly string[]> => {
  const entries = await store.open().lrange(`${base}lane:shop-inbound:${user}`, 0, -1)
  return entries.map((entry) => entry.split(' ')[0] ?? '')
}

describe('a webhook body', () => {
  test('is stored when its admission resolves, in its order', async () => {
    const { admit, base, told } = await createProcess(store)
    await admit(
      'shop',
      'inbound',
      ['1', '2', '3'].map((id) => heard(inbound(id))),
    )
    expect(await laneOf(base)).toEqual(['1', '2', '3'])
    expect(told('message.received').map(({ ids }) => ids.message)).toEqual(['1', '2', '3'])
  })

  test('that comes many times at once, through two processes, is stored once', async () => {
    const one = await createProcess(store)
    const other = await createProcess(store, { keyPrefix: one.keyPrefix })
    const body = ['1', '2', '2', '3'].map((id) => heard(inbound(id)))
    await Promise.all([one, other, one, other, one].map(({ admit }) => admit('shop', 'inbound', body)))
    await other.admit('shop', 'inbound', body)
    expect(await laneOf(one.base)).toEqual(['1', '2', '3'])
    expect([...one.told('message.received'), ...other.told('message.received')]).toHaveLength(3)
    expect([...one.told('message.duplicate'), ...other.told('message.duplicate')]).toHaveLength(6 * 4 - 3)
  })

  test('is stored in the order of admission when many arrive at once', async () => {
    const { admit, base } = await createProcess(store)
    const ids = Array.from({ length: 300 }, (_, index) => String(index))
    await Promise.all(ids.map((id) => admit('shop', 'inbound', [heard(inbound(id))])))
    expect(await laneOf(base)).toEqual(ids)
  })

  test('of more events than go into one call is stored whole', async () => {
    const { admit, base } = await createProcess(store)
    const ids = Array.from({ length: 1_500 }, (_, index) => String(index))
    await Promise.all([
      admit(
        'shop',
        'inbound',
        ids.map((id) => heard(inbound(id))),
      ),
      admit('shop', 'inbound', [heard(inbound('last'))]),
    ])
    expect(await laneOf(base)).toEqual([...ids, 'last'])
  })

  test('whose ids hold anything at all is stored under them', async () => {
    const process = await createProcess(store)
    const id = 'an id: with {everything} 👋'
    await process.admit('shop', 'inbound', [heard(inbound(id, 'user with space'))])
    const arrived: string[] = []
    process.deliver((message) => void arrived.push(message.id, message.conversation.user))
    await process.until(() => arrived.length > 0)
    expect(arrived).toEqual([id, 'user with space'])
  })

  test('leaves a trace by which people find it', async () => {
    const { admit, base, front } = await createProcess(store)
    const event = '01FZ74A0TDDPYRVKNK77XKC3ZR'
    const message = { ...inbound('1', 'U8189cf6745fc0d808977bdb0b9f22995'), eventId: event }
    await admit('shop', 'inbound', [heard(message)])
    const [journal = ''] = await front.keys(`${base}journal:*`)
    const trace = readTrace((await front.hget(journal, 'shop/i1')) ?? '')
    expect(trace.ids).toEqual({ user: message.conversation.user, event })
    expect(Math.abs(trace.receivedAt - Date.now())).toBeLessThan(10_000)
  })

  test('without anything to store needs no store', async () => {
    const { admit, told } = await createProcess(store)
    await admit('shop', 'inbound', [])
    await admit('shop', 'inbound', [{ kind: 'ignored', reason: 'standby' }])
    expect(told('message.ignored')).toMatchObject([{ reason: 'standby' }])
  })
})

describe('an event without a message', () => {
  test('takes effect once', async () => {
    const { admit, told } = await createProcess(store)
    const effects = [{ kind: 'alert' as const, alert: 'misrouted' as const, detail: 'Another integration’s.' }]
    const event = { kind: 'ignored' as const, id: 'E1', reason: 'misrouted', effects }
    await admit('shop', 'outbound', [event, { ...event }])
    await admit('shop', 'outbound', [event])
    expect(told('alert.raised')).toHaveLength(1)
    expect(told('message.ignored')).toHaveLength(1)
    expect(told('message.duplicate')).toHaveLength(2)
  })

  test('that blocks the account is known to the next agent’s message', async () => {
    const process = await createProcess(store)
    const effects = [{ kind: 'blocked' as const, user: 'U1', at: 5 }]
    await process.admit('shop', 'inbound', [{ kind: 'ignored', id: 'E1', reason: 'unfollow', effects }])
    const seen: boolean[] = []
    process.deliver((_, { blocked }) => void seen.push(blocked), { flow: 'outbound' })
    await process.admit('shop', 'outbound', [heard(inbound('1'))])
    await process.until(() => seen.length === 1)
    await process.admit('shop', 'inbound', [
      { ...heard(inbound('2')), effects: [{ kind: 'reachable', user: 'U1', at: 6 }] },
    ])
    await process.admit('shop', 'outbound', [heard(inbound('3'))])
    await process.until(() => seen.length === 2)
    expect(seen).toEqual([true, false])
  })
})

describe('whether a customer can be reached', () => {
  const sign = (kind: 'blocked' | 'unblocked' | 'reachable', at: number): Effect => ({ kind, user: 'U1', at })
  const told = (id: string, ...effects: Effect[]): HeardMessage => ({ ...heard(inbound(id)), effects })
  const untold = (id: string, ...effects: Effect[]): HeardMessage => ({
    kind: 'ignored',
    id,
    reason: 'follow',
    effects,
  })

  test.each<[what: string, heard: readonly HeardMessage[], mark: string | null]>([
    ['a message is no news of somebody who never blocked us', [told('1', sign('reachable', 5))], null],
    ['a message ends a block', [untold('1', sign('blocked', 5)), told('2', sign('reachable', 6))], 'u6'],
    ['an older message does not', [untold('1', sign('blocked', 5)), told('2', sign('reachable', 4))], 'b5'],
    ['a follow is remembered', [untold('1', sign('unblocked', 5))], 'u5'],
    ['a follow that agents read as a message is, too', [told('1', sign('unblocked', 5))], 'u5'],
    ['whatever else that tells', [told('1', sign('reachable', 5), sign('unblocked', 5))], 'u5'],
    ['in whatever order', [told('1', sign('unblocked', 5), sign('reachable', 5))], 'u5'],
    ['an unfollow that agents read as a message is a block', [told('1', sign('blocked', 5))], 'b5'],
    ['although it comes as a message', [told('1', sign('blocked', 5), sign('reachable', 5))], 'b5'],
    ['and is one for those who came back', [told('1', sign('unblocked', 5)), told('2', sign('blocked', 6))], 'b6'],
    ['a late copy of a follow does not end it', [told('1', sign('blocked', 5)), told('2', sign('unblocked', 4))], 'b5'],
  ])('%s', async (_what, body, mark) => {
    const { admit, front, base } = await createProcess(store)
    await admit('shop', 'inbound', body)
    expect(await front.hget(`${base}blocked:shop`, 'U1')).toBe(mark)
  })

  test('is known to the next agent’s message after an unfollow that agents read', async () => {
    const process = await createProcess(store)
    await process.admit('shop', 'inbound', [told('1', sign('blocked', 5))])
    const seen: boolean[] = []
    process.deliver((_, { blocked }) => void seen.push(blocked), { flow: 'outbound' })
    await process.admit('shop', 'outbound', [heard(inbound('2'))])
    await process.until(() => seen.length === 1)
    expect(seen).toEqual([true])
  })
})

describe('what is worth something now or never', () => {
  const passing: readonly Effect[] = [
    { kind: 'typing', user: 'zebra', at: 1, forMs: 5_000 },
    { kind: 'unwelcome', group: 'zebra' },
    { kind: 'attribute', user: 'zebra', name: 'zebra', value: 'zebra' },
  ]

  test('does not reach Redis, and needs no call to it', async () => {
    const way = await createCuttableWay(store)
    const { admit, front, told } = await createProcess(store, { url: way.url })
    way.cut()
    await eventually(() => front.status !== 'ready')
    await admit('shop', 'outbound', [{ kind: 'ignored', reason: 'typing', effects: passing }])
    expect(told('message.ignored')).toMatchObject([{ reason: 'typing' }])
    way.mend()
    await eventually(() => front.status === 'ready')
  })

  test('leaves nothing there when it comes with something that does', async () => {
    const { admit, front, base } = await createProcess(store)
    await admit('shop', 'inbound', [
      { ...heard(inbound('1')), effects: passing },
      { kind: 'ignored', id: 'E1', reason: 'join', effects: passing },
    ])
    expect(await stored(front, base)).toMatchObject({ waiting: ['1'], noted: ['1', 'E1'] })
    expect(await everythingIn(front, `${base}*`)).not.toContain('zebra')
  })
})

describe('while Redis is away', () => {
  test('a body is refused at once, and taken when it comes again', async () => {
    const way = await createCuttableWay(store)
    const process = await createProcess(store, { url: way.url })
    await process.front.ping()
    way.cut()
    await eventually(() => process.front.status !== 'ready')
    const before = Date.now()
    await expect(process.admit('shop', 'inbound', [heard(inbound('1'))])).rejects.toBeInstanceOf(StoreUnavailable)
    expect(Date.now() - before).toBeLessThan(1_500)
    way.mend()
    await eventually(() => process.front.status === 'ready')
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    expect(await laneOf(process.base)).toEqual(['1'])
  })

  test('a body is refused within 1.5 s when Redis takes commands and does not answer, and the next ones are not lost', async () => {
    const own = await startStore()
    try {
      const process = await createProcess(own)
      const parts = createParts(own, process.keyPrefix)
      await process.admit('shop', 'inbound', [heard(inbound('0'))])
      await parts.redis.call('CLIENT', 'PAUSE', '2000', 'ALL')
      const before = Date.now()
      const bodies = ['1', '2', '3'].map((id) => process.admit('shop', 'inbound', [heard(inbound(id))]))
      for (const outcome of await Promise.allSettled(bodies)) expect(outcome).toMatchObject({ status: 'rejected' })
      expect(Date.now() - before).toBeLessThan(1_500)
      // The senders try again.
      const again = () =>
        process.admit(
          'shop',
          'inbound',
          ['1', '2', '3'].map((id) => heard(inbound(id))),
        )
      await eventually(() =>
        again().then(
          () => true,
          () => false,
        ),
      )
      const lane = await parts.redis.lrange(`${process.base}lane:shop-inbound:U1`, 0, -1)
      expect(lane.map((entry) => entry.split(' ')[0])).toEqual(['0', '1', '2', '3'])
    } finally {
      await own.stop()
    }
  })

  test('a full Redis refuses the body', async () => {
    const own = await startStore()
    try {
      const process = await createProcess(own)
      await process.admit('shop', 'inbound', [heard(inbound('0'))])
      await process.front.config('SET', 'maxmemory', '1')
      await expect(process.admit('shop', 'inbound', [heard(inbound('1'))])).rejects.toBeInstanceOf(StoreUnavailable)
      await process.front.config('SET', 'maxmemory', '0')
      await process.admit('shop', 'inbound', [heard(inbound('1'))])
    } finally {
      await own.stop()
    }
  })
})

describe('a message that the customer takes back', () => {
  const unsend = (message: string, id = `unsend-${message}`): HeardMessage => ({
    kind: 'ignored',
    id,
    reason: 'unsend',
    effects: [{ kind: 'unsent', user: 'U1', message }],
  })
  const entriesOf = (base: string) => store.open().lrange(`${base}lane:shop-inbound:U1`, 0, -1)

  test('loses its content where it waits, and keeps its place', async () => {
    const { admit, base } = await createProcess(store)
    await admit('shop', 'inbound', [
      heard(inbound('1', 'U1', 'first')),
      heard(inbound('2', 'U1', 'regretted')),
      heard(inbound('3', 'U1', 'third')),
    ])
    await admit('shop', 'inbound', [unsend('2')])
    const entries = await entriesOf(base)
    expect(entries.map((entry) => entry.split(' ')[0])).toEqual(['1', '2', '3'])
    expect(entries[1]).toMatch(/^2 \d+ withdrawn$/)
    expect(entries.join()).not.toContain('regretted')
  })

  test('is not stored when it comes after its own end', async () => {
    const { admit, base, told } = await createProcess(store)
    await admit('shop', 'inbound', [unsend('7')])
    await admit('shop', 'inbound', [heard(inbound('7', 'U1', 'regretted'))])
    expect(await entriesOf(base)).toEqual([])
    expect(told('message.duplicate').map(({ ids }) => ids.message)).toEqual(['7'])
  })
})

describe('an event that comes late', () => {
  test.each([
    ['sent more than a minute ago', { at: Date.now() - 61_000 }, true],
    ['sent again by the platform', { at: Date.now(), redelivered: true }, true],
    ['sent just now', { at: Date.now() }, false],
  ])('%s', async (_name, about, late) => {
    const { admit, told } = await createProcess(store)
    await admit('shop', 'inbound', [heard({ ...inbound('1'), ...about })])
    const [received] = told('message.received')
    expect(received?.lateMs === undefined).toBe(!late)
  })
})

test('a message that the contact centre could not show is a dead letter as soon as that is known, once', async () => {
  const { admit, base, told } = await createProcess(store)
  const lost: HeardMessage = {
    kind: 'ignored',
    id: 'receipt-r1',
    reason: 'receipt_failed',
    effects: [{ kind: 'not_shown', remote: 'r1', detail: 'It could not be shown.' }],
  }
  await admit('shop', 'outbound', [lost])
  await admit('shop', 'outbound', [lost])
  const redis = store.open()
  expect(await redis.zrange(`${base}dead:shop-inbound`, '0', '-1')).toEqual(['r-r1'])
  expect(await redis.hget(`${base}letters:shop-inbound`, 'r-r1')).toContain('It could not be shown.')
  expect(told('alert.raised').map(({ kind }) => kind)).toEqual(['not_shown'])
})
