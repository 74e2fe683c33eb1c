import { expect, test } from '@jest/globals'
import { actionTouch, actionUri, answerTouch, lineAction } from '../../../../src/channels/line/render/touch.ts'
import { someScene } from './some-scene.ts'

test.each([
  ['https://example.com/a?b=c#d', 'https://example.com/a?b=c#d'],
  ['HTTP://Example.com', 'http://example.com/'],
  [' https://example.com/ที่นี่ ', 'https://example.com/%E0%B8%97%E0%B8%B5%E0%B9%88%E0%B8%99%E0%B8%B5%E0%B9%88'],
  ['https://例え.jp/', 'https://xn--r8jz45g.jp/'],
  ['https://example.com/a b?x[]=1|2&y={z}', 'https://example.com/a%20b?x%5B%5D=1%7C2&y=%7Bz%7D'],
  ['https://example.com/100%?a=%20', 'https://example.com/100%25?a=%20'],
  ['https://[::1]/a', 'https://[::1]/a'],
  ['tel:+66 2 123 4567', 'tel:+6621234567'],
  ['tel:', undefined],
  ['javascript:alert(1)', undefined],
  ['www.example.com', undefined],
  ['', undefined],
  [`https://example.com/${'a'.repeat(980)}`, `https://example.com/${'a'.repeat(980)}`],
  [`https://example.com/${'a'.repeat(981)}`, undefined],
  [`https://example.com/${'ก'.repeat(200)}`, undefined],
])('a button opens %s as %s', (address, uri) => {
  expect(actionUri(address)).toBe(uri)
})

test('a label that is too long is cut, and said in full when it is touched', () => {
  const label = 'I would like to change the date of my booking'
  const touch = answerTouch('button', { label, payload: 'change' })
  expect(lineAction(touch, 20, () => 'data')).toEqual({
    type: 'postback',
    label: 'I would like to cha…',
    data: 'data',
    displayText: label,
  })
})

test.each([
  ['', 'yes', 'yes'],
  [' \n', ' ', '•'],
  ['a\nb', 'yes', 'a b'],
])('the label %j with the payload %j is shown as %j', (label, payload, shown) => {
  expect(lineAction(answerTouch('button', { label, payload }), 20, () => 'data')).toMatchObject({
    label: shown,
    displayText: shown,
  })
})

test('the contact centre gets its own label and payload back, to the letter', () => {
  const touch = answerTouch('quick-reply', { label: ' a\nb', payload: ' \u0000' })
  expect(touch).toMatchObject({ offer: { what: 'quick-reply', label: ' a\nb', payload: ' \u0000' } })
})

test('an address that LINE would refuse is told in words', () => {
  const scene = someScene({ language: 'ja' })
  const url = `https://example.com/${'a'.repeat(2_000)}`
  expect(actionTouch({ do: 'open', label: ' ', url }, scene)).toEqual({ aside: `開く: ${url}` })
  expect(actionTouch({ do: 'open', label: '', url: 'https://example.com/' }, scene)).toEqual({
    touch: { do: 'open', label: '開く', uri: 'https://example.com/' },
  })
})
