import { expect, test } from '@jest/globals'
import { summary } from '../../bench/profile.ts'
import { root } from '../../bench/start-command.ts'

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
})
const admission = `file://${root}src/queue/admission.ts`
const redact = `file://${root}node_modules/@pinojs/redact/index.js`

const profile = {
  nodes: [
    node(1, '(root)', '', [2, 3, 7]),
    node(2, '(idle)', ''),
    node(3, 'admit', admission, [4, 6]),
    node(4, 'write', redact, [5]),
    node(5, 'write', redact),
    node(6, 'settle', admission),
    node(7, '(garbage collector)', ''),
  ],
  samples: [2, 3, 4, 5, 6, 7, 3],
  timeDeltas: [500, 10, 20, 10, 30, 20, 10],
}

test('Times are added up by function and by place, without idle time', () => {
  const { functions, places } = summary(profile)
  expect(functions.map(({ where, share }) => [where, Math.round(share * 100)])).toEqual([
    ['write @pinojs/redact:10', 30],
    ['settle src/queue/admission.ts:10', 30],
    ['admit src/queue/admission.ts:10', 20],
    ['(garbage collector) (engine):10', 20],
  ])
  expect(places.map(({ where, share }) => [where, Math.round(share * 100)])).toEqual([
    ['src/queue/admission.ts', 50],
    ['@pinojs/redact', 30],
    ['(engine)', 20],
  ])
})

test('What a function calls belongs to it once, also when it calls itself', () => {
  const whole = new Map(summary(profile).whole.map(({ where, share }) => [where, Math.round(share * 100)]))
  expect(whole.get('admit src/queue/admission.ts:10')).toBe(80)
  expect(whole.get('write @pinojs/redact:10')).toBe(30)
})

test('A profile of a process that did nothing is empty', () => {
  expect(summary({ ...profile, samples: [2], timeDeltas: [5] })).toEqual({ functions: [], places: [], whole: [] })
})
