import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import type { Fault, OutboundItem } from '../../src/sandbox/platforms.ts'
import { startProcessWorld } from '../support/bridge-process.ts'
import { freePort } from '../support/free-port.ts'
import { desk, phone, pushes, receiptsOf } from '../support/looks.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

/*
 * A worker that sleeps for longer than its lock lives, in the midst of a delivery: its machine was suspended, or had no time for it.
 * Another takes its messages over. When the sleeper wakes up, it goes on with what it knows, and that must do no harm.
 */

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

/** A world in which a first process falls asleep as soon as its request has come to the platform. */
async function begin() {
  const world = await startProcessWorld(redis.url)
  const client = new Redis(redis.url)
  const { keyPrefix } = world.config.redis as { readonly keyPrefix: string }
  const base = `{${keyPrefix}}:`
  const sleeper = await world.start()
  await sleeper.ready()
  return {
    world,
    sleeper,
    /** The process that takes over, on a port of its own. */
    async takeOver(): Promise<void> {
      const server = { ...(world.config.server as object), port: await freePort() }
      const other = await world.start({
        config: { ...world.config, server },
        environment: { BRIDGE_ROLES: 'worker' },
      })
      await other.ready()
    },
    deadLetters: () => client.zcard(`${base}dead:${thailand.name}-outbound`),
    /** Everything was delivered and is written off. */
    nothingLeft: () =>
      until(
        'nothing to be left',
        async () => {
          const depths = await client.hvals(`${base}depth`)
          const rest = await Promise.all([client.zcard(`${base}owed`), client.keys(`${base}attempt:*`)])
          return depths.every((depth) => depth === '0') && rest[0] === 0 && rest[1].length === 0
        },
        15_000,
      ),
    async stop(): Promise<void> {
      sleeper.signal('SIGCONT')
      await world.stop()
      client.disconnect()
    },
  }
}

const texts = ['one', 'two', 'three']
const all = (items: readonly OutboundItem[]) => items.map((item) => [...new Set(receiptsOf(item))])

const answers: readonly (readonly [string, Fault])[] = [
  ['was accepted', { delayMs: 2_000 }],
  ['was answered by an error', { delayMs: 2_000, answer: 503 }],
  ['was refused', { delayMs: 2_000, answer: 400 }],
  ['was accepted and never answered', { answer: 'silence', accept: true }],
]

describe.each(['when all is done', 'while the other delivers the same message'] as const)(
  'a worker that sleeps in the midst of a delivery, and wakes up %s,',
  (moment) => {
    test.concurrent.each(answers)(
      'and whose request to LINE %s, doubles nothing and undoes nothing',
      async (_, fault) => {
        const { world, sleeper, takeOver, deadLetters, nothingLeft, stop } = await begin()
        try {
          world.line.break('push', { ...fault, times: 1 })
          if (moment !== 'when all is done') world.line.break('push', { delayMs: 2_000, times: 1 })
          const items: OutboundItem[] = []
          for (const text of texts) {
            const item = answer(world, text)
            items.push(item)
            expect(await item.webhook.ended).toBe('accepted')
          }
          const [first] = await until('the first request', () => pushes(world).length > 0 && pushes(world))
          expect(first?.status).toBeUndefined()
          sleeper.signal('SIGSTOP')
          await takeOver()
          if (moment === 'when all is done') await until('all on the phone', () => phone(world).length === 3, 15_000)
          else await until('the other’s request', () => pushes(world).length > 1, 15_000)
          sleeper.signal('SIGCONT')
          await until('all on the phone', () => phone(world).length === 3, 15_000)
          const last = answer(world, 'four')
          items.push(last)
          await until('all receipts', () => items.every(({ receipts }) => receipts.length > 0), 15_000)
          await nothingLeft()
          expect(phone(world)).toEqual([...texts, 'four'])
          expect(all(items)).toEqual(items.map(() => ['Delivered']))
          expect(await deadLetters()).toBe(0)
          expect(world.line.violations).toEqual([])
        } finally {
          await stop()
        }
      },
      90_000,
    )

    test.concurrent('brings Genesys nothing out of order, and a second copy only of what was in doubt', async () => {
      const { world, sleeper, takeOver, nothingLeft, stop } = await begin()
      try {
        world.genesys.break('message', { delayMs: 2_000, times: moment === 'when all is done' ? 1 : 2 })
        const requests = () => world.genesys.requests.filter(({ endpoint }) => endpoint === 'message')
        const sent = []
        for (const text of texts) {
          const one = write(world, text)
          sent.push(one)
          expect(await one.webhook.ended).toBe('accepted')
        }
        await until('the first request', () => requests().length > 0)
        sleeper.signal('SIGSTOP')
        await takeOver()
        if (moment === 'when all is done') await until('all on the desk', () => desk(world).includes('three'), 15_000)
        else await until('the other’s request', () => requests().length > 1, 15_000)
        sleeper.signal('SIGCONT')
        await until('all on the desk', () => desk(world).includes('three'), 15_000)
        write(world, 'four')
        await until('the last on the desk', () => desk(world).includes('four'), 15_000)
        await nothingLeft()
        expect([...new Set(desk(world))]).toEqual([...texts, 'four'])
        // The other one’s request may take until now.
        await until('the second copy', () => world.genesys.duplicates.length > 0)
        expect(world.genesys.duplicates.map(({ messageId }) => messageId)).toEqual([sent[0]?.id])
      } finally {
        await stop()
      }
    }, 90_000)
  },
)
