import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ConfigFaults, readConfig } from '../src/config.ts'
import { type Change, configFolder, configPath, configTree, faultsOf, mark } from './support/config-file.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const shortKey = Buffer.alloc(31, 7).toString('base64')
const address = 'must be an absolute http or https address, without user, query or fragment'
const redisForms =
  'must be an address such as redis://host:6379, rediss:// for TLS, or redis+sentinel://host:26379,host2:26379/name'
const keyPrefix = 'must be 1 to 32 letters, digits, _, . or -, and must start with a letter or digit'
const keys = 'must be 32 bytes in base64, or a list of such keys'
const name = 'must be 1 to 64 letters, digits or _, and must not start with a digit'
const language = 'must be a language tag of BCP 47, such as th or zh-TW'
const text = 'must be a text (in quotes, if it looks like something else)'
const sameClient = 'differs from that of channels[0], although clientId is the same'
const unknownKey = 'is not a known key'
const timeZone = 'must be a time zone of the IANA database, such as Asia/Tokyo'
const yesOrNo = 'must be true or false'

describe('a fault is told with the path of its key', () => {
  test.each<[path: string, message: string, value: unknown]>([
    ['server.publicUrl', 'is missing', undefined],
    ['server.publicUrl', address, `ftp://${mark}`],
    ['server.publicUrl', address, `https://x:${mark}@host`],
    ['server.publicUrl', address, `https://host/?key=${mark}`],
    ['server.publicUrl', address, '/webhooks'],
    ['server.port', 'must be at most 65535', 65_536],
    ['server.port', 'must be at least 0', -1],
    ['server.port', 'must be a whole number', 1.5],
    ['server.port', 'must be a number', `port-${mark}`],
    ['server.port', 'must be a number', true],
    ['server.prot', unknownKey, mark],
    ['sever', unknownKey, { port: 1 }],
    ['redis.url', redisForms, `http://:${mark}@host`],
    [
      'redis.url',
      'must end with the name that the Sentinels know the server by, such as /mymaster',
      `redis+sentinel://:${mark}@host`,
    ],
    ['redis.keyPrefix', keyPrefix, 'a:{b}'],
    ['redis.encryptionKey', keys, `${mark}=`],
    ['redis.encryptionKey', keys, shortKey],
    // Node's decoder would take it: the last character holds bits that belong to no byte.
    ['redis.encryptionKey', keys, key.replace(/c=$/, 'd=')],
    ['redis.encryptionKey[1]', 'must be 32 bytes in base64', shortKey],
    ['admin.password', 'must not be empty', ''],
    ['admin.password', 'is missing', undefined],
    ['admin.username', 'must not be empty', ''],
    ['media.signingSecret', 'is missing', undefined],
    ['media.inboundDays', 'must be more than 0', 0],
    ['retention.deadLetterDays', 'must be more than 0', -1],
    ['retention.traceDays', 'must be a number', 'long'],
    ['alerts.url', 'must be an absolute http or https address', mark],
    ['alerts.secret', 'starts with whsec_ and must go on with base64', `whsec_${mark}!`],
    ['log.level', 'must be one of fatal, error, warn, info, debug, trace, silent', mark],
    ['channels', 'is missing', undefined],
    ['channels', 'must have at least one entry', []],
    ['channels', 'must be a list', { first: mark }],
    ['channels[1]', 'must be a group of keys', mark],
    ['channels[0].name', name, '1st'],
    ['channels[0].name', name, 'a'.repeat(65)],
    ['channels[0].name', name, 'retail-thailand'],
    ['channels[1].name', 'is already the name of channels[0]', 'retail_thailand'],
    ['channels[0].type', 'must be line', 'lime'],
    ['channels[0].market', 'is missing', undefined],
    ['channels[0].language', language, 'in Thai'],
    ['channels[0].attributes.tier', text, 1],
    ['channels[0].timeZone', timeZone, 'Asia/Bankok'],
    ['channels[0].timeZone', timeZone, mark],
    ['channels[0].attachments', 'must be a group of keys', false],
    ['channels[0].attachments.fromCustomer', yesOrNo, 'yes'],
    ['channels[0].attachments.fromAgent', yesOrNo, 1],
    ['channels[0].attachments.maxBytes', 'must be more than 0', 0],
    ['channels[0].attachments.maxBytes', 'must be a whole number', 1.5],
    ['channels[0].attachments.maxBytes', 'must be a number', `10 MB ${mark}`],
    ['channels[0].attachments.max', unknownKey, 1],
    ['channels[0].line.stickers', 'must be one of text, image, both', 'picture'],
    ['channels[0].line.stickerUrl', 'must be an absolute http or https address', `ftp://${mark}`],
    ['channels[0].line.events', 'must be a group of keys', 'text'],
    ['channels[0].line.events.follow', 'must be one of off, text, attribute', 'on'],
    ['channels[0].line.events.unfollow', 'must be one of off, text, attribute', false],
    ['channels[0].line.events.beacon', unknownKey, 'text'],
    ['channels[0].line.groups', 'must be one of ignore, leave, bridge', mark],
    ['channels[0].line.markAsRead', yesOrNo, 'yes'],
    ['channels[0].line.typing', yesOrNo, 'yes'],
    ['channels[0].line.typing', yesOrNo, 'True'],
    ['channels[0].line.sender.human.name', 'must have at most 20 characters', 'x'.repeat(21)],
    ['channels[0].line.sender.bot.iconUrl', 'must be an https address', `http://cdn.example.com/${mark}.png`],
    ['channels[0].line.sender.bot.iconUrl', 'must be an https address', mark],
    ['channels[0].line.sender.system', unknownKey, { name: mark }],
    ['channels[0].line', 'is missing', undefined],
    ['channels[0].line.channelSecret', 'is missing', undefined],
    ['channels[0].line.secret', unknownKey, mark],
    ['channels[0].line.apiUrl', 'must be an origin such as https://host, without a path', `https://host/${mark}`],
    ['channels[0].genesys', 'is missing', undefined],
    ['channels[0].genesys.region', 'is missing', undefined],
    ['channels[0].genesys.gatewayUrl', 'region and gatewayUrl exclude each other', 'http://127.0.0.1:1'],
    ['channels[0].genesys.webhookSecret', 'must be longer than 15 characters, as Genesys demands', mark],
    ['channels[1].genesys.clientSecret', sameClient, `${mark}2`],
    ['channels[1].genesys.requestsPerMinute', sameClient, 60],
    [
      'channels[1].genesys.integrationId',
      'is already that of channels[0]; every account needs an integration of its own',
      'integration-1',
    ],
  ])('%s: %s', (path, message, value) => {
    const before: Change[] = path === 'redis.encryptionKey[1]' ? [['redis.encryptionKey', [key]]] : []
    const lines = faultsOf(configTree(...before, [path, value]))
    expect(lines).toEqual([`${path}: ${message}`])
    expect(lines.join()).not.toContain(mark)
  })

  test('a missing group of keys is told by the keys that are needed in it', () => {
    const lines = faultsOf(configTree(['server', undefined], ['media', undefined]))
    expect(lines).toEqual(['server.publicUrl: is missing', 'media.signingSecret: is missing'])
  })

  test('all at once, also those that join several keys, and each only once', () => {
    const tree = configTree(
      ['server.port', -1],
      ['admin.password', ''],
      ['surprise', 1],
      ['channels[0].type', 'lime'],
      ['channels[0].market', ''],
      ['channels[0].genesys.gatewayUrl', 'http://127.0.0.1:1'],
      ['channels[0].genesys.clientSecret', undefined],
      ['channels[1].name', 'retail_thailand'],
      ['channels[1].line.channelSecret', `\${NOT_SET}`],
      ['channels[1].genesys.requestsPerMinute', 60],
      ['channels[1].genesys.region', undefined],
      ['channels[1].genesys.webhookSecret', ''],
    )
    expect([...faultsOf(tree)].sort()).toEqual([
      'admin.password: must not be empty',
      'channels[0].genesys.clientSecret: is missing',
      'channels[0].genesys.gatewayUrl: region and gatewayUrl exclude each other',
      'channels[0].market: must not be empty',
      'channels[0].type: must be line',
      'channels[1].genesys.region: is missing',
      `channels[1].genesys.requestsPerMinute: ${sameClient}`,
      'channels[1].genesys.webhookSecret: must not be empty',
      'channels[1].line.channelSecret: the environment variable NOT_SET is not set',
      'channels[1].name: is already the name of channels[0]',
      'server.port: must be at least 0',
      'surprise: is not a known key',
    ])
  })

  test('no message holds a value, wherever a wrong one stands', () => {
    const leaves: string[] = []
    const collect = (node: unknown, at: string): void => {
      if (typeof node !== 'object' || node === null) leaves.push(at)
      else for (const [below, value] of Object.entries(node)) collect(value, `${at}.${below}`)
    }
    collect(configTree(), '')
    let found = 0
    for (const leaf of leaves) {
      for (const wrong of [[[mark]], { [mark.toLowerCase()]: { deep: mark } }, `${mark}\n\u0000`, 1e300, false]) {
        const lines = faultsOf(configTree([leaf, wrong]))
        found += lines.length
        expect(lines.join('\n')).not.toContain(mark)
      }
    }
    expect(found).toBeGreaterThan(leaves.length)
  })
})

describe('a file that cannot be read at all', () => {
  test('is missing', () => {
    const gone = join(configFolder, 'gone.yaml')
    const reading = () => readConfig({ path: gone, environment: {} })
    expect(reading).toThrow(ConfigFaults)
    expect(reading).toThrow(`${gone}: there is no such file`)
  })

  test('is a folder', () => {
    const reading = () => readConfig({ path: configFolder, environment: {} })
    expect(reading).toThrow(`${configFolder}: cannot be read (EISDIR)`)
  })

  test.each([
    ['tabs, with the line', `server:\n\tport: ${mark}\n`, 2],
    ['a key that stands twice', `log: {}\nserver: {}\nlog: { level: ${mark} }\n`, 3],
    ['an open bracket', `log: {}\nchannels: [ ${mark}\n`, 3],
    ['a text that stands where a key should', `server:\n  port: 1\n ${mark} ${mark}\n`, 3],
    ['an alias of nothing', `server: *${mark}\n`, 1],
    ['an unknown tag', `log: {}\nserver: !${mark} 1\n`, 2],
  ])('has %s', (_, source, line) => {
    const lines = faultsOf(source)
    expect(lines[0]).toMatch(new RegExp(`^${configPath}:${line}: is not valid YAML \\(.+\\)$`))
    expect(lines.join()).not.toContain(mark)
  })

  test('is empty, or no group of keys', () => {
    const needed = ['server.publicUrl: is missing', 'media.signingSecret: is missing', 'channels: is missing']
    expect(faultsOf('')).toEqual(needed)
    expect(faultsOf(`- ${mark}\n`)).toEqual(['the file must be a group of keys'])
  })
})
