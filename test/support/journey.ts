import { expect } from '@jest/globals'
import type { GenesysEndpoint, OutboundItem, RecordedRequest, ShownMessage } from '../../src/sandbox/platforms.ts'
import { until } from './until.ts'
import { taiwan, thailand, type World } from './world.ts'

/** Stands in every text that the journeys send, so that a text in a log line or an error is found out. */
export const mark = 'zebra'

type Brand = typeof thailand | typeof taiwan

/** Another customer of a brand, known to LINE. */
export function friendOf(world: Pick<World, 'line'>, brand: Brand, number: number): string {
  const userId = `U${String(number).padStart(32, 'c')}`
  world.line.configure(brand.name, { friends: [{ userId, displayName: `${mark} ${number}` }] })
  return userId
}

/** A customer writes. */
export const write = (world: Pick<World, 'line'>, text: string, brand: Brand = thailand, user: string = brand.userId) =>
  world.line.send(brand.name, user, { type: 'text', text: `${mark} ${text}` })

/** An agent answers. */
export const answer = (
  world: Pick<World, 'genesys'>,
  text: string,
  brand: Brand = thailand,
  user: string = brand.userId,
): OutboundItem => world.genesys.sendText(brand.integrationId, user, `${mark} ${text}`)

const bare = (text: unknown): string => String(text).replace(`${mark} `, '')

/** What a phone shows, without the mark. */
export const phone = (world: Pick<World, 'line'>, brand: Brand = thailand, user: string = brand.userId): string[] =>
  world.line.messages(brand.name, user).map(({ message }: ShownMessage) => bare(message.text))

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

/** All attempts at pushes to a customer, also those that failed. */
export const pushesTo = (world: Pick<World, 'line'>, user: string = thailand.userId) =>
  world.line.requests.filter(({ endpoint, body }) => endpoint === 'push' && body.includes(user))

/** All requests of one kind that Genesys got about a customer or a message. */
export const callsAbout = (
  world: Pick<World, 'genesys'>,
  id: string,
  endpoint: GenesysEndpoint = 'message',
): RecordedRequest<GenesysEndpoint>[] =>
  world.genesys.requests.filter((request) => request.endpoint === endpoint && request.body.includes(id))

/** How an agent's message ended for Genesys: status and codes of every receipt. */
export const receiptsOf = (item: OutboundItem): string[] =>
  item.receipts.map(({ status, reasons }) => [status, ...reasons.map(({ code }) => code)].join(' '))

/** Waits for the one final receipt. */
export async function receiptOf(item: OutboundItem, withinMs?: number): Promise<string | undefined> {
  await until('a receipt', () => item.receipts.length > 0, withinMs)
  return receiptsOf(item).join(', ')
}

/** The sum of a metric's values whose labels hold all of these. */
export async function metric(url: string, name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text()
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  const lines = page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** How often an alert was raised. */
export const alerts = (world: Pick<World, 'url'>, kind: string, brand: Brand = thailand): Promise<number> =>
  metric(world.url, 'bridge_alerts_total', { kind, channel: brand.name })

/** What every journey must leave behind, whatever went wrong on the way: rules kept, and a log that tells nothing it must not. */
export function expectClean(world: Pick<World, 'line' | 'genesys' | 'log'>): void {
  expect(world.line.violations).toEqual([])
  const bearers = [...world.line.requests, ...world.genesys.requests].flatMap(
    ({ headers }) => /^(?:Bearer|Basic) (.+)$/.exec(headers.authorization as string)?.[1] ?? [],
  )
  const secrets = [thailand, taiwan].flatMap(({ customer, lineSecret, webhookSecret }) => [
    customer,
    lineSecret,
    webhookSecret,
  ])
  const told = world.log.join('')
  const leaks = [mark, 'client-secret-1', 'ops-password', 'media-signing-secret', ...secrets, ...new Set(bearers)]
  expect(leaks.filter((leak) => told.includes(leak))).toEqual([])
}
