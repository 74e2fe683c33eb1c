import { expect, test } from '@jest/globals'
import { connectRedis } from '../../src/lib/redis.ts'
import { startRedisProcess } from '../support/redis-process.ts'
import { until } from '../support/until.ts'

/** Redis is slowed down by so much for each key that it reads. */
const slowly = ['--key-load-delay', '300']
const smallKeys = 8_000

test.each([
  ['waits', false],
  ['fails fast', true],
])(
  'A connection that %s is back as soon as Redis has read its data, however long Redis says that takes',
  async (_, failFast) => {
    const redis = await startRedisProcess()
    const connection = connectRedis({ url: redis.url, failFast, onError: () => {} })
    try {
      const pipeline = redis.client.pipeline()
      for (let key = 0; key < smallKeys; key += 1) pipeline.set(`key-${key}`, '')
      await pipeline.exec()
      // Nearly all of the file comes last and is read at once: up to there Redis guesses minutes.
      await redis.client.set('large', 'x'.repeat(50_000_000))
      await redis.kill()
      await redis.start(...slowly)
      const readAt = Date.now()
      await until('the connection to be back', () => connection.ping().catch(() => false))
      expect(Date.now() - readAt).toBeLessThan(1_000)
    } finally {
      connection.disconnect()
      await redis.remove()
    }
  },
  60_000,
)
