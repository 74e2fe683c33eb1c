import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import type { FaultPoint } from '../../src/lib/fault-points.ts'
import type { OutboundItem, RecordedRequest } from '../../src/sandbox/platforms.ts'
import { type BridgeProcess, startProcessWorld } from '../support/bridge-process.ts'
import { freePort } from '../support/free-port.ts'
import { desk, phone, receiptsOf } from '../support/looks.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { pointWebhooks, thailand } from '../support/world.ts'

/*
 * A bridge process dies as by `kill -9`, exactly at one of its fault points, in the midst of a conversation. Another process is
 * there already, or comes afterwards. Whatever the point: everything that was acknowledged arrives within five seconds, in its
 * order, and nothing reaches LINE twice.
 */

const healedWithinMs = 5_000
const conversation = thailand

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

type Direction = 'inbound' | 'outbound'
type Survivor = 'that runs already' | 'that starts afterwards'

interface Crash {
  readonly what: string
  readonly point: `${FaultPoint}${'' | ':2' | ':3'}`
  readonly directions: readonly Direction[]
  /** The platform refuses what is in the conversation until the process dies. */
  readonly refused?: true
  /** Genesys had taken a message, and nobody knew: it may come once more. */
  readonly mayRepeat?: true
}

const admissions: readonly Crash[] = [
  { what: 'before a webhook’s message is stored', point: 'admit.before:3', directions: ['inbound', 'outbound'] },
  { what: 'when it is stored, but not acknowledged', point: 'admit.after:3', directions: ['inbound', 'outbound'] },
]

const deliveries: readonly Crash[] = [
  {
    what: 'when the platform took it, before anything is written down',
    point: 'delivery.accepted',
    directions: ['inbound', 'outbound'],
    mayRepeat: true,
  },
  {
    what: 'when all parts are confirmed, before it is finished',
    point: 'delivery.accepted:2',
    directions: ['outbound'],
  },
  {
    what: 'when it is finished, before the next one has its job',
    point: 'finish.after',
    directions: ['inbound', 'outbound'],
  },
  {
    what: 'when the next one has its job, before its own is completed',
    point: 'next.added',
    directions: ['inbound', 'outbound'],
  },
  {
    what: 'when it is given up, before the next one has its job',
    point: 'finish.after',
    directions: ['inbound', 'outbound'],
    refused: true,
  },
  {
    what: 'when it is given up, before its job has failed',
    point: 'give-up.after',
    directions: ['inbound', 'outbound'],
    refused: true,
  },
]

/** A message's receipt is the third thing that a platform takes, and the second that ends. */
const receipts: readonly Crash[] = [
  {
    what: 'when Genesys took a receipt, before anything is written down',
    point: 'delivery.accepted:3',
    directions: ['outbound'],
  },
  {
    what: 'when a receipt is finished, before its job is completed',
    point: 'finish.after:2',
    directions: ['outbound'],
  },
]

const survivors: readonly Survivor[] = ['that runs already', 'that starts afterwards']

const casesOf = (crashes: readonly Crash[]) =>
  crashes.flatMap((crash) =>
    crash.directions.flatMap((direction) => survivors.map((survivor) => ({ ...crash, direction, survivor }))),
  )
type Case = ReturnType<typeof casesOf>[number]

/** The cases mostly wait; a few of them can do so at the same time without making each other late. */
const sideBySide = 5
let begun = 0
const waiting: (() => void)[] = []
async function inTurn(run: () => Promise<void>): Promise<void> {
  if (begun === sideBySide) await new Promise<void>((resolve) => waiting.push(resolve))
  else begun += 1
  try {
    await run()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else begun -= 1
  }
}

/** One conversation in one direction, and who carries it. */
async function begin({ direction, refused, mayRepeat }: Case) {
  const world = await startProcessWorld(redis.url)
  const client = new Redis(redis.url)
  const { keyPrefix } = world.config.redis as { readonly keyPrefix: string }
  const otherPort = await freePort()
  const sent: { readonly text: string; readonly item: OutboundItem | undefined }[] = []
  const refusedText = 'refused'
  // They would be admitted as well, and count.
  world.genesys.configure({ inboundReceipts: 'none' })

  /** Resolves when the platform has its 200. */
  async function say(text: string): Promise<void> {
    const item = direction === 'outbound' ? answer(world, text) : undefined
    sent.push({ text, item })
    const { webhook } = item ?? write(world, text)
    expect(await webhook.ended).toBe('accepted')
  }
  const start = (more: { readonly point?: string; readonly roles?: string; readonly port?: number } = {}) => {
    const { point, roles, port } = more
    return world.start({
      ...(port && { config: { ...world.config, server: { ...(world.config.server as object), port } } }),
      environment: { ...(point && { BRIDGE_FAULT_POINT: point }), ...(roles && { BRIDGE_ROLES: roles }) },
    })
  }
  const arrived = () => (direction === 'inbound' ? desk(world) : phone(world))
  const wanted = () => sent.map(({ text }) => text).filter((text) => !text.startsWith(refusedText))
  const depths = async () => (await client.hvals(`{${keyPrefix}}:depth`)).map(Number)
  const isDone = async () =>
    wanted().every((text) => arrived().includes(text)) &&
    sent.every(({ item }) => item === undefined || item.receipts.length > 0) &&
    (await depths()).every((depth) => depth === 0)

  return {
    world,
    start,
    say,
    async sayAll(texts: readonly string[]): Promise<void> {
      for (const text of texts) await say(text)
    },
    otherPort,
    /** A text as the case wants it. */
    name: (text: string) => (refused ? `${refusedText} ${text}` : text),
    isDone,
    /** The next delivery takes long; each one, if it is to be refused. */
    trouble(delayMs: number): void {
      const refusal = { answer: 400, when: ({ body }: RecordedRequest) => body.includes(` ${refusedText}`) }
      const fault = refused ? { ...refusal, delayMs } : { delayMs, times: 1 }
      world.line.break('push', fault)
      world.genesys.break('message', fault)
    },
    /** Waits until all is delivered, and checks that it is right, and that nothing is left behind. */
    async expectHealed(since: number): Promise<void> {
      await until('all to arrive', isDone, 3 * healedWithinMs).catch(async (error: Error) => {
        const state = { wanted: wanted(), arrived: arrived(), depths: await depths(), log: world.log.slice(-20) }
        throw new Error(`${error.message} ${JSON.stringify(state, undefined, 1)}`)
      })
      const healedMs = Date.now() - since
      const { line, genesys } = world
      if (direction === 'outbound') expect(phone(world)).toEqual(wanted())
      const repeats = genesys.duplicates.map(({ messageId }) => messageId)
      if (direction === 'inbound' && mayRepeat) {
        expect(repeats).toHaveLength(1)
        expect(desk(world).filter((text, at, all) => text !== all[at - 1])).toEqual(wanted())
      } else {
        expect(repeats).toEqual([])
        if (direction === 'inbound') expect(desk(world)).toEqual(wanted())
      }
      for (const { text, item } of sent) {
        if (!item) continue
        const [receipt = '', ...more] = new Set(receiptsOf(item))
        expect([text, receipt, more]).toEqual([
          text,
          expect.stringMatching(text.startsWith(refusedText) ? /^Failed/ : /^Delivered/),
          [],
        ])
      }
      expect(line.violations).toEqual([])
      expect(genesys.strayReceipts).toEqual([])

      const base = `{${keyPrefix}}:`
      const queue = `${conversation.name}-${direction}`
      const dead = sent.filter(({ text }) => text.startsWith(refusedText)).length
      expect(await client.zcard(`${base}dead:${queue}`)).toBe(dead)
      await until('nothing to be left', async () => {
        const left = await Promise.all([
          client.zcard(`${base}owed`),
          client.zcard(`${base}lanes:${queue}`),
          client.zcard(`${base}lanes:${conversation.name}-receipts`),
          client.exists(`${base}attempt:${queue}:${conversation.userId}`),
          client.exists(`${base}lane:${queue}:${conversation.userId}`),
          client.llen(`${base}${queue}:active`),
          client.llen(`${base}${queue}:wait`),
        ])
        return left.every((count) => count === 0)
      })
      expect(healedMs).toBeLessThan(healedWithinMs)
    },
    async stop(): Promise<void> {
      await world.stop()
      client.disconnect()
    },
  }
}

async function diedAt(bridge: BridgeProcess): Promise<number> {
  const alive = setTimeout(() => bridge.signal('SIGTERM'), 30_000)
  const signal = await bridge.ended
  clearTimeout(alive)
  expect(signal).toBe('SIGKILL')
  return Date.now()
}

const urlOf = (port: number) => `http://127.0.0.1:${port}`

describe('a process dies', () => {
  test.concurrent.each(casesOf(admissions))(
    '$what ($direction, $point), beside another $survivor',
    (crash) =>
      inTurn(async () => {
        const talk = await begin(crash)
        const { world, say, otherPort } = talk
        try {
          const { point, survivor } = crash
          const early = survivor === 'that runs already'
          const other = early ? await talk.start({ port: otherPort }) : undefined
          const armed = await talk.start({ point, ...(early && { roles: 'receiver' }) })
          await Promise.all([armed.ready(), other?.ready()])
          await say('one')
          await say('two')
          const [died] = await Promise.all([
            diedAt(armed).then(async (at) => {
              // As a load balancer would.
              if (early) pointWebhooks(world, urlOf(otherPort))
              else await (await talk.start()).ready()
              return early ? at : Date.now()
            }),
            say('three'),
          ])
          await say('four')
          await talk.expectHealed(died)
          const repeated = world.log.some((line) => line.includes('"message.duplicate"'))
          expect(repeated).toBe(point.startsWith('admit.after'))
        } finally {
          await talk.stop()
        }
      }),
    120_000,
  )

  test.concurrent.each(casesOf(deliveries))(
    '$what ($direction, $point), beside another $survivor',
    (crash) =>
      inTurn(async () => {
        const talk = await begin(crash)
        try {
          const { point, survivor } = crash
          const early = survivor === 'that runs already'
          const [other, armed] = await Promise.all([
            early ? talk.start() : undefined,
            talk.start({ point, ...(early && { port: talk.otherPort, roles: 'worker' }) }),
          ])
          await Promise.all([armed.ready(), other?.ready()])
          talk.trouble(early ? 0 : 400)
          const death = diedAt(armed)
          let since: number
          if (early) {
            // They take turns, so that soon the one that is to die has its turn.
            let ended = false
            void armed.ended.then(() => {
              ended = true
            })
            for (let number = 0; !ended; number += 1) {
              await talk.say(talk.name(`number ${number}`))
              await until('a turn', () => ended || talk.isDone())
            }
            since = await death
          } else {
            const talking = talk.sayAll(['one', 'two', 'three'].map(talk.name))
            await death
            await (await talk.start()).ready()
            since = Date.now()
            await talking
          }
          await talk.sayAll(['the last but one', 'the last'])
          await talk.expectHealed(since)
        } finally {
          await talk.stop()
        }
      }),
    120_000,
  )

  test.concurrent.each(receipts)(
    '$what ($point), beside another that starts afterwards',
    (crash) =>
      inTurn(async () => {
        const talk = await begin({ ...crash, direction: 'outbound', survivor: 'that starts afterwards' })
        try {
          const armed = await talk.start({ point: crash.point })
          await armed.ready()
          await talk.say('one')
          await diedAt(armed)
          expect(phone(talk.world)).toEqual(['one'])
          await (await talk.start()).ready()
          const since = Date.now()
          await talk.say('two')
          await talk.expectHealed(since)
        } finally {
          await talk.stop()
        }
      }),
    120_000,
  )
})
