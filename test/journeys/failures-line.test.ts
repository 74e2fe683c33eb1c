import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Fault } from '../../src/sandbox/platforms.ts'
import { type Changes, journeys } from '../support/journeys.ts'
import {
  about,
  alerts,
  attemptsAt,
  courseOf,
  metric,
  onDesk,
  onPhone,
  phone,
  pushes,
  pushesTo,
  receiptOf,
  receiptsOf,
} from '../support/looks.ts'
import { answer, friendOf, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start } = journeys()

let world: World

async function begin(changes?: Changes): Promise<void> {
  world = await start(changes)
}

const same = (values: readonly unknown[]): boolean => new Set(values).size === 1

describe('while LINE does not work', () => {
  beforeEachWorld()

  test('a message is sent again after 500, soon and byte for byte the same, and shown once', async () => {
    world.line.break('push', { answer: 500, times: 3 })
    const item = answer(world, 'one')
    await onPhone(world, 'one')

    const pushes = pushesTo(world)
    expect(pushes.map(({ status }) => status)).toEqual([500, 500, 500, 200])
    expect(same(pushes.map(({ body }) => body))).toBe(true)
    expect(same(pushes.map(({ headers }) => headers['x-line-retry-key']))).toBe(true)
    expect((pushes[1]?.at ?? 0) - (pushes[0]?.at ?? 0)).toBeLessThan(2_000)
    expect(await receiptOf(item)).toBe('Delivered')

    answer(world, 'two')
    await onPhone(world, 'two')
    expect(phone(world)).toEqual(['one', 'two'])
    expect(await receiptOf(item)).toBe('Delivered')
  })

  test.each([
    { fault: 'breaks the connection before it took the message', break: { answer: 'drop' }, statuses: [0, 200] },
    {
      fault: 'breaks the connection after it took the message',
      break: { answer: 'drop', accept: true },
      statuses: [0, 409],
    },
    { fault: 'took the message and answers 500', break: { answer: 500, accept: true }, statuses: [500, 409] },
    { fault: 'took the message and answers 408', break: { answer: 408, accept: true }, statuses: [408, 409] },
    { fault: 'answers 408 without taking it', break: { answer: 408 }, statuses: [408, 200] },
    { fault: 'took the message and answers 504', break: { answer: 504, accept: true }, statuses: [504, 409] },
  ] as const)('a message is shown once where LINE $fault', async ({ break: fault, statuses }) => {
    world.line.break('push', { ...fault, times: 1 })
    const item = answer(world, 'one')
    expect(await receiptOf(item)).toBe('Delivered')
    expect(pushesTo(world).map(({ status }) => status)).toEqual(statuses)

    answer(world, 'two')
    await onPhone(world, 'two')
    expect(phone(world)).toEqual(['one', 'two'])
    expect(await metric(world, 'bridge_messages_total', { direction: 'outbound', outcome: 'failed' })).toBe(0)
  })

  test('a message is shown once where LINE took it and never answers, and nobody else waits meanwhile', async () => {
    const other = friendOf(world, thailand, 2)
    world.line.break('push', { answer: 'silence', accept: true, times: 1, when: about(thailand.userId) })
    const item = answer(world, 'one')
    answer(world, 'two')
    await until('the push to be under way', () => pushesTo(world).length > 0)

    answer(world, 'hello', thailand, other)
    answer(world, 'hello', taiwan)
    await onPhone(world, 'hello', thailand, other)
    await onPhone(world, 'hello', taiwan)
    expect(item.receipts).toEqual([])

    await onPhone(world, 'two', thailand, thailand.userId, 14_000)
    expect(phone(world)).toEqual(['one', 'two'])
    const [first, second, third] = pushesTo(world)
    expect([first?.status, second?.status, third?.status]).toEqual([undefined, 409, 200])
    const waited = (second?.at ?? 0) - (first?.at ?? 0)
    expect(waited).toBeGreaterThan(9_500)
    expect(waited).toBeLessThan(13_000)
    expect(await receiptOf(item)).toBe('Delivered')
  })

  test('a customer’s message reaches the desk without a name when LINE does not tell one', async () => {
    world.line.break('profile', { answer: 'silence' })
    write(world, 'one')
    await onDesk(world, 'one')
    expect(world.genesys.inbound[0]?.body.channel).toMatchObject({ from: { id: thailand.userId, idType: 'Opaque' } })
    expect(JSON.stringify(world.genesys.inbound[0]?.body)).not.toContain('nickname')
  })
})

describe('when LINE wants it slower', () => {
  beforeEachWorld()

  test.each<{
    readonly says: string
    readonly wish: () => Pick<Fault, 'retryAfterSeconds' | 'retryAt'>
    readonly waitMs?: number
  }>([
    { says: 'with Retry-After: 2', wish: () => ({ retryAfterSeconds: 2 }), waitMs: 2_000 },
    // A date in a header has no fractions of a second.
    { says: 'with Retry-After as a date', wish: () => ({ retryAt: Math.floor(Date.now() / 1_000) * 1_000 + 3_000 }) },
    { says: 'without saying how long', wish: () => ({}), waitMs: 5_000 },
  ])('$says, that brand waits, no attempt is spent, and the other brand goes on', async ({ wish, waitMs = 0 }) => {
    const other = friendOf(world, thailand, 2)
    const fault = { answer: 429, times: 1, ...wish() }
    world.line.break('push', fault)
    const item = answer(world, 'one')
    await until('the 429', () => pushesTo(world)[0]?.status === 429)
    await until('the hold', () => courseOf(world, item.id).length > 0)

    answer(world, 'hello', thailand, other)
    answer(world, 'hello', taiwan)
    await onPhone(world, 'hello', taiwan)
    expect(phone(world)).toEqual([])

    await onPhone(world, 'one')
    await onPhone(world, 'hello', thailand, other)
    const [refused, ...later] = pushes(world).filter((push) => !about(taiwan.userId)(push))
    const soonest = fault.retryAt ?? (refused?.at ?? 0) + waitMs
    // The account's budget is one: the second customer's message waited too.
    for (const push of later) expect(push.at).toBeGreaterThanOrEqual(soonest - 50)
    for (const push of later) expect(push.at).toBeLessThan(soonest + 2_000)
    await until('the outcome', () => courseOf(world, item.id).length > 1)
    expect(courseOf(world, item.id)).toEqual(['1 wait', '1 delivered'])
    expect(same(pushesTo(world).map(({ headers }) => headers['x-line-retry-key']))).toBe(true)
  })

  test.each(['in LINE’s words', 'in other words'])(
    'because the month’s messages are used up, said %s, the agent learns it at once and somebody is alerted',
    async (words) => {
      world.line.configure(thailand.name, { monthlyLimit: 1 })
      answer(world, 'one')
      await onPhone(world, 'one')
      if (words === 'in other words')
        world.line.break('push', { answer: 429, message: 'No more.', times: 1, when: about(thailand.userId) })
      const item = answer(world, 'two')

      expect(await receiptOf(item, 1_500)).toBe('Failed RateLimited')
      expect(item.receipts[0]?.reasons[0]?.message).toMatch(/month/)
      await until('the outcome', () => courseOf(world, item.id).length > 0)
      expect(courseOf(world, item.id)).toEqual(['1 give-up'])
      expect(await alerts(world, 'monthly_limit')).toBe(1)
      expect(await metric(world, 'bridge_messages_total', { direction: 'outbound', outcome: 'failed' })).toBe(1)

      world.line.configure(thailand.name, { monthlyLimit: 10 })
      answer(world, 'three')
      await onPhone(world, 'three')
      expect(phone(world)).toEqual(['one', 'three'])
      expect(receiptsOf(item)).toEqual(['Failed RateLimited'])
    },
  )
})

describe('when LINE wants one customer to be left in peace', () => {
  beforeEachWorld()

  test('that conversation waits in order, no attempt is spent, and the account’s others go on', async () => {
    const other = friendOf(world, thailand, 2)
    const flood = { answer: 429, message: 'Too many messages to this user.', retryAfterSeconds: 3 }
    world.line.break('push', { ...flood, times: 1, when: about(thailand.userId) })
    const item = answer(world, 'one')
    answer(world, 'two')
    await until('the wait', () => courseOf(world, item.id).length > 0)
    answer(world, 'hello', thailand, other)
    await onPhone(world, 'hello', thailand, other)
    expect(phone(world)).toEqual([])
    expect(pushesTo(world)).toHaveLength(1)

    await onPhone(world, 'two')
    expect(phone(world)).toEqual(['one', 'two'])
    await until('the outcome', () => courseOf(world, item.id).length > 1)
    expect(courseOf(world, item.id)).toEqual(['1 wait', '1 delivered'])
    const [refused, again] = pushesTo(world)
    expect((again?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(2_950)
    expect(
      same(
        pushesTo(world)
          .slice(0, 2)
          .map(({ headers }) => headers['x-line-retry-key']),
      ),
    ).toBe(true)
    expect(await alerts(world, 'monthly_limit')).toBe(0)
  })

  test('and another, and another, the whole account waits', async () => {
    const customers = [2, 3, 4].map((number) => friendOf(world, thailand, number))
    world.line.break('push', { answer: 429, message: 'In words of a new kind.', retryAfterSeconds: 3, times: 3 })
    for (const [index, user] of customers.entries()) {
      answer(world, 'one', thailand, user)
      await until('the wait', () => pushesTo(world, user)[0]?.status === 429)
      if (index < 2) expect(pushes(world)).toHaveLength(index + 1)
    }
    await until('the outcomes', () => world.events.filter(({ type }) => type === 'delivery.attempted').length === 3)
    answer(world, 'hello')
    answer(world, 'hello', taiwan)
    await onPhone(world, 'hello', taiwan)
    expect(pushesTo(world)).toEqual([])
    await onPhone(world, 'hello')
    const [third] = pushesTo(world, customers[2])
    expect((pushesTo(world)[0]?.at ?? 0) - (third?.at ?? 0)).toBeGreaterThanOrEqual(2_950)
    for (const user of customers) await onPhone(world, 'one', thailand, user)
  })
})

describe('when LINE refuses our set-up', () => {
  test('a token that was revoked is renewed once, without anybody noticing', async () => {
    await begin({ channels: { line: { accessToken: '' } } })
    answer(world, 'one')
    await onPhone(world, 'one')
    world.line.revokeTokens(thailand.name)
    const item = answer(world, 'two')
    await onPhone(world, 'two')

    await until('the outcome', () => courseOf(world, item.id).length > 0)
    expect(courseOf(world, item.id)).toEqual(['1 delivered'])
    expect(pushesTo(world).map(({ status }) => status)).toEqual([200, 401, 200])
    expect(world.line.requests.filter(({ endpoint }) => endpoint === 'token')).toHaveLength(2)
    expect(await alerts(world, 'setup')).toBe(0)
  })

  test('messages of a refused token are held in order, somebody is alerted, and once it is mended all go', async () => {
    await begin()
    world.line.configure(thailand.name, { accessToken: 'another-token' })
    const items = ['one', 'two', 'three'].map((text) => answer(world, text))
    const [head] = items
    await until('an alert', async () => (await alerts(world, 'setup')) > 0)
    expect(world.log.some((line) => line.includes('"alert.raised"') && line.includes('"setup"'))).toBe(true)

    answer(world, 'hello', taiwan)
    await onPhone(world, 'hello', taiwan)
    // A held message keeps its place: nobody behind it was tried.
    expect(same(pushesTo(world).map(({ headers }) => headers['x-line-retry-key']))).toBe(true)
    expect(items.flatMap(receiptsOf)).toEqual([])
    // It is tried again by itself, at the latest after 30 s; here the operator does not wait for it.
    expect(attemptsAt(world, head?.id ?? '')[0]?.retryInMs).toBeLessThanOrEqual(30_000)

    world.line.configure(thailand.name, { accessToken: `token-${thailand.name}` })
    await world.app.retryNow()
    await onPhone(world, 'three')
    expect(phone(world)).toEqual(['one', 'two', 'three'])
    for (const item of items) expect(await receiptOf(item)).toBe('Delivered')
    // Holding spends no attempts.
    expect(courseOf(world, head?.id ?? '').every((outcome) => outcome.startsWith('1 '))).toBe(true)
  })

  test('a token that cannot be had holds the messages, and they go on by themselves', async () => {
    await begin({ channels: { line: { accessToken: '' } } })
    world.line.configure(thailand.name, { channelSecret: 'f'.repeat(32) })
    answer(world, 'one')
    await until('an alert', async () => (await alerts(world, 'setup')) > 0)
    expect(pushesTo(world)).toEqual([])
    world.line.configure(thailand.name, { channelSecret: thailand.lineSecret })
    await world.app.retryNow()
    await onPhone(world, 'one')
  })

  test('403 holds the message until LINE lets us in', async () => {
    await begin()
    const mend = world.line.break('push', { answer: 403, when: about(thailand.userId) })
    const item = answer(world, 'one')
    answer(world, 'two')
    await until('an alert', async () => (await alerts(world, 'setup')) > 0)
    expect(item.receipts).toEqual([])
    mend()
    await world.app.retryNow()
    await onPhone(world, 'two')
    expect(phone(world)).toEqual(['one', 'two'])
    expect(await receiptOf(item)).toBe('Delivered')
  })
})

describe('when LINE refuses a message', () => {
  beforeEachWorld()

  test.each([400, 404, 413, 415])(
    'with %i, it becomes a dead letter, the agent learns it, and the next one goes on',
    async (status) => {
      world.line.break('push', { answer: status, message: 'The request body has 1 error(s)', times: 1 })
      const item = answer(world, 'one')
      answer(world, 'two')
      await onPhone(world, 'two')

      expect(await receiptOf(item)).toBe('Failed InvalidMessageStructure')
      await until('the outcome', () => courseOf(world, item.id).length > 0)
      expect(courseOf(world, item.id)).toEqual(['1 give-up'])
      expect(phone(world)).toEqual(['two'])
      const dead = { channel: thailand.name, direction: 'outbound', state: 'failed' }
      await until('a dead letter', async () => (await metric(world, 'bridge_queue_jobs', dead)) === 1)
      expect(await alerts(world, 'dead_letter')).toBe(1)
      expect(await alerts(world, 'setup')).toBe(0)
    },
  )

  test('because it does not know the customer, the agent learns that', async () => {
    const stranger = `U${'e'.repeat(32)}`
    const item = answer(world, 'one', thailand, stranger)
    expect(await receiptOf(item)).toBe('Failed InvalidDestination')
    answer(world, 'two')
    await onPhone(world, 'two')
    expect(pushesTo(world, stranger)).toHaveLength(1)
  })
})

/** A fresh world for each test of a block. */
function beforeEachWorld(): void {
  beforeEach(() => begin())
}
