import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { type Config, ConfigFaults, readRoles } from '../src/config.ts'
import { type Change, configTree, mark, read } from './support/config-file.ts'

const key = Buffer.alloc(32, 7).toString('base64')

test('a file needs little: the rest has defaults', () => {
  expect(read(configTree())).toEqual({
    server: { host: '0.0.0.0', port: 3000, publicUrl: 'https://bridge.example.com' },
    redis: { keyPrefix: 'bridge', encryptionKeys: [] },
    admin: { username: 'ops', password: `${mark}-password` },
    metrics: {},
    media: { store: './.data/media', signingSecret: [`${mark}-media`], inboundDays: 30, outboundDays: 400 },
    retention: { deadLetterDays: 30, traceDays: 30 },
    overload: { maxWaiting: 1_000_000, maxRedisMemoryPercent: 90 },
    alerts: {},
    log: { level: 'info' },
    channels: [
      {
        name: 'retail_thailand',
        type: 'line',
        market: 'Thailand',
        brand: 'Retail_Thai',
        attributes: {},
        attachments: { fromCustomer: true, fromAgent: true },
        line: {
          channelId: '1657000001',
          channelSecret: [`${mark}-line-1`],
          pushesPerSecond: 2_000,
          stickers: 'text',
          stickerUrl: 'https://stickershop.line-scdn.net/stickershop/v1/sticker/{stickerId}/android/sticker.png',
          events: { follow: 'off', unfollow: 'off', join: 'off', accountLink: 'off' },
          groups: 'ignore',
          markAsRead: false,
          typing: true,
          sender: {},
          apiUrl: 'https://api.line.me',
          dataApiUrl: 'https://api-data.line.me',
        },
        genesys: {
          region: 'ap_southeast_1',
          clientId: 'client',
          clientSecret: `${mark}-client`,
          integrationId: 'integration-1',
          webhookSecret: [`${mark}-webhook-1`],
          requestsPerMinute: 300,
          inboundApi: 'integration',
          receipts: 'all',
        },
      },
      expect.objectContaining({ name: 'retail_taiwan' }),
    ],
    warnings: [],
  })
})

const first = (config: Config) => config.channels[0]

test.each<[what: string, change: Change, look: (config: Config) => unknown, expected: unknown]>([
  ['the console may be absent', ['admin', undefined], (c) => c.admin, undefined],
  ['port 0 means any port', ['server.port', 0], (c) => c.server.port, 0],
  ['a port may come as a text', ['server.port', '8080'], (c) => c.server.port, 8080],
  ['an empty value counts as absent', ['server.port', ''], (c) => c.server.port, 3000],
  ['a group may be all comments', ['log', null], (c) => c.log.level, 'info'],
  ['one encryption key', ['redis.encryptionKey', key], (c) => c.redis.encryptionKeys, [Buffer.alloc(32, 7)]],
  ['several encryption keys', ['redis.encryptionKey', [key, key]], (c) => c.redis.encryptionKeys.length, 2],
  ['an empty encryption key is none', ['redis.encryptionKey', ''], (c) => c.redis.encryptionKeys, []],
  [
    'secrets may be lists',
    ['channels[0].line.channelSecret', ['b', 'a']],
    (c) => first(c)?.line.channelSecret,
    ['b', 'a'],
  ],
  ['a language is written canonically', ['channels[0].language', 'zh-tw'], (c) => first(c)?.language, 'zh-TW'],
  ['extra attributes', ['channels[0].attributes.tier', 'gold'], (c) => first(c)?.attributes, { tier: 'gold' }],
  ['a time zone', ['channels[0].timeZone', 'Asia/Tokyo'], (c) => first(c)?.timeZone, 'Asia/Tokyo'],
  ['an empty time zone is none', ['channels[0].timeZone', ''], (c) => first(c)?.timeZone, undefined],
  [
    'files of one way only',
    ['channels[0].attachments.fromAgent', false],
    (c) => first(c)?.attachments,
    { fromCustomer: true, fromAgent: false },
  ],
  [
    'small files only',
    ['channels[0].attachments', { maxBytes: '1000' }],
    (c) => first(c)?.attachments,
    { fromCustomer: true, fromAgent: true, maxBytes: 1_000 },
  ],
  [
    'all about files may be comments',
    ['channels[0].attachments', null],
    (c) => first(c)?.attachments,
    { fromCustomer: true, fromAgent: true },
  ],
  [
    'one event that agents hear of',
    ['channels[0].line.events', { follow: 'text' }],
    (c) => first(c)?.line.events,
    { follow: 'text', unfollow: 'off', join: 'off', accountLink: 'off' },
  ],
  [
    'all about events may be comments',
    ['channels[0].line.events', null],
    (c) => first(c)?.line.events,
    { follow: 'off', unfollow: 'off', join: 'off', accountLink: 'off' },
  ],
  [
    'a name for bots only',
    ['channels[0].line.sender', { human: null, bot: { name: 'Assistant', iconUrl: '' } }],
    (c) => first(c)?.line.sender,
    { bot: { name: 'Assistant' } },
  ],
  [
    'a picture for agents',
    ['channels[0].line.sender.human', { iconUrl: 'https://cdn.example.com/agent.png' }],
    (c) => first(c)?.line.sender,
    { human: { iconUrl: 'https://cdn.example.com/agent.png' } },
  ],
])('%s', (_, change, look, expected) => {
  expect(look(read(configTree(change)))).toEqual(expected)
})

describe('yes or no', () => {
  const keys = [
    'channels[0].attachments.fromCustomer',
    'channels[0].attachments.fromAgent',
    'channels[0].line.markAsRead',
    'channels[0].line.typing',
  ]
  const valuesOf = (written: unknown, environment: Record<string, string> = {}) => {
    const { attachments, line } =
      first(read(configTree(...keys.map((key): Change => [key, written])), environment)) ?? {}
    return [attachments?.fromCustomer, attachments?.fromAgent, line?.markAsRead, line?.typing]
  }

  test.each([true, false])('may be written as it is: %s', (value) => {
    expect(valuesOf(value)).toEqual([value, value, value, value])
  })

  test.each([true, false])('may come from the environment: %s', (value) => {
    expect(valuesOf(`\${WANTED:-${!value}}`, { WANTED: String(value) })).toEqual([value, value, value, value])
    expect(valuesOf(`\${WANTED:-${value}}`)).toEqual([value, value, value, value])
  })

  test('is the default where a variable is empty', () => {
    expect(valuesOf(`\${WANTED:-}`)).toEqual([true, true, false, true])
  })
})

test('off is a word, and needs no quotes', () => {
  const source = stringify(configTree(['channels[0].line.events', { follow: 'FOLLOW' }])).replace('FOLLOW', 'off')
  expect(source).toContain('follow: off')
  expect(first(read(source))?.line.events.follow).toBe('off')
})

test('an encryption key is the 32 bytes that were written', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7))
  const { redis } = read(configTree(['redis.encryptionKey', bytes.toString('base64')]))
  expect(redis.encryptionKeys[0]?.equals(bytes)).toBe(true)
})

test.each([
  ['https://bridge.example.com/', 'https://bridge.example.com'],
  ['https://bridge.example.com/line//', 'https://bridge.example.com/line'],
])('publicUrl %s never ends with a slash, so that paths can be added', (written, expected) => {
  expect(read(configTree(['server.publicUrl', written])).server.publicUrl).toBe(expected)
})

test('a gateway may take the place of the region', () => {
  const gateway = 'http://127.0.0.1:9100'
  const config = read(configTree(['channels[0].genesys.region', ''], ['channels[0].genesys.gatewayUrl', gateway]))
  expect(first(config)?.genesys).toMatchObject({ gatewayUrl: gateway })
})

test('integrations of two OAuth clients may have one id, and each client its own secret and budget', () => {
  const config = read(
    configTree(
      ['channels[1].genesys.integrationId', 'integration-1'],
      ['channels[1].genesys.clientId', 'another'],
      ['channels[1].genesys.clientSecret', `${mark}-another`],
      ['channels[1].genesys.requestsPerMinute', 60],
    ),
  )
  expect(config.channels.map(({ genesys }) => genesys.requestsPerMinute)).toEqual([300, 60])
})

const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

test.each<[what: string, change: Change, warning: RegExp]>([
  [
    'PS256',
    ['channels[1].line.assertionKey', { keyId: 'k', privateKey: rsaKey, algorithm: 'PS256' }],
    /^channels\[1\]\.line\.assertionKey\.algorithm: .*RS256 only/,
  ],
  [
    'news of groups that are not carried',
    ['channels[1].line.events', { join: 'text' }],
    /^channels\[1\]\.line\.events\.join: .*groups: bridge/,
  ],
  ['a public address without TLS', ['server.publicUrl', 'http://bridge.example.com'], /^server\.publicUrl: .*https/],
  ['alerts that nobody can verify', ['alerts.url', 'https://alerts.example.com'], /^alerts\.secret: /],
])('%s is allowed with a warning', (_, change, warning) => {
  expect(read(configTree(change)).warnings).toEqual([expect.stringMatching(warning)])
})

test.each(['localhost', '127.0.0.1', '[::1]'])('%s as the public address is no reason to warn', (host) => {
  expect(read(configTree(['server.publicUrl', `http://${host}:3000`])).warnings).toEqual([])
})

describe('the roles of a process', () => {
  test('are all of them by default', () => {
    for (const list of [undefined, '', ' ', ','])
      expect([...readRoles(list)]).toEqual(['receiver', 'worker', 'console'])
  })

  test('are those of the list', () => {
    expect([...readRoles('worker')]).toEqual(['worker'])
    expect([...readRoles(' console, receiver ,')]).toEqual(['receiver', 'console'])
  })

  test('an unknown one is a fault', () => {
    expect(() => readRoles('worker,cook')).toThrow(ConfigFaults)
    expect(() => readRoles('worker,cook')).toThrow('BRIDGE_ROLES: must be a comma list of receiver, worker, console')
  })
})
