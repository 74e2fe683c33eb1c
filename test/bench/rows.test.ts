import { describe, expect, test } from '@jest/globals'
import { atMost, either, markdownTable, type Row, ratioTarget, rounded, textTable } from '../../bench/rows.ts'

const values = { ours: [130, 150, 140], reference: [100, 100, 100] }

describe('A target', () => {
  test('for a ratio is held from the limit on', () => {
    expect(ratioTarget(values, '≥', 1.4)).toEqual({ text: 'ratio ≥ 1.4', held: true })
    expect(ratioTarget(values, '≥', 1.41).held).toBe(false)
    expect(ratioTarget(values, '≤', 1.4).held).toBe(true)
    expect(ratioTarget(values, '≤', 1.39).held).toBe(false)
  })
  test('for a ratio is missed when there is nothing to compare with', () => {
    expect(ratioTarget({ ours: [1] }, '≥', 0.1).held).toBe(false)
    expect(ratioTarget({ ours: [1] }, '≤', 10).held).toBe(false)
  })
  test('for a value looks at the median of the bridge', () => {
    expect(atMost(values, 140, 'ms')).toEqual({ text: '≤ 140 ms', held: true })
    expect(atMost(values, 139, 'ms').held).toBe(false)
  })
  test('of two is held when one of them is', () => {
    const [held, missed] = [atMost(values, 200, 'ms'), atMost(values, 1, 'ms')]
    expect(either(missed, held).held).toBe(true)
    expect(either(held, missed).held).toBe(true)
    expect(either(missed, missed).held).toBe(false)
  })
})

test('Numbers show as many digits as are of interest', () => {
  expect([1_234.5, 12.34, 1.234, Number.NaN].map(rounded)).toEqual(['1,235', '12.3', '1.23', '–'])
})

const rows: readonly Row[] = [
  { figure: 'admission', what: 'webhooks', unit: '/s', ...values, target: ratioTarget(values, '≥', 1.3) },
  { figure: 'start', what: 'to ready', unit: 's', ours: [1.5], target: atMost({ ours: [1.5] }, 1.2, 's') },
  { figure: 'start', what: 'noted', unit: 's', ours: [2] },
]

test('The table for a terminal has columns, and says which targets are missed', () => {
  expect(textTable(rows)).toBe(
    [
      'figure     what      bridge  reference  ratio  target',
      'admission  webhooks  140 /s     100 /s   1.40  ratio ≥ 1.3  held',
      'start      to ready  1.50 s          –      –  ≤ 1.2 s      NOT HELD',
      'start      noted     2.00 s          –      –  –',
      '',
    ].join('\n'),
  )
})

test('The table of a page has the same cells', () => {
  expect(markdownTable(rows).split('\n')).toEqual([
    '| figure | what | bridge | reference | ratio | target |  |',
    '| --- | --- | ---: | ---: | ---: | --- | --- |',
    '| admission | webhooks | 140 /s | 100 /s | 1.40 | ratio ≥ 1.3 | held |',
    '| start | to ready | 1.50 s | – | – | ≤ 1.2 s | NOT HELD |',
    '| start | noted | 2.00 s | – | – | – |  |',
    '',
  ])
})
