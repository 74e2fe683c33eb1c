import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { createApp } from '../../src/app.ts'
import { readRoles } from '../../src/config.ts'
import { nextDelayMs } from '../../src/queue/schedule.ts'
import { createGenesysCloud } from '../../src/sandbox/genesys-cloud/index.ts'
import { createLinePlatform } from '../../src/sandbox/line-platform/index.ts'
import type { Fault, FaultSwitches } from '../../src/sandbox/platforms.ts'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk, onPhone, phone, receiptOf } from '../support/looks.ts'
import { answer, friendOf, mark, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { readWorldConfig, thailand, worldConfig } from '../support/world.ts'

const { start, keep, mayRepeat, redis } = journeys()

/** Mulberry32: the same seed goes wrong in the same way. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const troubles: readonly Fault[] = [
  { answer: 500 },
  { answer: 503, accept: true },
  { answer: 'drop' },
  { answer: 'drop', accept: true },
  { delayMs: 150 },
]

/** Each of several requests goes wrong in one of the usual ways. */
function breakSometimes<Endpoint extends string>(
  platform: FaultSwitches<Endpoint>,
  endpoint: Endpoint,
  random: () => number,
): void {
  for (const fault of troubles) platform.break(endpoint, { ...fault, when: () => random() < 0.03 })
}

const brands = Array.from({ length: 5 }, (_, index) => ({
  name: `brand_${index}`,
  integrationId: `5f0c1c1e-0000-4000-8000-00000000010${index}`,
  channelId: `165700001${index}`,
  lineSecret: String(index).repeat(32),
  webhookSecret: `genesys-webhook-secret-${index}`,
  users: Array.from({ length: 6 }, (_, user) => `U${`${index}${user}`.repeat(16)}`),
}))

/** A bridge with five brands. */
async function startFiveBrands() {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-order-'))
  const line = createLinePlatform({
    accounts: brands.map(({ name, channelId, lineSecret, users }) => ({
      name,
      displayName: name,
      channelId,
      channelSecret: lineSecret,
      accessToken: `token-${name}`,
      botUserId: `U${channelId.padStart(32, '0')}`,
      friends: users.map((userId) => ({ userId, displayName: userId })),
    })),
    redeliveryDelaysMs: [200, 500, 1_000, 2_000],
  })
  const genesys = createGenesysCloud({
    clients: [{ clientId: 'client-1', clientSecret: 'client-secret-1' }],
    integrations: brands.map(({ integrationId, name, webhookSecret }) => ({ id: integrationId, name, webhookSecret })),
    retryDelaysMs: Array(20).fill(200),
  })
  await Promise.all([line.start(), genesys.start()])
  const base = worldConfig({
    publicUrl: 'http://127.0.0.1:1',
    port: 0,
    redisUrl: (await redis()).url,
    // What one world has still to repeat at its end must not come up in the next.
    keyPrefix: `order-${randomUUID().slice(0, 8)}`,
    folder,
    lineUrl: line.apiUrl,
    lineDataUrl: line.dataApiUrl,
    genesysUrl: genesys.url,
  })
  const config = await readWorldConfig(folder, {
    ...base,
    channels: brands.map(({ name, channelId, lineSecret, integrationId, webhookSecret }) => ({
      name,
      type: 'line',
      market: 'Somewhere',
      brand: name,
      line: {
        channelId,
        channelSecret: lineSecret,
        accessToken: `token-${name}`,
        apiUrl: line.apiUrl,
        dataApiUrl: line.dataApiUrl,
      },
      genesys: {
        gatewayUrl: genesys.url,
        clientId: 'client-1',
        clientSecret: 'client-secret-1',
        integrationId,
        webhookSecret,
        requestsPerMinute: 60_000,
      },
    })),
  })
  const log: string[] = []
  const app = await createApp({
    config,
    roles: readRoles(undefined),
    logger: pino({ level: 'info' }, { write: (lineOfLog: string) => void log.push(lineOfLog) }),
    environment: process.env,
  })
  const { url } = await app.start()
  for (const { name, integrationId } of brands) {
    line.configure(name, { webhookUrl: `${url}/webhooks/line/${name}` })
    genesys.configureIntegration(integrationId, { webhookUrl: `${url}/webhooks/genesys/${name}` })
  }
  return {
    line,
    genesys,
    log,
    app,
    async stop() {
      await Promise.all([line.stop(), genesys.stop()])
      await app.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A text that follows itself is an attempt that had arrived and was repeated. */
const withoutRepeats = (texts: readonly (string | undefined)[]) => texts.filter((text, at) => text !== texts[at - 1])

test.each([1, 20_261_121])(
  'whatever goes wrong on both sides (seed %i), every conversation of five brands keeps its order, and nothing is lost',
  async (seed) => {
    const world = keep(await startFiveBrands())
    mayRepeat(world)
    const random = createRandom(seed)
    breakSometimes(world.line, 'push', random)
    breakSometimes(world.genesys, 'message', random)
    breakSometimes(world.genesys, 'receipt', random)
    breakSometimes(world.line, 'profile', random)
    const bursts = [3, 1, 2]
    const texts = Array.from({ length: bursts.reduce((sum, size) => sum + size) }, (_, index) => `${mark} ${index}`)

    /** A customer's bursts, each in one webhook body; the next one comes when the last was taken. */
    async function writeAll(name: string, user: string): Promise<void> {
      let from = 0
      for (const size of bursts) {
        const at = Date.now()
        const events = texts
          .slice(from, from + size)
          .map((text, index) => world.line.event(name, user, { type: 'text', text }, { at: at + index }))
        // LINE does not promise the order within a body; the times tell it.
        await world.line.post(name, random() < 0.5 ? events : events.toReversed()).ended
        from += size
      }
    }
    async function answerAll(integrationId: string, user: string): Promise<void> {
      for (const text of texts) await world.genesys.sendText(integrationId, user, text).webhook.ended
    }
    const conversations = brands.flatMap((brand) => brand.users.map((user) => ({ ...brand, user })))
    await Promise.all(
      conversations.flatMap(({ name, integrationId, user }) => [writeAll(name, user), answerAll(integrationId, user)]),
    )

    const total = conversations.length * texts.length
    const taken = () => new Set(world.genesys.inbound.map(({ messageId }) => messageId)).size
    // A message that fails five times in a row, which happens, would wait for longer than a test may take.
    const impatient = setInterval(() => void world.app.retryNow(), 500)
    try {
      await until('all on the desk', () => taken() === total, 20_000)
      await until('all on the phones', () => world.line.pushes.length === total, 20_000)
      await until('all receipts', () => world.genesys.outbound.every(({ receipts }) => receipts.length > 0), 20_000)
    } finally {
      clearInterval(impatient)
    }
    for (const { name, integrationId, user } of conversations) {
      const phoneTexts = world.line.messages(name, user).map(({ message }) => message.text)
      expect(phoneTexts).toEqual(texts)
      const deskTexts = world.genesys.inbound
        .filter((item) => item.integrationId === integrationId && item.userId === user)
        .map(({ text }) => text)
      expect(withoutRepeats(deskTexts)).toEqual(texts)
    }
    const endings = world.genesys.outbound.flatMap(({ receipts }) => receipts.map(({ status }) => status))
    expect(new Set(endings)).toEqual(new Set(['Delivered']))
    // The test would prove nothing if nothing had gone wrong.
    expect([...world.line.repeated.values()].length).toBeGreaterThan(0)
    expect(world.genesys.duplicates.length).toBeGreaterThan(0)
  },
  45_000,
)

test('a customer whose messages are stuck holds nobody else up, in either direction', async () => {
  const world = await start()
  const others = Array.from({ length: 60 }, (_, index) => friendOf(world, thailand, index))
  const isStuck = ({ body }: { readonly body: string }) => body.includes(thailand.userId)
  const mendLine = world.line.break('push', { answer: 500, when: isStuck })
  const mendGenesys = world.genesys.break('message', { answer: 500, when: isStuck })
  const texts = ['one', 'two', 'three']
  for (const text of texts) {
    await write(world, text).webhook.ended
    await answer(world, text).webhook.ended
  }
  await until('both to be stuck', () =>
    [world.line, world.genesys].every(({ requests }) => requests.some(({ status }) => status === 500)),
  )

  for (const user of others) {
    write(world, 'hello', thailand, user)
    answer(world, 'hello', thailand, user)
  }
  await Promise.all(
    others.flatMap((user) => [onDesk(world, 'hello', thailand, user), onPhone(world, 'hello', thailand, user)]),
  )
  // Those two still wait: it is not mended yet.
  expect([...phone(world), ...desk(world)]).toEqual([])

  mendLine()
  mendGenesys()
  await world.app.retryNow()
  await Promise.all([onPhone(world, 'three'), onDesk(world, 'three')])
  expect(phone(world)).toEqual(texts)
  expect(desk(world)).toEqual(texts)
})

test('the same event is carried once, however often and however closely together its copies come', async () => {
  const world = await start()
  const event = world.line.event(thailand.name, thailand.userId, { type: 'text', text: `${mark} one` })
  const copies = Array.from({ length: 20 }, () => world.line.post(thailand.name, [event, event]))
  const item = answer(world, 'one')
  const again = Array.from({ length: 20 }, () => world.genesys.post(thailand.integrationId, item.body as never))
  const ended = await Promise.all([...copies, ...again].map((webhook) => webhook.ended))
  expect(new Set(ended)).toEqual(new Set(['accepted']))

  write(world, 'two')
  const next = answer(world, 'two')
  await Promise.all([onDesk(world, 'two'), receiptOf(next)])
  expect(desk(world)).toEqual(['one', 'two'])
  expect(phone(world)).toEqual(['one', 'two'])
  expect(item.receipts).toHaveLength(1)
})

describe('the times between attempts', () => {
  /** When each attempt begins, in ms after the first, if every attempt takes so long. */
  function startsMs(flow: 'inbound' | 'outbound', attemptMs: number, random: number): number[] {
    const starts = [0]
    let spentMs = 0
    for (let failed = 1; ; failed += 1) {
      const delayMs = nextDelayMs({ flow, failed, spentMs, random })
      if (delayMs === undefined) return starts
      spentMs += delayMs
      starts.push((starts.at(-1) ?? 0) + attemptMs + delayMs)
    }
  }
  const minute = 60_000
  const worst = 0.999_999

  test.each(['inbound', 'outbound'] as const)('are short at first: %s', (flow) => {
    expect(startsMs(flow, 0, worst)[1]).toBeLessThan(2_000)
    // Even if each attempt waits ten seconds for an answer that never comes.
    expect(startsMs(flow, 10_000, worst).filter((at) => at <= 90_000).length).toBeGreaterThanOrEqual(6)
  })

  test.each([
    ['outbound', 15 * minute],
    ['inbound', 24 * 60 * minute],
  ] as const)('end when patience does: %s', (flow, patienceMs) => {
    for (const random of [0, 0.5, worst]) {
      const last = startsMs(flow, 0, random).at(-1) ?? 0
      expect(last).toBeLessThanOrEqual(patienceMs * 1.2)
      expect(last).toBeGreaterThan(patienceMs * 0.6)
    }
  })
})
