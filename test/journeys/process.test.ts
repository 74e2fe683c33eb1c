import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { lineSignature } from '../../src/sandbox/line-platform/index.ts'
import { isAlive, type ProcessWorld, startProcessWorld, statusOf } from '../support/bridge-process.ts'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk, onPhone, phone, pushesTo, receiptOf } from '../support/looks.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

const { keep, later, redis: sharedRedis } = journeys()

/** Without a Redis each of its bridges brings its own. */
const begin = async (redis?: TestRedis): Promise<ProcessWorld> => keep(await startProcessWorld(redis?.url))

const changed = (world: ProcessWorld, changes: object) => ({ ...world.config, ...changes })

describe('the program', () => {
  test('ends with 78 and names every fault of its configuration, but no secret', async () => {
    const world = await begin()
    const [first, second] = world.config.channels as { line: object; genesys: object }[]
    const bridge = await world.start({
      config: changed(world, {
        server: { port: 'S3CRET' },
        admin: { username: 'ops', password: ['S3CRET'] },
        colour: 'S3CRET',
        channels: [
          { ...first, line: { ...first?.line, channelId: 'S3CRET', channelSecret: 7 } },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration file
          { ...second, genesys: { ...second?.genesys, webhookSecret: 'S3CRET', clientSecret: '${NOBODY_SET_THIS}' } },
        ],
      }),
      environment: { SOMETHING: 'S3CRET' },
    })
    expect(await bridge.ended).toBe(78)
    const told = bridge.stderr()
    for (const path of [
      'server.port:',
      'server.publicUrl:',
      'admin.password:',
      'colour:',
      'channels[0].line.channelId:',
      'channels[0].line.channelSecret:',
      'channels[1].genesys.webhookSecret:',
      'channels[1].genesys.clientSecret:',
    ])
      expect(told).toContain(path)
    expect(told + bridge.log.join()).not.toContain('S3CRET')
  })

  test('says so when its configuration file is missing, or a role is unknown', async () => {
    const world = await begin()
    const lost = await world.start({ environment: { BRIDGE_CONFIG: 'nowhere.yaml' } })
    expect(await lost.ended).toBe(78)
    expect(lost.stderr()).toContain('nowhere.yaml')
    const odd = await world.start({ environment: { BRIDGE_ROLES: 'receiver,cook' } })
    expect(await odd.ended).toBe(78)
    expect(odd.stderr()).toContain('BRIDGE_ROLES')
  })

  test('says so when its port is taken, and leaves no Redis behind', async () => {
    const world = await begin()
    const squatter = createServer().listen(Number(new URL(world.url).port), '127.0.0.1')
    await once(squatter, 'listening')
    later(() => new Promise((resolve) => squatter.close(resolve)))
    const bridge = await world.start()
    const pid = await until('its Redis', () => world.redisPid())
    expect(await bridge.ended).toBe(1)
    expect(bridge.stderr()).toMatch(/could not start: .*EADDRINUSE/)
    await until('its Redis to end', async () => !(await isAlive(pid)))
  })

  test.each(['allkeys-lru', 'volatile-ttl'])('refuses to start on a Redis that may evict keys: %s', async (policy) => {
    const redis = await startTestRedis()
    later(() => redis.stop())
    const client = new Redis(redis.url)
    await client.config('SET', 'maxmemory-policy', policy)
    client.disconnect()
    const bridge = await (await begin(redis)).start()
    expect(await bridge.ended).toBe(1)
    expect(bridge.stderr()).toMatch(new RegExp(`maxmemory-policy ${policy}.*Set maxmemory-policy noeviction`))
  })

  test('stops on SIGTERM even while its Redis is away', async () => {
    const redis = await startTestRedis()
    const world = await begin(redis)
    const bridge = await world.start()
    await bridge.ready()
    await redis.stop()
    await until('not ready', async () => (await statusOf(`${world.url}/readyz`)) === 503)
    const askedAt = Date.now()
    bridge.signal('SIGTERM')
    expect(await bridge.ended).toBe(0)
    expect(Date.now() - askedAt).toBeLessThan(15_000)
    expect(bridge.log.some((line) => line.includes('"bridge.stopped"'))).toBe(true)
  }, 30_000)

  test('stops on SIGTERM while it waits for a Redis that was never there, and is never ready', async () => {
    const redis = await startTestRedis()
    await redis.stop()
    const world = await begin(redis)
    const bridge = await world.start()
    await until('life', async () => (await statusOf(`${world.url}/healthz`)) === 200)
    expect(await statusOf(`${world.url}/readyz`)).toBe(503)
    bridge.signal('SIGTERM')
    expect(await bridge.ended).toBe(0)
    expect(bridge.log.some((line) => line.includes('"bridge.ready"'))).toBe(false)
  }, 30_000)
})

describe('with a Redis of its own', () => {
  test('the program carries messages, takes Redis with it when it stops, and finds everything again', async () => {
    const world = await begin()
    const first = await world.start()
    await first.ready()
    expect(await statusOf(`${world.url}/readyz`)).toBe(200)
    const sent = write(world, 'one')
    answer(world, 'one')
    await Promise.all([onDesk(world, 'one'), onPhone(world, 'one')])
    const pid = await until('its Redis', () => world.redisPid())
    expect(await isAlive(pid)).toBe(true)

    world.genesys.break('message', { answer: 503 })
    const waiting = write(world, 'two')
    expect((await waiting.webhook.firstAttempt).status).toBe(200)
    first.signal('SIGTERM')
    expect(await first.ended).toBe(0)
    expect(await isAlive(pid)).toBe(false)

    world.genesys.mend()
    const second = await world.start()
    await second.ready()
    // What was taken before the stop is still known: its copy is not carried again.
    const copy = world.line.post(thailand.name, [sent.event])
    expect(await copy.ended).toBe('accepted')
    await onDesk(world, 'two')
    write(world, 'three')
    await onDesk(world, 'three')
    expect(desk(world)).toEqual(['one', 'two', 'three'])
    expect(phone(world)).toEqual(['one'])
    second.signal('SIGTERM')
    expect(await second.ended).toBe(0)
  }, 40_000)

  test('whoever asks while it stops learns that it is not ready, and is still served', async () => {
    const world = await begin()
    const bridge = await world.start()
    await bridge.ready()
    bridge.signal('SIGTERM')
    await until('not ready', async () => (await statusOf(`${world.url}/readyz`)) === 503, 2_000)
    const sent = write(world, 'late')
    expect((await sent.webhook.firstAttempt).status).toBe(200)
    expect(await bridge.ended).toBe(0)

    const next = await world.start()
    await next.ready()
    await onDesk(world, 'late')
  }, 30_000)

  test('a signal that comes while it starts ends it as well, with 0 and without leaving its Redis', async () => {
    const world = await begin()
    const bridge = await world.start()
    const pid = await until('its Redis', () => world.redisPid())
    bridge.signal('SIGTERM')
    expect(await bridge.ended).toBe(0)
    expect(await isAlive(pid)).toBe(false)
  }, 30_000)

  test('Ctrl-C, which reaches every process of the terminal, loses nothing either', async () => {
    const world = await begin()
    const first = await world.start()
    await first.ready()
    const pid = await until('its Redis', () => world.redisPid())
    world.line.break('push', { delayMs: 1_000, times: 1 })
    const item = answer(world, 'one')
    await until('the push', () => pushesTo(world).length > 0)
    first.signalGroup('SIGINT')
    expect(await first.ended).toBe(0)
    expect(await isAlive(pid)).toBe(false)
    // The delivery under way was finished and written down.
    expect(phone(world)).toEqual(['one'])

    const second = await world.start()
    await second.ready()
    expect(await receiptOf(item)).toBe('Delivered')
    expect(pushesTo(world)).toHaveLength(1)
  }, 40_000)

  test('the program brings its Redis back when that is killed, and what it held', async () => {
    const world = await begin()
    const bridge = await world.start()
    await bridge.ready()
    const mend = world.genesys.break('message', { answer: 503 })
    const sent = write(world, 'one')
    expect((await sent.webhook.firstAttempt).status).toBe(200)
    const pid = await until('its Redis', () => world.redisPid())
    // Redis writes to its file before it answers; what it does not survive is only a crash of the machine.
    process.kill(pid, 'SIGKILL')
    await until('it to be gone', async () => !(await isAlive(pid)))
    const meanwhile = write(world, 'two')
    mend()
    await Promise.all([onDesk(world, 'one'), onDesk(world, 'two'), meanwhile.webhook.ended])
    expect(desk(world)).toEqual(['one', 'two'])
    bridge.signal('SIGTERM')
    expect(await bridge.ended).toBe(0)
  }, 40_000)

  test('kill -9 during a delivery loses nothing, and the customer sees the message once', async () => {
    const world = await begin()
    const first = await world.start()
    await first.ready()
    world.line.break('push', { answer: 'silence', accept: true, times: 1 })
    world.genesys.break('message', { answer: 'silence', times: 1 })
    const item = answer(world, 'one')
    write(world, 'one')
    await until(
      'both to be under way',
      () => pushesTo(world).length > 0 && world.genesys.requests.some(({ endpoint }) => endpoint === 'message'),
    )
    const behind = write(world, 'two')
    await behind.webhook.ended
    first.signal('SIGKILL')
    expect(await first.ended).toBe('SIGKILL')

    const second = await world.start()
    await second.ready()
    expect(await receiptOf(item)).toBe('Delivered')
    await onDesk(world, 'two')
    answer(world, 'two')
    await onPhone(world, 'two')
    expect(phone(world)).toEqual(['one', 'two'])
    expect(pushesTo(world).map(({ status }) => status)).toEqual([undefined, 409, 200])
    expect(desk(world)).toEqual(['one', 'two'])
  }, 40_000)
})

describe('SIGTERM', () => {
  test('lets requests and deliveries in flight finish, takes nothing by halves, and ends with 0', async () => {
    const world = await begin(await sharedRedis())
    const first = await world.start()
    await first.ready()
    world.line.break('push', { delayMs: 2_000, times: 1 })
    const item = answer(world, 'one')
    await until('the push', () => pushesTo(world).length > 0)

    const event = world.line.event(thailand.name, thailand.userId, { type: 'text', text: 'zebra slow' })
    const body = JSON.stringify({ destination: 'U', events: [event] })
    const slow = httpRequest(`${world.url}/webhooks/line/${thailand.name}`, {
      method: 'POST',
      headers: {
        'x-line-signature': lineSignature(thailand.lineSecret, body),
        'content-length': Buffer.byteLength(body),
      },
    })
    const slowAnswer = once(slow, 'response') as Promise<[IncomingMessage]>
    slow.write(body.slice(0, 40))
    await until('the first half to be there', () => slow.socket && slow.socket.bytesWritten > 40)
    expect(await statusOf(`${world.url}/readyz`)).toBe(200)

    const askedAt = Date.now()
    first.signal('SIGTERM')
    await until('no more traffic', async () => [503, 'closed'].includes(await statusOf(`${world.url}/readyz`)))
    slow.end(body.slice(40))
    const [response] = await slowAnswer
    response.resume()
    expect(response.statusCode).toBe(200)
    expect(await first.ended).toBe(0)
    const tookMs = Date.now() - askedAt
    expect(tookMs).toBeLessThan(20_000)
    // Deliveries in flight take two seconds; idle connections of senders must not prolong that.
    expect(tookMs).toBeLessThan(8_000)
    expect(phone(world)).toEqual(['one'])

    const second = await world.start()
    await second.ready()
    await onDesk(world, 'slow')
    expect(await receiptOf(item)).toBe('Delivered')
    expect(desk(world)).toEqual(['slow'])
    expect(pushesTo(world)).toHaveLength(1)
    expect(first.log.some((line) => line.includes('"bridge.stopped"'))).toBe(true)
  }, 40_000)
})
