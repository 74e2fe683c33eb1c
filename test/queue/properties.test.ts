import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Store, startStore } from './harness.ts'
import { operation } from './lane-operations.ts'
import { createProgram } from './lane-program.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const fewestRuns = 10

test('whatever processes do, and wherever they die, lanes stay what they are', async () => {
  const program = await createProgram(store)
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 25, maxLength: 70, size: 'max' }), async (operations) => {
      await program.reset()
      for (const operation of operations) {
        await program.run(operation)
        await program.check()
      }
      await program.end()
      runs += 1
    }),
    { numRuns: 80, interruptAfterTimeLimit: 12_000 },
  )
  expect(runs).toBeGreaterThan(fewestRuns)
}, 60_000)
