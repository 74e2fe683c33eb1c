import { expect, test } from '@jest/globals'
import type { InboundMessage } from '../../../src/bridge/message.ts'
import type { LineEvent } from '../../../src/channels/line/wire.ts'
import { fixture, fixtureNames } from './fixtures.ts'
import { hearWith } from './hearing.ts'

const hear = (event: LineEvent) => hearWith({}, event)

const keywords = 'cony, sally, Staring, hi, whatsup, line, howdy, HEY, Peeking, wave, peek, Hello, yo, greetings'

/** The content of each message, and what else there is to say of it. */
const messages: Record<string, InboundMessage['content'] & { readonly quotes?: string }> = {
  'message-text': { kind: 'text', text: 'สวัสดีค่ะ สินค้ามาเมื่อไหร่คะ 😊' },
  'message-text-emoji-and-mention': {
    kind: 'text',
    text: '@Shop hello (love)',
    quotes: '584000000000000001',
  },
  'message-text-quote': { kind: 'text', text: 'and this one?', quotes: '584123456789010001' },
  'message-text-emoji': { kind: 'text', text: '😀 to the moon (moon)(rocket)' },
  'message-sticker-keywords': { kind: 'sticker', label: 'thank you, bow' },
  'message-sticker-text': { kind: 'sticker', label: 'See you soon' },
  'message-sticker-bare': { kind: 'sticker', label: '30563/651698630' },
  'message-sticker-animation': { kind: 'sticker', label: keywords },
  'message-sticker-sound': { kind: 'sticker', label: keywords },
  'message-sticker-animation-sound': { kind: 'sticker', label: keywords },
  'message-sticker-popup': { kind: 'sticker', label: keywords },
  'message-sticker-popup-sound': { kind: 'sticker', label: keywords },
  'message-sticker-custom': { kind: 'sticker', label: keywords },
  'message-sticker-name-text': { kind: 'sticker', label: keywords },
  'message-sticker-per-sticker-text': { kind: 'sticker', label: keywords },
  'message-sticker-unknown-resource': { kind: 'sticker', label: '11537/52002750' },
  'message-sticker-quote': { kind: 'sticker', label: 'ok', quotes: '584123456789010001' },
  'message-location': {
    kind: 'location',
    title: 'Silom branch',
    address: '1 Silom Rd, Bangkok 10500',
    latitude: 13.728989,
    longitude: 100.534668,
  },
  'message-location-bare': { kind: 'location', latitude: 35.65910807942215, longitude: -139.70372892916203 },
  'message-image': { kind: 'media', media: 'image', source: { by: 'id', id: '584123456789010008' } },
  'message-image-set': {
    kind: 'media',
    media: 'image',
    source: { by: 'id', id: '584123456789010009' },
    fileName: 'image 2 of 3',
  },
  'message-image-set-old-app': { kind: 'media', media: 'image', source: { by: 'id', id: '584123456789010069' } },
  'message-image-external': {
    kind: 'media',
    media: 'image',
    source: { by: 'url', url: 'https://10.1.2.3/original.jpg' },
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
  'message-video-external': {
    kind: 'media',
    media: 'video',
    source: { by: 'url', url: 'https://10.1.2.3/original.mp4' },
    durationMs: 60_000,
  },
  'message-audio-external': {
    kind: 'media',
    media: 'audio',
    source: { by: 'url', url: 'https://10.1.2.3/original.m4a' },
    durationMs: 60_000,
  },
  'message-video-without-duration': { kind: 'media', media: 'video', source: { by: 'id', id: '584123456789010072' } },
  'message-audio-without-duration': { kind: 'media', media: 'audio', source: { by: 'id', id: '584123456789010073' } },
  'message-unknown-type': { kind: 'unsupported', what: 'hologram' },
  'message-old-without-event-id': { kind: 'text', text: 'from before event ids' },
  'message-redelivered': { kind: 'text', text: 'once more' },
  'message-verify-button': { kind: 'text', text: 'Hello, world' },
  postback: { kind: 'text', text: 'action=track&order=4711' },
  'postback-datetime': { kind: 'text', text: 'pickup' },
  'postback-date': { kind: 'text', text: 'pickup-day' },
  'postback-time': { kind: 'text', text: 'pickup-time' },
  'postback-richmenu': { kind: 'text', text: 'menu=b' },
  'postback-richmenu-failed': { kind: 'text', text: 'menu=c' },
  'postback-offer': { kind: 'touched', key: 'lgb1.Zk1YbqS3vR8wXa0-.0' },
  'postback-offer-datetime': {
    kind: 'touched',
    key: 'lgb1.Zk1YbqS3vR8wXa0-.1',
    instant: '2026-12-24T18:00:00.000Z',
  },
  'postback-offer-date': { kind: 'touched', key: 'lgb1.Zk1YbqS3vR8wXa0-.2', instant: '2026-12-24T17:00:00.000Z' },
  'postback-offer-time': { kind: 'touched', key: 'lgb1.Zk1YbqS3vR8wXa0-.3', instant: '2026-10-16T03:00:00.000Z' },
}

/** Events that are no message of the customer's, and are told as one. */
const notices: Record<string, InboundMessage['content']> = {
  unsend: { kind: 'notice', notice: 'unsent' },
}

const ignored: Record<string, string> = {
  'message-standby': 'standby',
  'message-mode-unknown': 'standby',
  'message-group': 'group_chat',
  'message-group-mention-user': 'group_chat',
  'message-group-mention-all': 'group_chat',
  'message-group-without-user': 'group_chat',
  'message-group-quote': 'group_chat',
  'message-group-standby': 'standby',
  'message-room': 'room_chat',
  'message-room-image-without-user': 'room_chat',
  'message-without-user': 'no_user',
  'message-edited': 'messageEdited',
  'message-edited-mention': 'messageEdited',
  'postback-group': 'group_chat',
  'postback-offer-group': 'group_chat',
  'postback-room': 'room_chat',
  'postback-standby': 'standby',
  follow: 'follow',
  'follow-unblocked': 'follow',
  'follow-standby': 'standby',
  unfollow: 'unfollow',
  'unfollow-standby': 'standby',
  'unsend-group': 'unsend',
  'unsend-room': 'unsend',
  'unsend-standby': 'standby',
  join: 'join',
  'join-room': 'join',
  'join-standby': 'standby',
  leave: 'leave',
  'leave-room': 'leave',
  'member-joined': 'memberJoined',
  'member-joined-room': 'memberJoined',
  'member-left': 'memberLeft',
  'member-left-room': 'memberLeft',
  'video-play-complete': 'videoPlayComplete',
  beacon: 'beacon',
  'beacon-banner': 'beacon',
  'beacon-stay': 'beacon',
  'account-link': 'accountLink',
  'account-link-failed': 'accountLink',
  'membership-joined': 'membership',
  'membership-left': 'membership',
  'membership-renewed': 'membership',
  delivery: 'delivery',
  'module-attached': 'module',
  'module-detached': 'module',
  'module-detached-with-reason': 'module',
  activated: 'activated',
  deactivated: 'deactivated',
  'bot-suspended': 'botSuspended',
  'bot-resumed': 'botResumed',
  'unknown-event': 'unknown_event',
  'unknown-event-in-group': 'unknown_event',
}

test('every recorded event has its place in one of the tables', () => {
  const named = [messages, notices, ignored].flatMap((table) => Object.keys(table))
  expect(fixtureNames().sort()).toEqual(named.sort())
})

/** What an event's message has besides its content. */
const messageOf = (event: LineEvent, content: InboundMessage['content']): InboundMessage => ({
  id: (event.type === 'message' ? event.message?.id : event.webhookEventId) ?? '',
  conversation: { channel: 'retail_thailand', user: event.source?.userId ?? '' },
  at: event.timestamp ?? 0,
  platform: 'LINE',
  content,
  ...(event.webhookEventId && { eventId: event.webhookEventId }),
  ...(event.deliveryContext?.isRedelivery && { redelivered: true }),
})

test.each(Object.entries(messages))('%s becomes a message with its content', (name, { quotes, ...content }) => {
  const event = fixture(name)
  const message = { ...messageOf(event, content), ...(quotes && { quotes }) }
  expect(hear(event)).toEqual({
    kind: 'message',
    id: message.id,
    message,
    effects: [{ kind: 'reachable', user: message.conversation.user, at: event.timestamp }],
  })
})

test.each(Object.entries(notices))('%s is told as a message', (name, content) => {
  const event = fixture(name)
  const message = messageOf(event, content)
  expect(hear(event)).toMatchObject({ kind: 'message', id: event.webhookEventId, message })
})

test.each(Object.entries(ignored))('%s is ignored as %s', (name, reason) => {
  expect(hear(fixture(name))).toMatchObject({ kind: 'ignored', reason })
})
