import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createBag, createDirectory } from '../../src/lib/short-lived.ts'

/** Few enough that they meet, of all lengths, and some that lie on one shelf. */
const keys = fc.constantFrom('', 'a', 'ab', 'abc', 'xabc', 'yabc', 'U0123', 'U0124', 'ไทย', 'ยทไ')
const steps = fc.array(fc.record({ key: keys, value: fc.nat(), remove: fc.boolean() }), { maxLength: 200 })

test('a directory knows what a map knows, whatever comes and goes', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const directory = createDirectory<number>()
      const map = new Map<string, number>()
      for (const { key, value, remove } of taken) {
        if (remove) {
          directory.remove(key)
          map.delete(key)
        } else {
          directory.set(key, value)
          map.set(key, value)
        }
        for (const { key: one } of taken) expect(directory.get(one)).toBe(map.get(one))
      }
    }),
    { numRuns: 50 },
  )
})

test('a bag holds what a set holds, in no order', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ index: fc.nat(9), remove: fc.boolean() }), { maxLength: 200 }), (taken) => {
      const things = Array.from({ length: 10 }, (_, index) => ({ index }))
      const bag = createBag<{ readonly index: number }>()
      const set = new Set<{ readonly index: number }>()
      for (const { index, remove } of taken) {
        const thing = things[index] ?? { index }
        if (remove) {
          bag.remove(thing)
          set.delete(thing)
        } else if (!set.has(thing)) {
          bag.add(thing)
          set.add(thing)
        }
        expect(bag.size).toBe(set.size)
        expect(new Set(bag.all())).toEqual(set)
      }
    }),
    { numRuns: 100 },
  )
})
