import { expect, test } from '@jest/globals'
import { createGate } from '../../src/queue/gate.ts'

/** A narrow gate, whose clock is the test's. */
function start() {
  let now = 0
  const gate = createGate({ most: 2, spare: 0, slowMs: 1_000, now: () => now })
  const told: string[] = []
  return {
    ...gate,
    /** In which order who waited has come in, or gone away. */
    told,
    /** Somebody comes who may have to wait. */
    wait(name: string, ms?: number): void {
      const entering = gate.enter(ms === undefined ? {} : { ms })
      void entering.then((leave) => told.push(leave ? name : `not ${name}`))
    },
    /** A look at this time. */
    async lookAt(ms: number): Promise<void> {
      now = ms
      gate.count()
      gate.letIn()
      gate.dismiss()
      await settled()
    },
  }
}

/** All that was promised so far has come. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('Who does not want to wait comes in at once, or learns at once that there is no room', () => {
  const { enterNow, isFull } = start()
  const leave = enterNow()
  expect(leave).toBeInstanceOf(Function)
  expect(isFull()).toBe(false)
  expect(enterNow()).toBeInstanceOf(Function)
  expect(isFull()).toBe(true)
  expect(enterNow()).toBeUndefined()
  leave?.()
  expect(enterNow()).toBeInstanceOf(Function)
})

test('Who does not want to wait does not come in before those who wait', async () => {
  const { enterNow, wait, told } = start()
  const leave = enterNow()
  enterNow()
  wait('patient')
  leave?.()
  expect(enterNow()).toBeUndefined()
  await settled()
  expect(told).toEqual(['patient'])
})

test('Everybody waits for as long as they want to, and some for ever', async () => {
  const { enterNow, wait, lookAt, told } = start()
  const leave = enterNow()
  enterNow()
  wait('ever')
  wait('long', 500)
  wait('short', 200)
  await lookAt(199)
  expect(told).toEqual([])
  await lookAt(200)
  expect(told).toEqual(['not short'])
  await lookAt(900)
  expect(told).toEqual(['not short', 'not long'])
  leave?.()
  await settled()
  expect(told).toEqual(['not short', 'not long', 'ever'])
})

test('A gate that becomes wider lets in at once who waits, as many as there is room for', async () => {
  const { enterNow, wait, resize, isFull, told } = start()
  enterNow()
  enterNow()
  for (const name of ['a', 'b', 'c']) wait(name)
  resize(4)
  await settled()
  expect(told).toEqual(['a', 'b'])
  expect(isFull()).toBe(true)
})

test('A closed gate lets in nobody, and may be left', async () => {
  const { enterNow, wait, close, told } = start()
  const leave = enterNow()
  close()
  expect(enterNow()).toBeUndefined()
  leave?.()
  expect(enterNow()).toBeUndefined()
  wait('late')
  await settled()
  expect(told).toEqual(['not late'])
})
