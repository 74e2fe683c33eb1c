import { expect, test } from '@jest/globals'
import { EraseUsageError, readOrder } from '../../src/erase/command.ts'

const whom = ['--channel', 'shop', '--user', 'U1']

test('an order names channel and customer', () => {
  expect(readOrder(whom)).toEqual({ channel: 'shop', user: 'U1', reason: undefined, json: false })
  expect(readOrder(['--channel=shop', '--user= U1 ', '--json', '--reason', 'ticket 1'])).toEqual({
    channel: 'shop',
    user: 'U1',
    reason: 'ticket 1',
    json: true,
  })
  expect(readOrder(['--help'])).toBeUndefined()
})

test.each([
  [[]],
  [['--channel', 'shop']],
  [['--user', 'U1']],
  [['--channel', 'shop', '--user', ' ']],
  [['--channel', 'shop', '--user', '']],
  [[...whom, '--colour', 'red']],
  [[...whom, 'more']],
])('%j is refused', (args) => {
  expect(() => readOrder(args)).toThrow(EraseUsageError)
})
