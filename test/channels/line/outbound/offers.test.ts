import { expect, test } from '@jest/globals'
import {
  createOffers,
  isOfferData,
  type Offer,
  offerData,
  offerKeyPrefix,
} from '../../../../src/channels/line/outbound/offers.ts'
import { rejection } from '../fake-line.ts'
import { createMemoryCache } from '../memory-cache.ts'

const channel = 'retail_thailand'
const conversation = { channel, user: 'U1' }
const message = { id: 'm-1', conversation }
const yes: Offer = { what: 'quick-reply', label: 'ใช่', payload: 'yes' }
const card: Offer = { what: 'button', label: 'Buy', payload: 'b'.repeat(1_000) }
const date: Offer = { what: 'date', label: 'Choose', payload: '' }

const keyOf = (index: number) => offerData({ channel, messageId: 'm-1', index })

function offersOf(cache = createMemoryCache()) {
  return { cache, offers: createOffers({ channel, cache }) }
}

test('the data of an offer never changes, because buttons that were sent stay where they are', () => {
  expect(keyOf(3)).toBe('lgb1.1em4uPHqV-FNIEdH.3')
})

test('the data of two offers differ by channel, message and place', () => {
  const all = [
    keyOf(0),
    keyOf(1),
    offerData({ channel, messageId: 'm-2', index: 0 }),
    offerData({ channel: 'retail', messageId: 'm-1', index: 0 }),
  ]
  expect(new Set(all).size).toBe(4)
})

test.each([keyOf(0), keyOf(12), offerData({ channel, messageId: 'ม'.repeat(900), index: 999 })])(
  '%s is known as ours, and short enough for LINE',
  (data) => {
    expect(isOfferData(data)).toBe(true)
    expect(data.length).toBeLessThanOrEqual(300)
  },
)

test.each([
  '',
  'action=buy&itemid=111',
  'lgb1',
  'lgb1..0',
  'lgb1.AAAAAAAAAAAAAAA.0',
  'lgb1.AAAAAAAAAAAAAAAA.',
  'lgb1.AAAAAAAAAAAAAAAA.01',
  'lgb1.AAAAAAAAAAAAAAAA.-1',
  'lgb1.AAAAAAAAAAAAAAAA.1234567',
  'lgb1.AAAAAAAAAAAA:AAA.1',
  'lgb2.AAAAAAAAAAAAAAAA.0',
  'xlgb1.AAAAAAAAAAAAAAAA.0',
  'lgb1.AAAAAAAAAAAAAAAA.0\n',
])('%j is not taken for ours', (data) => {
  expect(isOfferData(data)).toBe(false)
})

test('each offer is found again with the message that made it', async () => {
  const { offers } = offersOf()
  await offers.save(message, [yes, card, date])
  expect(await offers.find('U1', keyOf(0))).toEqual({ to: 'm-1', offer: yes })
  expect(await offers.find('U1', keyOf(1))).toEqual({ to: 'm-1', offer: card })
  expect(await offers.find('U1', keyOf(2))).toEqual({ to: 'm-1', offer: date })
})

test('nothing is found for another customer, another message or a place beyond the last', async () => {
  const { offers } = offersOf()
  await offers.save(message, [yes])
  expect(await offers.find('U2', keyOf(0))).toBeUndefined()
  expect(await offers.find('U1', keyOf(1))).toBeUndefined()
  expect(await offers.find('U1', offerData({ channel, messageId: 'm-2', index: 0 }))).toBeUndefined()
  expect(await offers.find('U1', 'action=buy')).toBeUndefined()
})

test('offers are known for 30 days', async () => {
  const { cache, offers } = offersOf()
  await offers.save(message, [yes])
  cache.nowMs = 30 * 86_400_000 - 1
  expect(await offers.find('U1', keyOf(0))).toBeDefined()
  cache.nowMs += 1
  expect(await offers.find('U1', keyOf(0))).toBeUndefined()
})

test('a message that offers nothing asks nothing of the cache', async () => {
  const { cache, offers } = offersOf()
  cache.away = true
  await offers.save(message, [])
  expect(cache.entries.size).toBe(0)
})

test('while the cache is away, saving fails, and so does finding, because it may be known', async () => {
  const { cache, offers } = offersOf()
  await offers.save(message, [yes])
  cache.away = true
  expect(await rejection(offers.save(message, [yes]))).toBeInstanceOf(Error)
  expect(await rejection(offers.find('U1', keyOf(0)))).toBeInstanceOf(Error)
  // What is not ours at all is not looked for.
  expect(await offers.find('U1', 'action=buy')).toBeUndefined()
})

test('all offers made to somebody lie under one prefix, which nobody else shares', async () => {
  const { cache, offers } = offersOf()
  await offers.save(message, [yes])
  await offers.save({ ...message, id: 'm-2' }, [yes])
  await offers.save({ id: 'm-1', conversation: { channel, user: 'U12' } }, [yes])
  const mine = [...cache.entries.keys()].filter((key) => key.startsWith(offerKeyPrefix(conversation)))
  expect(offerKeyPrefix(conversation)).toBe('line:offer:retail_thailand:U1:')
  expect(mine).toHaveLength(2)
})

test.each([
  'not JSON',
  '[]',
  '{"to":"m-1"}',
  '{"to":"m-1","offers":[["bomb","a","b"]]}',
  '{"offers":[["button","a","b"]]}',
])('an entry that says %s is none', async (line) => {
  const { cache, offers } = offersOf()
  await offers.save(message, [yes])
  for (const key of cache.entries.keys()) await cache.set(key, line, 60)
  expect(await offers.find('U1', keyOf(0))).toBeUndefined()
})
