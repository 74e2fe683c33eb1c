import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { OutboundContent } from '../../src/bridge/message.ts'
import { fromGenesys } from '../../src/genesys/from-genesys.ts'
import type { GenesysOutbound } from '../../src/genesys/wire.ts'
import { fixtureBytes, fixtureNames, integrationId, user } from './fixtures.ts'

const reading = { channel: 'retail_thailand', integrationId, fallbackId: 'fallback', receivedAt: 42 }
const read = (name: string) => fromGenesys(JSON.parse(fixtureBytes(name).toString()) as GenesysOutbound, reading)

const says = (...texts: string[]): OutboundContent[] => texts.map((text) => ({ kind: 'text', text }))
const map: OutboundContent = {
  kind: 'media',
  media: 'image',
  source: { by: 'url', url: 'https://api-downloads.apse1.pure.cloud/api/v2/downloads/x' },
  mime: 'image/png',
  fileName: 'map.png',
  bytes: 10_240,
}
const terms: OutboundContent = {
  kind: 'media',
  media: 'file',
  source: { by: 'url', url: 'https://api-downloads.apse1.pure.cloud/api/v2/downloads/y' },
  mime: 'application/pdf',
  fileName: 'terms.pdf',
}

const carried: Record<string, OutboundContent[]> = {
  text: says('How can I help?'),
  'text-thai-emoji': says('สวัสดี 👋\nยินดีให้บริการ'),
  'text-nick-name': says('From an older organisation'),
  attachment: [map],
  'attachment-captioned': [...says('Here is the map'), map, ...says('Way from the station'), terms],
  'attachment-link': says('Our help pages\nhttps://example.com/help'),
  'attachment-unknown-kind': [
    { kind: 'media', media: 'video', source: { by: 'url', url: 'https://files.example/v.mp4' }, mime: 'video/mp4' },
  ],
  'quick-replies': says('Continue?\n• Yes\n• No'),
  'quick-replies-v2': says('Which size?\n• Small\n• Large'),
  card: says('Plan A\nBasic\n• Choose A\nhttps://example.com/plans'),
  carousel: says('Plan A\nBasic\n• Choose A\n• Details: https://example.com/a\n\nPlan B\n• https://example.com/b'),
  'date-picker': says('When?\nPick one\n• 2026-12-01 03:00 UTC (30 min)\n• 2026-12-01 04:30 UTC'),
  'list-picker': says('Choose your topping\nSweet\n• Mango – in season\n• Coconut\nSalty\n• Peanut'),
  notification: says(
    'Order A-77\nDear Aiko, it leaves at 18:00.\nThank you\n• Track: https://example.com/track\n• Call us: +6620000000\n• OK',
  ),
  'notification-rendered': says(
    'Dear Aiko, it leaves at 18:00.',
    'Order A-77\nThank you\n• Track: https://example.com/track\n• Call us: +6620000000\n• OK',
  ),
  'notification-media': [
    { kind: 'media', media: 'image', source: { by: 'url', url: 'https://img.example/h.jpg' }, mime: 'image/jpeg' },
    ...says('Look'),
  ],
  location: says('Our shop\n1 Silom Rd, Bangkok\nhttps://www.google.com/maps/search/?api=1&query=13.7291,100.5212'),
  'rich-link': says('News\nWe moved\nRead: https://example.com/news\nShop'),
  story: says('Story: https://example.com/story'),
  reactions: says('Reaction: Like'),
  'content-text': says('Plain words in an element'),
  'unknown-content-wordy': says('Please pay\n120 THB'),
  'unknown-content-with-text': says('Shown anyway'),
  'unknown-type-with-text': says('How did we do?'),
  'without-id': says('By message id'),
  'without-any-id': says('By its bytes'),
  'extra-members': says('Hi'),
}

const ignored: Record<string, string> = {
  'attachment-without-url': 'unknown_content',
  'unknown-content': 'unknown_content',
  'empty-content': 'empty',
  'blank-text': 'empty',
  'null-members': 'empty',
  'wrong-types': 'unknown_content',
  'unknown-type': 'unknown_type',
  typing: 'typing',
  'event-presence': 'unknown_event',
  'receipt-published': 'receipt',
  'receipt-outbound-failed': 'receipt',
  'receipt-failed': 'receipt_failed',
  echo: 'echo',
  misrouted: 'misrouted',
}

test('every fixture has an expectation', () => {
  expect([...Object.keys(carried), ...Object.keys(ignored)].sort()).toEqual(fixtureNames().sort())
})

test.each(Object.entries(carried))('%s is carried', (name, content) => {
  const heard = read(name)
  expect(heard).toMatchObject({ kind: 'message', message: { conversation: { channel: 'retail_thailand', user } } })
  if (heard.kind === 'message') expect(heard.message.content).toEqual(content)
})

test.each(Object.entries(ignored))('%s is ignored as %s', (name, reason) => {
  expect(read(name)).toMatchObject({ kind: 'ignored', reason })
})

test('a message keeps its id, time, author and conversation', () => {
  expect(read('text')).toEqual({
    kind: 'message',
    id: '9b0c',
    message: {
      id: '9b0c',
      conversation: { channel: 'retail_thailand', user },
      at: Date.parse('2026-11-21T04:05:10.120Z'),
      content: says('How can I help?'),
      author: 'human',
      conversationId: 'd06c',
    },
  })
  expect(read('text-thai-emoji')).toMatchObject({ message: { author: 'bot' } })
})

test('a message without a readable time is as old as its arrival', () => {
  const body = { type: 'Text', text: 'x', channel: { to: { id: user }, time: 'yesterday' } }
  expect(fromGenesys(body, reading)).toMatchObject({ id: 'fallback', message: { id: 'fallback', at: 42 } })
})

test('a failed receipt tells which message was not shown, in ids and codes only', () => {
  expect(read('receipt-failed')).toEqual({
    kind: 'ignored',
    id: 'receipt-71ab',
    reason: 'receipt_failed',
    effects: [
      {
        kind: 'not_shown',
        remote: '71ab',
        detail: 'Genesys took the message and then could not show it: MediaTypeNotAllowed, GeneralError.',
      },
    ],
  })
})

test('a message of another integration raises an alert', () => {
  expect(read('misrouted')).toMatchObject({
    effects: [{ kind: 'alert', alert: 'misrouted', detail: 'webhook of integration another-integration' }],
  })
})

test('quick replies stand alone when something parts them from the prompt', () => {
  const reply = { contentType: 'QuickReply', quickReply: { text: 'Yes', payload: 'y' } }
  const attachment = { contentType: 'Attachment', attachment: { mediaType: 'File', url: 'https://files.example/a' } }
  const body = { type: 'Structured', text: 'Ok?', channel: { to: { id: user } }, content: [attachment, reply, reply] }
  expect(fromGenesys(body, reading)).toMatchObject({
    message: {
      content: [
        { kind: 'text', text: 'Ok?' },
        { kind: 'media', media: 'file' },
        { kind: 'text', text: '• Yes\n• Yes' },
      ],
    },
  })
})

test('a date picker without times tells its range', () => {
  const datePicker = { title: 'When?', dateMinimum: '2026-12-01T00:00:00Z', dateMaximum: '2026-12-24T00:00:00Z' }
  const body = {
    type: 'Structured',
    channel: { to: { id: user } },
    content: [{ contentType: 'DatePicker', datePicker }],
  }
  expect(fromGenesys(body, reading)).toMatchObject({
    message: { content: says('When?\n2026-12-01 00:00 UTC – 2026-12-24 00:00 UTC') },
  })
})

test('a template keeps the places for which there is no parameter', () => {
  const template = {
    body: { text: 'Dear {{name}}, {{2}} and {{ 9 }}', parameters: [null, { name: 'b', text: 'two' }] },
  }
  const body = {
    type: 'Structured',
    channel: { to: { id: user } },
    content: [{ contentType: 'Notification', template }],
  }
  expect(fromGenesys(body, reading)).toMatchObject({ message: { content: says('Dear {{name}}, two and {{ 9 }}') } })
})

const member = fc.oneof(
  fc.constantFrom('text', 'title', 'body', 'header', 'actions', 'cards', 'sections', 'items', 'url', 'parameters'),
  fc.constantFrom('buttons', 'media', 'footer', 'availableTimes', 'latitude', 'longitude', 'receivedMessage'),
)
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, '', 'x', 7, true),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(member, tie('value'), { maxKeys: 5 }),
  ),
})).value

test('no content of a message ever makes the reading throw', () => {
  const types = 'QuickReply QuickReplyV2 Card Carousel DatePicker ListPicker Notification Location RichLink Story'
  const contentType = fc.constantFrom(...types.split(' '), 'Reactions', 'Attachment', 'Text', 'New', '', 5)
  const keys = 'quickReply quickReplyV2 card carousel datePicker listPicker template location richLink story reactions'
  const element = fc.tuple(contentType, anything).map(([type, value]) => ({
    contentType: type,
    ...Object.fromEntries(`${keys} attachment text new`.split(' ').map((key) => [key, value])),
  }))
  fc.assert(
    fc.property(fc.array(fc.oneof(element, anything), { maxLength: 4 }), anything, (content, text) => {
      const heard = fromGenesys({ type: 'Structured', channel: { to: { id: user } }, content, text }, reading)
      expect(heard.kind === 'message' ? heard.message.content.length : 1).toBeGreaterThan(0)
    }),
    { numRuns: 500 },
  )
})
