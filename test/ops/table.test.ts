import { expect, test } from '@jest/globals'
import { table, widthOf } from '../../src/ops/table.ts'

test('columns are aligned, and no line ends with spaces', () => {
  expect(
    table(
      ['ID', 'STATE', ''],
      [
        ['1', 'delivered', ''],
        ['12345', 'dead', 'x'],
      ],
    ),
  ).toBe(['ID     STATE', '1      delivered', '12345  dead       x', ''].join('\n'))
})

test.each([
  ['abc', 3],
  ['珍珠奶茶', 8],
  ['มะม่วง', 5],
  ['', 0],
])('%s takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width)
})

test('what could play tricks on a terminal is shown as a space', () => {
  expect(table(['A'], [['x\u001b[2Jy\r\nz\u202e']])).toBe('A\nx [2Jy z\n')
})
