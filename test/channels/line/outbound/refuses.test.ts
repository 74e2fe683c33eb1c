import { expect, test } from '@jest/globals'
import type { OutboundContent } from '../../../../src/bridge/message.ts'
import { refuses } from '../../../../src/channels/line/outbound/refuses.ts'
import { customer } from '../fixtures.ts'

const to = (user: string, ...content: OutboundContent[]) =>
  refuses({ id: 'm-1', conversation: { channel: 'retail_thailand', user }, at: 1, content })
const text = (value: string): OutboundContent => ({ kind: 'text', text: value })
const file = (bytes?: number): OutboundContent => ({
  kind: 'media',
  media: 'file',
  source: { by: 'url', url: 'https://x.example/a' },
  ...(bytes !== undefined && { bytes }),
})

test.each([customer, `C${'4'.repeat(32)}`, `L${'4'.repeat(32)}-U${'4'.repeat(32)}-`, 'x'.repeat(100), 'U1'])(
  'something to say to %s is not refused',
  (user) => {
    expect(to(user, text('hello'))).toBeUndefined()
  },
)

test.each(['', ' ', 'U1 ', 'U1\n', 'U 1', 'x'.repeat(101)])('%j is nobody’s id', (user) => {
  expect(to(user, text('hello'))).toEqual({ code: 'invalid_destination', message: expect.any(String) })
})

test.each([[['']], [[' \n\t']], [['', '  ', '\u3000']]])('%j holds nothing to show', (texts) => {
  expect(to(customer, ...texts.map(text))).toEqual({ code: 'invalid_message', message: expect.any(String) })
})

test('a blank text beside something else is not refused', () => {
  expect(to(customer, text(' '), text('hello'))).toBeUndefined()
  expect(to(customer, text(''), file(1))).toBeUndefined()
  expect(to(customer, text(''), { kind: 'quick-replies', replies: [{ label: 'a', payload: 'b' }] })).toBeUndefined()
})

test('a file that claims more than LINE takes is refused, and one that claims just that, or nothing, is not', () => {
  const most = 200_000_000
  expect(to(customer, text('see'), file(most + 1))).toEqual({ code: 'media_too_large', message: expect.any(String) })
  expect(to(customer, file(most))).toBeUndefined()
  expect(to(customer, file())).toBeUndefined()
})
