import { describe, expect, test } from '@jest/globals'
import type { Json } from '../../src/sandbox/platforms.ts'
import { journeys } from '../support/journeys.ts'
import { alerts, outcomes, pushes, shown, shownBeforeLast, textsBeforeLast } from '../support/looks.ts'
import { write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start } = journeys()

const retryKeysOf = (world: World) => pushes(world).map(({ headers }) => headers['x-line-retry-key'])
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** At least so many UTF-16 units of paragraphs in several scripts; each is different, so that a lost or moved one shows. */
function longText(length: number): string {
  const words = 'ยินดีให้บริการค่ะ 您好，很高興為您服務。 Thank you for waiting 👩‍👩‍👧‍👦, we are nearly there!'
  let text = ''
  for (let index = 0; text.length < length; index += 1) text += `${index}. ${words}\n\n`
  return text.trimEnd()
}

const say = (world: World, text: string, body: Json = {}) =>
  world.genesys.sendText(thailand.integrationId, thailand.userId, text, { body })

describe('an agent’s text', () => {
  test('is pushed to the customer of that brand’s account, with a retry key', async () => {
    const world = await start()
    say(world, 'สวัสดีค่ะ "How" can I help? 👋\n\\o/')
    world.genesys.sendText(taiwan.integrationId, taiwan.userId, '您好，有什麼可以幫您？')

    expect(await shown(world, 1)).toEqual([{ type: 'text', text: 'สวัสดีค่ะ "How" can I help? 👋\n\\o/' }])
    expect(await shown(world, 1, taiwan)).toEqual([{ type: 'text', text: '您好，有什麼可以幫您？' }])
    const toThailand = pushes(world).find(({ body }) => body.includes(thailand.userId))
    expect(JSON.parse(toThailand?.body ?? '')).toEqual({
      to: thailand.userId,
      messages: [{ type: 'text', text: 'สวัสดีค่ะ "How" can I help? 👋\n\\o/' }],
    })
    expect(toThailand?.headers.authorization).toBe(`Bearer token-${thailand.name}`)
    expect(retryKeysOf(world)).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)])
  })

  test('of 12,000 characters becomes several objects of one push, in order and complete', async () => {
    const world = await start()
    const text = longText(12_000)
    say(world, text)
    await shown(world, 3)
    const messages = await shownBeforeLast(world)

    expect(messages).toHaveLength(3)
    expect(messages.map((message) => String(message.text)).join('')).toBe(text)
    for (const message of messages) expect(String(message.text).length).toBeLessThanOrEqual(5_000)
    for (const message of messages.slice(0, -1)) expect(message.text).toMatch(/\n\n$/)
    expect(pushes(world)).toHaveLength(2)
  })

  test('without any place to cut is split between what readers see as characters', async () => {
    const world = await start()
    const family = '👩‍👩‍👧‍👦'
    say(world, family.repeat(1_100))

    const messages = await shown(world, 3)
    expect(messages.map(({ text }) => String(text).replaceAll(family, ''))).toEqual(['', '', ''])
    expect(messages.map(({ text }) => text).join('')).toBe(family.repeat(1_100))
  })

  test('that fills more than five objects takes two pushes, whose retry keys differ and follow from the ids', async () => {
    const text = longText(27_000)
    const worlds = [await start(), await start()]
    for (const world of worlds) {
      const item = say(world, text, { id: 'long-message-1' })
      await until('a receipt', () => item.receipts.length > 0)
      const messages = await shown(world, 6)

      expect(messages.map((message) => String(message.text)).join('')).toBe(text)
      expect(pushes(world).map(({ body }) => JSON.parse(body).messages.length)).toEqual([5, messages.length - 5])
      expect(item.receipts.map(({ status }) => status)).toEqual(['Delivered'])
    }

    const [keys, again] = worlds.map(retryKeysOf)
    expect(new Set(keys).size).toBe(2)
    expect(again).toEqual(keys)
    // Another message, and the same id on another channel, have keys of their own.
    const [world] = worlds as [World, World]
    say(world, 'Another message', { id: 'long-message-2' })
    world.genesys.sendText(taiwan.integrationId, taiwan.userId, 'Same id', { body: { id: 'long-message-1' } })
    await shown(world, 1, taiwan)
    await shownBeforeLast(world)
    expect(new Set(retryKeysOf(world)).size).toBe(5)
  })

  test('is followed by the next ones in the order in which Genesys sent them', async () => {
    const world = await start()
    const words = Array.from({ length: 25 }, (_, index) => `Step ${index}`)
    for (const one of words) expect(await say(world, one).webhook.ended).toBe('accepted')

    expect((await shown(world, 25)).map(({ text }) => text)).toEqual(words)
  })

  test('is pushed once, although Genesys sends it several times at once and later again', async () => {
    const world = await start()
    const item = say(world, 'Once, please')
    const bytes = JSON.stringify(item.body)
    const post = async () => (await world.genesys.postRaw(thailand.integrationId, bytes)).status
    expect(await Promise.all([post(), post(), post(), post()])).toEqual([200, 200, 200, 200])
    await shown(world, 1)
    expect(await post()).toBe(200)

    expect(await shownBeforeLast(world)).toEqual([{ type: 'text', text: 'Once, please' }])
    expect(await outcomes(world, 'outbound', 'duplicate')).toBe(5)
    expect(item.receipts).toHaveLength(1)
    expect(world.line.repeated.size).toBe(0)
  })
})

test('structured content that nobody knows yet arrives as the text that it has', async () => {
  const world = await start()
  const content = [{ contentType: 'Hologram', hologram: { beam: 7 } }]
  world.genesys.sendStructured(thailand.integrationId, thailand.userId, { text: 'Read this', content })

  expect(await shown(world, 1)).toEqual([{ type: 'text', text: 'Read this' }])
})

describe('what is not for the customer', () => {
  test('is answered 200, shows nothing, and is counted and logged by its kind', async () => {
    const world = await start()
    const { genesys } = world
    const { integrationId, userId } = thailand
    expect(await genesys.sendTyping(integrationId, userId).ended).toBe('accepted')
    const bodies: [string, Json][] = [
      ['unknown_event', { type: 'Event', events: [{ eventType: 'Presence', presence: { type: 'Join' } }] }],
      ['unknown_content', { type: 'Structured', text: undefined, content: [{ contentType: 'Hologram' }] }],
      ['unknown_type', { type: 'Telepathy', text: undefined }],
      ['empty', { text: ' \n ' }],
      ['echo', { direction: 'Inbound' }],
    ]
    for (const [, body] of bodies) expect(await say(world, 'Not to be shown', body).webhook.ended).toBe('accepted')

    expect(await shownBeforeLast(world)).toEqual([])
    expect(pushes(world)).toHaveLength(1)
    const ignored = world.events.filter((event) => event.type === 'message.ignored').map(({ reason }) => reason)
    expect(ignored).toEqual(['typing', ...bodies.map(([reason]) => reason)])
    expect(await outcomes(world, 'outbound', 'ignored')).toBe(ignored.length)
  })

  test('still shows its text where an unknown type has one', async () => {
    const world = await start()
    say(world, 'How did we do?', { type: 'Survey' })

    expect(await shown(world, 1)).toEqual([{ type: 'text', text: 'How did we do?' }])
  })

  test('is a message of another integration: answered 200, not pushed, and alerted', async () => {
    const world = await start()
    const { body } = world.genesys.sendText(taiwan.integrationId, taiwan.userId, 'For another brand')
    await shown(world, 1, taiwan)
    const strayed = JSON.stringify({ ...body, id: 'strayed-1' })
    const answer = await world.genesys.postRaw(thailand.integrationId, strayed)

    expect([answer.status, answer.body]).toEqual([200, '{}'])
    expect(await shownBeforeLast(world)).toEqual([])
    expect(world.line.messages(thailand.name, taiwan.userId)).toEqual([])
    expect(await alerts(world, 'misrouted')).toBe(1)
    expect(world.log.filter((line) => line.includes('"alert.raised"')).map((line) => JSON.parse(line).kind)).toEqual([
      'misrouted',
    ])
  })
})

describe('a customer who blocked the account', () => {
  const optedOut = { code: 'RecipientOptedOut', message: expect.stringContaining('blocked') }

  /** Says something that must fail because of the block, without a push. */
  async function expectRefused(world: World): Promise<void> {
    const before = pushes(world).length
    const item = say(world, 'Are you still there?')
    await until('a receipt', () => item.receipts.length > 0)
    expect(item.receipts.map(({ status, isFinal, reasons }) => ({ status, isFinal, reasons }))).toEqual([
      { status: 'Failed', isFinal: true, reasons: [optedOut] },
    ])
    expect(pushes(world)).toHaveLength(before)
  }

  test('is not pushed to until a follow', async () => {
    const world = await start()
    await world.line.block(thailand.name, thailand.userId).webhook.ended
    await expectRefused(world)
    await expectRefused(world)
    await world.line.unblock(thailand.name, thailand.userId).webhook.ended

    expect(await shownBeforeLast(world)).toEqual([])
    expect(await outcomes(world, 'outbound', 'failed')).toBe(2)
  })

  test('is not pushed to until a message', async () => {
    const world = await start()
    const unfollow = { type: 'event', event: { type: 'unfollow' } } as const
    await world.line.send(thailand.name, thailand.userId, unfollow).webhook.ended
    await expectRefused(world)
    await write(world, 'I am back').webhook.ended

    expect(await shownBeforeLast(world)).toEqual([])
  })

  test('stays blocked when a message from before the block comes late', async () => {
    const world = await start()
    const at = Date.now() - 60_000
    await world.line.block(thailand.name, thailand.userId).webhook.ended
    const late = world.line.send(thailand.name, thailand.userId, { type: 'text', text: 'Sent before' }, { at })
    expect(await late.webhook.ended).toBe('accepted')

    await expectRefused(world)
  })

  test('can be reached through another brand’s account', async () => {
    const world = await start()
    await world.line.send(thailand.name, taiwan.userId, { type: 'event', event: { type: 'unfollow' } }).webhook.ended
    world.genesys.sendText(taiwan.integrationId, taiwan.userId, 'Over here')

    expect(await shown(world, 1, taiwan)).toEqual([{ type: 'text', text: 'Over here' }])
    expect(await textsBeforeLast(world)).toEqual([])
  })
})
