import { expect, test } from '@jest/globals'
import { createHolds } from '../../src/queue/holds.ts'

const ids = Array.from({ length: 100 }, (_, index) => `m-${index}`)

test('a message that was never held may always be tried', () => {
  const holds = createHolds({ now: () => 0 })
  for (const id of ids) holds.hold(id, 1, 0)
  expect(holds.mayTry('another')).toBe(true)
})

test('of many held messages a few are tried in each round, and a few in the next', () => {
  let now = 0
  const holds = createHolds({ now: () => now })
  for (const id of ids) holds.hold(id, 1, 0)
  const tried = () => ids.filter((id) => holds.mayTry(id)).length
  expect(tried()).toBe(3)
  now += 13_999
  expect(tried()).toBe(0)
  now += 1
  expect(tried()).toBe(3)
})

test('once something was delivered, all held messages are named and may be tried', () => {
  const holds = createHolds({ now: () => 0 })
  for (const id of ids) holds.hold(id, 1, 0)
  for (const id of ids) holds.mayTry(id)
  expect(holds.release()).toEqual(ids.map((id) => ({ id, turn: 1 })))
  expect(ids.every((id) => holds.mayTry(id))).toBe(true)
  expect(holds.release()).toEqual([])
})

test('a message that is held again is named with the turn for which it waits now', () => {
  const holds = createHolds({ now: () => 0 })
  holds.hold('1', 1, 0)
  holds.hold('2', 1, 0)
  holds.hold('1', 2, 0)
  expect(holds.release()).toEqual([
    { id: '1', turn: 2 },
    { id: '2', turn: 1 },
  ])
})

test('a message need not wait when the others were released since it was struck', () => {
  const holds = createHolds({ now: () => 0 })
  const since = holds.releases()
  holds.release()
  expect(holds.hold('1', 1, since)).toBe(false)
  expect(holds.hold('2', 1, holds.releases())).toBe(true)
  expect(holds.release()).toEqual([{ id: '2', turn: 1 }])
})
