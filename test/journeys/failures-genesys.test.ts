import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { journeys } from '../support/journeys.ts'
import {
  about,
  alerts,
  callsAbout,
  courseOf,
  desk,
  metric,
  onDesk,
  onPhone,
  phone,
  receiptOf,
  receiptsOf,
} from '../support/looks.ts'
import { answer, friendOf, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start, mayRepeat } = journeys()

let world: World

beforeEach(async () => {
  world = await start()
})

const deadLetters = (direction = 'inbound') =>
  metric(world, 'bridge_queue_jobs', { channel: thailand.name, direction, state: 'failed' })

const alerted = () => until('an alert', async () => (await alerts(world, 'setup')) > 0)

describe('while Genesys does not work', () => {
  test('a customer’s message is sent again after 500, soon and the same, and the next one stays behind it', async () => {
    world.genesys.break('message', { answer: 500, times: 2 })
    const sent = write(world, 'one')
    await sent.webhook.ended
    write(world, 'two')
    await onDesk(world, 'two')

    expect(desk(world)).toEqual(['one', 'two'])
    const calls = callsAbout(world, sent.id)
    expect(calls.map(({ status }) => status)).toEqual([500, 500, 200])
    expect(new Set(calls.map(({ body }) => body)).size).toBe(1)
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeLessThan(2_000)
    expect(world.genesys.duplicates).toEqual([])
  })

  test.each([
    { fault: 'breaks the connection before it took the message', break: { answer: 'drop' }, doubled: 0 },
    { fault: 'breaks the connection after it took the message', break: { answer: 'drop', accept: true }, doubled: 1 },
    { fault: 'took the message and answers 503', break: { answer: 503, accept: true }, doubled: 1 },
    { fault: 'took the message and answers 504', break: { answer: 504, accept: true }, doubled: 1 },
    { fault: 'took the message and answers 408', break: { answer: 408, accept: true }, doubled: 1 },
    { fault: 'answers 408 without taking the message', break: { answer: 408 }, doubled: 0 },
  ] as const)('a message comes at least once, each time with the same id, where Genesys $fault', async (row) => {
    mayRepeat(world)
    world.genesys.break('message', { ...row.break, times: 1 })
    const sent = write(world, 'one')
    await sent.webhook.ended
    write(world, 'two')
    await onDesk(world, 'two')

    expect(desk(world)).toEqual([...Array.from({ length: row.doubled }, () => 'one'), 'one', 'two'])
    expect(world.genesys.duplicates.map(({ messageId }) => messageId)).toEqual(Array(row.doubled).fill(sent.id))
    expect(callsAbout(world, sent.id)).toHaveLength(2)
  })

  test('a message that got no answer is sent again after ten seconds, and nobody else waits meanwhile', async () => {
    const other = friendOf(world, thailand, 2)
    world.genesys.break('message', { answer: 'silence', times: 1, when: about(thailand.userId) })
    const sent = write(world, 'one')
    await until('the call to be under way', () => callsAbout(world, sent.id).length > 0)
    write(world, 'hello', thailand, other)
    write(world, 'hello', taiwan)
    await onDesk(world, 'hello', thailand, other)
    await onDesk(world, 'hello', taiwan)
    expect(desk(world)).toEqual([])

    await onDesk(world, 'one', thailand, thailand.userId, 14_000)
    const [first, second] = callsAbout(world, sent.id)
    const waited = (second?.at ?? 0) - (first?.at ?? 0)
    expect(waited).toBeGreaterThan(9_500)
    expect(waited).toBeLessThan(13_000)
  })

  test('both platforms still get their 200, and everything comes in order once Genesys is back', async () => {
    world.genesys.break('*', { answer: 503 })
    const texts = ['one', 'two', 'three', 'four']
    for (const text of texts) {
      const { webhook } = write(world, text)
      expect((await webhook.firstAttempt).status).toBe(200)
    }
    const item = answer(world, 'hello')
    expect((await item.webhook.firstAttempt).status).toBe(200)
    await onPhone(world, 'hello')
    await until('a failed call', () => world.genesys.requests.some(({ status }) => status === 503))

    world.genesys.mend()
    await world.app.retryNow()
    await onDesk(world, 'four')
    expect(desk(world)).toEqual(texts)
    expect(await receiptOf(item)).toBe('Delivered')
  })

  test('a token that cannot be had keeps the messages, and their attempts are not in doubt', async () => {
    world.genesys.break('token', { answer: 503, times: 2 })
    const sent = write(world, 'one')
    // On a first attempt that may have arrived, 409 would mean that it did.
    world.genesys.break('message', { answer: 409, times: 1 })
    await until('the token', () => world.genesys.requests.some(({ endpoint }) => endpoint === 'message'))
    write(world, 'two')
    await onDesk(world, 'two')
    await until('a dead letter', async () => (await deadLetters()) === 1)
    expect(courseOf(world, sent.id).at(-1)).toMatch(/give-up$/)
    expect(world.genesys.requests.filter(({ endpoint }) => endpoint === 'token').map(({ status }) => status)).toEqual([
      503, 503, 200,
    ])
  })
})

describe('when Genesys wants it slower', () => {
  test.each([
    { says: 'in seconds', fault: () => ({ retryAfterSeconds: 2 }) },
    // A date in a header has no fractions of a second.
    { says: 'as a date', fault: () => ({ retryAt: Math.floor(Date.now() / 1_000) * 1_000 + 4_000 }) },
    { says: 'only in words', fault: () => ({ message: 'Rate limit exceeded the maximum, retry in 2 seconds' }) },
  ])('both brands of the OAuth client wait as long as it says $says, and no attempt is spent', async ({ fault }) => {
    world.genesys.break('message', { answer: 429, ...fault(), times: 1 })
    const sent = write(world, 'one')
    await until('the hold', () => courseOf(world, sent.id).length > 0)
    const other = write(world, 'hello', taiwan)
    await Promise.all([onDesk(world, 'one'), onDesk(world, 'hello', taiwan)])

    const [refused, ...later] = world.genesys.requests.filter(({ endpoint }) => endpoint === 'message')
    expect(refused?.status).toBe(429)
    for (const call of later) expect(call.at - (refused?.at ?? 0)).toBeGreaterThanOrEqual(1_950)
    expect(later).toHaveLength(2)
    await until('the outcomes', () => courseOf(world, sent.id).length > 1 && courseOf(world, other.id).length > 0)
    expect(courseOf(world, sent.id)).toEqual(['1 wait', '1 delivered'])
    expect(courseOf(world, other.id)).toEqual(['1 delivered'])
  })
})

describe('when Genesys refuses our set-up', () => {
  test('a token that was revoked is renewed once, without anybody noticing', async () => {
    write(world, 'one')
    await onDesk(world, 'one')
    world.genesys.revokeTokens()
    const sent = write(world, 'two')
    await onDesk(world, 'two')
    await until('the outcome', () => courseOf(world, sent.id).length > 0)
    expect(courseOf(world, sent.id)).toEqual(['1 delivered'])
    expect(callsAbout(world, sent.id).map(({ status }) => status)).toEqual([401, 200])
    expect(await alerts(world, 'setup')).toBe(0)
  })

  test('a wrong client secret holds the messages in order; once it is mended they go on by themselves', async () => {
    write(world, 'one')
    await onDesk(world, 'one')
    world.genesys.configureClient('client-1', { clientSecret: 'another-secret' })
    world.genesys.revokeTokens()
    for (const text of ['two', 'three', 'four']) await write(world, text).webhook.ended
    await alerted()
    world.genesys.configureClient('client-1', { clientSecret: 'client-secret-1' })
    await onDesk(world, 'four', thailand, thailand.userId, 30_000)
    expect(desk(world)).toEqual(['one', 'two', 'three', 'four'])
    expect(await deadLetters()).toBe(0)
  }, 40_000)

  test.each([
    { fault: '403', break: { answer: 403 } },
    { fault: '404 on the integration', break: { answer: 404 } },
    { fault: '401 for good', break: { answer: 401 } },
  ])('$fault holds the messages in order and spends no attempt', async ({ break: fault }) => {
    const other = friendOf(world, thailand, 2)
    const mend = world.genesys.break('message', { ...fault, when: about(thailand.userId) })
    const sent = write(world, 'one')
    await sent.webhook.ended
    const behind = write(world, 'two')
    await alerted()
    write(world, 'hello', thailand, other)
    await onDesk(world, 'hello', thailand, other)
    expect(callsAbout(world, behind.id)).toEqual([])

    await world.app.retryNow()
    await until('another attempt', () => courseOf(world, sent.id).length > 1)
    mend()
    await world.app.retryNow()
    await onDesk(world, 'two')
    expect(desk(world)).toEqual(['one', 'two'])
    await until('the outcome', () => courseOf(world, sent.id).some((outcome) => outcome.endsWith('delivered')))
    expect(courseOf(world, sent.id)).toEqual(['1 hold', '1 hold', '1 delivered'])
    expect(await deadLetters()).toBe(0)
  })

  test('a missing permission holds the messages until it is granted', async () => {
    world.genesys.configureClient('client-1', { permitted: false })
    write(world, 'one')
    await alerted()
    world.genesys.configureClient('client-1', { permitted: true })
    await world.app.retryNow()
    await onDesk(world, 'one')
  })
})

test('a brand whose integration is wrong does not use up the budget of another brand', async () => {
  world.genesys.break('message', { answer: 404, when: ({ path }) => path.includes(thailand.integrationId) })
  const held = 40
  const refused = () =>
    world.genesys.requests.filter(({ path, status }) => path.includes(thailand.integrationId) && status === 404).length
  for (let number = 0; number < held; number += 1) {
    world.line.send(thailand.name, `U${String(number).padStart(32, '0')}`, { type: 'text', text: `held ${number}` })
  }
  await until('each conversation has asked once', () => refused() >= held)

  // The time after which a held message may be tried again, and a little more.
  await sleep(17_000)
  expect(refused()).toBeGreaterThan(held)
  expect(refused()).toBeLessThanOrEqual(held + 6)

  world.genesys.mend()
  const arrived = () => world.genesys.inbound.filter(({ text }) => text?.startsWith('held')).length
  await until('all of them, soon after the first one', () => arrived() === held, 20_000)
}, 60_000)

describe('when Genesys refuses a message', () => {
  test('because something else than the integration is not there, it becomes a dead letter', async () => {
    world.genesys.break('message', { answer: 404, message: 'The conversation was not found.', times: 1 })
    const sent = write(world, 'one')
    await sent.webhook.ended
    write(world, 'two')
    await onDesk(world, 'two')
    expect(courseOf(world, sent.id)).toEqual(['1 give-up'])
    expect(await alerts(world, 'setup')).toBe(0)
  })

  test.each([400, 409, 413, 415])('with %i, it becomes a dead letter and the next one goes on', async (status) => {
    world.genesys.break('message', { answer: status, times: 1 })
    const sent = write(world, 'one')
    await sent.webhook.ended
    write(world, 'two')
    await onDesk(world, 'two')

    expect(desk(world)).toEqual(['two'])
    expect(callsAbout(world, sent.id)).toHaveLength(1)
    await until('a dead letter', async () => (await deadLetters()) === 1)
    expect(courseOf(world, sent.id)).toEqual(['1 give-up'])
    expect(await alerts(world, 'dead_letter')).toBe(1)
    const failed = { channel: thailand.name, direction: 'inbound', outcome: 'failed' }
    expect(await metric(world, 'bridge_messages_total', failed)).toBe(1)
  })

  test('as known already, after an attempt that may have arrived, it counts as delivered', async () => {
    world.genesys.break('message', { answer: 'drop', accept: true, times: 1 })
    world.genesys.break('message', { answer: 409, times: 1 })
    const sent = write(world, 'one')
    await sent.webhook.ended
    write(world, 'two')
    await onDesk(world, 'two')

    expect(desk(world)).toEqual(['one', 'two'])
    expect(callsAbout(world, sent.id).map(({ status }) => status)).toEqual([0, 409])
    expect(courseOf(world, sent.id)).toEqual(['1 retry', '2 delivered'])
    expect(await deadLetters()).toBe(0)
    expect(await alerts(world, 'dead_letter')).toBe(0)
  })
})

describe('a receipt', () => {
  test('that Genesys takes and reports as failed is told and counted once, and sent once', async () => {
    world.genesys.configure({ refuseReceipts: [{ code: 'UnknownMessage', message: 'Nobody knows it.' }] })
    const item = answer(world, 'one')
    const refused = { channel: thailand.name, direction: 'receipts', result: 'give-up' }
    await until('the outcome', async () => (await metric(world, 'bridge_attempts_total', refused)) === 1)
    expect(world.log.some((line) => line.includes('that it failed (UnknownMessage)'))).toBe(true)

    world.genesys.configure({ refuseReceipts: undefined })
    expect(await receiptOf(answer(world, 'two'))).toBe('Delivered')
    expect(callsAbout(world, item.id, 'receipt')).toHaveLength(1)
    expect(phone(world)).toEqual(['one', 'two'])
    expect(await alerts(world, 'dead_letter')).toBe(0)
  })

  test('survives an outage of Genesys, whether it tells of success or failure', async () => {
    const stranger = `U${'e'.repeat(32)}`
    const mend = world.genesys.break('receipt', { answer: 503 })
    const good = answer(world, 'one')
    const bad = answer(world, 'two', thailand, stranger)
    await onPhone(world, 'one')
    await until('both to be tried', () =>
      [good, bad].every(({ id }) => callsAbout(world, id, 'receipt').some(({ status }) => status === 503)),
    )
    mend()
    expect(await receiptOf(good)).toBe('Delivered')
    expect(await receiptOf(bad)).toBe('Failed InvalidDestination')

    answer(world, 'three')
    await onPhone(world, 'three')
    expect([...receiptsOf(good), ...receiptsOf(bad)]).toHaveLength(2)
  })

  test('is neither lost nor in the way of messages when Genesys refuses it', async () => {
    world.genesys.break('receipt', { answer: 400, times: 1 })
    const item = answer(world, 'one')
    await until('the receipt to be refused', () => callsAbout(world, item.id, 'receipt').length > 0)
    const next = answer(world, 'two')
    expect(await receiptOf(next)).toBe('Delivered')
    write(world, 'hello')
    await onDesk(world, 'hello')
    expect(callsAbout(world, item.id, 'receipt')).toHaveLength(1)
    // A receipt is no message: nobody has to act on it.
    expect(await alerts(world, 'dead_letter')).toBe(0)
    expect(await deadLetters('receipts')).toBe(0)
  })
})
