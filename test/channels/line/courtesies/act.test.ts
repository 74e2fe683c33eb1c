import { afterEach, expect, test } from '@jest/globals'
import type { PassingEffect } from '../../../../src/bridge/side.ts'
import { nextAttributesKey } from '../../../../src/channels/line/cache-keys.ts'
import { createLineClient } from '../../../../src/channels/line/client.ts'
import { createAct } from '../../../../src/channels/line/courtesies/act.ts'
import { until } from '../../../support/until.ts'
import { type Answer, json, serveLine, shortAgent } from '../fake-line.ts'
import { createMemoryCache } from '../memory-cache.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const channel = 'retail_thailand'

async function acting(answer: Answer = (_, response) => json(response, 200, {})) {
  const line = await serveLine(answer)
  const agent = shortAgent(5_000)
  closers.push(line.close, () => agent.destroy())
  const tokens = { current: async () => 'token-1', refused: () => {} }
  const clock = { now: 1_790_000_000_000 }
  const cache = createMemoryCache()
  const shown: PassingEffect[] = []
  const act = createAct({
    channel,
    client: createLineClient({ apiUrl: line.url, tokens, agent, sideAgent: agent }),
    cache,
    now: () => clock.now,
    typing: { show: (effect) => void shown.push(effect) },
  })
  const left = () => line.seen.map(({ url }) => url)
  const noted = async (user: string): Promise<unknown> => {
    const line = await cache.get(nextAttributesKey({ channel, user }))
    return line === undefined ? undefined : JSON.parse(line)
  }
  return { act, clock, cache, shown, left, noted }
}

const unwelcome = (group: string): PassingEffect => ({ kind: 'unwelcome', group })
const attribute = (user: string, name: string, value: string): PassingEffect => ({
  kind: 'attribute',
  user,
  name,
  value,
})

test('that somebody writes is shown, unless it is switched off', async () => {
  const { act, shown, cache } = await acting()
  const effect: PassingEffect = { kind: 'typing', user: 'U1', at: 1, forMs: 5_000 }
  act(effect)
  expect(shown).toEqual([effect])
  const off = createAct({ channel, client: { leave: async () => {} }, cache, now: Date.now })
  expect(off(effect)).toBeUndefined()
})

test('a group is left once in a minute, however often it is heard of', async () => {
  const { act, clock, left } = await acting()
  act(unwelcome('C1'))
  act(unwelcome('C1'))
  act(unwelcome('R1'))
  clock.now += 59_999
  act(unwelcome('C1'))
  act(unwelcome('C2'))
  await until('three calls', () => left().length === 3)
  clock.now += 1
  act(unwelcome('C1'))
  await until('the fourth call', () => left().length === 4)
  const leave = (group: string) => `/v2/bot/${group.startsWith('C') ? 'group' : 'room'}/${group}/leave`
  expect(left().sort()).toEqual([leave('C1'), leave('C1'), leave('C2'), leave('R1')])
})

test('what the next message should tell is kept by name, the last value of each, even when all come at once', async () => {
  const { act, noted } = await acting()
  act(attribute('U1', 'line.follow', 'followed'))
  act(attribute('U1', 'line.accountLink', 'ok'))
  act(attribute('U2', 'line.follow', 'followed'))
  act(attribute('U1', 'line.follow', 'unblocked'))
  await until('the last value', async () => JSON.stringify(await noted('U1'))?.includes('unblocked'))
  expect(await noted('U1')).toEqual({ 'line.follow': 'unblocked', 'line.accountLink': 'ok' })
  expect(await noted('U2')).toEqual({ 'line.follow': 'followed' })
})

test('what the next message should tell is kept for 7 days, as soon as that is said', async () => {
  const { act, noted, cache } = await acting()
  await act(attribute('U1', 'line.follow', 'followed'))
  cache.nowMs = 7 * 86_400_000 - 1
  expect(await noted('U1')).toBeDefined()
  cache.nowMs += 1
  expect(await noted('U1')).toBeUndefined()
})

test('whatever fails is let go, and the next effect goes its way', async () => {
  const { act, cache, left, noted, clock } = await acting((_, response) => json(response, 500, {}))
  cache.away = true
  act(attribute('U1', 'a', '1'))
  act(unwelcome('C1'))
  await until('the failed call', () => left().length === 1)
  cache.away = false
  act(attribute('U1', 'b', '2'))
  await until('the value', () => noted('U1'))
  expect(await noted('U1')).toEqual({ b: '2' })
  clock.now += 60_000
  act(unwelcome('C1'))
  await until('the next try', () => left().length === 2)
})

test('a note that fails takes none with it that waits for it', async () => {
  const { act, cache, noted } = await acting()
  const { get } = cache
  let failed = false
  cache.get = async () => {
    cache.get = get
    failed = true
    throw new Error('The store was away for a moment.')
  }
  act(attribute('U1', 'a', '1'))
  act(attribute('U1', 'b', '2'))
  await until('the failure', () => failed)
  await until('the value', () => noted('U1'))
  expect(await noted('U1')).toEqual({ b: '2' })
})
