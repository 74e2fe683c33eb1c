import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { FaultPoint } from '../../src/lib/fault-points.ts'
import type { RecordedRequest } from '../../src/sandbox/platforms.ts'
import type { BridgeProcess } from '../support/bridge-process.ts'
import { freePort } from '../support/free-port.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { pointWebhooks } from '../support/world.ts'
import { beginTalk, type Direction, type TalkSettings } from './crash-talk.ts'

/*
 * A bridge process dies as by `kill -9`, exactly at one of its fault points, in the midst of a conversation. Another process is
 * there already, or comes afterwards. Whatever the point: everything that was acknowledged arrives within five seconds, in its
 * order, and nothing reaches LINE twice.
 */

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

type Survivor = 'that runs already' | 'that starts afterwards'

interface Crash extends Omit<TalkSettings, 'direction'> {
  readonly what: string
  readonly point: `${FaultPoint}${'' | ':2' | ':3'}`
  readonly directions: readonly Direction[]
  /** One message at a time: the next one would be in the way of what the case is about. */
  readonly alone?: true
}

const admissions: readonly Crash[] = [
  { what: 'before a webhook’s message is stored', point: 'admit.before:3', directions: ['inbound', 'outbound'] },
  { what: 'when it is stored, but not acknowledged', point: 'admit.after:3', directions: ['inbound', 'outbound'] },
]

/**
 * Beside another process a receiver stores what comes: the first message of a conversation has a job then, the second follows it without one. A
 * process alone takes the first one without a job, too.
 */
const deliveries: readonly Crash[] = [
  {
    what: 'when the platform took it, before anything is written down',
    point: 'delivery.accepted',
    directions: ['inbound', 'outbound'],
    mayRepeat: true,
  },
  {
    what: 'when the platform took the first of two parts, before that is written down',
    point: 'delivery.accepted',
    directions: ['outbound'],
    long: true,
  },
  {
    what: 'when the platform took the last of two parts, before it is finished',
    point: 'delivery.accepted:2',
    directions: ['outbound'],
    long: true,
  },
  {
    what: 'when it is finished, before the next one is begun',
    point: 'finish.after',
    directions: ['inbound', 'outbound'],
    slowReceipts: true,
  },
  {
    what: 'when the platform took one without a job, before anything is written down',
    point: 'delivery.accepted:2',
    directions: ['inbound', 'outbound'],
    mayRepeat: true,
    slowReceipts: true,
  },
  {
    what: 'when one without a job is finished, before the next one is begun',
    point: 'finish.after:2',
    directions: ['inbound', 'outbound'],
    slowReceipts: true,
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
    slowReceipts: true,
  },
  {
    what: 'when it is given up, before its job has failed',
    point: 'give-up.after',
    directions: ['inbound', 'outbound'],
    refused: true,
  },
  // A message's receipt is the second thing that a platform takes, and the second that ends. It has no job.
  {
    what: 'when Genesys took a receipt, before anything is written down',
    point: 'delivery.accepted:2',
    directions: ['outbound'],
    alone: true,
  },
  {
    what: 'when a receipt is finished',
    point: 'finish.after:2',
    directions: ['outbound'],
    alone: true,
  },
]

/** Requests that the platform never answers, and in the midst of which the process is killed. None of them has a job. */
const requests = [
  { what: 'a message of a customer', direction: 'inbound', endpoint: 'message' },
  { what: 'a message of an agent', direction: 'outbound', endpoint: 'push' },
  { what: 'a receipt', direction: 'outbound', endpoint: 'receipt' },
] as const

const survivors: readonly Survivor[] = ['that runs already', 'that starts afterwards']

const casesOf = (crashes: readonly Crash[]) =>
  crashes.flatMap((crash) =>
    crash.directions.flatMap((direction) => survivors.map((survivor) => ({ ...crash, direction, survivor }))),
  )

/** The cases mostly wait; three of them can do so at the same time without making each other late. */
const sideBySide = 3
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
        const talk = await beginTalk(redis.url, crash)
        const { world, say, otherPort } = talk
        try {
          const { point, survivor } = crash
          const early = survivor === 'that runs already'
          const other = early ? await talk.start({ port: otherPort }) : undefined
          const armed = await talk.start({ point, ...(early && { roles: 'receiver' }) })
          await Promise.all([armed.ready(), other?.ready()])
          await say('one')
          await say('two')
          // A delivery in the midst of which it dies would be in doubt, which is not what this is about.
          await until('the first two', talk.isDone)
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
          const repeated = () => world.log.some((line) => line.includes('"message.duplicate"'))
          // Lines are written a moment after what they tell of.
          if (point.startsWith('admit.after')) await until('the repeat to be known as one', repeated)
          else expect(repeated()).toBe(false)
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
        const talk = await beginTalk(redis.url, crash)
        try {
          const { point, survivor, alone } = crash
          const texts = alone ? ['one'] : ['one', 'two', 'three']
          const early = survivor === 'that runs already'
          const worker = { roles: 'worker', port: talk.otherPort }
          const [receiver, other, armed] = await Promise.all([
            early ? talk.start({ roles: 'receiver' }) : undefined,
            early ? talk.start({ ...worker, port: await freePort() }) : undefined,
            talk.start({ point, ...(early && worker) }),
          ])
          await Promise.all([armed.ready(), receiver?.ready(), other?.ready()])
          const death = diedAt(armed)
          let since: number
          if (early) {
            // They take turns, so that soon the one that is to die has its turn.
            let ended = false
            void armed.ended.then(() => {
              ended = true
            })
            for (let turn = 1; !ended; turn += 1) {
              talk.trouble(200)
              await talk.sayAll(texts.map((text) => talk.name(`${text}-${turn}`)))
              await until('a turn', () => ended || talk.isDone())
            }
            since = await death
          } else {
            talk.trouble(400)
            const talking = talk.sayAll(texts.map(talk.name))
            await death
            await (await talk.start()).ready()
            since = Date.now()
            await talking
          }
          talk.world.genesys.mend('receipt')
          await talk.sayAll(['the last but one', 'the last'])
          await talk.expectHealed(since)
        } finally {
          await talk.stop()
        }
      }),
    120_000,
  )

  test.concurrent.each(requests.flatMap((request) => survivors.map((survivor) => ({ ...request, survivor }))))(
    'while the platform is being told $what ($direction), beside another $survivor',
    ({ direction, endpoint, survivor }) =>
      inTurn(async () => {
        const talk = await beginTalk(redis.url, { direction })
        const { world } = talk
        try {
          const early = survivor === 'that runs already'
          const armed = await talk.start()
          await armed.ready()
          talk.trouble(400)
          // The first message was just stored, and the second follows it: neither has a job.
          const hangs = {
            answer: 'silence',
            times: 1,
            when: ({ body }: RecordedRequest) => body.includes(' two'),
          } as const
          if (endpoint === 'push') world.line.break(endpoint, hangs)
          else world.genesys.break(endpoint, { ...hangs, ...(endpoint === 'receipt' && { when: () => true }) })
          await talk.sayAll(['one', 'two', 'three'])
          const seen = () => [...world.line.requests, ...world.genesys.requests]
          await until('the request', () =>
            seen().some(
              (request) =>
                request.endpoint === endpoint &&
                request.status === undefined &&
                (endpoint === 'receipt' || hangs.when(request)),
            ),
          )
          const other = early ? await talk.start({ port: talk.otherPort }) : undefined
          await other?.ready()
          if (other) pointWebhooks(world, urlOf(talk.otherPort))
          expect(await talk.jobsEver(endpoint === 'receipt' ? 'receipts' : direction)).toBe(0)
          armed.signal('SIGKILL')
          await armed.ended
          if (!early) await (await talk.start()).ready()
          const since = Date.now()
          await talk.sayAll(['the last but one', 'the last'])
          await talk.expectHealed(since)
        } finally {
          await talk.stop()
        }
      }),
    120_000,
  )
})
