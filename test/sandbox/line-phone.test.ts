import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { demoBrands, demoLine } from '../../src/sandbox/demo-world.ts'
import { createLinePlatform } from '../../src/sandbox/line-platform/index.ts'
import type { LinePlatform, LinePlatformEvent, LineWebhookEvent } from '../../src/sandbox/platforms.ts'
import { startReceiver } from './receiver.ts'

/** What the owner of the phone does besides writing: taps, groups, edits, quotes; and what LINE tells and serves of it. */

const [thailand] = demoBrands
const name = thailand.channel
const user = thailand.customer.userId
const group = `C${'1'.repeat(32)}`
const room = `R${'2'.repeat(32)}`
const friend = { userId: `U${'3'.repeat(32)}`, displayName: 'ใบเตย' }
let clock = 0
let receiver: Awaited<ReturnType<typeof startReceiver>>
let line: LinePlatform
const told: LinePlatformEvent[] = []

beforeEach(async () => {
  clock = 1_790_000_000_000
  told.length = 0
  receiver = await startReceiver()
  line = createLinePlatform({ ...demoLine(), now: () => clock })
  line.configure(name, { webhookUrl: receiver.url })
  line.on((event) => told.push(event))
  await line.start()
})
afterEach(async () => {
  await line.stop()
  await receiver.stop()
})

const call = async (method: string, path: string, body?: unknown) => {
  const answer = await fetch(line.apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${thailand.line.accessToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as { readonly sentMessages?: readonly { id: string }[] } }
}
const push = (messages: readonly unknown[], to = user) => call('POST', '/v2/bot/message/push', { to, messages })

const action = (label: string, more: object = {}) => ({ type: 'postback', label, data: `data ${label}`, ...more })
const quick = (...actions: readonly object[]) => ({
  type: 'text',
  text: '?',
  quickReply: { items: actions.map((one) => ({ type: 'action', action: one })) },
})
const card = (...actions: readonly object[]) => ({
  type: 'flex',
  altText: 'a',
  contents: {
    type: 'bubble',
    body: { type: 'box', layout: 'vertical', contents: actions.map((one) => ({ type: 'button', action: one })) },
  },
})
const picker = {
  type: 'datetimepicker',
  label: 'When',
  data: 'when',
  mode: 'datetime',
  min: '2026-12-01T10:00',
  max: '2026-12-31T18:00',
}

/** The events of the webhooks so far, once the newest is answered. */
const events = async (sent: { readonly webhook: { readonly ended: Promise<unknown> } } | undefined) => {
  await sent?.webhook.ended
  return receiver.arrivals.flatMap(({ body }) => (JSON.parse(body) as { events: LineWebhookEvent[] }).events)
}

describe('a tap', () => {
  test('on a button posts its data back, and what it shows as the customer’s words is not in the event', async () => {
    await push([card(action('Red', { displayText: 'I take red' }), action('Blue'))])
    const sent = line.tap(name, user, { action: 'Blue' })
    expect(await events(sent)).toMatchObject([
      { type: 'postback', postback: { data: 'data Blue' }, source: { userId: user } },
    ])
    line.tap(name, user, { action: 0 })
    expect(told.findLast(({ type }) => type === 'phone.sent')).toMatchObject({
      event: { postback: { data: 'data Red' } },
      tapped: { label: 'Red', displayText: 'I take red' },
    })
  })

  test('on a message action is an ordinary text', async () => {
    await push([quick({ type: 'message', label: 'Hours', text: 'When are you open?' })])
    const sent = line.tap(name, user, { action: 'Hours' })
    expect(await events(sent)).toMatchObject([
      { type: 'message', message: { type: 'text', text: 'When are you open?' } },
    ])
  })

  test('on a link tells the bot nothing', async () => {
    await push([card({ type: 'uri', label: 'Open', uri: 'https://shop.example' })])
    expect(line.tap(name, user, { action: 'Open' })).toBeUndefined()
  })

  test('on a date picker posts what was chosen, and takes only what can be chosen', async () => {
    await push([card(picker)])
    const sent = line.tap(name, user, { action: 'When', chosen: '2026-12-24T15:30' })
    expect(await events(sent)).toMatchObject([
      { type: 'postback', postback: { data: 'when', params: { datetime: '2026-12-24T15:30' } } },
    ])
    for (const chosen of ['2026-12-01T09:59', '2026-12-31T18:01', '2026-12-24', 'tomorrow', undefined])
      expect(() => line.tap(name, user, { action: 'When', ...(chosen ? { chosen } : {}) })).toThrow(RangeError)
  })

  test('on what is not there is refused', async () => {
    await push([card(action('Red'))])
    expect(() => line.tap(name, user, { action: 'Green' })).toThrow('nothing of that name')
    expect(() => line.tap(name, user, { action: 1 })).toThrow(RangeError)
    expect(() => line.tap(name, user, { action: 'Red', messageId: '1' })).toThrow(RangeError)
  })
})

describe('quick replies', () => {
  const labels = () => line.quickReplies(name, user).map(({ label }) => label)

  test('are those of the last message object only', async () => {
    await push([quick(action('Old')), quick(action('New'))])
    expect(labels()).toEqual(['New'])
    expect(() => line.tap(name, user, { action: 'Old' })).toThrow('no longer shown')
  })

  test('vanish after a tap', async () => {
    await push([quick(action('Yes'), action('No'))])
    line.tap(name, user, { action: 'Yes' })
    expect(labels()).toEqual([])
    expect(() => line.tap(name, user, { action: 'No' })).toThrow('These quick replies are no longer shown.')
  })

  test('vanish with a newer message of either side, and cards stay', async () => {
    await push([card(action('Red')), quick(action('Yes'))])
    line.send(name, user, { type: 'text', text: 'hm' })
    expect(labels()).toEqual([])
    await push([quick(action('Again'))])
    await push([{ type: 'text', text: 'never mind' }])
    expect(labels()).toEqual([])
    expect(line.tap(name, user, { action: 'Red' })).toBeDefined()
  })
})

test('the loading animation runs until its time is up, or until the next message', async () => {
  const start = () => call('POST', '/v2/bot/chat/loading/start', { chatId: user, loadingSeconds: 10 })
  await start()
  expect(line.isLoading(name, user)).toBe(true)
  clock += 10_000
  expect(line.isLoading(name, user)).toBe(false)
  await start()
  await push([{ type: 'text', text: 'a' }])
  expect(line.isLoading(name, user)).toBe(false)
})

describe('groups and rooms', () => {
  test('an invitation is told as join, and what is said there names the group and the person', async () => {
    await line.invite(name, { groupId: group, name: 'Family', members: [friend] }).webhook.ended
    const sent = line.send(name, friend.userId, { type: 'text', text: 'hi' }, { group })
    await sent.webhook.ended
    const inRoom = line.send(name, friend.userId, { type: 'text', text: 'hi' }, { group: room })
    expect(await events(inRoom)).toMatchObject([
      { type: 'join', source: { type: 'group', groupId: group } },
      { type: 'message', source: { type: 'group', groupId: group, userId: friend.userId } },
      { type: 'message', source: { type: 'room', roomId: room, userId: friend.userId } },
    ])
    expect(line.groups(name)).toEqual([group, room])
  })

  test('members and names can be asked for, friends or not', async () => {
    line.invite(name, { groupId: group, name: 'Family', members: [friend] })
    line.send(name, friend.userId, { type: 'text', text: 'hi' }, { group: room })
    expect(await call('GET', `/v2/bot/group/${group}/member/${friend.userId}`)).toEqual({ status: 200, body: friend })
    expect(await call('GET', `/v2/bot/room/${room}/member/${friend.userId}`)).toMatchObject({ status: 200 })
    expect(await call('GET', `/v2/bot/group/${group}/summary`)).toEqual({
      status: 200,
      body: { groupId: group, groupName: 'Family' },
    })
    expect(await call('GET', `/v2/bot/group/${group}/member/${user}`)).toMatchObject({ status: 404 })
    expect(await call('GET', `/v2/bot/profile/${friend.userId}`)).toMatchObject({ status: 404 })
    expect(await call('GET', `/v2/bot/group/x/summary`)).toMatchObject({ status: 400 })
  })

  test('a push reaches the group and counts once for each member, until the account has left', async () => {
    line.invite(name, { groupId: group, members: [friend, { userId: user, displayName: 'a' }] })
    expect(await push([quick(action('Yes'))], group)).toMatchObject({ status: 200 })
    expect(line.messages(name, group)).toHaveLength(1)
    expect(await call('GET', '/v2/bot/message/quota/consumption')).toEqual({ status: 200, body: { totalUsage: 2 } })
    expect(line.tap(name, friend.userId, { action: 'Yes' }, { group })?.event.source).toEqual({
      type: 'group',
      groupId: group,
      userId: friend.userId,
    })
    expect(await call('POST', `/v2/bot/group/${group}/leave`)).toEqual({ status: 200, body: {} })
    expect(told).toContainEqual({ type: 'group.left', account: name, groupId: group })
    expect(line.groups(name)).toEqual([])
    expect(await push([quick(action('Yes'))], group)).toMatchObject({ status: 400 })
    expect(await call('POST', `/v2/bot/group/${group}/leave`)).toMatchObject({ status: 404 })
  })
})

test('an edited text has the id of the first one, and no mark for reading', () => {
  const { id } = line.send(name, friend.userId, { type: 'text', text: 'helo' }, { group })
  const { event } = line.send(name, friend.userId, { type: 'edit', messageId: id, text: 'hello' }, { group })
  expect(event).toMatchObject({ type: 'messageEdited', message: { type: 'text', id, text: 'hello' } })
  expect(event.replyToken).toEqual(expect.any(String))
  expect(event.message?.markAsReadToken).toBeUndefined()
})

test('a text or a sticker may quote what the account had sent, by the id that LINE told of it', async () => {
  const { body } = await push([{ type: 'text', text: 'a' }])
  const quotes = String(body.sentMessages?.[0]?.id)
  expect(quotes).toBe(line.messages(name, user)[0]?.id)
  expect(line.event(name, user, { type: 'text', text: 'b', quotes }).message?.quotedMessageId).toBe(quotes)
  const sticker = { type: 'sticker', packageId: '1', stickerId: '2', quotes } as const
  expect(line.event(name, user, sticker).message?.quotedMessageId).toBe(quotes)
})

test('pictures that were chosen together say so', () => {
  const imageSet = { id: 'set', index: 1, total: 2 }
  const { message } = line.event(name, user, { type: 'image', bytes: Buffer.from('a'), imageSet })
  expect(message?.imageSet).toEqual(imageSet)
})

test('a read mark is for the message whose token it names', async () => {
  const { event, id } = line.send(name, user, { type: 'text', text: 'a' })
  const markAsReadToken = event.message?.markAsReadToken
  expect(await call('POST', '/v2/bot/chat/markAsRead', { markAsReadToken })).toMatchObject({ status: 200 })
  expect(line.readMarks).toEqual([{ account: name, chat: user, messageId: id }])
  expect(told).toContainEqual({ type: 'messages.read', account: name, chat: user, messageId: id })
  expect(await call('POST', '/v2/bot/chat/markAsRead', { markAsReadToken: 'x' })).toMatchObject({ status: 400 })
})

test('stickers have pictures, for everybody', async () => {
  const answer = await fetch(`${line.dataApiUrl}/stickershop/v1/sticker/52002734/android/sticker.png`)
  const picture = await sharp(Buffer.from(await answer.arrayBuffer())).metadata()
  expect([answer.status, answer.headers.get('content-type'), picture.format]).toEqual([200, 'image/png', 'png'])
  line.break('sticker', { answer: 404 })
  expect((await fetch(`${line.dataApiUrl}/stickershop/v1/sticker/1/android/sticker.png`)).status).toBe(404)
})
