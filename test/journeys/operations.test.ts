import { beforeEach, describe, expect, test } from '@jest/globals'
import type {
  ChannelsJson,
  DeadLetterJson,
  DeadLettersJson,
  MessagesJson,
  MovedJson,
  PausedJson,
} from '../../src/console/api/shapes.ts'
import type { OutboundItem, SentByPhone } from '../../src/sandbox/platforms.ts'
import { apiGet, apiPost, auditLines } from '../support/admin.ts'
import { journeys } from '../support/journeys.ts'
import { about, callsAbout, desk, onDesk, onPhone, phone, pushesTo, receiptsOf } from '../support/looks.ts'
import { answer, friendOf, mark, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start } = journeys()

let world: World
beforeEach(async () => {
  world = await start()
})

const letters = async (query = ''): Promise<readonly DeadLetterJson[]> =>
  (await apiGet<DeadLettersJson>(world, `/dead-letters${query}`)).body.items

const replay = async (body: object): Promise<MovedJson> =>
  (await apiPost<MovedJson>(world, '/dead-letters/replay', { reason: 'it was mended', ...body })).body

const discard = async (body: object): Promise<MovedJson> =>
  (await apiPost<MovedJson>(world, '/dead-letters/discard', { reason: 'nobody needs it', ...body })).body

/** The states of what is found, each with the words of its steps. */
const found = async (id: string): Promise<{ state: string; steps: string[] }[]> =>
  (await apiGet<MessagesJson>(world, `/messages?q=${encodeURIComponent(id)}`)).body.items.map(({ state, steps }) => ({
    state,
    steps: steps.map(({ what, status }) => (status === undefined ? what : `${what} ${status}`)),
  }))

const untilLetters = (count: number) =>
  until(`${count} dead letters`, async () => {
    const all = await letters()
    return all.length === count && all
  })

const lettersOf = (sent: readonly (SentByPhone | OutboundItem)[], all: readonly DeadLetterJson[]) =>
  sent.map(({ id }) => all.find(({ ids }) => ids.message === id)?.id ?? '')

describe('a customer’s message that Genesys refused', () => {
  test('is a dead letter, is listed and shown, and is delivered once with the same id after a replay', async () => {
    const mend = world.genesys.break('message', { answer: 400 })
    const sent = write(world, 'one')
    const [letter] = await untilLetters(1)
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(letter).toEqual({
      id: `${thailand.name}-inbound-${sent.id}`,
      channel: thailand.name,
      direction: 'inbound',
      kind: 'message',
      reason: { code: expect.any(String), message: expect.any(String) },
      attempts: 1,
      firstAt: time,
      lastAt: time,
      ids: { message: sent.id, user: thailand.userId, event: sent.event.webhookEventId },
    })
    expect(await found(sent.id)).toEqual([{ state: 'dead', steps: ['received', 'dead 400'] }])

    const path = `/dead-letters/${letter?.id}`
    const plain = await apiGet<DeadLetterJson>(world, path)
    expect(plain.body).toEqual(letter)
    expect(auditLines(world)).toEqual([])
    const whole = await apiGet<DeadLetterJson>(world, `${path}?content=1`)
    expect(whole.body).toMatchObject({ ...letter, payload: { content: { kind: 'text', text: `${mark} one` } } })
    expect(auditLines(world)).toEqual([
      { action: 'read', who: 'ops', channel: thailand.name, direction: 'inbound', ids: [letter?.id], count: 1 },
    ])

    mend()
    expect(await replay({ ids: [letter?.id] })).toEqual({ done: 1, skipped: [] })
    await onDesk(world, 'one')
    write(world, 'two')
    await onDesk(world, 'two')
    expect(desk(world)).toEqual(['one', 'two'])
    const calls = callsAbout(world, sent.id)
    expect(calls.map(({ status }) => status)).toEqual([400, 200])
    expect(new Set(calls.map(({ body }) => body)).size).toBe(1)
    expect(await letters()).toEqual([])
    expect(await found(sent.id)).toEqual([
      { state: 'delivered', steps: ['received', 'dead 400', 'replayed', 'delivered 200'] },
    ])
    expect(auditLines(world).at(-1)).toEqual({
      action: 'replay',
      who: 'ops',
      reason: 'it was mended',
      ids: [letter?.id],
      count: 1,
      skipped: 0,
    })
    expect(await replay({ ids: [letter?.id] })).toEqual({ done: 0, skipped: [{ id: letter?.id, why: 'not_found' }] })
  })

  test('is gone once it is discarded, and a repeat of its webhook does not bring it back', async () => {
    world.genesys.break('message', { answer: 400, times: 1 })
    const sent = write(world, 'one')
    const [letter] = await untilLetters(1)
    expect(await discard({ ids: [letter?.id] })).toEqual({ done: 1, skipped: [] })
    expect(await letters()).toEqual([])
    expect((await apiGet(world, `/dead-letters/${letter?.id}`)).status).toBe(404)
    expect(await found(sent.id)).toEqual([{ state: 'discarded', steps: ['received', 'dead 400', 'discarded'] }])
    const repeat = world.line.post(thailand.name, [sent.event], { redeliver: false })
    expect((await repeat.firstAttempt).status).toBe(200)
    write(world, 'two')
    await onDesk(world, 'two')
    expect(desk(world)).toEqual(['two'])
    expect(auditLines(world).map(({ action }) => action)).toEqual(['discard'])
  })
})

describe('many dead letters', () => {
  test('are filtered, paged, and replayed by what they have in common, in their order', async () => {
    const friend = friendOf(world, taiwan, 7)
    world.genesys.break('message', { answer: 400 })
    const sent: SentByPhone[] = []
    for (const text of ['one', 'two', 'three']) {
      sent.push(write(world, text))
      await untilLetters(sent.length)
    }
    sent.push(write(world, 'four', taiwan, friend))
    const all = await untilLetters(4)
    const code = all[0]?.reason.code ?? ''
    expect((await letters(`?channel=${thailand.name}`)).map(({ ids }) => ids.message)).toEqual(
      sent
        .slice(0, 3)
        .map(({ id }) => id)
        .toReversed(),
    )
    expect(await letters('?direction=outbound')).toEqual([])
    expect(await letters(`?reason=${code}`)).toHaveLength(4)
    expect(await letters('?reason=made_up')).toEqual([])
    const pages: string[][] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const path: string = `/dead-letters?limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
      const { body } = await apiGet<DeadLettersJson>(world, path)
      pages.push(body.items.map(({ id }) => id))
      cursor = body.next
    }
    expect(pages[0]).toHaveLength(3)
    expect(pages.flat()).toEqual(all.map(({ id }) => id))

    world.genesys.mend()
    expect(await replay({ filter: { channel: thailand.name, direction: 'inbound', reason: code } })).toEqual({
      done: 3,
      skipped: [],
    })
    await onDesk(world, 'three')
    expect(desk(world)).toEqual(['one', 'two', 'three'])
    expect(desk(world, taiwan, friend)).toEqual([])
    expect((await letters()).map(({ id }) => id)).toEqual(lettersOf(sent.slice(3), all))
    expect(await replay({ filter: {} })).toEqual({ done: 1, skipped: [] })
    await onDesk(world, 'four', taiwan, friend)
    expect(auditLines(world).map(({ filter, count }) => [filter, count])).toEqual([
      [{ channel: thailand.name, direction: 'inbound', reason: code }, 3],
      [{}, 1],
    ])
  })

  test('that are named although they do not exist are skipped, and the others done', async () => {
    world.genesys.break('message', { answer: 400, times: 1 })
    write(world, 'one')
    const [letter] = await untilLetters(1)
    expect(await replay({ ids: ['nothing', letter?.id, letter?.id, 'nobody-inbound-1'] })).toEqual({
      done: 1,
      skipped: [
        { id: 'nothing', why: 'not_found' },
        { id: 'nobody-inbound-1', why: expect.stringMatching(/^(not_found|unknown_channel)$/) },
      ],
    })
    await onDesk(world, 'one')
  })
})

test('an agent’s message that LINE refused is pushed again with the same key and bytes, and gets a new final receipt', async () => {
  const refused = { answer: 400, message: 'The request body has 1 error(s)' }
  const mend = world.line.break('push', refused)
  const item = answer(world, 'one')
  const [letter] = await untilLetters(1)
  await until('the failed receipt', () => item.receipts.length === 1)
  expect(letter).toMatchObject({ direction: 'outbound', kind: 'message', ids: { conversation: item.conversationId } })
  mend()
  expect(await replay({ ids: [letter?.id] })).toEqual({ done: 1, skipped: [] })
  await onPhone(world, 'one')
  await until('the new receipt', () => item.receipts.length === 2)
  expect(receiptsOf(item)).toEqual(['Failed InvalidMessageStructure', 'Delivered'])
  expect(item.receipts.every(({ isFinal }) => isFinal)).toBe(true)
  const pushes = pushesTo(world)
  expect(pushes.map(({ status }) => status)).toEqual([400, 200])
  expect(new Set(pushes.map(({ body }) => body)).size).toBe(1)
  const keys = new Set(pushes.map(({ headers }) => String(headers['x-line-retry-key'])))
  expect(keys.size).toBe(1)
  answer(world, 'two')
  await onPhone(world, 'two')
  expect(phone(world)).toEqual(['one', 'two'])

  // The key stands in LINE's own logs, and leads back to the message.
  for (const key of keys) expect(await found(key)).toMatchObject([{ state: 'delivered' }])
})

describe('a pause', () => {
  const pauseOf = async (direction: 'inbound' | 'outbound') =>
    (await apiGet<ChannelsJson>(world, '/channels')).body.items.map(({ paused }) => paused[direction])

  test.each(['inbound', 'outbound'] as const)(
    'holds what is %s in order until it is resumed, and nothing else',
    async (direction) => {
      const say = direction === 'inbound' ? write : answer
      const arrivedAt = direction === 'inbound' ? onDesk : onPhone
      const there = direction === 'inbound' ? desk : phone
      const path = `/channels/${thailand.name}/${direction}`
      const paused = await apiPost<PausedJson>(world, `${path}/pause`, { reason: 'the desk is moved' })
      expect(paused).toMatchObject({
        status: 200,
        body: {
          channel: thailand.name,
          direction,
          paused: { reason: 'the desk is moved', who: 'ops', at: expect.any(String) },
        },
      })
      const sent = ['one', 'two', 'three'].map((text) => say(world, text))
      say(world, 'hello', taiwan)
      // The other way of the same channel, and the other channel, go on.
      await arrivedAt(world, 'hello', taiwan)
      const opposite = direction === 'inbound' ? answer(world, 'back') : write(world, 'back')
      await (direction === 'inbound' ? onPhone : onDesk)(world, 'back')
      for (const { webhook } of [...sent, opposite]) expect((await webhook.firstAttempt).status).toBe(200)

      expect(there(world)).toEqual([])
      expect(await pauseOf(direction)).toMatchObject([{ reason: 'the desk is moved', who: 'ops' }, null])
      expect(await pauseOf(direction === 'inbound' ? 'outbound' : 'inbound')).toEqual([null, null])
      const [first] = (await apiGet<ChannelsJson>(world, '/channels')).body.items
      expect(first?.waiting[direction]).toBe(3)
      expect(await found(sent[0]?.id ?? '')).toEqual([{ state: 'paused', steps: ['received'] }])

      const resumed = await apiPost<PausedJson>(world, `${path}/resume`, { reason: 'it is moved' })
      expect(resumed.body).toEqual({ channel: thailand.name, direction, paused: null })
      await arrivedAt(world, 'three')
      expect(there(world)).toEqual(['one', 'two', 'three'])
      expect(auditLines(world)).toEqual([
        { action: 'pause', who: 'ops', reason: 'the desk is moved', channel: thailand.name, direction, count: 1 },
        { action: 'resume', who: 'ops', reason: 'it is moved', channel: thailand.name, direction, count: 1 },
      ])
    },
  )
})

test('a message is found by every id that anybody may know', async () => {
  const sent = write(world, 'one')
  const item = answer(world, 'two')
  await onDesk(world, 'one')
  await until('the receipt', () => item.receipts.length === 1)
  const taken = world.genesys.inbound.find(({ messageId }) => messageId === sent.id)
  const push = pushesTo(world).find(about(thailand.userId))
  const idsFor = async (id: string) =>
    (await apiGet<MessagesJson>(world, `/messages?q=${encodeURIComponent(id)}`)).body.items.map(
      ({ ids }) => ids.message,
    )

  for (const id of [sent.id, sent.event.webhookEventId, taken?.id ?? ''])
    expect([id, await idsFor(id)]).toEqual([id, [sent.id]])
  const key = String(push?.headers['x-line-retry-key'])
  for (const id of [item.id, key, key.toUpperCase()]) expect([id, await idsFor(id)]).toEqual([id, [item.id]])
  expect(await idsFor(item.conversationId)).toContain(item.id)
  expect((await idsFor(thailand.userId)).toSorted()).toEqual([sent.id, item.id].toSorted())
  expect(await idsFor(taiwan.userId)).toEqual([])
})
