import { expect, test } from '@jest/globals'
import type { InboundContent } from '../../../src/bridge/message.ts'
import { fromLine } from '../../../src/channels/line/from-line.ts'
import type { LineEvent } from '../../../src/channels/line/wire.ts'
import { customer, fixture, fixtureNames } from './fixtures.ts'

const context = { channel: 'retail_thailand', receivedAt: 1_800_000_000_000 }
const hear = (event: LineEvent) => fromLine(event, context)

const messages: Record<string, InboundContent> = {
  'message-text': { kind: 'text', text: 'สวัสดีค่ะ สินค้ามาเมื่อไหร่คะ 😊' },
  'message-text-emoji-and-mention': { kind: 'text', text: '@Shop hello (love)' },
  'message-sticker-keywords': { kind: 'sticker', label: 'thank you, bow' },
  'message-sticker-text': { kind: 'sticker', label: 'See you soon' },
  'message-sticker-bare': { kind: 'sticker', label: '30563/651698630' },
  'message-location': {
    kind: 'location',
    title: 'Silom branch',
    address: '1 Silom Rd, Bangkok 10500',
    latitude: 13.728989,
    longitude: 100.534668,
  },
  'message-location-bare': { kind: 'location', latitude: 35.65910807942215, longitude: -139.70372892916203 },
  'message-image': { kind: 'media', media: 'image', source: { by: 'id', id: '584123456789010008' } },
  'message-image-set': { kind: 'media', media: 'image', source: { by: 'id', id: '584123456789010009' } },
  'message-image-external': {
    kind: 'media',
    media: 'image',
    source: { by: 'url', url: 'https://pictures.example.com/original.jpg' },
  },
  'message-video': {
    kind: 'media',
    media: 'video',
    source: { by: 'id', id: '584123456789010011' },
    durationMs: 60_000,
  },
  'message-audio': { kind: 'media', media: 'audio', source: { by: 'id', id: '584123456789010012' }, durationMs: 4_200 },
  'message-file': {
    kind: 'media',
    media: 'file',
    source: { by: 'id', id: '584123456789010013' },
    fileName: 'ใบเสร็จ.pdf',
    bytes: 2_138,
  },
  'message-unknown-type': { kind: 'unsupported', what: 'hologram' },
  'message-old-without-event-id': { kind: 'text', text: 'from before event ids' },
  'message-redelivered': { kind: 'text', text: 'once more' },
  'message-verify-button': { kind: 'text', text: 'Hello, world' },
  postback: { kind: 'text', text: 'action=track&order=4711' },
  'postback-datetime': { kind: 'text', text: 'pickup' },
  'postback-richmenu': { kind: 'text', text: 'menu=b' },
}

const ignored: Record<string, string> = {
  'message-standby': 'standby',
  'message-group': 'group_chat',
  'message-room': 'room_chat',
  'message-without-user': 'no_user',
  'message-edited': 'messageEdited',
  'postback-group': 'group_chat',
  follow: 'follow',
  'follow-unblocked': 'follow',
  unfollow: 'unfollow',
  'unfollow-standby': 'standby',
  unsend: 'unsend',
  'unsend-group': 'unsend',
  join: 'join',
  leave: 'leave',
  'member-joined': 'memberJoined',
  'member-left': 'memberLeft',
  'video-play-complete': 'videoPlayComplete',
  beacon: 'beacon',
  'account-link': 'accountLink',
  'account-link-failed': 'accountLink',
  'membership-joined': 'membership',
  delivery: 'delivery',
  'module-attached': 'module',
  'module-detached': 'module',
  activated: 'activated',
  deactivated: 'deactivated',
  'bot-suspended': 'botSuspended',
  'bot-resumed': 'botResumed',
  'unknown-event': 'unknown_event',
}

test('every recorded event has its place in one of the two tables', () => {
  expect(fixtureNames().sort()).toEqual([...Object.keys(messages), ...Object.keys(ignored)].sort())
})

test.each(Object.entries(messages))('%s becomes a message with its content', (name, content) => {
  const event = fixture(name)
  const id = event.type === 'message' ? event.message?.id : event.webhookEventId
  const user = event.source?.userId
  expect(hear(event)).toEqual({
    kind: 'message',
    id,
    message: {
      id,
      conversation: { channel: 'retail_thailand', user },
      at: event.timestamp,
      platform: 'LINE',
      content,
      ...(event.webhookEventId && { eventId: event.webhookEventId }),
      ...(event.deliveryContext?.isRedelivery && { redelivered: true }),
    },
    effects: [{ kind: 'unblocked', user, at: event.timestamp }],
  })
})

test.each(Object.entries(ignored))('%s is ignored as %s', (name, reason) => {
  expect(hear(fixture(name))).toMatchObject({ kind: 'ignored', reason })
})

test('a redelivered event keeps the id of the first delivery', () => {
  const event = fixture('message-text')
  const first = hear(event)
  const again = hear({ ...event, deliveryContext: { isRedelivery: true } })
  expect(again.id).toBe(first.id)
  expect(again).toMatchObject({ message: { redelivered: true } })
  expect(first).not.toMatchObject({ message: { redelivered: true } })
})

test('a message that was taken back is named, so that it can be erased', () => {
  const event = fixture('unsend')
  expect(hear(event)).toEqual({
    kind: 'ignored',
    id: event.webhookEventId,
    reason: 'unsend',
    effects: [{ kind: 'unsent', user: event.source?.userId, message: event.unsend?.messageId }],
  })
})

test('an ignored event is known by its event id, so that it takes effect once', () => {
  const event = fixture('unfollow')
  expect(hear(event)).toEqual({
    kind: 'ignored',
    id: event.webhookEventId,
    reason: 'unfollow',
    effects: [{ kind: 'blocked', user: customer, at: event.timestamp }],
  })
})

test.each([
  ['follow', 'unblocked'],
  ['follow-unblocked', 'unblocked'],
  ['unfollow', 'blocked'],
  ['unfollow-standby', 'blocked'],
])('%s tells that the customer is %s', (name, kind) => {
  expect(hear(fixture(name))).toMatchObject({ effects: [{ kind, user: customer }] })
})

test('an edited message is known by its event id, because its message id is that of the original', () => {
  const event = fixture('message-edited')
  expect(hear(event)).toMatchObject({ id: event.webhookEventId })
})

test('a message id beyond 2^53 stays as it is', () => {
  const event = fixture('message-text')
  const id = '9007199254740993123'
  expect(hear({ ...event, message: { ...event.message, id } })).toMatchObject({ id, message: { id } })
})

test('an event that does not tell its time has the time at which it was received', () => {
  const { timestamp: _, ...event } = fixture('message-text')
  expect(hear(event)).toMatchObject({ message: { at: context.receivedAt } })
})

const odd: unknown[] = [
  {},
  { type: 7 },
  { type: 'message' },
  { type: 'message', source: null, message: null },
  { type: 'message', source: { type: 'user', userId: customer }, message: null, webhookEventId: 'e1' },
  { type: 'message', source: { type: 'user', userId: customer }, message: 'text', webhookEventId: 'e1' },
  { type: 'message', source: { type: 'user', userId: customer }, message: { type: 'text', id: 12 } },
  { type: 'message', source: { type: 'user', userId: 5 }, message: { type: 'text', id: '12', text: 'a' } },
  { type: 'message', source: 'user', message: { type: 'location', id: '1', latitude: 'x' } },
  {
    type: 'message',
    timestamp: 1e300,
    source: { type: 'user', userId: customer },
    message: { type: 'sticker', id: '1', keywords: 'x' },
  },
  { type: 'postback', source: { type: 'user', userId: customer }, webhookEventId: 'e2', postback: null },
  { type: '__proto__', source: {} },
  { type: 'follow', source: null },
]

test.each(odd.map((event) => [JSON.stringify(event), event]))('%s does not make it throw', (_, event) => {
  const heard = hear(event as LineEvent)
  if (heard.kind === 'message') expect(heard.message.id).not.toBe('')
  else expect(heard.reason).toMatch(/^\w+$/)
})

test('a reason is never taken from the event, because reasons become metric labels', () => {
  expect(hear({ ...fixture('join'), type: 'surprise-4711' })).toMatchObject({ reason: 'unknown_event' })
})

test('a text message without its text is told as unsupported instead of being lost', () => {
  const event = fixture('message-text')
  const { text: _, ...message } = event.message ?? {}
  expect(hear({ ...event, message })).toMatchObject({ message: { content: { kind: 'unsupported', what: 'text' } } })
})
