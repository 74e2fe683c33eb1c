import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import type { SentByPhone } from '../../src/sandbox/platforms.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { startWorld, taiwan, thailand, type World } from '../support/world.ts'

/** What a journey test may change in its world; see {@link startWorld}. */
export type Changes = Omit<Parameters<typeof startWorld>[0], 'redisUrl'>

export type Brand = typeof thailand | typeof taiwan

/** JSON keys under which people's words and names stand, on either platform. */
const wordy = new Set([
  'text',
  'title',
  'address',
  'keywords',
  'data',
  'displayName',
  'fileName',
  'filename',
  'altText',
])

/** All words of people in a JSON value, short ones left out because they may stand in any line. */
function wordsIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return wordy.has(key) && value.trim().length > 3 ? [value] : []
  if (Array.isArray(value)) return value.flatMap((one) => wordsIn(one, key))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => wordsIn(one, name))
}

const secretsOf = ({ lineSecret, webhookSecret, name, customer }: Brand): string[] => [
  lineSecret,
  webhookSecret,
  `token-${name}`,
  customer,
]

/** Everything that must not be logged: what people wrote, who they are, and all that opens a door. */
function unspeakable(world: World, phoneEvents: readonly unknown[]): string[] {
  const { line, genesys } = world
  const bodies = [...genesys.inbound, ...genesys.outbound].map(({ body }) => body)
  const headers = [...line.requests, ...genesys.requests].map((request) => String(request.headers.authorization ?? ''))
  return [
    ...wordsIn([phoneEvents, bodies, line.pushes.map(({ messages }) => messages)]),
    ...headers.flatMap((header) => header.split(' ').slice(1)),
    ...[thailand, taiwan].flatMap(secretsOf),
    ...['client-secret-1', 'ops-password', 'media-signing-secret', '/media/'],
  ]
}

/** The beginning of a text as it would stand in a JSON log line. */
const asLogged = (text: string): string => JSON.stringify(text.slice(0, 80)).slice(1, -1)

/**
 * Gives a test file one Redis and its tests as many worlds as they start. After each test the worlds are stopped, and whatever was
 * carried in them, LINE's rules were kept, nothing came twice, and neither log nor events told what is nobody's business.
 */
export function journeys(): { start(changes?: Changes): Promise<World>; redis(): TestRedis } {
  let redis: TestRedis
  const running: { readonly world: World; readonly phoneEvents: unknown[] }[] = []

  beforeAll(async () => {
    redis = await startTestRedis()
  })
  afterAll(() => redis.stop())
  afterEach(async () => {
    const ended = running.splice(0)
    await Promise.all(ended.map(({ world }) => world.stop()))
    for (const { world, phoneEvents } of ended) {
      expect(world.line.violations).toEqual([])
      expect(world.genesys.duplicates).toEqual([])
      const told = [...world.log, ...world.events.map((event) => JSON.stringify(event))].join('\n')
      expect(world.log.length).toBeGreaterThan(1)
      expect(unspeakable(world, phoneEvents).filter((secret) => told.includes(asLogged(secret)))).toEqual([])
    }
  })

  return {
    async start(changes = {}) {
      const world = await startWorld({ redisUrl: redis.url, ...changes })
      const phoneEvents: unknown[] = []
      world.line.on((event) => {
        if (event.type === 'phone.sent') phoneEvents.push(event.event)
      })
      running.push({ world, phoneEvents })
      return world
    },
    redis: () => redis,
  }
}

/** The messages that Genesys has taken, once there are so many. */
export const arrived = ({ genesys }: World, count: number, withinMs?: number) =>
  until(`${count} messages at Genesys`, () => genesys.inbound.length >= count && genesys.inbound, withinMs)

/** What the customer's phone shows, once there is so much. */
export const shown = (world: World, count: number, brand: Brand = thailand) =>
  until(`${count} messages on the phone`, () => {
    const messages = world.line.messages(brand.name, brand.userId).map(({ message }) => message)
    return messages.length >= count && messages
  })

/** Customer's words on their way. */
export const write = (world: World, text: string, brand: Brand = thailand): SentByPhone =>
  world.line.send(brand.name, brand.userId, { type: 'text', text })

/**
 * Proves what did not arrive: sends one more message of the same customer, which cannot overtake anything, and waits for it.
 * @returns the texts of all messages at Genesys but this last one
 */
export async function textsBeforeLast(world: World, brand: Brand = thailand): Promise<(string | undefined)[]> {
  const last = write(world, 'That was all.', brand)
  await until('the last message at Genesys', () => world.genesys.inbound.some(({ messageId }) => messageId === last.id))
  return world.genesys.inbound.filter(({ messageId }) => messageId !== last.id).map(({ text }) => text)
}

/** The same for agents' words: what the phone shows before one more message of the agent's. */
export async function shownBeforeLast(world: World, brand: Brand = thailand) {
  const last = world.genesys.sendText(brand.integrationId, brand.userId, 'Anything else?')
  await until('a receipt of the last message', () => last.receipts.length > 0)
  const messages = world.line.messages(brand.name, brand.userId).map(({ message }) => message)
  expect(messages.at(-1)).toEqual({ type: 'text', text: 'Anything else?' })
  return messages.slice(0, -1)
}

/** The sum of a metric's samples that carry these labels, as `/metrics` tells it. */
export async function counted(world: World, name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const page = await (await fetch(`${world.url}/metrics`)).text()
  let sum = 0
  for (const line of page.split('\n')) {
    const [, told = '', value] = line.startsWith(`${name}{`) ? (/^\w+\{(.*)\} (\S+)$/.exec(line) ?? []) : []
    const fits = Object.entries(labels).every(([label, wanted]) => told.includes(`${label}="${wanted}"`))
    if (value !== undefined && fits) sum += Number(value)
  }
  return sum
}

/** Messages of one direction that had this outcome, over both brands. */
export const outcomes = (world: World, direction: 'inbound' | 'outbound', outcome: string): Promise<number> =>
  counted(world, 'bridge_messages_total', { direction, outcome })

/** The body of the request that carried a customer's words, without what the words are. */
export const envelope = (sent: SentByPhone) => ({
  from: { id: thailand.userId, idType: 'Opaque', nickname: thailand.customer },
  messageId: sent.id,
  time: new Date(sent.event.timestamp).toISOString(),
  metadata: {
    customAttributes: {
      market: 'Thailand',
      brand: 'Retail_Thai',
      channel: 'retail_thailand',
      language: 'th',
      tier: 'gold',
    },
  },
})
