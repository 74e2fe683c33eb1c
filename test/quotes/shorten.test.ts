import { expect, test } from '@jest/globals'
import { shortened } from '../../src/quotes/shorten.ts'

test('a text of at most 200 characters is kept whole, however many units they are made of', () => {
  for (const text of ['', 'ก', 'a'.repeat(200), '👍🏽'.repeat(200), 'ที่'.repeat(200)]) expect(shortened(text)).toBe(text)
})

test('a longer text ends with an ellipsis after 199 characters, and none of them is cut', () => {
  expect(shortened('a'.repeat(201))).toBe(`${'a'.repeat(199)}…`)
  expect(shortened('👍🏽'.repeat(201))).toBe(`${'👍🏽'.repeat(199)}…`)
})

test('characters of very many units do not make it large', () => {
  const towering = `a${'\u0301'.repeat(600)}`
  expect(shortened(towering.repeat(3))).toBe(`${towering}…`)
  expect(shortened('\u0301'.repeat(5_000))).toBe('…')
})
