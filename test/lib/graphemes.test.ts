import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { shortened } from '../../src/lib/graphemes.ts'

const characters = (text: string) => Array.from(new Intl.Segmenter('en').segment(text), (one) => one.segment)

test.each([
  ['a text that fits', 'abc', 3, 'abc'],
  ['a text that does not', 'abcd', 3, 'ab…'],
  ['a space before the place', 'ab cd', 4, 'ab…'],
  ['families', '👨‍👩‍👧‍👦'.repeat(4), 3, `${'👨‍👩‍👧‍👦'.repeat(2)}…`],
  ['families that fit', '👨‍👩‍👧‍👦'.repeat(3), 3, '👨‍👩‍👧‍👦'.repeat(3)],
  ['flags', '🇹🇭🇯🇵🇹🇼🇭🇰', 3, '🇹🇭🇯🇵…'],
  ['skin tones', '👍🏽👍🏿👍🏻👍🏼', 3, '👍🏽👍🏿…'],
  ['Thai', 'ก็ี่ที่นี่นั่น', 4, 'ก็ี่ที่นี่…'],
  ['Japanese', 'が゙くせい', 4, 'が゙くせい'],
  ['Japanese that is too long', '予約を変更する', 4, '予約を…'],
  ['Chinese', '請選擇日期與時間', 5, '請選擇日…'],
])('%s is cut between characters', (_, text, most, expected) => {
  expect(shortened(text, most)).toBe(expected)
})

test('what pretends to be one character is bounded all the same', () => {
  expect(shortened(`a${'\u0301'.repeat(10_000)}b`, 20)).toBe('…')
  expect(shortened(`ab${'\u0301'.repeat(10_000)}`, 20)).toBe('a…')
})

test('whatever the text, what is left fits, is its beginning, and tears nothing apart', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, most) => {
      const short = shortened(text, most)
      expect(characters(short).length).toBeLessThanOrEqual(most)
      if (short === text) return
      expect(short.endsWith('…')).toBe(true)
      const kept = short.slice(0, -1)
      expect(text.startsWith(kept)).toBe(true)
      expect(kept.isWellFormed()).toBe(text.slice(0, kept.length).isWellFormed())
    }),
    { numRuns: 500 },
  )
})

test('a text of as many characters as may be is kept whole, however many units they are made of', () => {
  for (const text of ['', 'ก', 'a'.repeat(200), '👍🏽'.repeat(200), 'ที่'.repeat(200)])
    expect(shortened(text, 200, 1_000)).toBe(text)
})

test('a longer text ends with an ellipsis after one character less, and none of them is cut', () => {
  expect(shortened('a'.repeat(201), 200, 1_000)).toBe(`${'a'.repeat(199)}…`)
  expect(shortened('👍🏽'.repeat(201), 200, 1_000)).toBe(`${'👍🏽'.repeat(199)}…`)
})

test('characters of very many units do not make it large', () => {
  const towering = `a${'\u0301'.repeat(600)}`
  expect(shortened(towering.repeat(3), 200, 1_000)).toBe(`${towering}…`)
  expect(shortened('\u0301'.repeat(5_000), 200, 1_000)).toBe('…')
})
