import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { expect, test } from '@jest/globals'
import { ConfigFaults, readConfig } from '../src/config.ts'
import { timeZoneOf } from '../src/lib/time-zone.ts'

/** The example files as they are delivered: what an operator copies must work. */
const path = fileURLToPath(new URL('../bridge.config.yaml', import.meta.url))
const envExample = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
const example = parseEnv(envExample) as Record<string, string>

/** What .env.example leaves to be filled in. */
const filledIn = {
  PUBLIC_URL: 'https://bridge.example.com',
  ADMIN_PASSWORD: 'a password',
  MEDIA_SIGNING_SECRET: 'a signing secret',
  LINE_TH_CHANNEL_ID: '1657000001',
  LINE_TH_CHANNEL_SECRET: 'a channel secret',
  LINE_TW_CHANNEL_ID: '1657000002',
  LINE_TW_CHANNEL_SECRET: 'another channel secret',
  GENESYS_REGION: 'ap_southeast_1',
  GENESYS_CLIENT_ID: 'a client',
  GENESYS_CLIENT_SECRET: 'a client secret',
  GENESYS_TH_INTEGRATION_ID: 'an integration',
  GENESYS_TH_WEBHOOK_SECRET: 'a long enough secret',
  GENESYS_TW_INTEGRATION_ID: 'another integration',
  GENESYS_TW_WEBHOOK_SECRET: 'another long enough secret',
}

test('.env.example names exactly the variables of bridge.config.yaml', () => {
  const asked = new Set<string>()
  const environment = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => {
        asked.add(String(name))
        return undefined
      },
    },
  )
  expect(() => readConfig({ path, environment })).toThrow(ConfigFaults)
  const names = [...asked].filter((name) => !name.endsWith('_FILE'))
  expect(Object.keys(example).sort()).toEqual(names.sort())
})

test('.env.example as it is stops the start, and names every value that is needed', () => {
  let lines: readonly string[] = []
  try {
    readConfig({ path, environment: example })
  } catch (error) {
    lines = error instanceof ConfigFaults ? error.lines : []
  }
  const channel = (index: number) =>
    [
      'line.channelId',
      'line.channelSecret',
      'genesys.region',
      'genesys.clientId',
      'genesys.clientSecret',
      'genesys.integrationId',
      'genesys.webhookSecret',
    ].map((key) => `channels[${index}].${key}`)
  expect(lines.map((line) => line.split(': ')[0]).sort()).toEqual(
    ['server.publicUrl', 'admin.password', 'media.signingSecret', ...channel(0), ...channel(1)].sort(),
  )
})

test('the example works once the needed values are filled in', () => {
  const config = readConfig({ path, environment: { ...example, ...filledIn } })
  expect(config.warnings).toEqual([])
  expect(config.server).toEqual({ host: '0.0.0.0', port: 3000, publicUrl: 'https://bridge.example.com' })
  expect(config.redis.url).toBeUndefined()
  expect(
    config.channels.map(({ name, market, line, genesys }) => [
      name,
      market,
      line.channelId,
      line.apiUrl,
      genesys.region,
    ]),
  ).toEqual([
    ['retail_thailand', 'Thailand', '1657000001', 'https://api.line.me', 'ap_southeast_1'],
    ['retail_taiwan', 'Taiwan', '1657000002', 'https://api.line.me', 'ap_southeast_1'],
  ])
})

test('the example works without .env, with the needed variables only', () => {
  expect(readConfig({ path, environment: filledIn })).toEqual(
    readConfig({ path, environment: { ...example, ...filledIn } }),
  )
})

test('the example can be pointed at stand-ins of the platforms', () => {
  const { GENESYS_REGION: _, ...rest } = filledIn
  const environment = {
    ...rest,
    PUBLIC_URL: 'http://127.0.0.1:3000',
    LINE_API_URL: 'http://127.0.0.1:9001',
    LINE_DATA_API_URL: 'http://127.0.0.1:9002',
    GENESYS_GATEWAY_URL: 'http://127.0.0.1:9003',
  }
  for (const { line, genesys } of readConfig({ path, environment }).channels) {
    expect([line.apiUrl, line.dataApiUrl, genesys.gatewayUrl, genesys.region]).toEqual([
      'http://127.0.0.1:9001',
      'http://127.0.0.1:9002',
      'http://127.0.0.1:9003',
      undefined,
    ])
  }
})

test('what the example explains in comments are keys, and may be written so', () => {
  const source = readFileSync(path, 'utf8')
  const [before = '', ...rest] = source.split(/^(?= {2}- name: )/m)
  const [thailand = '', ...others] = rest
  const uncommented = thailand
    .replace(
      /^( +)# (timeZone|attachments|pushesPerSecond|stickers|stickerUrl|events|groups|markAsRead|typing|sender): /gm,
      '$1$2: ',
    )
    .replace('iconUrl: …', 'iconUrl: https://cdn.example.com/agent.png')
  const folder = mkdtempSync(join(tmpdir(), 'bridge-example-'))
  try {
    const written = join(folder, 'bridge.config.yaml')
    writeFileSync(written, [before, uncommented, ...others].join(''))
    const config = readConfig({ path: written, environment: filledIn })
    const asDelivered = readConfig({ path, environment: filledIn })
    const [said, unsaid] = [config.channels[0], asDelivered.channels[0]]
    expect(config.warnings).toEqual([])
    expect(said?.timeZone).toBe(timeZoneOf(unsaid?.language))
    expect(said?.attachments).toEqual({ ...unsaid?.attachments, maxBytes: 10_000_000 })
    // All else is the default as it stands.
    const sender = {
      human: { name: 'Customer care', iconUrl: 'https://cdn.example.com/agent.png' },
      bot: { name: 'Assistant' },
    }
    expect(said?.line).toEqual({ ...unsaid?.line, sender })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('every key of a channel is explained in the example', () => {
  const source = readFileSync(path, 'utf8')
  const [channel] = readConfig({ path, environment: filledIn }).channels
  const keys = [channel, channel?.attachments, channel?.line, channel?.line.events, channel?.genesys].flatMap((group) =>
    Object.keys(group ?? {}),
  )
  expect(keys.length).toBeGreaterThan(30)
  expect(keys.filter((key) => !new RegExp(`\\b${key}: `).test(source) && !source.includes(`${key}:\n`))).toEqual([])
})

test('no secret of the example has a value of its own', () => {
  const secrets = Object.entries(example).filter(([name]) => /SECRET|PASSWORD|TOKEN|ENCRYPTION_KEY/.test(name))
  expect(secrets.length).toBeGreaterThan(8)
  expect(secrets.filter(([, value]) => value !== '')).toEqual([])
})
