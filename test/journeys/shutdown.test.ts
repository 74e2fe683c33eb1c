import { expect, test } from '@jest/globals'
import { type BridgeProcess, startProcessWorld, statusOf } from '../support/bridge-process.ts'
import { journeys } from '../support/journeys.ts'
import { callsAbout, desk, onDesk, onPhone, phone, pushesTo, receiptOf } from '../support/looks.ts'
import { startRedisProcess } from '../support/redis-process.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

const { keep, later, mayRepeat, redis } = journeys()

/** What the README promises. */
const limitMs = 20_000

async function stopped(bridge: BridgeProcess, since: number): Promise<void> {
  expect(await bridge.ended).toBe(0)
  expect(Date.now() - since).toBeLessThan(limitMs)
}

test('SIGTERM while both platforms are silent ends with 0, and the next start carries on', async () => {
  const world = keep(await startProcessWorld((await redis()).url))
  // Genesys cannot tell that a message is the one it did not answer.
  mayRepeat(world)
  const first = await world.start()
  await first.ready()
  world.line.break('push', { answer: 'silence', accept: true, times: 1 })
  world.genesys.break('message', { answer: 'silence', times: 1 })
  const item = answer(world, 'one')
  write(world, 'one')
  await until('both to be under way', () => pushesTo(world).length > 0 && callsAbout(world, thailand.userId).length > 0)
  const behind = write(world, 'two')
  expect((await behind.webhook.firstAttempt).status).toBe(200)
  const askedAt = Date.now()
  first.signal('SIGTERM')
  await stopped(first, askedAt)

  const second = await world.start()
  await second.ready()
  expect(await receiptOf(item)).toBe('Delivered')
  await onDesk(world, 'two')
  expect(phone(world)).toEqual(['one'])
  expect(desk(world)).toEqual(['one', 'two'])
}, 60_000)

test('SIGTERM after Redis went away under deliveries ends with 0, and no customer sees one twice', async () => {
  const store = await startRedisProcess()
  later(store.remove)
  const world = keep(await startProcessWorld(store.url))
  const first = await world.start()
  await first.ready()
  world.line.break('push', { delayMs: 500, times: 1 })
  const item = answer(world, 'one')
  await until('the push', () => pushesTo(world).length > 0)
  await store.kill()
  await until('LINE’s answer', () => phone(world).length > 0)
  await until('not ready', async () => (await statusOf(`${world.url}/readyz`)) === 503)
  const askedAt = Date.now()
  first.signal('SIGTERM')
  await stopped(first, askedAt)

  await store.start()
  const second = await world.start()
  await second.ready()
  expect(await receiptOf(item)).toBe('Delivered')
  answer(world, 'two')
  await onPhone(world, 'two')
  expect(phone(world)).toEqual(['one', 'two'])
}, 60_000)
