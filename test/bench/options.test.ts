import { expect, test } from '@jest/globals'
import { readOptions } from '../../bench/options.ts'

const known = ['admission', 'start']

test('Without words everything is measured, in five pairs', () => {
  expect(readOptions([], known)).toEqual({ figures: [], pairs: 5, shortPairs: 15, share: 1, bridgeFlags: [] })
})

test('A quick run has fewer messages and pairs, unless it is told how many', () => {
  expect(readOptions(['--quick'], known)).toMatchObject({ pairs: 2, share: 0.25 })
  expect(readOptions(['--quick', '--pairs', '4'], known)).toMatchObject({ pairs: 4, shortPairs: 12, share: 0.25 })
})

test('Figures are chosen by name', () => {
  expect(readOptions(['start', 'admission'], known).figures).toEqual(['start', 'admission'])
})

test('A profile becomes flags of Node, with a folder that does not depend on where the bridge runs', () => {
  const { bridgeFlags, profileFolder } = readOptions(['--profile', 'here'], known)
  expect(profileFolder).toBe(`${process.cwd()}/here`)
  expect(bridgeFlags).toEqual(['--cpu-prof', `--cpu-prof-dir=${process.cwd()}/here`])
})

test.each([
  ['an unknown figure', ['speed']],
  ['an unknown option', ['--fast']],
  ['no pair at all', ['--pairs', '0']],
  ['half a pair', ['--pairs', '1.5']],
  ['pairs that are no number', ['--pairs', 'many']],
])('Refuses %s', (_, words) => {
  expect(() => readOptions(words, known)).toThrow()
})
