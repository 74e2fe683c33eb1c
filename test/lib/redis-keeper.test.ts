import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { connectRedis } from '../../src/lib/redis.ts'
import { keepRedisServer } from '../../src/lib/redis-keeper.ts'
import { until } from '../support/until.ts'

test('a private Redis that is killed comes back at the same address, with what it had written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-redis-'))
  let ended = 0
  const server = await keepRedisServer({
    folder,
    environment: process.env,
    onEnded: () => {
      ended += 1
    },
  })
  const redis = connectRedis({ url: server.url, failFast: false, onError: () => {} })
  try {
    await redis.config('SET', 'appendfsync', 'always')
    await redis.set('kept', 'yes')
    const pid = /process_id:(\d+)/.exec(await redis.info('server'))?.[1] ?? ''
    execFileSync('kill', ['-9', pid])
    await until('the server ended', () => ended === 1)
    expect(await redis.get('kept')).toBe('yes')
    expect(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]).not.toBe(pid)
  } finally {
    redis.disconnect()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
