import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const file = new URL('../../src/lib/tier-up.ts', import.meta.url).href

/** Does TurboFan take up a function that a process calls so many times? */
async function isTakenUp(calls: number, about: { readonly delayed: boolean }): Promise<boolean> {
  const script = `
    const { delayTurboFan } = await import(${JSON.stringify(file)})
    if (${about.delayed}) delayTurboFan()
    function isCalled(number) { return (number * 7 + 3) % 11 }
    async function callOften() {
      let sum = 0
      for (let call = 0; call < ${calls}; call += 1) {
        sum += isCalled(call)
        if (call % 100 === 0) await new Promise(setImmediate)
      }
      return sum
    }
    await callOften()`
  // What is inlined where it is called is not counted, and on a busy machine neither are the calls while another thread still compiles.
  const flags = ['--trace-opt', '--single-threaded', '--no-maglev-inlining', '--max-inlined-bytecode-size-cumulative=0']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    env: {},
    maxBuffer: 100_000_000,
  })
  expect(stdout).toMatch(/<JSFunction isCalled .*MAGLEV/)
  return /marking .*<JSFunction isCalled .*TURBOFAN/.test(stdout)
}

test('functions wait for TurboFan until they have been called often', async () => {
  expect(await isTakenUp(20_000, { delayed: false })).toBe(true)
  expect(await isTakenUp(20_000, { delayed: true })).toBe(false)
  expect(await isTakenUp(80_000, { delayed: true })).toBe(true)
})
