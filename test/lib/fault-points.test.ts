import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { createFaultPoints, faultPoints } from '../../src/lib/fault-points.ts'

const file = new URL('../../src/lib/fault-points.ts', import.meta.url).href

/** A process that reaches a point five times, and says so each time when it has survived it. */
async function reachFiveTimes(spec: string, point: string) {
  const script = `
    const { createFaultPoints } = await import(${JSON.stringify(file)})
    const faults = createFaultPoints(${JSON.stringify(spec)})
    for (let time = 1; time <= 5; time += 1) {
      faults.reach(${JSON.stringify(point)})
      process.getBuiltinModule('node:fs').writeSync(1, String(time))
    }`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let survived = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    survived += piece
  })
  const [, signal] = await once(child, 'close')
  return { survived, signal }
}

test.each([
  ['finish.after', ''],
  ['finish.after:1', ''],
  ['finish.after:3', '12'],
])('armed with %s a process dies there at once, as by kill -9', async (spec, survived) => {
  expect(await reachFiveTimes(spec, 'finish.after')).toEqual({ survived, signal: 'SIGKILL' })
})

test('other points, and too few times, do nothing', async () => {
  expect(await reachFiveTimes('finish.after', 'next.added')).toEqual({ survived: '12345', signal: null })
  expect(await reachFiveTimes('finish.after:6', 'finish.after')).toEqual({ survived: '12345', signal: null })
})

test('only the named point is armed, and none without a name', () => {
  const armed = (spec: string | undefined) => faultPoints.filter((name) => createFaultPoints(spec).armed(name))
  expect(armed('next.added:2')).toEqual(['next.added'])
  expect(armed(undefined)).toEqual([])
  expect(armed('')).toEqual([])
})

test.each(['finish', 'finish.after:0', 'finish.after:x', 'FINISH.AFTER', ' ', 'finish.after,next.added'])(
  'a point that does not exist is refused: “%s”',
  (spec) => {
    expect(() => createFaultPoints(spec)).toThrow('BRIDGE_FAULT_POINT: one of admit.before,')
  },
)
