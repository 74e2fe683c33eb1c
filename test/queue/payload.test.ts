import { describe, expect, test } from '@jest/globals'
import type { InboundMessage, OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import { safeId } from '../../src/queue/names.ts'
import { type Item, idsOf, readItem, writeItem } from '../../src/queue/payload.ts'
import { inbound, outbound, plainCodec } from './harness.ts'

const receivedAt = 1_795_000_000_000
const placeOf = ({ id, conversation }: Item) => ({ id: safeId(id), user: safeId(conversation.user), receivedAt })
const inAndOut = (item: Item, place = placeOf(item)) =>
  readItem(plainCodec, { ...place, channel: 'shop' }, writeItem(plainCodec, item, place))

const receipt: Receipt = {
  id: 'g1',
  conversation: { channel: 'shop', user: 'U1' },
  at: 5,
  status: 'failed',
  reason: { code: 'opted_out', message: 'The customer has blocked the account.' },
}

describe('what comes out as it went in:', () => {
  test('a customer’s message', () => {
    const message: InboundMessage = { ...inbound('1', 'U1', 'สวัสดี 👋'), eventId: 'E1', redelivered: true }
    expect(inAndOut(message)).toEqual(message)
    const ofLine = { ...message, eventId: '01FZ74A0TDDPYRVKNK77XKC3ZR' }
    expect(inAndOut(ofLine)).toEqual(ofLine)
  })

  test('all kinds of content', () => {
    const contents: readonly InboundMessage['content'][] = [
      { kind: 'text', text: '' },
      { kind: 'text', text: '{"kind":"text"}' },
      { kind: 'sticker', label: 'Brown, happy' },
      { kind: 'location', title: 'Here', latitude: 13.7, longitude: 100.5 },
      { kind: 'media', media: 'image', source: { by: 'id', id: '9' }, bytes: 7 },
      { kind: 'unsupported', what: 'flex' },
    ]
    for (const content of contents) {
      const message = { ...inbound('1'), content }
      expect(inAndOut(message)).toEqual(message)
    }
  })

  test('an agent’s message', () => {
    const text = { kind: 'text', text: 'Hello' } as const
    const photo = { kind: 'media', media: 'image', source: { by: 'url', url: 'https://files.example/1' } } as const
    const message: OutboundMessage = {
      ...outbound('g1'),
      author: 'human',
      conversationId: 'c1',
      content: [text, photo],
    }
    expect(inAndOut(message)).toEqual(message)
    const ofGenesys = { ...message, conversationId: '0f8fad5b-d9cb-469f-a165-70867728950e' }
    expect(inAndOut(ofGenesys)).toEqual(ofGenesys)
  })

  test('a receipt, whose lane is its message’s', () => {
    expect(inAndOut(receipt, { id: 'failed.g1.a', user: 'g1', receivedAt })).toEqual(receipt)
  })

  test('ids that a place can only hold as digests, or changed', () => {
    const message = inbound('i'.repeat(200), 'u'.repeat(200))
    expect(inAndOut(message)).toEqual(message)
    const odd = inbound('a b:c', 'ผู้ใช้')
    expect(inAndOut(odd)).toEqual(odd)
  })

  test('a message that was sent after it was received, by another clock', () => {
    const message = { ...inbound('1'), at: receivedAt + 3_000 }
    expect(inAndOut(message)).toEqual(message)
  })
})

test('what its place tells is not written once more, because waiting messages cost memory', () => {
  const message = { ...inbound('4687895', 'U8189'), eventId: 'E7777' }
  const text = writeItem(plainCodec, message, placeOf(message))
  for (const known of ['4687895', 'U8189']) expect(text).not.toContain(known)
  expect(text.split('E7777')).toHaveLength(2)
})

test('a text of 25 characters from LINE waits in at most 80 bytes', () => {
  const message: InboundMessage = {
    id: '468789577898262530',
    conversation: { channel: 'retail_thailand', user: 'U8189cf6745fc0d808977bdb0b9f22995' },
    at: receivedAt - 350,
    platform: 'LINE',
    content: { kind: 'text', text: 'Where is my order 0000001' },
    eventId: '01FZ74A0TDDPYRVKNK77XKC3ZR',
  }
  expect(writeItem(plainCodec, message, placeOf(message)).length).toBeLessThanOrEqual(80)
})

test('what an earlier release wrote is understood', () => {
  const place = { channel: 'shop', id: '1', user: 'U1', receivedAt }
  const message = { ...inbound('1', 'U1', 'hello'), eventId: 'E1' }
  const { id: _id, conversation: _conversation, eventId: _event, ...sealed } = message
  const old = JSON.stringify({ v: 1, ids: { message: '1', user: 'U1', event: 'E1' }, sealed })
  expect(readItem(plainCodec, place, old)).toEqual(message)
  const answer = { ...outbound('1'), conversationId: 'c1', author: 'bot' }
  const { id: _answer, conversation: _same, conversationId: _c1, ...payload } = answer
  const oldAnswer = { v: 1, ids: { message: '1', user: 'U1', conversation: 'c1' }, sealed: JSON.stringify(payload) }
  expect(readItem(plainCodec, place, JSON.stringify(oldAnswer))).toEqual(answer)
})

test('people find a message by all the ids that it came with', () => {
  expect(idsOf({ ...inbound('1'), eventId: 'E1' })).toEqual({ message: '1', user: 'U1', event: 'E1' })
  expect(idsOf({ ...outbound('g1'), conversationId: 'c1' })).toEqual({ message: 'g1', user: 'U1', conversation: 'c1' })
})
