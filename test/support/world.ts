import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type App, createApp } from '../../src/app.ts'
import type { BridgeEvent } from '../../src/bridge/events.ts'
import { type Config, readConfig, readRoles } from '../../src/config.ts'
import { createGenesysCloud } from '../../src/sandbox/genesys-cloud/index.ts'
import { createLinePlatform } from '../../src/sandbox/line-platform/index.ts'
import type { GenesysCloud, LinePlatform } from '../../src/sandbox/platforms.ts'
import { freePort } from './free-port.ts'

/** Two brands, as in the example configuration. */
export const thailand = {
  name: 'retail_thailand',
  integrationId: '5f0c1c1e-0000-4000-8000-000000000001',
  userId: `U${'7a41c09e5f3b4d28'.repeat(2)}`,
  customer: 'มะม่วง',
  lineSecret: 'a'.repeat(32),
  webhookSecret: 'genesys-webhook-secret-th',
} as const
export const taiwan = {
  name: 'retail_taiwan',
  integrationId: '5f0c1c1e-0000-4000-8000-000000000002',
  userId: `U${'b83d5510fe2c4a97'.repeat(2)}`,
  customer: '珍珠奶茶',
  lineSecret: 'b'.repeat(32),
  webhookSecret: 'genesys-webhook-secret-tw',
} as const

/** A bridge between a fake LINE and a fake Genesys Cloud, all of them real servers. */
export interface World {
  readonly line: LinePlatform
  readonly genesys: GenesysCloud
  readonly app: App
  /** The bridge's own address. */
  readonly url: string
  /** Everything that the bridge has told its listeners, and every line of its log. */
  readonly events: readonly BridgeEvent[]
  readonly log: readonly string[]
  readonly folder: string
  stop(): Promise<void>
}

type Json = Record<string, unknown>

/** A deep merge of plain objects; lists are replaced. */
function merge(base: unknown, over: unknown): unknown {
  const plain = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!plain(base) || !plain(over)) return over === undefined ? base : over
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [key, merge(base[key], over[key])]),
  )
}

/** The configuration file of a world, as data. */
export function worldConfig(addresses: {
  readonly publicUrl: string
  readonly port: number
  readonly redisUrl: string
  readonly keyPrefix: string
  readonly folder: string
  readonly lineUrl: string
  readonly lineDataUrl: string
  readonly genesysUrl: string
}): Json {
  const { publicUrl, port, redisUrl, keyPrefix, folder, lineUrl, lineDataUrl, genesysUrl } = addresses
  const channel = (brand: typeof thailand | typeof taiwan, about: Json) => ({
    name: brand.name,
    type: 'line',
    ...about,
    line: {
      channelId: brand === thailand ? '1657000001' : '1657000002',
      channelSecret: brand.lineSecret,
      accessToken: `token-${brand.name}`,
      apiUrl: lineUrl,
      dataApiUrl: lineDataUrl,
    },
    genesys: {
      gatewayUrl: genesysUrl,
      clientId: 'client-1',
      clientSecret: 'client-secret-1',
      integrationId: brand.integrationId,
      webhookSecret: brand.webhookSecret,
      requestsPerMinute: 60_000,
    },
  })
  return {
    server: { host: '127.0.0.1', port, publicUrl },
    redis: { url: redisUrl, keyPrefix },
    admin: { username: 'ops', password: 'ops-password' },
    media: { store: join(folder, 'media'), signingSecret: 'media-signing-secret' },
    channels: [
      channel(thailand, { market: 'Thailand', brand: 'Retail_Thai', language: 'th', attributes: { tier: 'gold' } }),
      channel(taiwan, { market: 'Taiwan', brand: 'Retail_Taiwan' }),
    ],
  }
}

/** Writes a configuration file and reads it as the program does. */
export async function readWorldConfig(folder: string, config: Json): Promise<Config> {
  const path = join(folder, 'bridge.config.yaml')
  await writeFile(path, JSON.stringify(config))
  return readConfig({ path, environment: {} })
}

/** What a platform waits before it repeats a webhook, in ms: often, because tests wait for it, and for as long as any outage of theirs. */
const patience: readonly number[] = Array(50).fill(200)

/** The two fake platforms, with the two brands' accounts. */
export async function startPlatforms(): Promise<{ readonly line: LinePlatform; readonly genesys: GenesysCloud }> {
  const account = (brand: typeof thailand | typeof taiwan, language: string) => ({
    name: brand.name,
    displayName: brand.name,
    channelId: brand === thailand ? '1657000001' : '1657000002',
    channelSecret: brand.lineSecret,
    accessToken: `token-${brand.name}`,
    botUserId: `U${'0'.repeat(31)}${brand === thailand ? 1 : 2}`,
    friends: [{ userId: brand.userId, displayName: brand.customer, language }],
  })
  const line = createLinePlatform({
    accounts: [account(thailand, 'th'), account(taiwan, 'zh-Hant')],
    redeliveryDelaysMs: patience,
  })
  const genesys = createGenesysCloud({
    clients: ['1', '2'].map((name) => ({ clientId: `client-${name}`, clientSecret: `client-secret-${name}` })),
    integrations: [thailand, taiwan].map(({ integrationId, name, webhookSecret }) => ({
      id: integrationId,
      name,
      webhookSecret,
    })),
    retryDelaysMs: patience,
  })
  await Promise.all([line.start(), genesys.start()])
  return { line, genesys }
}

/** Tells the platforms where the bridge is. */
export function pointWebhooks({ line, genesys }: Pick<World, 'line' | 'genesys'>, url: string): void {
  for (const { name, integrationId } of [thailand, taiwan]) {
    line.configure(name, { webhookUrl: `${url}/webhooks/line/${name}` })
    genesys.configureIntegration(integrationId, { webhookUrl: `${url}/webhooks/genesys/${name}` })
  }
}

let worlds = 0

/**
 * Starts a whole world.
 * @param settings.config merged over {@link worldConfig}; lists are replaced
 * @param settings.channels merged over every channel: `{ genesys: { receipts: 'failures' } }`
 * @param settings.change changes the finished configuration, for what only one channel has
 */
export async function startWorld(settings: {
  readonly redisUrl: string
  readonly config?: Json
  readonly channels?: Json
  readonly change?: (config: Json) => Json
}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-world-'))
  const { line, genesys } = await startPlatforms()
  // The bridge's own address must be known before it starts, because media links are built on it.
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  worlds += 1
  const base = worldConfig({
    publicUrl: url,
    port,
    redisUrl: settings.redisUrl,
    keyPrefix: `world-${process.pid}-${worlds}`,
    folder,
    lineUrl: line.apiUrl,
    lineDataUrl: line.dataApiUrl,
    genesysUrl: genesys.url,
  })
  const channels = (base.channels as Json[]).map((channel) => merge(channel, settings.channels))
  const { change = (merged: Json) => merged } = settings
  const config = await readWorldConfig(folder, change(merge({ ...base, channels }, settings.config) as Json))
  const events: BridgeEvent[] = []
  const log: string[] = []
  const app = await createApp({
    config,
    roles: readRoles(undefined),
    logger: pino({ level: 'debug' }, { write: (lineOfLog: string) => void log.push(lineOfLog) }),
    environment: process.env,
    observe: (event) => events.push(event),
  })
  await app.start()
  pointWebhooks({ line, genesys }, url)
  return {
    line,
    genesys,
    app,
    url,
    events,
    log,
    folder,
    async stop() {
      await Promise.all([line.stop(), genesys.stop()])
      await app.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
