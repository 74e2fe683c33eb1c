import { describe, expect, test } from '@jest/globals'
import { journeys } from '../support/journeys.ts'
import { desk, expectUnavailable, onDesk, onPhone, phone } from '../support/looks.ts'
import { startRedisProcess } from '../support/redis-process.ts'
import { answer, friendOf, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start, later } = journeys()

const alertsOf = (world: World) =>
  world.events.flatMap((event) =>
    event.type === 'alert.raised' && event.kind !== 'setup' ? [[event.kind, event.channel]] : [],
  )

/** Waits until a webhook of the channel gets that answer; each try is an event of its own. */
const answered = (world: World, status: number, brand: typeof thailand | typeof taiwan = thailand) =>
  until(`a webhook to get ${status}`, async () => {
    const event = world.line.event(brand.name, brand.userId, { type: 'text', text: 'zebra try' })
    return (await world.line.post(brand.name, [event], { redeliver: false }).firstAttempt).status === status
  })

describe('when more waits than may wait', () => {
  test('one direction of one channel is refused, all else goes on, and what waited and what was refused is carried in order', async () => {
    const world = await start({ config: { overload: { maxWaiting: 30 } } })
    const mend = world.genesys.break('message', { answer: 503 })
    const users = Array.from({ length: 10 }, (_, number) => friendOf(world, thailand, number))
    for (const text of ['one', 'two', 'three'])
      await Promise.all(users.map((user) => write(world, text, thailand, user).webhook.firstAttempt))
    await until('the alert', () => alertsOf(world).length > 0)
    expect(alertsOf(world)).toEqual([['overload', thailand.name]])

    const refused = users.map((user) => write(world, 'four', thailand, user))
    for (const { webhook } of refused) expectUnavailable(await webhook.firstAttempt)
    // LINE's "Verify" button brings nothing that could wait.
    expect((await world.line.post(thailand.name, []).firstAttempt).status).toBe(200)
    expect((await write(world, 'one', taiwan).webhook.firstAttempt).status).toBe(200)
    expect((await answer(world, 'one').webhook.firstAttempt).status).toBe(200)
    await onPhone(world, 'one')
    expect((await fetch(`${world.url}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${world.url}/metrics`)).text()
    expect(metrics).toMatch(/bridge_alerts_total\{kind="overload",channel="retail_thailand"\} 1/)
    expect(metrics).toMatch(/webhook_requests_total\{channel="retail_thailand",source="line",status="503"\} \d+/)

    mend()
    await world.app.retryNow()
    for (const user of users) await onDesk(world, 'four', thailand, user)
    for (const user of users) expect(desk(world, thailand, user)).toEqual(['one', 'two', 'three', 'four'])
    await onDesk(world, 'one', taiwan)
    expect(alertsOf(world)).toHaveLength(1)
  })
})

describe('when Redis is nearly full', () => {
  test('nothing more is taken before it refuses, receipts and workers go on, and all is well when there is room', async () => {
    const redis = await startRedisProcess('--maxmemory-policy', 'noeviction')
    later(redis.remove)
    const world = await start({ redisUrl: redis.url })
    world.line.break('push', { delayMs: 2_000, times: 1 })
    const underWay = answer(world, 'under way')
    await until('the push', () => world.line.requests.some(({ endpoint }) => endpoint === 'push'))
    // So much that connections which come and go make no difference.
    await redis.client.setrange('ballast', 20_000_000, 'x')
    const used = Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1])
    await redis.client.config('SET', 'maxmemory', String(Math.round(used / 0.94)))
    await answered(world, 503)
    await answered(world, 503, taiwan)
    // Redis itself would have taken them.
    expect(await redis.client.set('room', 1)).toBe('OK')
    const refused = write(world, 'one')
    expectUnavailable(await refused.webhook.firstAttempt)
    await until('the receipt', () => underWay.receipts.length > 0)
    expect(phone(world)).toEqual(['under way'])
    expect(alertsOf(world)).toEqual([['overload', '*']])
    await redis.client.config('SET', 'maxmemory', '0')
    await onDesk(world, 'one')
  })
})

test('a Redis that was told after the start to evict keys is alerted, while messages go on', async () => {
  const redis = await startRedisProcess()
  later(redis.remove)
  const world = await start({ redisUrl: redis.url })
  write(world, 'zero')
  await onDesk(world, 'zero')
  await redis.client.config('SET', 'maxmemory-policy', 'volatile-lru')
  await until('the alert', () => alertsOf(world).length > 0)
  expect(alertsOf(world)).toEqual([['evicting_store', '*']])
  write(world, 'one')
  await onDesk(world, 'one')
})
