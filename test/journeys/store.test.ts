import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import type { WebhookAttempt } from '../../src/sandbox/platforms.ts'
import { freePort } from '../support/free-port.ts'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk, onPhone, phone, receiptOf } from '../support/looks.ts'
import { answer, friendOf, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand, type World } from '../support/world.ts'

const { start, later } = journeys()

/** A Redis that can be killed, frozen and brought back on the same port with its data. */
async function startRedis(...words: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-store-'))
  const port = await freePort()
  let child: ChildProcess
  const url = `redis://127.0.0.1:${port}`
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})

  async function start(): Promise<void> {
    const base = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
    child = spawn('redis-server', [...base, '--appendonly', 'yes', '--appendfsync', 'always', ...words], {
      stdio: 'ignore',
    })
    await until('Redis to answer', () => client.ping().catch(() => false))
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  await client.connect().catch(() => {})
  await start()
  later(async () => {
    client.disconnect()
    await end('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  return {
    url,
    port,
    client,
    start,
    kill: () => end('SIGKILL'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
  }
}

const readiness = async (world: World): Promise<number> => (await fetch(`${world.url}/readyz`)).status

/** 503 with the right words, in time. */
function expectUnavailable(attempt: WebhookAttempt): void {
  expect(attempt).toMatchObject({ status: 503 })
  expect(JSON.parse(attempt.body ?? '')).toEqual({
    error: { code: 'store_unavailable', message: expect.stringMatching(/again/) },
  })
  expect(attempt.durationMs).toBeLessThan(1_500)
}

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

  test('hangs for a while', async () => {
    const redis = await startRedis()
    await outage(await start({ redisUrl: redis.url }), redis.freeze, redis.thaw)
  })

  test('becomes a read-only replica for a while', async () => {
    const redis = await startRedis()
    const world = await start({ redisUrl: redis.url })
    write(world, 'before')
    await onDesk(world, 'before')
    await redis.client.call('replicaof', '127.0.0.1', '1')
    const sent = write(world, 'one')
    const item = answer(world, 'one')
    expectUnavailable(await sent.webhook.firstAttempt)
    expectUnavailable(await item.webhook.firstAttempt)
    await redis.client.call('replicaof', 'no', 'one')
    await Promise.all([onDesk(world, 'one'), onPhone(world, 'one')])
    expect(desk(world)).toEqual(['before', 'one'])
    expect(phone(world)).toEqual(['one'])
  })

  test('is full for a while', async () => {
    const redis = await startRedis('--maxmemory-policy', 'noeviction')
    const world = await start({ redisUrl: redis.url })
    write(world, 'before')
    await onDesk(world, 'before')
    await redis.client.call('config', 'set', 'maxmemory', '1mb')
    const sent = write(world, 'one')
    const item = answer(world, 'one')
    expectUnavailable(await sent.webhook.firstAttempt)
    expectUnavailable(await item.webhook.firstAttempt)
    await redis.client.call('config', 'set', 'maxmemory', '0')
    await Promise.all([onDesk(world, 'one'), onPhone(world, 'one')])
    expect(desk(world)).toEqual(['before', 'one'])
    expect(phone(world)).toEqual(['one'])
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
