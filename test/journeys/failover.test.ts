import { expect, test } from '@jest/globals'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk, onPhone, phone, receiptOf } from '../support/looks.ts'
import { type RedisProcess, startRedisProcess, startSentinel } from '../support/redis-process.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

const { start, later } = journeys()

const kept = async (process: Promise<RedisProcess>): Promise<RedisProcess> => {
  const one = await process
  later(one.remove)
  return one
}

/** How far the one has come, by its own word. */
const offsetOf = async ({ client }: RedisProcess): Promise<number> =>
  Number(/^(?:slave_repl_offset|master_repl_offset):(\d+)/m.exec(await client.info('replication'))?.[1])

const linked = async (replica: RedisProcess): Promise<boolean> =>
  /master_link_status:up/.test(await replica.client.info('replication'))

/** A primary, a replica that follows it, and Sentinels that want a password. */
async function startSet(sentinels: number) {
  const primary = await kept(startRedisProcess())
  const replica = await kept(startRedisProcess('--replicaof', '127.0.0.1', String(primary.port)))
  await until('the replica to follow', () => linked(replica))
  const password = 'p@ss:word'
  const watchers = await Promise.all(
    Array.from({ length: sentinels }, () => kept(startSentinel(primary.port, password))),
  )
  for (const { client } of watchers)
    await until('the Sentinel to know the replica', async () => {
      const replicas = (await client.call('sentinel', 'replicas', 'bridge')) as unknown[]
      return replicas.length === 1
    })
  const hosts = watchers.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return {
    primary,
    replica,
    watchers,
    url: `redis+sentinel://${hosts}/bridge?sentinelPassword=${encodeURIComponent(password)}`,
  }
}

test('a primary that is killed is replaced, and what was acknowledged before is delivered from its replica', async () => {
  const { primary, replica, url } = await startSet(1)
  const world = await start({ redisUrl: url })
  write(world, 'before')
  answer(world, 'before')
  await Promise.all([onDesk(world, 'before'), onPhone(world, 'before')])
  const mend = world.genesys.break('message', { answer: 503 })
  const waiting = write(world, 'acknowledged')
  expect((await waiting.webhook.firstAttempt).status).toBe(200)
  // Replication is asynchronous: only what the replica has can survive.
  const offset = await offsetOf(primary)
  await until('the replica to have it', async () => (await offsetOf(replica)) >= offset)

  await primary.kill()
  const sent = write(world, 'meanwhile')
  const item = answer(world, 'meanwhile')
  for (const { webhook } of [sent, item]) {
    const attempt = await webhook.firstAttempt
    expect(attempt).toMatchObject({ status: 503 })
    expect(attempt.durationMs).toBeLessThan(1_500)
  }
  mend()
  await until('the replica to be the primary', async () => (await replica.client.role())[0] === 'master')
  const promotedAt = Date.now()
  await until('readiness', async () => (await fetch(`${world.url}/readyz`)).status === 200)
  await Promise.all([onDesk(world, 'meanwhile'), onPhone(world, 'meanwhile')])
  expect(Date.now() - promotedAt).toBeLessThan(7_000)
  expect(desk(world)).toEqual(['before', 'acknowledged', 'meanwhile'])
  expect(phone(world)).toEqual(['before', 'meanwhile'])
  expect(await receiptOf(item)).toBe('Delivered')
})

test('a primary that lives on after a failover is left at once, before it is told to follow', async () => {
  const { primary, replica, watchers, url } = await startSet(1)
  const world = await start({ redisUrl: url })
  write(world, 'before')
  answer(world, 'before')
  await Promise.all([onDesk(world, 'before'), onPhone(world, 'before')])
  const own = await primary.client.client('ID')
  const bridges = async () =>
    String(await primary.client.call('client', 'list', 'type', 'normal'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(`id=${own} `) && !line.includes(' name=sentinel-'))
  expect(await bridges()).not.toEqual([])

  // A Sentinel that has just met the replica may not trust it yet.
  await until('the failover to begin', async () => {
    const asked = watchers[0]?.client.call('sentinel', 'failover', 'bridge')
    return asked?.catch((error: Error) => {
      if (!error.message.startsWith('NOGOODSLAVE')) throw error
    })
  })
  await until('the bridge to have left', async () => (await bridges()).length === 0)
  // It still takes writes, all of which would be lost.
  expect((await primary.client.role())[0]).toBe('master')
  write(world, 'after')
  answer(world, 'after')
  await Promise.all([onDesk(world, 'after'), onPhone(world, 'after')])
  expect((await replica.client.role())[0]).toBe('master')
  expect(desk(world)).toEqual(['before', 'after'])
  expect(phone(world)).toEqual(['before', 'after'])
})

test('a primary that hangs is replaced, and one Sentinel of three that hangs does no harm', async () => {
  const { primary, replica, watchers, url } = await startSet(3)
  const world = await start({ redisUrl: url })
  write(world, 'before')
  await onDesk(world, 'before')
  watchers[0]?.freeze()
  const offset = await offsetOf(primary)
  await until('the replica to have it', async () => (await offsetOf(replica)) >= offset)
  primary.freeze()
  const sent = write(world, 'meanwhile', thailand)
  const attempt = await sent.webhook.firstAttempt
  expect(attempt).toMatchObject({ status: 503 })
  expect(attempt.durationMs).toBeLessThan(1_500)
  await until('the replica to be the primary', async () => (await replica.client.role())[0] === 'master')
  const promotedAt = Date.now()
  await onDesk(world, 'meanwhile', thailand, thailand.userId, 20_000)
  expect(Date.now() - promotedAt).toBeLessThan(7_000)
  expect(desk(world)).toEqual(['before', 'meanwhile'])
  answer(world, 'after')
  await onPhone(world, 'after')
})
