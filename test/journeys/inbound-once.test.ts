import { describe, expect, test } from '@jest/globals'
import type { Json, LineWebhookEvent, PhoneMessage, PhoneOptions } from '../../src/sandbox/platforms.ts'
import { journeys } from '../support/journeys.ts'
import { arrived, outcomes, textsBeforeLast } from '../support/looks.ts'
import { write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start } = journeys()

const text = (words: string): PhoneMessage => ({ type: 'text', text: words })
const event = (world: World, message: PhoneMessage, options?: PhoneOptions): LineWebhookEvent =>
  world.line.event(thailand.name, thailand.userId, message, options)
const otherUser = (digit: string) => `U${digit.repeat(32)}`

/** Posts events in one body and waits for its 200. */
async function post(world: World, events: readonly Json[], account: string = thailand.name): Promise<void> {
  const delivery = world.line.post(account, events, { redeliver: false })
  expect((await delivery.firstAttempt).status).toBe(200)
  expect((await delivery.firstAttempt).body).toBe('{}')
}

describe('events in one body', () => {
  test('become a message each, in the order of their timestamps within each conversation', async () => {
    const world = await start()
    const now = Date.now()
    const users = [otherUser('1'), otherUser('2'), thailand.userId]
    const events = [5, 3, 9, 1, 7].flatMap((second) =>
      users.map((userId, index) => {
        const at = now - 60_000 + second * 1_000 + index
        return world.line.event(thailand.name, userId, text(`Second ${second}`), { at })
      }),
    )
    await post(world, events)

    const items = await arrived(world, 15)
    expect(items).toHaveLength(15)
    for (const userId of users) {
      const own = items.filter((item) => item.userId === userId)
      expect(own.map((item) => item.text)).toEqual([1, 3, 5, 7, 9].map((second) => `Second ${second}`))
      expect(own.map(({ time }) => time)).toEqual(own.map(({ time }) => time).toSorted())
    }
  })

  test('with the same timestamp keep the order in which they stand', async () => {
    const world = await start()
    const at = Date.now()
    const words = Array.from({ length: 20 }, (_, index) => `Line ${index}`)
    await post(
      world,
      words.map((one) => event(world, text(one), { at })),
    )

    expect((await arrived(world, 20)).map((item) => item.text)).toEqual(words)
  })

  test('are taken although some of them say nothing to us, or are no events at all', async () => {
    const world = await start()
    const odd = [null, 7, 'text', [], {}, { type: 'message' }, { type: 'message', message: null, source: null }]
    const events = [...odd, event(world, text('In the middle')), ...odd]
    const answer = await world.line.postRaw(thailand.name, JSON.stringify({ destination: 'U0', events }))
    expect(answer.status).toBe(200)

    expect(await textsBeforeLast(world)).toEqual(['In the middle'])
    expect(await outcomes(world, 'inbound', 'ignored')).toBe(2 * odd.length)
  })

  test('may be none, as when LINE’s console checks the address', async () => {
    const world = await start()
    await post(world, [])

    expect(await textsBeforeLast(world)).toEqual([])
  })
})

test('messages keep their order across bodies', async () => {
  const world = await start()
  const words = Array.from({ length: 30 }, (_, index) => `Message ${index}`)
  for (const one of words) await post(world, [event(world, text(one))])

  expect((await arrived(world, 30)).map((item) => item.text)).toEqual(words)
})

describe('what LINE sends more than once', () => {
  test('is forwarded once when it comes again later, marked as a redelivery or not', async () => {
    const world = await start()
    const one = event(world, text('Only once'))
    await post(world, [one])
    await arrived(world, 1)
    await post(world, [one])
    await post(world, [{ ...one, deliveryContext: { isRedelivery: true } }])

    expect(await textsBeforeLast(world)).toEqual(['Only once'])
    expect(await outcomes(world, 'inbound', 'duplicate')).toBe(2)
    expect(await outcomes(world, 'inbound', 'delivered')).toBe(2)
  })

  test('is forwarded once when ten copies come together', async () => {
    const world = await start()
    const one = event(world, text('Ten of us'))
    await Promise.all(Array.from({ length: 10 }, () => post(world, [one])))

    expect(await textsBeforeLast(world)).toEqual(['Ten of us'])
    expect(await outcomes(world, 'inbound', 'duplicate')).toBe(9)
  })

  test('is forwarded once when it stands twice in one body', async () => {
    const world = await start()
    const one = event(world, text('Twins'))
    await post(world, [one, one])

    expect(await textsBeforeLast(world)).toEqual(['Twins'])
    expect(await outcomes(world, 'inbound', 'duplicate')).toBe(1)
  })

  test('is known by its message id, whatever else changed', async () => {
    const world = await start()
    const one = event(world, text('The first telling'))
    await post(world, [one])
    await post(world, [{ ...one, webhookEventId: event(world, text('')).webhookEventId, replyToken: 'another' }])

    expect(await textsBeforeLast(world)).toEqual(['The first telling'])
  })

  test('is another message on another channel', async () => {
    const world = await start()
    const about = { type: 'message', message: { type: 'text', id: '7001', text: 'Same number' } } as const
    await post(world, [event(world, about)])
    await post(world, [world.line.event(taiwan.name, taiwan.userId, about)], taiwan.name)

    const items = await arrived(world, 2)
    expect(items.map(({ messageId }) => messageId)).toEqual(['7001', '7001'])
    expect(new Set(items.map(({ integrationId }) => integrationId))).toEqual(
      new Set([thailand.integrationId, taiwan.integrationId]),
    )
    expect(await outcomes(world, 'inbound', 'duplicate')).toBe(0)
  })

  test('is known by its event id where there is no message id', async () => {
    const world = await start()
    const pressed = event(world, { type: 'postback', data: 'choice=red' })
    const nameless = event(world, { type: 'message', message: { type: 'text', id: '', text: 'Without a number' } })
    await post(world, [pressed])
    await post(world, [nameless])
    await Promise.all([post(world, [pressed]), post(world, [nameless]), post(world, [pressed, nameless])])

    expect(await textsBeforeLast(world)).toEqual(['choice=red', 'Without a number'])
    expect(world.genesys.inbound.slice(0, 2).map(({ messageId }) => messageId)).toEqual([
      pressed.webhookEventId,
      nameless.webhookEventId,
    ])
    expect(await outcomes(world, 'inbound', 'duplicate')).toBe(4)
  })
})

describe('what is not for the contact centre', () => {
  const about = (source: Json): PhoneOptions => ({ event: { source } })
  const group = { type: 'group', groupId: `C${'1'.repeat(32)}`, userId: thailand.userId }
  const room = { type: 'room', roomId: `R${'1'.repeat(32)}`, userId: thailand.userId }
  const other = (type: string, more: Json = {}): PhoneMessage => ({ type: 'event', event: { type, ...more } })
  const cases: readonly [string, PhoneMessage, PhoneOptions?][] = [
    ['group_chat', text('To the group'), about(group)],
    ['group_chat', { type: 'postback', data: 'from=group' }, about(group)],
    ['room_chat', text('To the room'), about(room)],
    ['no_user', text('From nobody'), about({ type: 'user' })],
    ['standby', text('Another module answers'), { event: { mode: 'standby' } }],
    ['follow', other('follow', { follow: { isUnblocked: false } })],
    ['unfollow', other('unfollow')],
    ['messageEdited', other('messageEdited', { message: { id: '7003', type: 'text', text: 'Said otherwise' } })],
    ['join', other('join'), about(group)],
    ['memberJoined', other('memberJoined', { joined: { members: [{ type: 'user', userId: otherUser('3') }] } })],
    ['videoPlayComplete', other('videoPlayComplete', { videoPlayComplete: { trackingId: 'track-1' } })],
    ['beacon', other('beacon', { beacon: { hwid: 'd41d8cd98f', type: 'enter' } })],
    ['accountLink', other('accountLink', { link: { result: 'ok', nonce: 'nonce' } })],
    ['membership', other('membership', { membership: { type: 'joined', membershipId: 1 } })],
    ['unknown_event', other('telepathy', { thought: { text: 'Nobody knows this' } })],
  ]

  test('is answered 200, brings nothing to Genesys, is counted and logged by its kind', async () => {
    const world = await start()
    for (const [, message, options] of cases) {
      const sent = world.line.send(thailand.name, thailand.userId, message, options)
      expect(await sent.webhook.ended).toBe('accepted')
      expect(sent.webhook.attempts).toHaveLength(1)
    }

    expect(await textsBeforeLast(world)).toEqual([])
    expect(world.genesys.requests.filter(({ path }) => path.includes('/inbound/'))).toHaveLength(1)
    expect(await outcomes(world, 'inbound', 'ignored')).toBe(cases.length)
    const logged = world.log
      .map((line) => JSON.parse(line) as Json)
      .filter(({ msg, direction }) => msg === 'message.ignored' && direction === 'inbound')
    expect(logged.map(({ reason }) => reason)).toEqual(cases.map(([reason]) => reason))
  })

  test('takes effect and is counted once, however often it comes', async () => {
    const world = await start()
    const one = event(world, other('telepathy'))
    await post(world, [one])
    await Promise.all([post(world, [one]), post(world, [one])])

    expect(await outcomes(world, 'inbound', 'ignored')).toBe(1)
    expect(await outcomes(world, 'inbound', 'duplicate')).toBe(2)
  })
})

test('LINE’s own redelivery after a lost answer brings a message once', async () => {
  const world = await start()
  world.line.configure(thailand.name, { webhookUrl: 'http://127.0.0.1:9/nobody-listens-here' })
  const sent = write(world, 'At the second try')
  await sent.webhook.firstAttempt
  world.line.configure(thailand.name, { webhookUrl: `${world.url}/webhooks/line/${thailand.name}` })
  await until('the webhook', () => sent.webhook.outcome === 'accepted')

  expect(sent.webhook.body).toContain('"isRedelivery":true')
  expect(await textsBeforeLast(world)).toEqual(['At the second try'])
})
