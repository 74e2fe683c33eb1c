import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { splitText } from '../../../../src/channels/line/render/split-text.ts'

const graphemes = (text: string) => Array.from(new Intl.Segmenter('en').segment(text), (one) => one.segment)

test('a text that fits stays whole', () => {
  expect(splitText('hello', 5)).toEqual(['hello'])
  expect(splitText('', 5)).toEqual([''])
})

test.each([
  ['a paragraph', 'One two.\nThree.\n\nFour five six. Seven', 30, ['One two.\nThree.\n\n', 'Four five six. Seven']],
  ['a line', 'One. Two three\nfour. Five six seven', 26, ['One. Two three\n', 'four. Five six seven']],
  ['a sentence', 'One two three. Four five six seven', 24, ['One two three. ', 'Four five six seven']],
  ['a word', 'one two three four five six', 16, ['one two three ', 'four five six']],
  ['a Windows paragraph', 'One two three.\r\n\r\nFour five six', 22, ['One two three.\r\n\r\n', 'Four five six']],
])('a text is cut after %s', (_, text, maxUnits, pieces) => {
  expect(splitText(text, maxUnits)).toEqual(pieces)
})

test('a far-off paragraph is not worth a short piece', () => {
  expect(splitText(`Hi.\n\n${'word '.repeat(10)}`, 40)[0]?.length).toBeGreaterThan(20)
})

test('Thai, which has no spaces between words, is cut between words', () => {
  expect(splitText('สวัสดีครับผมต้องการสอบถามสินค้า', 24)).toEqual(['สวัสดีครับผมต้องการสอบ', 'ถามสินค้า'])
})

test('Japanese is cut after a sentence, else between words', () => {
  expect(splitText('今日は晴れです。明日は雨でしょう', 14)).toEqual(['今日は晴れです。', '明日は雨でしょう'])
  expect(splitText('東京特許許可局長', 5).join('|')).toMatch(/^東京特許\|許可/)
})

test.each([
  ['a family', '👨‍👩‍👧‍👦'],
  ['a flag', '🇹🇭'],
  ['a skin tone', '👍🏽'],
  ['a keycap', '1️⃣'],
  ['combining marks', 'e\u0301\u0323'],
  ['Thai vowel and tone', 'ก็ี่'],
  ['Korean letters', '\u1112\u1161\u11ab'],
  ['Devanagari', 'क्षि'],
])('%s is never torn apart', (_, cluster) => {
  const text = cluster.repeat(40)
  const whole = new Set(graphemes(text))
  for (let maxUnits = cluster.length; maxUnits < cluster.length * 3; maxUnits += 1) {
    const pieces = splitText(text, maxUnits)
    expect(pieces.join('')).toBe(text)
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(maxUnits)
      for (const one of graphemes(piece)) expect(whole).toContain(one)
    }
  }
})

test('white space at the end does not become a message of its own', () => {
  expect(splitText('aaaaaaaaaa   ', 10)).toEqual(['aaaaaaaaa', 'a   '])
  expect(splitText('   aaaaaaaaaa', 10).every((piece) => piece.trim() !== '')).toBe(true)
})

test('a character longer than a piece keeps its surrogate pairs', () => {
  const text = '👨‍👩‍👧‍👦'
  const pieces = splitText(text, 4)
  expect(pieces.join('')).toBe(text)
  for (const piece of pieces) expect(piece.isWellFormed()).toBe(true)
})

const piecesOfText = fc.constantFrom(
  'word',
  ' ',
  '\n',
  '\n\n',
  '. ',
  '。',
  'สวัสดี',
  'ครับ',
  '今日は',
  '👨‍👩‍👧',
  'e\u0301',
  '🇯🇵',
  '\u200d',
  '\r\n',
)
const someText = fc.oneof(
  fc.array(piecesOfText, { maxLength: 60 }).map((list) => list.join('')),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
)

test('whatever the text, the pieces joined are the text, fit, and tear nothing apart', () => {
  fc.assert(
    fc.property(someText, fc.integer({ min: 16, max: 60 }), (text, maxUnits) => {
      const pieces = splitText(text, maxUnits)
      expect(pieces.join('')).toBe(text)
      const boundaries = new Set(Array.from(new Intl.Segmenter('en').segment(text), (one) => one.index))
      let at = 0
      const longest = Math.max(0, ...graphemes(text).map((one) => one.length))
      for (const piece of pieces) {
        expect(piece.length).toBeLessThanOrEqual(maxUnits)
        if (longest <= maxUnits && text !== '') expect(boundaries).toContain(at)
        at += piece.length
      }
    }),
    { numRuns: 1_000 },
  )
})

test('text without long runs of white space never makes a blank piece', () => {
  const text = fc.array(fc.constantFrom('word', 'สวัสดี', '今', '👨‍👩‍👧'), { minLength: 1, maxLength: 80 })
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(' ', '\n', '\n\n', '  '),
      fc.integer({ min: 16, max: 40 }),
      (list, gap, maxUnits) => {
        for (const piece of splitText(`${gap}${list.join(gap)}${gap}`, maxUnits)) expect(piece.trim()).not.toBe('')
      },
    ),
  )
})

test('a text of 100,000 characters is split in well under a second', () => {
  const text = 'สวัสดีครับผมต้องการสอบถามสินค้า '.repeat(3_200)
  const begun = performance.now()
  expect(splitText(text, 5_000).join('')).toBe(text)
  expect(performance.now() - begun).toBeLessThan(1_000)
})
