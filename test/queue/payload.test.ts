import { expect, test } from '@jest/globals'
import type { InboundMessage, OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import { idsOf, readItem, writeItem } from '../../src/queue/payload.ts'
import { inbound, outbound, plainCodec } from './harness.ts'

test('a customer’s message comes out as it went in', () => {
  const message: InboundMessage = { ...inbound('1', 'U1', 'สวัสดี 👋'), eventId: 'E1' }
  expect(readItem(plainCodec, 'shop', writeItem(plainCodec, message))).toEqual(message)
})

test('an agent’s message comes out as it went in', () => {
  const message: OutboundMessage = { ...outbound('g1'), author: 'human', conversationId: 'c1' }
  expect(readItem(plainCodec, 'shop', writeItem(plainCodec, message))).toEqual(message)
})

test('a receipt comes out as it went in', () => {
  const receipt: Receipt = {
    id: 'g1',
    conversation: { channel: 'shop', user: 'U1' },
    at: 5,
    status: 'failed',
    reason: { code: 'opted_out', message: 'The customer has blocked the account.' },
  }
  expect(readItem(plainCodec, 'shop', writeItem(plainCodec, receipt))).toEqual(receipt)
})

test('ids are written once, because waiting messages cost memory', () => {
  const text = writeItem(plainCodec, { ...inbound('4687895', 'U8189'), eventId: 'E7777' })
  for (const id of ['4687895', 'U8189', 'E7777']) expect(text.split(id)).toHaveLength(2)
})

test('people find a message by all the ids that it came with', () => {
  expect(idsOf({ ...inbound('1'), eventId: 'E1' })).toEqual({ message: '1', user: 'U1', event: 'E1' })
  expect(idsOf({ ...outbound('g1'), conversationId: 'c1' })).toEqual({ message: 'g1', user: 'U1', conversation: 'c1' })
})
