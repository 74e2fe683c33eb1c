import { once } from 'node:events'
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import type { WebhookAttempt } from '../../src/sandbox/platforms.ts'
import { journeys } from '../support/journeys.ts'
import { desk, expectUnavailable, onDesk, onPhone, phone, receiptOf } from '../support/looks.ts'
import { type RedisProcess, startRedisProcess } from '../support/redis-process.ts'
import { answer, friendOf, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand, type World } from '../support/world.ts'

const { start, later } = journeys()

/** A Redis that ends with the test. */
async function startRedis(...words: string[]): Promise<RedisProcess> {
  const redis = await startRedisProcess(...words)
  later(redis.remove)
  return redis
}

const readiness = async (world: World): Promise<number> => (await fetch(`${world.url}/readyz`)).status

/** Both platforms try while the store is away, and all they said arrives once when it is back. */
async function outage(world: World, away: () => unknown, back: () => unknown): Promise<void> {
  write(world, 'before')
  answer(world, 'before')
  await Promise.all([onDesk(world, 'before'), onPhone(world, 'before')])

  await away()
  const attempts: Promise<WebhookAttempt>[] = []
  const items = []
  for (let number = 0; number < 10; number += 1) {
    const user = friendOf(world, thailand, number)
    const item = answer(world, 'meanwhile', thailand, user)
    items.push(item)
    attempts.push(write(world, 'meanwhile', thailand, user).webhook.firstAttempt, item.webhook.firstAttempt)
  }
  for (const attempt of await Promise.all(attempts)) expectUnavailable(attempt)
  // Not only the first one: senders that try again while it is still away hear the same.
  expectUnavailable(
    await world.line.post(
      thailand.name,
      [world.line.event(thailand.name, thailand.userId, { type: 'text', text: 'zebra given up' })],
      { redeliver: false },
    ).firstAttempt,
  )
  expect(await readiness(world)).toBe(503)
  expect((await fetch(`${world.url}/healthz`)).status).toBe(200)

  await back()
  const backAt = Date.now()
  await until('readiness', async () => (await readiness(world)) === 200, 5_000)
  write(world, 'after')
  answer(world, 'after')
  await Promise.all([onDesk(world, 'after'), onPhone(world, 'after')])
  expect(Date.now() - backAt).toBeLessThan(7_000)
  for (let number = 0; number < 10; number += 1) {
    const user = friendOf(world, thailand, number)
    await Promise.all([onDesk(world, 'meanwhile', thailand, user), onPhone(world, 'meanwhile', thailand, user)])
    expect(desk(world, thailand, user)).toEqual(['meanwhile'])
    expect(phone(world, thailand, user)).toEqual(['meanwhile'])
  }
  for (const item of items) expect(await receiptOf(item)).toBe('Delivered')
  expect(phone(world)).toEqual(['before', 'after'])
}

describe('webhooks are answered 503 in time and all is well afterwards when Redis', () => {
  test('is killed and started anew', async () => {
    const redis = await startRedis()
    await outage(await start({ redisUrl: redis.url }), redis.kill, redis.start)
  })

  test('is killed, and takes a while to load its data', async () => {
    const redis = await startRedis()
    const world = await start({ redisUrl: redis.url })
    const filling = redis.client.pipeline()
    for (let number = 0; number < 2_500; number += 1) filling.set(`filling ${number}`, number)
    await filling.exec()
    let answering: Promise<void> | undefined
    await outage(
      world,
      async () => {
        await redis.kill()
        // 1 ms for each command in its file, of which it loads a thousand before it says so to anybody.
        answering = redis.start('--key-load-delay', '1000')
        await until('it to say that it loads', () =>
          redis.client.get('any').then(
            () => false,
            (error: Error) => error.message.startsWith('LOADING'),
          ),
        )
      },
      () => answering,
    )
  })

  test('hangs for a while', async () => {
    const redis = await startRedis()
    await outage(await start({ redisUrl: redis.url }), redis.freeze, redis.thaw)
  })
})

describe('a message that is under way while Redis goes away', () => {
  test('is shown once', async () => {
    const redis = await startRedis()
    const world = await start({ redisUrl: redis.url })
    world.line.break('push', { delayMs: 700, times: 1 })
    const item = answer(world, 'one')
    await until('the push', () => world.line.requests.some(({ endpoint }) => endpoint === 'push'))
    await redis.kill()
    await until('LINE’s answer', () => phone(world).length > 0)
    await redis.start()
    expect(await receiptOf(item)).toBe('Delivered')
    answer(world, 'two')
    await onPhone(world, 'two')
    expect(phone(world)).toEqual(['one', 'two'])
    expect(item.receipts).toHaveLength(1)
  })
})

/** A way to Redis that can be cut like a cable: what is open stays open and silent, and what is new gets through. */
async function startCable(port: number) {
  const pairs: Socket[] = []
  const server = createServer((near) => {
    const far = openSocket(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
    pairs.push(near, far)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  later(async () => {
    server.close()
    for (const socket of pairs) socket.destroy()
    await once(server, 'close')
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      for (const socket of pairs) {
        socket.unpipe()
        socket.pause()
      }
    },
  }
}

test('connections that fall silent for ever are given up: a host that vanishes says no good-bye', async () => {
  const redis = await startRedis()
  const cable = await startCable(redis.port)
  const world = await start({ redisUrl: cable.url })
  write(world, 'before')
  answer(world, 'before')
  await Promise.all([onDesk(world, 'before'), onPhone(world, 'before')])
  cable.cut()
  const sent = write(world, 'one')
  expectUnavailable(await sent.webhook.firstAttempt)
  await onDesk(world, 'one', thailand, thailand.userId, 25_000)
  answer(world, 'two')
  await onPhone(world, 'two', thailand, thailand.userId, 25_000)
  expect(desk(world)).toEqual(['before', 'one'])
}, 60_000)

test('a start while Redis is still away waits for it, alive but not ready', async () => {
  const redis = await startRedis()
  await redis.kill()
  const starting = start({ redisUrl: redis.url })
  await redis.start()
  const world = await starting
  write(world, 'one')
  await onDesk(world, 'one')
})
