import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { cut, oneLine, paragraphs } from '../../../../src/channels/line/render/wording.ts'

const characters = (text: string) => Array.from(new Intl.Segmenter('en').segment(text), (one) => one.segment)

test('a label is one line without control characters or half characters', () => {
  expect(oneLine(' a\r\n\tb\u2028c\u0000d\u0085 \ud83d ')).toBe('a b c d \ufffd')
  expect(oneLine(undefined)).toBe('')
})

test('paragraphs keep their lines and nothing else that steers', () => {
  expect(paragraphs(' a\r\nb\rc\n\nd\te\u0007f ')).toBe('a\nb\nc\n\nd e f')
})

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
  expect(cut(text, most)).toBe(expected)
})

test('what pretends to be one character is bounded all the same', () => {
  expect(cut(`a${'\u0301'.repeat(10_000)}b`, 20)).toBe('…')
  expect(cut(`ab${'\u0301'.repeat(10_000)}`, 20)).toBe('a…')
})

test('whatever the text, what is left fits, is its beginning, and tears nothing apart', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, most) => {
      const short = cut(text, most)
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
