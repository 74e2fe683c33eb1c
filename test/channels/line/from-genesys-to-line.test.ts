import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { OutboundMessage } from '../../../src/bridge/message.ts'
import { type Files, picturesOf } from '../../../src/channels/line/outbound/pictures.ts'
import { toLine } from '../../../src/channels/line/to-line.ts'
import { fromGenesys } from '../../../src/genesys/from-genesys.ts'
import { checkMessages } from '../../../src/sandbox/line-platform/check-messages.ts'
import { schemaProblems } from '../../line-schema/check.ts'

const pieces = fc.constantFrom(
  ...[
    'word',
    ' ',
    '\n',
    '\r\n',
    '\u0000',
    '\u001b',
    '\u2028',
    '\u200b',
    '\ud83d',
    '\udc00',
    '{x}',
    '{{1}}',
    '"',
    '\\',
    '%',
  ],
  ...[
    '**',
    '_',
    '`',
    '<b>',
    '&amp;',
    '[a](b)',
    '👨‍👩‍👧‍👦',
    '🇹🇭',
    '👍🏽',
    'ที่นี่',
    '今日は',
    '안녕',
    'e\u0301',
    '\u202e',
    'مرحبا',
    'שלום',
  ],
)
const short = fc.array(pieces, { maxLength: 10 }).map((list) => list.join(''))
const words = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[a-z]{1,12}$/) },
  { weight: 5, arbitrary: short },
  {
    weight: 1,
    arbitrary: fc.tuple(pieces, fc.integer({ min: 1, max: 2_500 })).map(([one, times]) => one.repeat(times)),
  },
)
const address = fc.oneof(
  fc.webUrl(),
  words,
  short.map((text) => `https://example.com/${text}`),
  fc.constantFrom(
    'javascript:alert(1)',
    'tel:+66 2 123 4567',
    'https://user:pass@example.com/x',
    'https://例え.jp/場所',
  ),
  fc.constantFrom(
    `https://example.com/${'ก'.repeat(400)}`,
    'data:text/html,x',
    'file:///etc/passwd',
    'https://[::1]/%zz',
  ),
)

/** Mostly as it should be, now and then absent, or something else altogether. */
const half = (good: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 8, arbitrary: good },
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(null, true, 0, 1e308, '', ' ', [], {}, [null], { text: {} }) },
  )
const object = (members: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.record(Object.fromEntries(Object.entries(members).map(([name, value]) => [name, half(value)])))
const list = (one: fc.Arbitrary<unknown>, maxLength = 4) => fc.array(half(one), { maxLength })
/** As many as somebody might send who knows no limits. */
const listOrMany = (one: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 9, arbitrary: list(one) },
    {
      weight: 1,
      arbitrary: fc.tuple(one, fc.integer({ min: 5, max: 120 })).map(([same, times]) => {
        const fitting = Math.ceil(100_000 / (JSON.stringify(same) ?? '').length)
        return Array.from({ length: Math.min(times, fitting) }, () => same)
      }),
    },
  )

const button = object({
  type: fc.constantFrom('Link', 'Postback', 'Url', 'PhoneNumber', 'QuickReply', 'Other'),
  text: words,
  payload: words,
  url: address,
  phoneNumber: address,
})
const card = object({ title: words, description: words, image: address, defaultAction: button, actions: list(button) })
const reply = object({ text: words, payload: words, image: address })
const day = fc.constantFrom(
  '2026-12-01T03:00:00.000Z',
  '2026-12-01',
  '0001-01-01T00:00Z',
  '9999-12-31T23:59:59Z',
  'never',
)
const times = object({ dateTime: day, duration: fc.integer() })
const item = object({ id: words, title: words, subtitle: words, imageUrl: address })

const elements: Readonly<Record<string, readonly [string, fc.Arbitrary<unknown>]>> = {
  QuickReply: ['quickReply', reply],
  QuickReplyV2: ['quickReplyV2', object({ title: words, actions: listOrMany(reply) })],
  Card: ['card', card],
  Carousel: ['carousel', object({ cards: listOrMany(card) })],
  DatePicker: [
    'datePicker',
    object({
      ...{ title: words, subtitle: words, imageUrl: address, dateMinimum: day, dateMaximum: day },
      ...{ location: object({ text: words, address: words }), availableTimes: listOrMany(times) },
    }),
  ],
  ListPicker: [
    'listPicker',
    object({
      sections: list(object({ title: words, items: listOrMany(item) })),
      receivedMessage: object({ header: words, title: words, subtitle: words, imageUrl: address }),
    }),
  ],
  Notification: [
    'template',
    object({
      header: object({ text: words, media: object({ url: address, text: words }) }),
      ...{ body: object({ text: words }), footer: object({ text: words }), buttons: list(button) },
    }),
  ],
  Attachment: ['attachment', object({ mediaType: fc.constantFrom('Image', 'Link'), url: address, text: words })],
  Location: ['location', object({ text: words, address: words, url: address })],
  RichLink: ['richLink', object({ title: words, text: words, url: address, footer: words })],
  Other: ['other', object({ title: words, text: words })],
}
const element = fc.oneof(
  ...Object.entries(elements).map(([contentType, [key, value]]) =>
    half(value).map((inner) => ({ contentType, [key]: inner })),
  ),
)
const body = fc.record({
  type: fc.constant('Structured'),
  channel: fc.constant({ to: { id: `U${'0'.repeat(32)}` } }),
  text: half(words),
  content: list(element),
})

const files = (message: OutboundMessage): Files => {
  const file = { url: 'https://b.example/media/x', mime: 'image/png', fileName: 'x.png', bytes: 1_000 }
  const previewUrl = 'https://b.example/media/y'
  return new Map([
    ...message.content.flatMap(({ kind }, place) =>
      kind === 'media' ? [[place, { ...file, previewUrl }] as const] : [],
    ),
    ...picturesOf(message).flatMap(({ part }) => (part % 3 === 0 ? [] : [[part, { ...file, previewUrl }] as const])),
  ])
}

/** Members that a reader of the message has to see in some way, as words that stand for other members are none. */
const wordy = new Set(['text', 'title', 'subtitle', 'description', 'header', 'footer', 'address'])

function* wordsToSee(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string') {
      if (wordy.has(name)) yield inner
      // What nothing can touch is not shown.
    } else if (name !== 'defaultAction') yield* wordsToSee(inner)
  }
}

/** Spaces, lines and what cannot be shown may have become something else. */
const squeezed = (text: string): string => text.toWellFormed().replace(/[\p{Cc}\s]+/gu, '')

/** All that can be read in LINE's messages, or is said by touching them. */
function* shownIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value))
    if (typeof inner !== 'string') yield* shownIn(inner)
    else if (['text', 'label', 'displayText', 'uri'].includes(name)) yield inner
}

/** The data of everything that can be touched. */
function* dataIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value))
    if (name === 'data' && typeof inner === 'string') yield inner
    else yield* dataIn(inner)
}

test('whatever Genesys sends, all of its words reach the customer, in messages that LINE takes', () => {
  let carried = 0
  fc.assert(
    fc.property(body, (sent) => {
      const reading = { channel: 'retail_thailand', integrationId: 'i-1', fallbackId: 'm-1', receivedAt: 0 }
      const heard = fromGenesys(sent, reading)
      const expected = [...wordsToSee({ text: sent.text, content: sent.content })].map(squeezed)
      if (heard.kind !== 'message') {
        expect(expected.filter((text) => text !== '')).toEqual([])
        return
      }
      // As it comes out of the queue.
      const message = JSON.parse(JSON.stringify(heard.message)) as OutboundMessage
      const { plan, offers } = toLine(message, files(message), { language: 'th', timeZone: 'Asia/Bangkok' })
      const pushes = plan.parts.map(({ request }) => request.messages)
      const messages = pushes.flat()
      carried += messages.length

      expect(pushes.flatMap(checkMessages)).toEqual([])
      expect(
        schemaProblems(plan.parts.map(({ request }) => ({ endpoint: 'push', body: JSON.stringify(request) }))),
      ).toEqual([])
      expect(messages.slice(0, -1).filter(({ quickReply }) => quickReply)).toEqual([])
      const data = [...dataIn(messages)]
      expect(new Set(data).size).toBe(data.length)
      expect(data).toHaveLength(offers.length)
      const shown = squeezed([...shownIn(messages)].join(''))
      expect(expected.filter((text) => !shown.includes(text)).map((text) => text.slice(0, 100))).toEqual([])
    }),
    { numRuns: 400 },
  )
  expect(carried).toBeGreaterThan(100)
})
