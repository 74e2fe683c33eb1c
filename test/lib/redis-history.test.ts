import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { createHistoryRetention, rewriteHistory } from '../../src/lib/redis-history.ts'
import { findRedisServer, type RedisServer, startRedisServer } from '../../src/lib/redis-server.ts'
import { everythingBelow } from '../support/everything.ts'
import { until } from '../support/until.ts'

let folder: string
let server: RedisServer
let redis: Redis
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'redis-history-'))
  server = await startRedisServer({ folder, environment: process.env })
  redis = new Redis(server.url)
  // Else a search in the file would prove nothing.
  await redis.config('SET', 'rdbcompression', 'no')
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
  expect(findRedisServer(folder)).toBeUndefined()
  await rm(folder, { recursive: true })
})

const written = async (text: string): Promise<boolean> => (await everythingBelow(folder)).includes(text)

/** Leaves a text that Redis holds no more in the file. */
async function leave(text: string): Promise<void> {
  await redis.set('key', text)
  await redis.del('key')
  await until('the file', () => written(text))
}

test('what was removed cannot be read in the file any more', async () => {
  await redis.set('other', 'what stays')
  await leave('what was removed')
  expect(await rewriteHistory(redis, 10_000)).toBe('rewritten')
  expect(await written('what was removed')).toBe(false)
  expect(await written('what stays')).toBe(true)
})

test('it happens by itself', async () => {
  await leave('what was delivered')
  const errors: Error[] = []
  const retention = createHistoryRetention({ redis, onError: (error) => void errors.push(error), firstMs: 5 })
  retention.start()
  await until('the file to be written anew', async () => !(await written('what was delivered')))
  retention.stop()
  expect(errors).toEqual([])
})

test('a server that does not let us says so, and one without a file is told apart', async () => {
  await redis.call('ACL', 'SETUSER', 'guest', 'on', '>guest', '~*', '+@all', '-bgrewriteaof')
  const guest = new Redis({ port: server.port, username: 'guest', password: 'guest' })
  expect(await rewriteHistory(guest, 10_000)).toBe('refused')
  guest.disconnect()
  await redis.config('SET', 'appendonly', 'no')
  expect(await rewriteHistory(redis, 10_000)).toBe('off')
})

test('the server of a folder is found by its note, by nobody but its owner', async () => {
  expect(findRedisServer(folder)).toBe(server.url)
  expect(findRedisServer(join(folder, 'elsewhere'))).toBeUndefined()
})

test('slow commands are not written down, for they hold words', async () => {
  expect(await redis.config('GET', 'slowlog-log-slower-than')).toEqual(['slowlog-log-slower-than', '-1'])
})
