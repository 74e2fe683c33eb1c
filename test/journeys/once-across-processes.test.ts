import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { startProcessWorld } from '../support/bridge-process.ts'
import { freePort } from '../support/free-port.ts'
import { desk, onDesk, onPhone, phone } from '../support/looks.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { answer, mark, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

const copies = 25

/** Two processes that take webhooks, and one event of each platform in as many copies as a test likes. */
async function begin() {
  const world = await startProcessWorld(redis.url)
  const client = new Redis(redis.url)
  const { keyPrefix } = world.config.redis as { readonly keyPrefix: string }
  const otherPort = await freePort()
  const urls = [world.url, `http://127.0.0.1:${otherPort}`]
  const otherConfig = { ...world.config, server: { ...(world.config.server as object), port: otherPort } }
  const event = world.line.event(thailand.name, thailand.userId, { type: 'text', text: `${mark} one` })

  async function startBoth() {
    const both = await Promise.all([world.start(), world.start({ config: otherConfig })])
    await Promise.all(both.map((bridge) => bridge.ready()))
    return both
  }
  let running = await startBoth()
  const item = answer(world, 'one')
  await item.webhook.ended
  let daysAgo = 0
  const made = (at: number) => at - daysAgo * 86_400_000
  const lineBody = () => JSON.stringify({ destination: 'U0', events: [{ ...event, timestamp: made(event.timestamp) }] })
  const genesysBody = () => {
    const channel = item.body.channel as { readonly time: string }
    return JSON.stringify({
      ...item.body,
      channel: { ...channel, time: new Date(made(Date.parse(channel.time))).toISOString() },
    })
  }

  return {
    world,
    /** What LINE and Genesys say once more, to both processes at the same time. Each copy must get its 200. */
    async repeat(times: number): Promise<void> {
      const attempts = await Promise.all(
        urls.flatMap((url) =>
          Array.from({ length: times }, () => [
            world.line.postRaw(thailand.name, lineBody(), { url: `${url}/webhooks/line/${thailand.name}` }),
            world.genesys.postRaw(thailand.integrationId, genesysBody(), {
              url: `${url}/webhooks/genesys/${thailand.name}`,
            }),
          ]).flat(),
        ),
      )
      expect(new Set(attempts.map(({ status }) => status))).toEqual(new Set([200]))
    },
    /** Not before it is written down what has arrived: Genesys takes for new what comes a second time. */
    async crash(): Promise<void> {
      const base = `{${keyPrefix}}:`
      await until('all to be written down', async () =>
        (await client.hvals(`${base}depth`)).every((depth) => depth === '0'),
      )
      for (const bridge of running) bridge.signal('SIGKILL')
      await Promise.all(running.map(({ ended }) => ended))
      running = await startBoth()
    },
    /** What was made and noted today was made and noted so many days ago. */
    async daysLater(days: number): Promise<void> {
      daysAgo += days
      for (const key of await client.keys(`{${keyPrefix}}:journal:*`)) {
        const [, base = '', day = '', shard = ''] = /^(.*journal:)(\d+):(\d+)$/.exec(key) ?? []
        await client.rename(key, `${base}${Number(day) - days}:${shard}`)
      }
    },
    /** One more message each way, which can overtake nothing. */
    async last(text: string): Promise<void> {
      write(world, text)
      answer(world, text)
      await Promise.all([onDesk(world, text), onPhone(world, text)])
    },
    async stop(): Promise<void> {
      await world.stop()
      client.disconnect()
    },
  }
}

test('an event is carried once, however many copies come to however many processes, after a crash and 71 hours later', async () => {
  const { world, repeat, crash, daysLater, last, stop } = await begin()
  try {
    await repeat(copies)
    await last('two')
    expect([desk(world), phone(world)]).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ])

    await crash()
    await repeat(copies)
    await last('three')
    expect([desk(world), phone(world)]).toEqual([
      ['one', 'two', 'three'],
      ['one', 'two', 'three'],
    ])

    // 71 hours touch four days at most, the first and the last included.
    await daysLater(3)
    await repeat(1)
    await last('four')
    expect([desk(world), phone(world)]).toEqual([
      ['one', 'two', 'three', 'four'],
      ['one', 'two', 'three', 'four'],
    ])
    expect(world.line.repeated.size).toBe(0)

    // Nothing is remembered for ever.
    await daysLater(4)
    await repeat(1)
    await last('five')
    expect(desk(world)).toEqual(['one', 'two', 'three', 'four', 'one', 'five'])
  } finally {
    await stop()
  }
}, 60_000)
