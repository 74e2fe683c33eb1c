import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { journeys } from '../support/journeys.ts'
import { desk, expectUnavailable, onDesk, onPhone, phone, pushesTo, receiptOf } from '../support/looks.ts'
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

/** Refuses writes for a while, in a way of its own; what is under way meanwhile is written down when it takes them again. */
async function refusal(world: World, away: () => Promise<unknown>, back: () => Promise<unknown>): Promise<void> {
  write(world, 'before')
  await onDesk(world, 'before')
  world.line.break('push', { delayMs: 700, times: 1 })
  const underWay = answer(world, 'under way')
  await until('the push', () => pushesTo(world).length > 0)
  await away()
  const sent = write(world, 'one')
  const item = answer(world, 'one')
  expectUnavailable(await sent.webhook.firstAttempt)
  expectUnavailable(await item.webhook.firstAttempt)
  expect((await fetch(`${world.url}/readyz`)).status).toBe(503)
  await until('LINE’s answer', () => phone(world).length > 0)
  await back()
  const backAt = Date.now()
  await Promise.all([onDesk(world, 'one'), onPhone(world, 'one')])
  expect(Date.now() - backAt).toBeLessThan(6_000)
  expect(await receiptOf(underWay)).toBe('Delivered')
  expect(desk(world)).toEqual(['before', 'one'])
  expect(phone(world)).toEqual(['under way', 'one'])
  expect(pushesTo(world)).toHaveLength(2)
}

describe('a Redis that answers, but takes no writes, because it', () => {
  test('becomes a read-only replica for a while', async () => {
    const redis = await startRedis()
    await refusal(
      await start({ redisUrl: redis.url }),
      () => redis.client.call('replicaof', '127.0.0.1', '1'),
      () => redis.client.call('replicaof', 'no', 'one'),
    )
  })

  test('cannot write to its disk for a while', async () => {
    const redis = await startRedis('--save', '3600 1')
    const obstacle = join(redis.folder, 'dump.rdb', 'in the way')
    const save = async (outcome: string) => {
      await redis.client.bgsave()
      await until(`the snapshot to end with ${outcome}`, async () =>
        new RegExp(`rdb_bgsave_in_progress:0[^]*rdb_last_bgsave_status:${outcome}`).test(await redis.client.info()),
      )
    }
    await refusal(
      await start({ redisUrl: redis.url }),
      async () => {
        await mkdir(obstacle, { recursive: true })
        await save('err')
        await expect(redis.client.set('a', 1)).rejects.toThrow('MISCONF')
      },
      async () => {
        await rm(join(redis.folder, 'dump.rdb'), { recursive: true })
        await save('ok')
      },
    )
  })

  test('is a cluster that is down for a while', async () => {
    const redis = await startRedis('--cluster-enabled', 'yes')
    const isUp = async () => /cluster_state:ok/.test(String(await redis.client.cluster('INFO')))
    const slots = (change: 'ADDSLOTSRANGE' | 'DELSLOTSRANGE') => redis.client.call('cluster', change, '0', '16383')
    await slots('ADDSLOTSRANGE')
    await until('the cluster to be up', isUp)
    await refusal(
      await start({ redisUrl: redis.url }),
      async () => {
        await slots('DELSLOTSRANGE')
        await until('it to be down', async () => !(await isUp()))
      },
      async () => {
        await slots('ADDSLOTSRANGE')
        await until('the cluster to be up', isUp)
      },
    )
  })

  test('is full for a while: workers go on, and what they finish makes room', async () => {
    const redis = await startRedis('--maxmemory-policy', 'noeviction')
    const world = await start({ redisUrl: redis.url, config: { overload: { maxRedisMemoryPercent: 100 } } })
    write(world, 'before')
    answer(world, 'before')
    await Promise.all([onDesk(world, 'before'), onPhone(world, 'before')])

    const mend = world.genesys.break('message', { answer: 503 })
    // 12 KB each: much more than what Redis needs for itself while they are delivered.
    const long = 'ยาว '.repeat(1_200)
    const users = Array.from({ length: 20 }, (_, number) => friendOf(world, thailand, number))
    for (const number of [1, 2, 3])
      await Promise.all(users.map((user) => write(world, `${number} ${long}`, thailand, user).webhook.firstAttempt))
    world.line.break('push', { delayMs: 700, times: 1 })
    const underWay = answer(world, 'under way')
    await until('the push', () => pushesTo(world).length > 1)
    const fill = async () => {
      const used = Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1])
      // Less than a third of what waits, and more than the buffers that come and go.
      await redis.client.config('SET', 'maxmemory', String(used - 262_144))
    }
    await fill()

    const item = answer(world, 'one')
    expectUnavailable(await item.webhook.firstAttempt)
    // Delivered and written down, with its receipt, although Redis is full.
    expect(await receiptOf(underWay)).toBe('Delivered')
    await fill()
    await expect(redis.client.set('a', 1)).rejects.toThrow('OOM')
    mend()
    await world.app.retryNow()
    await until('all to be delivered', () => users.every((user) => desk(world, thailand, user).length === 3), 15_000)
    for (const user of users) expect(desk(world, thailand, user).map((text) => text[0])).toEqual(['1', '2', '3'])
    await until('room', () => redis.client.set('a', 1).then(Boolean, () => false))
    // What was refused may have come meanwhile, or Genesys has given it up.
    answer(world, 'two')
    await onPhone(world, 'two')
    expect(phone(world).filter((text) => text !== 'one')).toEqual(['before', 'under way', 'two'])
  })
})
