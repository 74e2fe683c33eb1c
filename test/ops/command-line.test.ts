import { expect, test } from '@jest/globals'
import { OpsUsageError, opsUsage, readCommandLine } from '../../src/ops/command-line.ts'

const read = (line: string) =>
  readCommandLine(line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [])

test.each([
  ['channels', { do: 'channels' }],
  ['find 123', { do: 'find', id: '123' }],
  ['dead-letters list', { do: 'list', filter: {}, limit: 100 }],
  [
    'dead-letters list --channel shop --direction inbound --reason-code expired --limit 5',
    { do: 'list', filter: { channel: 'shop', direction: 'inbound', reason: 'expired' }, limit: 5 },
  ],
  ['dead-letters list --reason expired', { do: 'list', filter: { reason: 'expired' }, limit: 100 }],
  ['dead-letters show a', { do: 'show', id: 'a', content: false }],
  ['dead-letters show a --content', { do: 'show', id: 'a', content: true }],
  [
    'dead-letters replay a b --because "it works"',
    { do: 'replay', chosen: { ids: ['a', 'b'] }, because: 'it works', confirmUncertain: false },
  ],
  [
    'dead-letters replay --all --because x --confirm-uncertain',
    { do: 'replay', chosen: { filter: {} }, because: 'x', confirmUncertain: true },
  ],
  [
    'dead-letters discard --channel shop --reason-code expired --because x',
    {
      do: 'discard',
      chosen: { filter: { channel: 'shop', reason: 'expired' } },
      because: 'x',
      confirmUncertain: false,
    },
  ],
  ['pause shop inbound --because x', { do: 'pause', channel: 'shop', direction: 'inbound', because: 'x' }],
  ['resume shop outbound --because x', { do: 'resume', channel: 'shop', direction: 'outbound', because: 'x' }],
])('%s', (line, command) => {
  expect(read(line)).toEqual({ command, json: false, url: undefined })
})

test('every command prints JSON and asks another bridge if it is told to', () => {
  expect(read('channels --json --url https://bridge.example.com')).toEqual({
    command: { do: 'channels' },
    json: true,
    url: 'https://bridge.example.com',
  })
})

test.each(['--help', '-h', 'dead-letters replay --help'])('%s asks for the usage', (line) => {
  expect(read(line)).toBeUndefined()
})

test.each([
  ['', 'Say what to do.'],
  ['letters', 'There is no command letters.'],
  ['dead-letters', 'list, show, replay or discard'],
  ['dead-letters erase', 'list, show, replay or discard'],
  ['find', 'needs an id'],
  ['find a b', 'one word too many'],
  ['find a --because x', 'takes no --because'],
  ['channels --nonsense', '--nonsense'],
  ['dead-letters list --limit 0', '--limit'],
  ['dead-letters list --direction up', 'inbound or outbound'],
  ['dead-letters list --all', 'takes no --all'],
  ['dead-letters show', 'needs an id'],
  ['dead-letters replay --because x', 'Say which'],
  ['dead-letters replay a', '--because'],
  ['dead-letters replay a --because "  "', '--because'],
  ['dead-letters replay a --all --because x', 'exclude each other'],
  ['dead-letters replay --all --channel shop --because x', 'exclude each other'],
  ['dead-letters replay a --channel shop --because x', 'exclude each other'],
  ['dead-letters replay a --reason mended', '--reason can mean two things'],
  ['dead-letters discard --all --content --because x', 'takes no --content'],
  ['pause shop', 'needs a direction'],
  ['pause shop receipts --because x', 'inbound or outbound'],
  ['pause shop inbound', '--because'],
  ['pause shop inbound now --because x', 'one word too many'],
  ['pause shop inbound --reason x', '--reason can mean two things'],
  ['channels --url bridge.example.com', '--url'],
  ['channels --url ftp://bridge', '--url'],
])('“%s” is refused with “%s”', (line, message) => {
  expect(() => read(line)).toThrow(OpsUsageError)
  expect(() => read(line)).toThrow(message)
})

test('the usage names every command and option', () => {
  for (const word of [
    ...['channels', 'find', 'list', 'show', 'replay', 'discard', 'pause', 'resume'],
    ...['--channel', '--direction', '--reason-code', '--all', '--limit', '--confirm-uncertain', '--content'],
    ...['--because', '--json', '--url', '--help', 'BRIDGE_URL', 'BRIDGE_ADMIN_USERNAME', 'BRIDGE_CONFIG'],
  ])
    expect(opsUsage).toContain(word)
  for (const line of opsUsage.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
})
