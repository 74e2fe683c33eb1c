import { describe, expect, test } from '@jest/globals'
import { median, percentile, ratio } from '../../bench/statistics.ts'

describe('The median', () => {
  test('is the value in the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })
  test('is the mean of the two in the middle of an even number', () => {
    expect(median([10, 2, 4, 100])).toBe(7)
  })
  test('leaves the values as they were', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
  test('of nothing is refused', () => {
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('A percentile', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)
  test('is the nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 1)).toBe(100)
  })
  test('of one value is that value', () => {
    expect(percentile([7], 0.01)).toBe(7)
    expect(percentile([7], 0.99)).toBe(7)
  })
  test('of nothing is refused', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError)
  })
})

test('The ratio is the median of the pairs and not the ratio of medians', () => {
  expect(ratio([10, 40, 90], [10, 20, 30])).toBe(2)
  expect(ratio([1, 100, 2], [1, 10, 200])).toBe(1)
})
