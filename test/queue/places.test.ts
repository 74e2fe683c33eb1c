import { expect, test } from '@jest/globals'
import { createPlaces } from '../../src/queue/places.ts'

function afterLooks(share: number, taken: (now: number) => number, looks = 10): number {
  const places = createPlaces({ share: () => share })
  for (let i = 0; i < looks; i += 1) places.look(taken(places.now))
  return places.now
}

test('A process that waits for platforms gets more places, but never too many', () => {
  expect(afterLooks(0.5, (now) => now, 1)).toBe(60)
  expect(afterLooks(0.5, (now) => now)).toBe(100)
})

test('While places are free there are no more', () => {
  expect(afterLooks(0.5, (now) => now - 1)).toBe(40)
})

test('A process that is busy itself gets no more', () => {
  expect(afterLooks(0.85, (now) => now)).toBe(40)
})

test('A process that has become busy gives places up, but never too many', () => {
  let share = 0.5
  const places = createPlaces({ share: () => share })
  const look = (times: number) => {
    for (let i = 0; i < times; i += 1) places.look(places.now)
    return places.now
  }
  expect(look(10)).toBe(100)
  share = 0.95
  expect(look(1)).toBe(75)
  expect(look(10)).toBe(40)
})
