import { expect, test } from '@jest/globals'
import { startProcessWorld } from '../support/bridge-process.ts'
import { freePort } from '../support/free-port.ts'
import { startRedisProcess } from '../support/redis-process.ts'
import { bare, friendOf, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

/*
 * Genesys has asked for a pause, so messages that are taken up already wait for their permits. Meanwhile Redis is away for longer than
 * their locks live, and each process takes what the other one holds for abandoned. When the pause is over, both used to send it.
 */

test('what waits for a pause of Genesys while Redis is away is sent once, by one of two processes', async () => {
  const redis = await startRedisProcess()
  const world = await startProcessWorld(redis.url)
  try {
    const server = { ...(world.config.server as object), port: await freePort() }
    const other = { config: { ...world.config, server }, environment: { BRIDGE_ROLES: 'worker' } }
    const both = await Promise.all([world.start(), world.start(other)])
    await Promise.all(both.map((bridge) => bridge.ready()))
    const users = Array.from({ length: 12 }, (_, number) => friendOf(world, thailand, number))
    const requests = () => world.genesys.requests.filter(({ endpoint }) => endpoint === 'message')

    world.genesys.break('message', { answer: 429, retryAfterSeconds: 6, times: 1 })
    const first = write(world, 'first')
    expect(await first.webhook.ended).toBe('accepted')
    await until('the refusal', () => requests().some(({ status }) => status === 429))
    for (const [number, user] of users.entries()) {
      for (const text of [`${number} one`, `${number} two`])
        expect(await write(world, text, thailand, user).webhook.ended).toBe('accepted')
    }
    await redis.kill()
    const killedAt = Date.now()
    await until('the locks to have gone', () => Date.now() - killedAt > 3_200)
    await redis.start()
    await until('all at Genesys', () => world.genesys.inbound.length >= 25, 15_000)
    await until('nothing to be left', async () => {
      const { keyPrefix } = world.config.redis as { readonly keyPrefix: string }
      return (await redis.client.hvals(`{${keyPrefix}}:depth`)).every((depth) => depth === '0')
    })
    expect(world.genesys.duplicates.map(({ messageId }) => messageId)).toEqual([])
    expect(requests().map(({ status }) => status)).toEqual([429, ...Array.from({ length: 25 }, () => 200)])
    const texts = world.genesys.inbound.map(({ text }) => bare(text))
    for (const number of users.keys())
      expect(texts.filter((text) => text.startsWith(`${number} `))).toEqual([`${number} one`, `${number} two`])
  } finally {
    await world.stop()
    await redis.remove()
  }
}, 60_000)
