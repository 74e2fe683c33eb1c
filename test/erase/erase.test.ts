import { expect, test } from '@jest/globals'
import { erasePerson } from '../../src/erase/erase.ts'
import type { Eraser } from '../../src/erase/erasers.ts'
import { type ErasureReport, reportText } from '../../src/erase/report.ts'

const person = { channel: 'shop', user: 'U1' }

/** An eraser that finds these numbers, one in each round, and then nothing. */
function finding(what: string, ...numbers: readonly number[]): Eraser & { readonly rounds: () => number } {
  const left = [...numbers]
  let rounds = 0
  return {
    what,
    label: what,
    rounds: () => rounds,
    async erase() {
      rounds += 1
      const count = left.shift() ?? 0
      return { count, bytes: count * 10 }
    },
  }
}

test('all erasers run until a round finds nothing more, and their finds are added up', async () => {
  const erasers = [finding('letters', 2, 0, 0), finding('files', 1, 3, 0)]
  const { removed, underWay } = await erasePerson({ person, erasers, underWay: async () => 0, waitMs: 1_000 })
  expect(removed.map(({ what, count, bytes }) => [what, count, bytes])).toEqual([
    ['letters', 2, 20],
    ['files', 4, 40],
  ])
  expect(underWay).toBe(0)
  expect(erasers.map(({ rounds }) => rounds())).toEqual([3, 3])
})

test('what comes of a message under way is looked for once it has ended', async () => {
  const erasers = [finding('letters', 0, 1)]
  const underWay = [1, 1, 0]
  const erasure = await erasePerson({ person, erasers, underWay: async () => underWay.shift() ?? 0, waitMs: 5_000 })
  expect(erasure.removed[0]?.count).toBe(1)
  expect(erasure.underWay).toBe(0)
})

test('a delivery that does not end is not waited for without an end, and is told', async () => {
  const erasers = [finding('letters', 1)]
  const erasure = await erasePerson({ person, erasers, underWay: async () => 1, waitMs: 300 })
  expect(erasure).toMatchObject({ underWay: 1, removed: [{ count: 1 }] })
})

test('somebody who goes on writing keeps it from ending no longer than a few rounds', async () => {
  const endless = finding('letters', ...Array.from({ length: 1_000 }, () => 1))
  await erasePerson({ person, erasers: [endless], underWay: async () => 0, waitMs: 1_000 })
  expect(endless.rounds()).toBeLessThan(10)
})

test('a report says what was removed, what is kept and why, and whether it has to be run again', () => {
  const report: ErasureReport = {
    ...person,
    removed: [
      { what: 'dead_letters', label: 'dead letters', count: 2 },
      { what: 'files', label: 'files', count: 1, bytes: 1_234_567 },
    ],
    kept: [{ what: 'traces', label: 'traces', count: 12, why: 'ids and times' }],
    underWay: 1,
    appendOnlyFile: 'refused',
  }
  const text = reportText(report)
  expect(text).toMatch(
    /^Removed of U1 on shop:\n {2}dead letters +2\n {2}files +1 {3}1\.2 MB\nKept:\n {2}traces +12 {3}ids/,
  )
  expect(text).toContain('BGREWRITEAOF')
  expect(text).toContain('1 message is being delivered right now and may still arrive. Run this again.')
  const nothing = { ...report, removed: report.removed.map((line) => ({ ...line, count: 0 })), underWay: 0 }
  expect(reportText(nothing)).toContain('Nothing was found of U1 on shop.')
  expect(reportText(nothing)).not.toContain('Run this again')
})
