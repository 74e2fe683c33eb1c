import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { OutboundMessage } from '../../src/bridge/message.ts'
import type { Redis } from '../../src/lib/redis.ts'
import { createQueueEraser } from '../../src/queue/erase.ts'
import { ownerOfLetter, withoutContent } from '../../src/queue/letter-content.ts'
import { createMarks } from '../../src/queue/marks.ts'
import { everythingIn } from '../support/everything.ts'
import { createProcess, eventually, failing, heard, inbound, outbound, type Store, startStore } from './harness.ts'

let store: Store
let redis: Redis
beforeAll(async () => {
  store = await startStore()
  redis = store.open()
})
afterAll(() => store.stop())

const mine = { channel: 'shop', user: 'U1' }
const words = 'zebra crossing'

const eraserOf = (keyPrefix: string) => createQueueEraser({ redis: store.open(), keyPrefix, traceDays: 30 })

/** Opened at the latest when the tests end, so that a failed one hangs nobody up. */
function createGate() {
  const gate = Promise.withResolvers<void>()
  store.later(gate.resolve)
  return gate
}

/** Does Redis hold a text under a prefix? */
const holds = async (keyPrefix: string, text: string): Promise<boolean> =>
  (await everythingIn(redis, `{${keyPrefix}}*`)).includes(text)

/** Puts messages of both customers into one direction, by turns: ids 1, 3, 5 … are of `mine`, the others of U2. */
async function waiting(process: Awaited<ReturnType<typeof createProcess>>, count: number): Promise<void> {
  for (let index = 1; index <= count; index += 1) {
    const text = index % 2 ? words : `fine ${index}`
    const user = index % 2 ? 'U1' : 'U2'
    await process.admit('shop', 'inbound', [heard(inbound(`i${index}`, user, text))])
    await process.admit('shop', 'outbound', [heard(outbound(`o${index}`, user, text))])
  }
}

describe('what waits', () => {
  test('loses its words and keeps its place, and nobody else’s is touched', async () => {
    const process = await createProcess(store)
    await waiting(process, 6)
    const eraser = eraserOf(process.keyPrefix)
    expect(await holds(process.keyPrefix, words)).toBe(true)
    expect(await eraser.waiting(mine, 'inbound')).toBe(3)
    expect(await eraser.waiting(mine, 'outbound')).toBe(3)
    expect(await holds(process.keyPrefix, words)).toBe(false)
    expect(await eraser.waiting(mine, 'inbound')).toBe(0)

    await process.admit('shop', 'inbound', [heard(inbound('i7', 'U1', 'written later'))])
    const arrived: string[] = []
    const pushed: string[] = []
    process.deliver(({ id }) => void arrived.push(id))
    process.deliver<OutboundMessage>(({ id }) => void pushed.push(id), { flow: 'outbound' })
    await process.until(() => process.told('message.delivered').length === 7)
    await eventually(async () => (await redis.keys(`${process.base}lane:*`)).length === 0)
    expect(arrived.filter((id) => id !== 'i7')).toEqual(['i2', 'i4', 'i6'])
    expect(arrived).toContain('i7')
    expect(pushed).toEqual(['o2', 'o4', 'o6'])
    expect(process.errors).toEqual([])
    // A copy of an erased one is still known as a repeat.
    await process.admit('shop', 'inbound', [heard(inbound('i1', 'U1', words))])
    expect(process.told('message.duplicate').length).toBe(1)
  })

  test('is found however much it is', async () => {
    const process = await createProcess(store)
    const many = Array.from({ length: 1_203 }, (_, index) => heard(inbound(`m${index}`, 'U1', words)))
    await process.admit('shop', 'inbound', many)
    expect(await eraserOf(process.keyPrefix).waiting(mine, 'inbound')).toBe(1_203)
    expect(await holds(process.keyPrefix, words)).toBe(false)
  })

  test('loses its saved requests, too, and is not sent again', async () => {
    const process = await createProcess(store)
    let attempts = 0
    process.deliver<OutboundMessage>(
      async (_, delivery) => {
        attempts += 1
        await delivery.savePlan(`plan with ${words}`)
        await delivery.partDone()
        throw failing({ do: 'retry', mayHaveArrived: true }, 500)
      },
      { flow: 'outbound' },
    )
    await process.admit('shop', 'outbound', [heard(outbound('o1', 'U1', words))])
    await process.until(() => process.told('delivery.attempted').length === 1)
    const eraser = eraserOf(process.keyPrefix)
    expect(await holds(process.keyPrefix, `plan with ${words}`)).toBe(true)
    await eraser.waiting(mine, 'outbound')
    expect(await holds(process.keyPrefix, words)).toBe(false)
    await process.until(() => process.told('message.ignored').length === 1)
    expect(attempts).toBe(1)
  })

  test('is not sent when a worker is still getting it ready', async () => {
    const process = await createProcess(store)
    const gate = createGate()
    let sent = 0
    let begun = 0
    process.deliver<OutboundMessage>(
      async (_, delivery) => {
        begun += 1
        await gate.promise
        await delivery.savePlan(`plan with ${words}`)
        sent += 1
        return { status: 200 }
      },
      { flow: 'outbound' },
    )
    await process.admit('shop', 'outbound', [heard(outbound('o1', 'U1', words))])
    await eventually(() => begun === 1)
    const eraser = eraserOf(process.keyPrefix)
    expect(await eraser.underWay(mine)).toBe(1)
    expect(await eraser.underWay({ channel: 'shop', user: 'U2' })).toBe(0)
    expect(await eraser.waiting(mine, 'outbound')).toBe(1)
    gate.resolve()
    await process.until(() => process.told('message.ignored').length === 1)
    await eventually(async () => (await eraser.underWay(mine)) === 0)
    expect(sent).toBe(0)
    expect(await holds(process.keyPrefix, words)).toBe(false)
  })

  test('that is given up after it was erased becomes a dead letter without words', async () => {
    const process = await createProcess(store)
    const gate = createGate()
    const reason = { code: 'invalid_message', message: 'It was refused.' } as const
    let begun = false
    process.deliver(async () => {
      begun = true
      await gate.promise
      throw failing({ do: 'give-up', reason }, 400)
    })
    await process.admit('shop', 'inbound', [heard(inbound('i1', 'U1', words))])
    const eraser = eraserOf(process.keyPrefix)
    await eventually(() => begun)
    expect(await eraser.underWay(mine)).toBe(1)
    await eraser.waiting(mine, 'inbound')
    gate.resolve()
    await process.until(() => process.told('message.failed').length === 1)
    await eraser.letters(mine)
    expect(await holds(process.keyPrefix, words)).toBe(false)
  })
})

describe('dead letters', () => {
  const reason = { code: 'invalid_message', message: 'It was refused.' } as const

  test('lose their words and requests, and stay listed with reason and ids', async () => {
    const process = await createProcess(store)
    process.deliver<OutboundMessage>(
      async ({ content }, delivery) => {
        await delivery.savePlan(JSON.stringify(content))
        throw failing({ do: 'give-up', reason }, 400)
      },
      { flow: 'outbound' },
    )
    process.deliver(() => {
      throw failing({ do: 'give-up', reason }, 400)
    })
    await waiting(process, 4)
    await process.until(() => process.told('message.failed').length === 8)
    const letters = `{${process.keyPrefix}}:letters:shop-outbound`
    const others = await redis.hmget(letters, 'o2', 'o4')
    expect(others.join()).toContain('fine 2')
    const before = (await process.operations.listLetters({ limit: 10 })).items

    const eraser = eraserOf(process.keyPrefix)
    expect(await eraser.letters(mine)).toBe(4)
    expect(await eraser.letters(mine)).toBe(0)
    expect(await holds(process.keyPrefix, words)).toBe(false)
    expect(await redis.hmget(letters, 'o2', 'o4')).toEqual(others)
    expect((await process.operations.listLetters({ limit: 10 })).items).toEqual(before)
    expect(before.map(({ ids }) => ids.user).toSorted()).toEqual(['U1', 'U1', 'U1', 'U1', 'U2', 'U2', 'U2', 'U2'])

    const outcome = await process.operations.replay({ ids: ['shop-outbound-o1', 'shop-inbound-i1'] })
    expect(outcome.done).toBe(0)
    expect(outcome.skipped.map(({ why }) => why)).toEqual(['no_content', 'no_content'])
  })

  test('of an earlier release are understood', () => {
    const envelope = JSON.stringify({ v: 1, ids: { message: '1', user: 'U1' }, sealed: { content: words } })
    const old = JSON.stringify({ v: 1, kind: 'message', reason, attempts: 3, lastAt: 9, entry: `1 500 ${envelope}` })
    expect(ownerOfLetter(old)).toBe('U1')
    const wiped = withoutContent(old) ?? ''
    expect(JSON.parse(wiped)).toEqual({
      v: 1,
      kind: 'message',
      reason,
      attempts: 3,
      lastAt: 9,
      ids: { message: '1', user: 'U1' },
      entry: '1 500 withdrawn',
    })
    expect(ownerOfLetter(wiped)).toBe('U1')
    expect(withoutContent(wiped)).toBeUndefined()
  })

  test('that never had words are left as they are', () => {
    const lost = JSON.stringify({
      v: 2,
      kind: 'message',
      reason,
      attempts: 0,
      lastAt: 9,
      ids: { remote: 'r' },
      firstAt: 9,
    })
    expect(ownerOfLetter(lost)).toBeUndefined()
    expect(withoutContent(lost)).toBeUndefined()
  })

  test('that were put back into their lane lose their words and requests there', async () => {
    const process = await createProcess(store)
    let broken = true
    const gate = createGate()
    process.deliver<OutboundMessage>(
      async ({ id }, delivery) => {
        if (!broken && id === 'first') await gate.promise
        await delivery.savePlan(`plan with ${words}`)
        if (broken) throw failing({ do: 'give-up', reason }, 400)
      },
      { flow: 'outbound' },
    )
    await process.admit('shop', 'outbound', [heard(outbound('o1', 'U1', words))])
    await process.until(() => process.told('message.failed').length === 1)
    broken = false
    await process.admit('shop', 'outbound', [heard(outbound('first', 'U1', 'hello'))])
    const eraser = eraserOf(process.keyPrefix)
    await eventually(async () => (await eraser.underWay(mine)) === 1)
    expect(await process.operations.replay({ ids: ['shop-outbound-o1'] })).toEqual({ done: 1, skipped: [] })
    expect(await holds(process.keyPrefix, words)).toBe(true)
    expect(await eraser.waiting(mine, 'outbound')).toBe(2)
    expect(await holds(process.keyPrefix, words)).toBe(false)
    gate.resolve()
    await process.until(() => process.told('message.ignored').length === 2)
    expect(process.told('message.delivered')).toEqual([])
  })
})

describe('traces', () => {
  test('lead to all messages of a person on a channel, both ways, with their own ids', async () => {
    const process = await createProcess(store, { channels: ['shop', 'shop2'] })
    await waiting(process, 4)
    await process.admit('shop', 'outbound', [heard(outbound('odd id:ไทย', 'U1'))])
    await process.admit('shop2', 'inbound', [heard(inbound('elsewhere', 'U1'))])
    // An id within an id.
    await process.admit('shop', 'inbound', [heard(inbound('longer', 'U11'))])
    const found = await eraserOf(process.keyPrefix).messagesOf(mine)
    expect(found.map(({ direction, messageId }) => `${direction} ${messageId}`).toSorted()).toEqual([
      'inbound i1',
      'inbound i3',
      'outbound o1',
      'outbound o3',
      'outbound odd id:ไทย',
    ])
    expect(found.every(({ channel }) => channel === 'shop')).toBe(true)
  })
})

describe('dead letters past their time', () => {
  test('are erased also when their channel has left the configuration', async () => {
    const former = await createProcess(store, { channels: ['gone'] })
    const reason = { code: 'invalid_message', message: 'It was refused.' } as const
    former.deliver(
      () => {
        throw failing({ do: 'give-up', reason }, 400)
      },
      { channel: 'gone' },
    )
    await former.admit('gone', 'inbound', [heard(inbound('i1', 'U1', words))])
    await former.until(() => former.told('message.failed').length === 1)
    await former.stop()
    await redis.zadd(`${former.base}dead:gone-inbound`, Date.now() - 31 * 86_400_000, 'i1')
    expect(await holds(former.keyPrefix, words)).toBe(true)
    const process = await createProcess(store, { keyPrefix: former.keyPrefix })
    process.startSweep()
    await eventually(async () => !(await holds(former.keyPrefix, words)))
  })
})

describe('marks of blocked customers', () => {
  test('end when they are of no use any more; a block itself stays', async () => {
    const now = Date.now()
    const base = `{${store.newPrefix()}}:`
    const day = 86_400_000
    await redis.hset(`${base}blocked:shop`, {
      UoldBlock: `b${now - 900 * day}`,
      UoldUnblock: `u${now - 6 * day}`,
      UyoungUnblock: `u${now - 3 * day}`,
      ...Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`U${index}`, `u${now - 10 * day}`])),
    })
    await redis.hset(`${base}blocked:other`, 'UoldUnblock', `u${now - 6 * day}`)
    const marks = createMarks({ redis: store.open(), base })
    expect(await marks.sweep('shop', now)).toBe(1_501)
    expect((await redis.hkeys(`${base}blocked:shop`)).toSorted()).toEqual(['UoldBlock', 'UyoungUnblock'])
    expect(await redis.hlen(`${base}blocked:other`)).toBe(1)
    expect(await marks.blocked({ channel: 'shop', user: 'UoldBlock' })).toBe(true)
    expect(await marks.blocked({ channel: 'shop', user: 'UyoungUnblock' })).toBe(false)
    expect(await marks.blocked({ channel: 'shop', user: 'U1' })).toBe(false)
    expect(await marks.sweep('shop', now)).toBe(0)
  })

  test('are swept by a running process', async () => {
    const process = await createProcess(store)
    const key = `${process.base}blocked:shop`
    await redis.hset(key, { Uold: `u${Date.now() - 30 * 86_400_000}`, Ublock: 'b1' })
    process.startSweep()
    await eventually(async () => (await redis.hlen(key)) === 1)
    expect(await redis.hkeys(key)).toEqual(['Ublock'])
  })
})
