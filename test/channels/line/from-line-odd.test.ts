import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { InboundMessage } from '../../../src/bridge/message.ts'
import type { Heard } from '../../../src/bridge/side.ts'
import { fromLine } from '../../../src/channels/line/from-line.ts'
import type { LineEvent } from '../../../src/channels/line/wire.ts'
import { customer, fixture, fixtureNames } from './fixtures.ts'
import { contextWith } from './hearing.ts'

const context = contextWith()
const hear = (event: LineEvent) => fromLine(event, context)

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

const known = fc.constantFrom(...fixtureNames().map((name) => fixture(name)))
const isSound = (heard: Heard<InboundMessage>): boolean =>
  heard.kind === 'message' ? heard.id !== '' && heard.message.conversation.user !== '' : /^\w+$/.test(heard.reason)
const everything = contextWith({
  stickers: 'both',
  markAsRead: true,
  groups: 'bridge',
  events: { follow: 'text', unfollow: 'text', join: 'text', accountLink: 'text' },
})

test('no JSON makes it throw, in any place of an event', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => isSound(hear(Object(json)))),
    { numRuns: 300 },
  )
  const places = [
    'type',
    'mode',
    'timestamp',
    'source',
    'webhookEventId',
    'deliveryContext',
    'message',
    'postback',
    'unsend',
    'link',
  ]
  fc.assert(
    fc.property(known, fc.constantFrom(...places), fc.jsonValue(), (event, place, json) =>
      isSound(fromLine({ ...event, [place]: json }, everything)),
    ),
    { numRuns: 1_000 },
  )
  const inner = ['message', 'postback', 'unsend', 'source', 'link'] as const
  const fields = [
    'type',
    'id',
    'text',
    'packageId',
    'stickerId',
    'keywords',
    'latitude',
    'title',
    'fileName',
    'duration',
  ]
  const others = [
    'contentProvider',
    'imageSet',
    'quotedMessageId',
    'markAsReadToken',
    'data',
    'params',
    'messageId',
    'userId',
    'groupId',
    'result',
  ]
  fc.assert(
    fc.property(
      known,
      fc.constantFrom(...inner),
      fc.constantFrom(...fields, ...others),
      fc.jsonValue(),
      (event, place, field, json) =>
        isSound(fromLine({ ...event, [place]: { ...Object(event[place]), [field]: json } }, everything)),
    ),
    { numRuns: 3_000 },
  )
})

const unreadable = { toString: 1, valueOf: 1 }

test('what cannot even be made a text does not make it throw', () => {
  const event = fixture('message-sticker-bare')
  const message = { ...event.message, packageId: unreadable, stickerId: unreadable } as unknown
  expect(hear({ ...event, message } as LineEvent)).toMatchObject({
    message: { content: { kind: 'sticker', label: '?' } },
  })
})

test.each(odd.map((event) => [JSON.stringify(event), event]))('%s does not make it throw', (_, event) => {
  const heard = hear(event as LineEvent)
  if (heard.kind === 'message') expect(heard.message.id).not.toBe('')
  else expect(heard.reason).toMatch(/^\w+$/)
})
