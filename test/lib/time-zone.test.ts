import { expect, test } from '@jest/globals'
import { isTimeZone, timeZoneOf } from '../../src/lib/time-zone.ts'

test.each([
  ['th', 'Asia/Bangkok'],
  ['th-TH', 'Asia/Bangkok'],
  ['ja', 'Asia/Tokyo'],
  ['zh-TW', 'Asia/Taipei'],
  ['zh-Hant', 'Asia/Taipei'],
  ['zh-HK', 'Asia/Hong_Kong'],
  ['zh', 'UTC'],
  ['en', 'UTC'],
  [undefined, 'UTC'],
])('Who reads %s is taken to live in %s', (language, zone) => {
  expect(timeZoneOf(language)).toBe(zone)
  expect(isTimeZone(zone)).toBe(true)
})

test.each(['Asia/Nowhere', '', 'Bangkok'])('%s is no time zone', (name) => {
  expect(isTimeZone(name)).toBe(false)
})
