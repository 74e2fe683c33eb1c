import { expect, test } from '@jest/globals'
import { createRecently } from '../../../../src/channels/line/courtesies/recently.ts'

test('beyond its size it forgets what was set longest ago', () => {
  const recently = createRecently<number>({ most: 2 })
  recently.set('a', 1)
  recently.set('b', 2)
  recently.set('a', 3)
  recently.set('c', 4)
  expect([recently.get('a'), recently.get('b'), recently.get('c')]).toEqual([3, undefined, 4])
})
