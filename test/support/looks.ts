import { expect } from '@jest/globals'
import type { BridgeEvent } from '../../src/bridge/events.ts'
import type {
  GenesysEndpoint,
  OutboundItem,
  ReceivedReceipt,
  RecordedRequest,
  SentByPhone,
  WebhookAttempt,
} from '../../src/sandbox/platforms.ts'
import { answer, type Brand, bare, write } from './talk.ts'
import { until } from './until.ts'
import { thailand, type World } from './world.ts'

/** What a phone shows, without the mark. */
export const phone = (world: Pick<World, 'line'>, brand: Brand = thailand, user: string = brand.userId): string[] =>
  world.line.messages(brand.name, user).map(({ message }) => bare(message.text))

/** What the desk got of one customer, without the mark. */
export const desk = (world: Pick<World, 'genesys'>, brand: Brand = thailand, user: string = brand.userId): string[] =>
  world.genesys.inbound
    .filter(({ integrationId, userId }) => integrationId === brand.integrationId && userId === user)
    .map(({ text }) => bare(text))

/** Waits until a phone shows a text. */
export const onPhone = (
  world: Pick<World, 'line'>,
  text: string,
  brand: Brand = thailand,
  user: string = brand.userId,
  withinMs?: number,
) => until(`“${text}” on the phone`, () => phone(world, brand, user).includes(text), withinMs)

/** Waits until the desk has a text of a customer. */
export const onDesk = (
  world: Pick<World, 'genesys'>,
  text: string,
  brand: Brand = thailand,
  user: string = brand.userId,
  withinMs?: number,
) => until(`“${text}” on the desk`, () => desk(world, brand, user).includes(text), withinMs)

/** The messages that Genesys has taken, whole, once there are so many. */
export const arrived = ({ genesys }: Pick<World, 'genesys'>, count: number, withinMs?: number) =>
  until(`${count} messages at Genesys`, () => genesys.inbound.length >= count && genesys.inbound, withinMs)

/** The messages that the customer's phone shows, whole, once there are so many. */
export const shown = (world: Pick<World, 'line'>, count: number, brand: Brand = thailand) =>
  until(`${count} messages on the phone`, () => {
    const messages = world.line.messages(brand.name, brand.userId).map(({ message }) => message)
    return messages.length >= count && messages
  })

/**
 * Proves what did not arrive: sends one more message of the same customer, which cannot overtake anything, and waits for it.
 * @returns the texts of all messages at Genesys but this last one, without the mark; undefined for a message without text
 */
export async function textsBeforeLast(
  world: Pick<World, 'line' | 'genesys'>,
  brand: Brand = thailand,
): Promise<(string | undefined)[]> {
  const last = write(world, 'That was all.', brand)
  await until('the last message at Genesys', () => world.genesys.inbound.some(({ messageId }) => messageId === last.id))
  return world.genesys.inbound
    .filter(({ messageId }) => messageId !== last.id)
    .map(({ text }) => (text === undefined ? text : bare(text)))
}

/** The same for agents' words: what the phone shows, whole, before one more message of the agent's. */
export async function shownBeforeLast(world: Pick<World, 'line' | 'genesys'>, brand: Brand = thailand) {
  const last = answer(world, 'Anything else?', brand)
  await until('a receipt of the last message', () => last.receipts.length > 0)
  const messages = world.line.messages(brand.name, brand.userId).map(({ message }) => message)
  expect(messages.at(-1)).toEqual({ type: 'text', text: last.text })
  return messages.slice(0, -1)
}

/** All attempts at pushes, also those that failed. */
export const pushes = (world: Pick<World, 'line'>) => world.line.requests.filter(({ endpoint }) => endpoint === 'push')

/** Those to one customer. */
export const pushesTo = (world: Pick<World, 'line'>, user: string = thailand.userId) =>
  pushes(world).filter(about(user))

/** All requests of one kind that Genesys got about a customer or a message. */
export const callsAbout = (
  world: Pick<World, 'genesys'>,
  id: string,
  endpoint: GenesysEndpoint = 'message',
): RecordedRequest<GenesysEndpoint>[] =>
  world.genesys.requests.filter((request) => request.endpoint === endpoint && about(id)(request))

/** Is a request about a customer or a message? */
export const about =
  (id: string) =>
  ({ body }: RecordedRequest): boolean =>
    body.includes(id)

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

/** How an agent's message ended for Genesys: status and codes of every receipt. */
export const receiptsOf = (item: OutboundItem): string[] =>
  item.receipts.map(({ status, reasons }) => [status, ...reasons.map(({ code }) => code)].join(' '))

/** Waits for the one final receipt, and tells its status and codes. */
export async function receiptOf(item: OutboundItem, withinMs?: number): Promise<string> {
  await wholeReceiptOf(item, withinMs)
  return receiptsOf(item).join(', ')
}

/** Waits for a receipt. */
export async function wholeReceiptOf(item: OutboundItem, withinMs?: number): Promise<ReceivedReceipt> {
  const [receipt] = await until('a receipt', () => item.receipts.length > 0 && item.receipts, withinMs)
  if (!receipt) throw new Error('There is no receipt.')
  return receipt
}

/** All attempts at carrying a message, as the bridge told its listeners; not those at its receipt. */
export const attemptsAt = (
  world: Pick<World, 'events'>,
  id: string,
): Extract<BridgeEvent, { type: 'delivery.attempted' }>[] =>
  world.events.flatMap((event) =>
    event.type === 'delivery.attempted' && event.flow !== 'receipts' && event.ids.message === id ? [event] : [],
  )

/** What each of these attempts came to: `['1 retry', '2 delivered']`. */
export const courseOf = (world: Pick<World, 'events'>, id: string): string[] =>
  attemptsAt(world, id).map(({ attempt, outcome }) => `${attempt} ${outcome}`)

/** The sum of a metric's samples that carry these labels, as `/metrics` tells it. */
export async function metric(
  world: Pick<World, 'url'>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const page = await (await fetch(`${world.url}/metrics`)).text()
  const isSample = (line: string) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const samples = page.split('\n').filter((line) => isSample(line) && wanted.every((label) => line.includes(label)))
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Messages of one direction that had this outcome, over all brands. */
export const outcomes = (
  world: Pick<World, 'url'>,
  direction: 'inbound' | 'outbound',
  outcome: string,
): Promise<number> => metric(world, 'bridge_messages_total', { direction, outcome })

/** How often an alert was raised for a brand. */
export const alerts = (world: Pick<World, 'url'>, kind: string, brand: Brand = thailand): Promise<number> =>
  metric(world, 'bridge_alerts_total', { kind, channel: brand.name })

/** 503 with the right words, in time. */
export function expectUnavailable(attempt: WebhookAttempt): void {
  expect(attempt).toMatchObject({ status: 503 })
  expect(JSON.parse(attempt.body ?? '')).toEqual({
    error: { code: 'store_unavailable', message: expect.stringMatching(/again/) },
  })
  expect(attempt.durationMs).toBeLessThan(1_500)
}
