import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Action, OutboundContent } from '../../src/bridge/message.ts'
import { fromGenesys } from '../../src/genesys/from-genesys.ts'
import type { GenesysOutbound } from '../../src/genesys/wire.ts'
import { fixtureBytes, fixtureNames, integrationId, user } from './fixtures.ts'
import { says, structured } from './structured-expected.ts'

const reading = { channel: 'retail_thailand', integrationId, fallbackId: 'fallback', receivedAt: 42 }
const read = (name: string) => fromGenesys(JSON.parse(fixtureBytes(name).toString()) as GenesysOutbound, reading)

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
  'attachment-link-bare': [
    ...says('Terms'),
    { kind: 'media', media: 'file', source: { by: 'url', url: 'https://files.example/any' } },
  ],
  'attachment-unknown-kind': [
    { kind: 'media', media: 'video', source: { by: 'url', url: 'https://files.example/v.mp4' }, mime: 'video/mp4' },
  ],
  location: says('Our shop\n1 Silom Rd, Bangkok\nhttps://www.google.com/maps/search/?api=1&query=13.7291,100.5212'),
  'rich-link': says('News\nWe moved\nRead: https://example.com/news\nShop'),
  story: says('Story: https://example.com/story'),
  reactions: says('Reaction: Like'),
  'content-text': says('Plain words in an element'),
  'content-text-said': says('Plain words'),
  'rich-link-without-label': says('We moved\nhttps://example.com/news'),
  'location-address-only': says('1 Silom Rd\nhttps://maps.example/x'),
  'bot-markdown': says(
    'Opening hours\n\nWe are open on weekdays:\n\n1. Mon: 9:00~18:00\n2. Tue\n\n* Map (https://example.com/map)\n* price_list_2024',
  ),
  'human-markdown': says(
    '# Opening hours\n\nWe are **open** on _weekdays_:\n\n1. Mon: 9:00~18:00\n2. Tue\n\n* [Map](https://example.com/map)\n* `price_list_2024`',
  ),
  'unnamed-html': says('<b>Hi</b> &amp; bye'),
  'bot-html': says('Hello Aiko & all,\n\n- See our FAQ (https://example.com/faq)\n- ขอบคุณ 👋'),
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
  'bot-html-empty': 'empty',
  'unknown-type': 'unknown_type',
  typing: 'typing',
  'typing-without-duration': 'typing',
  'typing-off': 'typing',
  'event-presence': 'unknown_event',
  'receipt-published': 'receipt',
  'receipt-outbound-failed': 'receipt',
  'receipt-failed': 'receipt_failed',
  echo: 'echo',
  misrouted: 'misrouted',
}

test('every fixture has an expectation', () => {
  expect([...Object.keys(carried), ...Object.keys(structured), ...Object.keys(ignored)].sort()).toEqual(
    fixtureNames().sort(),
  )
})

test.each(Object.entries({ ...carried, ...structured }))('%s is carried', (name, content) => {
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

test('a typing event tells who is written to, since when and for how long, and leaves nothing to store', () => {
  const effect = { kind: 'typing', user, at: Date.parse('2026-11-21T04:05:10.120Z'), forMs: 5_000 }
  expect(read('typing')).toEqual({ kind: 'ignored', reason: 'typing', effects: [effect] })
  expect(read('typing-without-duration')).toEqual({ kind: 'ignored', reason: 'typing', effects: [effect] })
  const events = [{ eventType: 'Presence' }, { eventType: 'Typing', typing: { type: 'On', duration: 1_200 } }]
  expect(fromGenesys({ type: 'Event', channel: { to: { id: user } }, events }, reading)).toEqual({
    kind: 'ignored',
    reason: 'typing',
    effects: [{ kind: 'typing', user, at: 42, forMs: 1_200 }],
  })
})

test('typing has no effect when it ends or when nobody is written to', () => {
  expect(read('typing-off')).toEqual({ kind: 'ignored', reason: 'typing' })
  const events = [{ eventType: 'Typing', typing: { type: 'On', duration: 0 } }]
  expect(fromGenesys({ type: 'Event', channel: {}, events }, reading)).toEqual({ kind: 'ignored', reason: 'typing' })
  expect(fromGenesys({ type: 'Event', channel: { to: { id: user } }, events }, reading)).toMatchObject({
    effects: [{ forMs: 5_000 }],
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

const members =
  'text title subtitle description body header footer summaryText payload type url image imageUrl video id phoneNumber ' +
  'actions cards sections items parameters buttons media defaultAction availableTimes dateTime duration dateMinimum ' +
  'location address latitude longitude receivedMessage mediaType'
const member = fc.constantFrom(...members.split(' '))
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, '', 'x', 7, true, 'Link', 'Postback', 'Url', 'PhoneNumber', 'Media', '**x** <b>', '{{1}}'),
    fc.constantFrom('https://img.example/x.png', 'ftp://x', 'tel:12', '2026-12-01T00:00:00Z', '+66 2', 'toString'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(member, tie('value'), { maxKeys: 5 }),
  ),
})).value

/** The lists of a content that nobody could choose from if they were empty, and the addresses that a touch would open. */
function choices(content: OutboundContent): { lists: number[]; addresses: string[] } {
  const opens = (actions: readonly Action[]) => actions.flatMap((action) => (action.do === 'open' ? action.url : []))
  switch (content.kind) {
    case 'quick-replies':
      return { lists: [content.replies.length], addresses: [] }
    case 'cards':
      return {
        lists: [content.cards.length, ...content.cards.map(({ title }) => title.length)],
        addresses: content.cards.flatMap(({ actions, action }) => opens(action ? [...actions, action] : actions)),
      }
    case 'list-picker':
      return { lists: [content.sections.length, ...content.sections.map(({ items }) => items.length)], addresses: [] }
    case 'template': {
      const { header, body, footer, actions } = content
      return { lists: [[header, body, footer, ...actions].filter(Boolean).length], addresses: opens(actions) }
    }
    case 'text':
      return { lists: [content.text.trim().length], addresses: [] }
    default:
      return { lists: [], addresses: [] }
  }
}

test('no content of a message ever makes the reading throw, or offers nothing to choose from', () => {
  const types = 'QuickReply QuickReplyV2 Card Carousel DatePicker ListPicker Notification Location RichLink Story'
  const contentType = fc.constantFrom(...types.split(' '), 'Reactions', 'Attachment', 'Text', 'New', '', 5)
  const keys = 'quickReply quickReplyV2 card carousel datePicker listPicker template location richLink story reactions'
  const element = fc.tuple(contentType, anything).map(([type, value]) => ({
    contentType: type,
    ...Object.fromEntries(`${keys} attachment text new`.split(' ').map((key) => [key, value])),
  }))
  const author = fc.constantFrom('Bot', 'Human', 'toString', null)
  fc.assert(
    fc.property(fc.array(fc.oneof(element, anything), { maxLength: 4 }), anything, author, (content, text, sentBy) => {
      const body = { type: 'Structured', channel: { to: { id: user } }, content, text, originatingEntity: sentBy }
      const heard = fromGenesys(body, reading)
      if (heard.kind !== 'message') return
      expect(heard.message.content.length).toBeGreaterThan(0)
      expect(heard.message.content.slice(0, -1).some(({ kind }) => kind === 'quick-replies')).toBe(false)
      for (const { lists, addresses } of heard.message.content.map(choices)) {
        expect(lists).not.toContain(0)
        for (const address of addresses) expect(address).toMatch(/^(?:https?:\/\/|tel:\+?\d)[\x21-\x7e]*$/)
      }
    }),
    { numRuns: 2_000 },
  )
})
