import { expect, test } from '@jest/globals'
import { oneLine, paragraphs } from '../../../../src/channels/line/render/wording.ts'

test('a label is one line without control characters or half characters', () => {
  expect(oneLine(' a\r\n\tb\u2028c\u0000d\u0085 \ud83d ')).toBe('a b c d \ufffd')
  expect(oneLine(undefined)).toBe('')
})

test('paragraphs keep their lines and nothing else that steers', () => {
  expect(paragraphs(' a\r\nb\rc\n\nd\te\u0007f ')).toBe('a\nb\nc\n\nd e f')
})
