import { expect, test } from '@jest/globals'
import { personKeys, profileKey } from '../../../src/channels/line/cache-keys.ts'
import { createComplete } from '../../../src/channels/line/complete.ts'
import { createAct } from '../../../src/channels/line/courtesies/act.ts'
import { createCustomers } from '../../../src/channels/line/inbound/customer.ts'
import { createOffers } from '../../../src/channels/line/outbound/offers.ts'
import { until } from '../../support/until.ts'
import { group, settingsWith } from './hearing.ts'
import { createMemoryCache } from './memory-cache.ts'
import { createMemoryQuotes } from './memory-quotes.ts'

const channel = 'retail_thailand'

test('every key under which something of somebody lies is among those that are erased', async () => {
  const cache = createMemoryCache()
  const offers = createOffers({ channel, cache })
  const named = async () => ({ name: 'สมชาย' })
  const complete = createComplete({
    channel,
    settings: settingsWith({ events: { follow: 'attribute' } }),
    cache,
    quotes: createMemoryQuotes(),
    offers,
    customers: createCustomers({ channel, cache, profile: named }),
    client: { group: named, member: named },
  })
  const act = createAct({ channel, cache, client: { leave: async () => {} }, now: () => 0 })
  const about = { at: 1, platform: 'LINE', content: { kind: 'text', text: 'hello' } } as const
  const noted = () => cache.entries.get(`line:next:${channel}:U1`)?.value

  act({ kind: 'attribute', user: 'U1', name: 'lineEvent', value: 'follow' })
  await until('the note', () => noted())
  await complete({ id: 'm1', conversation: { channel, user: 'U1' }, readToken: 't', ...about })
  await complete({ id: 'm2', conversation: { channel, user: group }, member: 'U1', readToken: 't', ...about })
  await offers.save({ id: 'g1', conversation: { channel, user: 'U1' } }, [{ what: 'button', label: 'a', payload: 'b' }])
  act({ kind: 'attribute', user: 'U1', name: 'lineEvent', value: 'unfollow' })
  await until('the second note', () => noted())

  const people = [personKeys({ channel, user: 'U1' }), personKeys({ channel, user: group })]
  const isErased = (key: string) =>
    people.some(({ keys, prefixes }) => keys.includes(key) || prefixes.some((prefix) => key.startsWith(prefix)))
  const kept = [...cache.entries.keys()]
  expect(kept).toHaveLength(8)
  expect(kept.filter((key) => !isErased(key))).toEqual([])
})

test('nobody’s keys are another one’s', () => {
  const [one, longer] = [personKeys({ channel, user: 'U1' }), personKeys({ channel, user: 'U12' })]
  expect(one.keys.filter((key) => longer.keys.includes(key))).toEqual([])
  const { keys, prefixes } = longer
  expect([...keys, ...prefixes].filter((key) => one.prefixes.some((prefix) => key.startsWith(prefix)))).toEqual([])
})

test('names stay where earlier releases kept them', () => {
  expect(profileKey({ channel, user: 'U1' })).toBe('line:profile:retail_thailand:U1')
})
