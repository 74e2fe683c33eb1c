import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { Customer } from '../../../../src/bridge/message.ts'
import { createCustomers } from '../../../../src/channels/line/inbound/customer.ts'
import { createMemoryCache } from '../memory-cache.ts'

/** A process knows a name for so long without asking the cache. */
const knownMs = 100

/** LINE's profile API as a list of answers, one for each time it is asked. */
function ask(...answers: (() => Promise<Customer | undefined>)[]) {
  let asked = 0
  const cache = createMemoryCache()
  const profile = () => {
    const answer = answers[asked]
    asked += 1
    if (!answer) throw new Error('LINE was asked too often.')
    return answer()
  }
  const customers = createCustomers({ channel: 'retail_thailand', cache, profile, waitMs: 50, knownMs })
  return { cache, ...customers, asked: () => asked }
}

const somchai = { name: 'สมชาย', language: 'th' }
const known = async () => somchai
const unknown = async () => undefined
const broken = async () => {
  throw new Error('LINE is down.')
}
/** Moves the cache's clock, and waits until nothing is known without it. */
async function pass(cache: { nowMs: number }, seconds: number): Promise<void> {
  cache.nowMs += seconds * 1_000
  await sleep(2 * knownMs)
}

test('a profile is fetched once a day', async () => {
  const { customer, cache, asked } = ask(known, known)
  expect(await customer('U1')).toEqual(somchai)
  await pass(cache, 24 * 3_600 - 1)
  expect(await customer('U1')).toEqual(somchai)
  expect(asked()).toBe(1)
  await pass(cache, 2)
  expect(await customer('U1')).toEqual(somchai)
  expect(asked()).toBe(2)
})

test('a customer whom LINE does not know is asked for again after an hour', async () => {
  const { customer, cache, asked } = ask(unknown, known)
  expect(await customer('U1')).toBeUndefined()
  await pass(cache, 3_599)
  expect(await customer('U1')).toBeUndefined()
  expect(asked()).toBe(1)
  await pass(cache, 2)
  expect(await customer('U1')).toEqual(somchai)
})

test('after a failure nobody asks for 30 seconds', async () => {
  const { customer, cache, asked } = ask(broken, known)
  expect(await customer('U1')).toBeUndefined()
  await pass(cache, 29)
  expect(await customer('U1')).toBeUndefined()
  expect(asked()).toBe(1)
  await pass(cache, 2)
  expect(await customer('U1')).toEqual(somchai)
})

test('who writes several messages in a row is looked up once, and soon forgotten', async () => {
  const { customer, cache, asked } = ask(known, unknown)
  expect(await customer('U1')).toEqual(somchai)
  cache.entries.clear()
  expect(await customer('U1')).toEqual(somchai)
  expect(asked()).toBe(1)
  await pass(cache, 0)
  expect(await customer('U1')).toBeUndefined()
  expect(asked()).toBe(2)
})

test('what the cache holds is there sooner for a message that is expected', async () => {
  const { customer, prepare, cache, asked } = ask(known)
  await customer('U1')
  await pass(cache, 0)
  prepare('U1')
  cache.entries.clear()
  expect(await customer('U1')).toEqual(somchai)
  expect(asked()).toBe(1)
})

test('nothing is kept of somebody whose message is only expected', async () => {
  const { customer, prepare, cache, asked } = ask(known, known)
  prepare('U1')
  await pass(cache, 0)
  expect(asked()).toBe(1)
  expect(cache.entries.size).toBe(0)
  expect(await customer('U1')).toEqual(somchai)
  expect(cache.entries.size).toBe(1)
})

test('a profile that was looked up for an expected message is kept when the message is read', async () => {
  const { customer, prepare, cache, asked } = ask(known)
  prepare('U1')
  expect(await customer('U1')).toEqual(somchai)
  expect(cache.entries.size).toBe(1)
  await pass(cache, 0)
  expect(await customer('U1')).toEqual(somchai)
  expect(asked()).toBe(1)
})

test('many messages at once ask once', async () => {
  const { customer, asked } = ask(known)
  expect(await Promise.all([customer('U1'), customer('U1'), customer('U1')])).toEqual([somchai, somchai, somchai])
  expect(asked()).toBe(1)
})

test('a slow profile delays nobody and is there for the next message', async () => {
  let arrive: (customer: Customer) => void = () => {}
  const slow = () =>
    new Promise<Customer>((resolve) => {
      arrive = resolve
    })
  const { customer, asked } = ask(slow)
  const begun = performance.now()
  expect(await customer('U1')).toBeUndefined()
  expect(performance.now() - begun).toBeLessThan(1_000)
  const next = customer('U1')
  arrive(somchai)
  expect(await next).toEqual(somchai)
  expect(await customer('U1')).toEqual(somchai)
  expect(asked()).toBe(1)
})

test('without the cache there is no name, and LINE is not asked for every message', async () => {
  const { customer, cache, asked } = ask(known)
  cache.away = true
  expect(await customer('U1')).toBeUndefined()
  expect(asked()).toBe(0)
})

test('a cache that hangs delays nobody', async () => {
  const cache = { ...createMemoryCache(), get: () => sleep(2_000, undefined, { ref: false }) as Promise<undefined> }
  const { customer } = createCustomers({ channel: 'c', cache, profile: known, waitMs: 50 })
  const begun = performance.now()
  expect(await customer('U1')).toBeUndefined()
  expect(performance.now() - begun).toBeLessThan(1_000)
})

test.each(['no JSON', 'null', '7', '{}', '{"name":5}'])(
  'the cached line %j means an unknown customer',
  async (line) => {
    const { customer, cache } = ask()
    await cache.set('line:profile:retail_thailand:U1', line, 60)
    expect(await customer('U1')).toBeUndefined()
  },
)

test('the same person on two channels has two cached lines', async () => {
  const { customer, cache } = ask(known)
  await customer('U1')
  expect([...cache.entries.keys()]).toEqual(['line:profile:retail_thailand:U1'])
})

test.each([`C${'4'.repeat(32)}`, `R${'4'.repeat(32)}`])(
  '%s is nobody whose profile could be looked up in advance',
  async (id) => {
    const { prepare, cache, asked } = ask(known)
    prepare(id)
    await pass(cache, 0)
    expect(asked()).toBe(0)
  },
)
