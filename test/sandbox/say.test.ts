import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { demoBrands } from '../../src/sandbox/demo-world.ts'
import { genesysSignature } from '../../src/sandbox/genesys-cloud/index.ts'
import { lineSignature } from '../../src/sandbox/line-platform/index.ts'
import { SayUsageError, sampleWebhook } from '../../src/sandbox/say-command.ts'
import { bareEnvironment } from '../support/environment.ts'
import { startReceiver } from './receiver.ts'

const [thailand, taiwan] = demoBrands
const answers: (number | 'silence')[] = []
let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  answers.length = 0
  receiver = await startReceiver(answers)
})
afterEach(() => receiver.stop())

const webhook = (line: readonly string[], environment: Record<string, string> = {}) =>
  sampleWebhook({ arguments: line, environment, now: 1_790_000_000_000 })

async function say(...line: string[]) {
  const child = spawn(process.execPath, ['src/sandbox/say.ts', ...line, '--url', receiver.url], {
    env: bareEnvironment(),
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (data) => {
      printed += data
    })
  }
  const [code] = await once(child, 'close')
  return { code, printed }
}

test('the program posts a signed webhook and prints the answer', async () => {
  expect(await say('line', 'hello')).toEqual({ code: 0, printed: '200 {}\n' })
  const [arrival] = receiver.arrivals
  expect(arrival?.headers['x-line-signature']).toBe(lineSignature(thailand.line.channelSecret, arrival?.body ?? ''))
  expect(JSON.parse(arrival?.body ?? '').events).toMatchObject([{ type: 'message', message: { text: 'hello' } }])
})

test('a refusal ends it with 1, a wrong command line with 64 and the usage', async () => {
  answers.push(401)
  expect(await say('line', 'hello')).toEqual({ code: 1, printed: '401 {}\n' })
  const wrong = await say('telegram', 'hello')
  expect(wrong.code).toBe(64)
  expect(wrong.printed).toContain('npm run say -- line "hello"')
})

test('an agent’s text goes to the channel and the customer that were named', () => {
  const made = webhook(['genesys', 'How can I help?', '--channel', 'retail_taiwan', '--user', 'U1', '--id', 'm-1'])
  expect(made?.url).toBe('http://127.0.0.1:3000/webhooks/genesys/retail_taiwan')
  const { webhookSecret, integrationId } = taiwan.genesys
  expect(made?.headers['x-hub-signature-256']).toBe(genesysSignature(webhookSecret, made?.body ?? ''))
  expect(JSON.parse(made?.body ?? '')).toMatchObject({
    id: 'm-1',
    text: 'How can I help?',
    channel: { id: integrationId, to: { id: 'U1' } },
  })
})

test('secrets of the environment win over those of the demo', () => {
  const made = webhook(['line', '--sticker'], { LINE_TH_CHANNEL_SECRET: 'of-mine' })
  expect(made?.headers['x-line-signature']).toBe(lineSignature('of-mine', made?.body ?? ''))
  expect(JSON.parse(made?.body ?? '').events[0].message).toMatchObject({ type: 'sticker', packageId: '446' })
})

test.each([
  ['a place', ['line', '--location'], { type: 'message', message: { type: 'location' } }],
  ['a button', ['line', '--postback', 'action=buy'], { type: 'postback', postback: { data: 'action=buy' } }],
  ['a known id', ['line', 'hi', '--id', '42'], { message: { id: '42' } }],
])('%s', (_what, line, event) => {
  expect(JSON.parse(webhook(line)?.body ?? '').events[0]).toMatchObject(event)
})

test.each([
  [['line']],
  [['genesys']],
  [[]],
  [['line', 'two', 'words']],
  [['line', 'a', '--channel', 'x']],
  [['line', '--x']],
])('%j is not understood', (line) => {
  expect(() => webhook(line)).toThrow(SayUsageError)
})

test('help is no webhook', () => {
  expect(webhook(['--help'])).toBeUndefined()
})
