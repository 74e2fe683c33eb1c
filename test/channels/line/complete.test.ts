import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { DeliveryError } from '../../../src/bridge/errors.ts'
import type { InboundMessage } from '../../../src/bridge/message.ts'
import { createComplete } from '../../../src/channels/line/complete.ts'
import { offerData } from '../../../src/channels/line/outbound/offers.ts'
import { channel, completing, elapsed, message, never, somchai } from './completing.ts'
import { group, room } from './hearing.ts'

describe('a plain text', () => {
  test('is told with its writer, and kept for those who quote it', async () => {
    const { complete, quotes } = completing()
    expect(await complete(message())).toEqual({ ...message(), customer: somchai })
    expect([...quotes.kept]).toEqual([[`${channel} U1 m1`, 'hello']])
  })

  test('costs nothing but the look at the profile', async () => {
    const { complete, calls } = completing()
    await complete(message())
    expect(calls).toEqual([
      `get line:profile:${channel}:U1`,
      'profile U1',
      `add line:profile:${channel}:U1 ${JSON.stringify(somchai)} 86400`,
    ])
    calls.length = 0
    await complete(message({ id: 'm2' }))
    expect(calls).toEqual([])
  })

  test('of an unknown customer is told without one', async () => {
    const { complete } = completing({ profile: async () => undefined })
    expect(await complete(message())).toEqual(message())
  })

  test('that was edited is kept under no id, because nobody can quote that one', async () => {
    const { complete, quotes } = completing()
    expect(await complete(message({ edited: true }))).toEqual({ ...message(), edited: true, customer: somchai })
    expect(quotes.kept.size).toBe(0)
  })
})

test('what is no text is kept by nobody', async () => {
  const { complete, quotes } = completing()
  const sticker = message({ content: { kind: 'sticker', label: 'ok' } })
  expect(await complete(sticker)).toEqual({ ...sticker, customer: somchai })
  expect(quotes.kept.size).toBe(0)
})

describe('what was touched', () => {
  const out = { id: 'g1', conversation: { channel, user: 'U1' } }
  const key = offerData({ channel, messageId: 'g1', index: 1 })
  const touched = (instant?: string, user?: string) =>
    message({ content: { kind: 'touched', key, ...(instant && { instant }) }, ...(user && { user }) })
  const yes = { what: 'quick-reply', label: 'Yes', payload: 'p-yes' } as const
  const when = { what: 'date', label: 'When?', payload: 'p-when' } as const
  const old = { kind: 'notice', notice: 'old_button' }

  test('is what it stood for', async () => {
    const { complete, offers } = completing()
    await offers.save(out, [when, yes])
    expect(await complete(touched())).toEqual({
      ...message({ content: { kind: 'text', text: '' } }),
      content: { kind: 'answer', ...yes, to: 'g1' },
      customer: somchai,
    })
  })

  test('is the time that was chosen, where it asked for one', async () => {
    const { complete, offers } = completing()
    await offers.save(out, [yes, when])
    const instant = '2026-12-24T18:00:00.000Z'
    expect((await complete(touched(instant))).content).toEqual({
      kind: 'answer',
      what: 'date',
      label: instant,
      payload: instant,
      to: 'g1',
    })
  })

  test('is an old button when nobody knows it', async () => {
    const { complete } = completing()
    expect(await complete(touched())).toEqual({ ...touched(), content: old, customer: somchai })
  })

  test('is an old button to whom it was not offered', async () => {
    const { complete, offers } = completing()
    await offers.save(out, [yes, yes])
    expect((await complete(touched(undefined, 'U2'))).content).toEqual(old)
  })

  test('is asked for again while the store is away, because an answer is worth waiting for', async () => {
    const { parts } = completing()
    let asked = 0
    const offers = {
      find: async () => {
        asked += 1
        if (asked < 3) throw new Error('The store is away.')
        return { to: 'g1', offer: yes }
      },
    }
    const complete = createComplete({ ...parts, offers })
    expect((await complete(touched())).content).toEqual({ kind: 'answer', ...yes, to: 'g1' })
    expect(asked).toBe(3)
  })

  test.each([
    ['hangs', never],
    [
      'stays away',
      async () => {
        throw new Error('The store is away.')
      },
    ],
  ])('has to be looked up once more, when the store %s: it may still be known', async (_, find) => {
    const { parts } = completing()
    const complete = createComplete({ ...parts, offers: { find }, answerWaitMs: 250 })
    const failure = { name: 'DeliveryError', next: { do: 'retry', mayHaveArrived: false } }
    const took = await elapsed(() => expect(complete(touched())).rejects.toMatchObject(failure))
    expect(took).toBeGreaterThan(200)
    expect(took).toBeLessThan(2_000)
  })
})

describe('what is quoted', () => {
  test('is found, whoever wrote it', async () => {
    const { complete, quotes } = completing()
    quotes.keep({ channel, user: 'U1' }, '77', 'which number?')
    const answer = message({ id: 'm2', quotes: '77' })
    expect(await complete(answer)).toEqual({ ...answer, customer: somchai, quoted: { text: 'which number?' } })
  })

  test('is an earlier message when nobody knows it, or when it takes too long to find', async () => {
    const { complete, parts } = completing()
    const answer = message({ id: 'm2', quotes: '77' })
    expect(await complete(answer)).toMatchObject({ quoted: {} })
    const slow = createComplete({ ...parts, quotes: { ...parts.quotes, find: never }, waitMs: 50 })
    const took = await elapsed(async () => expect(await slow(answer)).toMatchObject({ quoted: {} }))
    expect(took).toBeLessThan(1_000)
  })
})

describe('in a group', () => {
  const inGroup = (given: Partial<InboundMessage> = {}) => message({ user: group, member: 'U7', ...given })

  test('the customer is the group, and the speaker its member', async () => {
    const { complete, calls } = completing()
    expect(await complete(inGroup())).toEqual({ ...inGroup(), customer: { name: 'Family' }, speaker: 'Malee' })
    expect(calls).not.toContain(`profile ${group}`)
    expect(calls).toContain(`member ${group} U7`)
  })

  test('both names are remembered for a day, for other processes too', async () => {
    const { complete, memory, parts, calls } = completing()
    await complete(inGroup())
    expect([...memory.entries.keys()].sort()).toEqual([`line:member:${channel}:U7`, `line:profile:${channel}:${group}`])
    calls.length = 0
    const another = createComplete(parts)
    expect(await another(inGroup({ id: 'm2' }))).toMatchObject({ customer: { name: 'Family' }, speaker: 'Malee' })
    expect(calls.filter((call) => !call.startsWith('get '))).toEqual([])
    expect([...memory.entries.values()].map(({ until }) => until)).toEqual([86_400_000, 86_400_000])
  })

  test('who is not told, or not known, has no name', async () => {
    const { member: _, ...anonymous } = inGroup()
    const { complete, calls } = completing({ member: async () => undefined })
    expect(await complete(anonymous)).not.toHaveProperty('speaker')
    expect(calls.filter((call) => call.startsWith('member'))).toEqual([])
    expect(await complete(inGroup({ id: 'm2' }))).not.toHaveProperty('speaker')
  })

  test('a room has no name, and its members have', async () => {
    const { complete } = completing({ group: async () => undefined })
    const heard = await complete(inGroup({ conversation: { channel, user: room } }))
    expect(heard).not.toHaveProperty('customer')
    expect(heard.speaker).toBe('Malee')
  })

  test('names that are slow to come delay nothing', async () => {
    const { complete } = completing({ group: never, member: never })
    const took = await elapsed(async () => expect(await complete(inGroup())).toEqual(inGroup()))
    expect(took).toBeLessThan(1_000)
  })

  test('its texts can be quoted', async () => {
    const { complete } = completing()
    await complete(inGroup())
    expect(await complete(inGroup({ id: 'm2', quotes: 'm1' }))).toMatchObject({ quoted: { text: 'hello' } })
  })
})

describe('with which it can be told that a message was read', () => {
  test('is kept for thirty days, the latest in place of an earlier one', async () => {
    const { complete, memory } = completing()
    await complete(message({ readToken: 'first' }))
    await complete(message({ id: 'm2', readToken: 'second' }))
    expect(memory.entries.get(`line:read:${channel}:U1`)).toEqual({ value: 'second', until: 30 * 86_400_000 })
  })

  test('nobody waits for it', async () => {
    const { complete } = completing({ cache: { set: never } })
    const took = await elapsed(() => complete(message({ readToken: 'first' })))
    expect(took).toBeLessThan(1_000)
  })
})

test('nothing but a touch throws, even when nothing answers', async () => {
  const broken = async () => {
    throw new Error('It is away.')
  }
  const { complete, memory } = completing({
    line: { events: { follow: 'attribute' } },
    profile: broken,
    group: broken,
    member: broken,
    cache: { get: broken, set: broken, add: broken, forget: broken },
  })
  memory.away = true
  const key = offerData({ channel, messageId: 'g1', index: 0 })
  const all = [message({ readToken: 't', quotes: '7' }), message({ user: group, member: 'U7', readToken: 't' })]
  const touch = complete(message({ content: { kind: 'touched', key } }))
  const heard = await Promise.all(all.map(complete))
  expect(heard.map(({ content }) => content.kind)).toEqual(['text', 'text'])
  await expect(touch).rejects.toBeInstanceOf(DeliveryError)
  // A rejection that nobody caught would end the process in the next turn.
  await sleep(1)
})
