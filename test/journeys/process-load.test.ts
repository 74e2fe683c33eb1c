import { expect, test } from '@jest/globals'
import { type ProcessWorld, startProcessWorld, statusOf } from '../support/bridge-process.ts'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk, onPhone, phone, receiptOf } from '../support/looks.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

const { keep, mayRepeat, redis } = journeys()

const begin = async (): Promise<ProcessWorld> => keep(await startProcessWorld((await redis()).url))

/** Both sides say the same, and a text only when the one before it has its 200. @param onSaid told so much about each text */
async function sayBothWays(
  world: ProcessWorld,
  texts: readonly string[],
  onSaid: () => void = () => undefined,
): Promise<void> {
  for (const text of texts) {
    const webhooks = [write(world, text).webhook, answer(world, text).webhook]
    expect(await Promise.all(webhooks.map(({ ended }) => ended))).toEqual(['accepted', 'accepted'])
    onSaid()
  }
}

test('SIGTERM under load loses nothing and doubles nothing', async () => {
  const world = await begin()
  const first = await world.start()
  await first.ready()
  world.line.break('push', { delayMs: 30 })
  world.genesys.break('message', { delayMs: 30 })
  const texts = Array.from({ length: 80 }, (_, index) => `text ${index}`)
  const talking = sayBothWays(world, texts)
  await until('some to have arrived', () => desk(world).length > 5 && phone(world).length > 5)
  first.signal('SIGTERM')
  expect(await first.ended).toBe(0)
  const second = await world.start()
  await second.ready()
  await talking
  await Promise.all([onDesk(world, 'text 79'), onPhone(world, 'text 79')])
  expect(desk(world)).toEqual(texts)
  expect(phone(world)).toEqual(texts)
}, 40_000)

test('kill -9 again and again under load loses nothing, and doubles nothing at LINE', async () => {
  const world = await begin()
  mayRepeat(world)
  world.line.break('push', { delayMs: 20 })
  world.genesys.break('message', { delayMs: 20 })
  const texts = Array.from({ length: 60 }, (_, index) => `text ${index}`)
  let bridge = await world.start()
  await bridge.ready()
  let said = 0
  const talking = sayBothWays(world, texts, () => {
    said += 1
  })
  for (let kills = 1; kills <= 3; kills += 1) {
    // A sender tries for a few seconds: whom one kill has struck must not be struck by the next.
    const saidBefore = said
    const goesOn = () => said > saidBefore || said === texts.length
    await until('progress', () => phone(world).length > kills * 8 && goesOn())
    bridge.signal('SIGKILL')
    await bridge.ended
    bridge = await world.start()
    await bridge.ready()
  }
  await talking
  await Promise.all([onDesk(world, 'text 59'), onPhone(world, 'text 59')])
  expect(phone(world)).toEqual(texts)
  expect(desk(world).filter((text, at, all) => text !== all[at - 1])).toEqual(texts)
}, 60_000)

test('receiver, worker and console as processes of their own carry messages over one Redis', async () => {
  const world = await begin()
  const away = { ...world.config, server: { host: '127.0.0.1', port: 0, publicUrl: world.url } }
  const receiver = await world.start({ environment: { BRIDGE_ROLES: 'receiver' } })
  const worker = await world.start({ config: away, environment: { BRIDGE_ROLES: 'worker' } })
  const consoleProcess = await world.start({ config: away, environment: { BRIDGE_ROLES: 'console' } })
  const all = [receiver, worker, consoleProcess]
  await Promise.all(all.map((bridge) => bridge.ready()))

  const item = answer(world, 'one')
  write(world, 'one')
  await Promise.all([onDesk(world, 'one'), onPhone(world, 'one')])
  expect(await receiptOf(item)).toBe('Delivered')

  const addressOf = ({ log }: { readonly log: readonly string[] }): string =>
    JSON.parse(log.find((line) => line.includes('"bridge.ready"')) ?? '{}').url
  const authorization = `Basic ${Buffer.from('ops:ops-password').toString('base64')}`
  const page = await fetch(`${addressOf(consoleProcess)}/admin`, { headers: { authorization } })
  expect(page.status).toBe(200)
  expect(await statusOf(`${addressOf(receiver)}/admin`)).toBe(404)
  for (const other of [worker, consoleProcess]) {
    const refused = await fetch(`${addressOf(other)}/webhooks/line/${thailand.name}`, { method: 'POST', body: '{}' })
    expect(refused.status).toBe(404)
    expect(await statusOf(`${addressOf(other)}/readyz`)).toBe(200)
  }

  // Without a worker the receiver still takes messages; they are delivered when there is one again.
  worker.signal('SIGTERM')
  expect(await worker.ended).toBe(0)
  const waiting = write(world, 'two')
  expect((await waiting.webhook.firstAttempt).status).toBe(200)
  const successor = await world.start({ config: away, environment: { BRIDGE_ROLES: 'worker' } })
  await successor.ready()
  await onDesk(world, 'two')
  expect(desk(world)).toEqual(['one', 'two'])
  for (const bridge of [receiver, consoleProcess, successor]) bridge.signal('SIGTERM')
  for (const bridge of [receiver, consoleProcess, successor]) expect(await bridge.ended).toBe(0)
}, 40_000)
