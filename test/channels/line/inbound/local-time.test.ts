import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { chosenInstant } from '../../../../src/channels/line/inbound/local-time.ts'

const at = Date.UTC(2026, 9, 15, 20)
const chosen = (params: object, timeZone: string) => chosenInstant({ ...params }, { timeZone, at })

test.each([
  ['Asia/Bangkok', '2026-12-25T01:00', '2026-12-24T18:00:00.000Z'],
  ['Asia/Tokyo', '2026-12-25t01:00', '2026-12-24T16:00:00.000Z'],
  ['UTC', '2026-12-25T01:00', '2026-12-25T01:00:00.000Z'],
  ['Asia/Kolkata', '2026-12-25T01:00', '2026-12-24T19:30:00.000Z'],
  ['Asia/Kathmandu', '2026-12-25T01:00', '2026-12-24T19:15:00.000Z'],
  ['Pacific/Kiritimati', '2026-01-01T00:00', '2025-12-31T10:00:00.000Z'],
  ['America/New_York', '2026-07-01T12:00', '2026-07-01T16:00:00.000Z'],
  ['America/New_York', '2026-01-01T12:00', '2026-01-01T17:00:00.000Z'],
  ['Asia/Bangkok', '2100-12-31T23:59', '2100-12-31T16:59:00.000Z'],
])('in %s, %s is %s', (timeZone, datetime, instant) => {
  expect(chosen({ datetime }, timeZone)).toBe(instant)
})

test.each([
  ['Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59:00.000Z'],
  ['Europe/Berlin', '2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
  ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00.000Z'],
  ['America/New_York', '2026-03-08T02:15', '2026-03-08T07:15:00.000Z'],
  // By half an hour.
  ['Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:45:00.000Z'],
  // A whole day.
  ['Pacific/Apia', '2011-12-30T12:00', '2011-12-30T22:00:00.000Z'],
])('in %s, %s, around the hour that clocks leave out, is %s', (timeZone, datetime, instant) => {
  expect(chosen({ datetime }, timeZone)).toBe(instant)
})

test.each([
  ['Europe/Berlin', '2026-10-25T01:59', '2026-10-24T23:59:00.000Z'],
  ['Europe/Berlin', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00:00.000Z'],
])('in %s, %s, around the hour that clocks show twice, is %s', (timeZone, datetime, instant) => {
  expect(chosen({ datetime }, timeZone)).toBe(instant)
})

test('a day is its first moment', () => {
  expect(chosen({ date: '2026-12-25' }, 'Asia/Bangkok')).toBe('2026-12-24T17:00:00.000Z')
  // Where clocks are put forward at midnight, the day begins at one.
  expect(chosen({ date: '2018-11-04' }, 'America/Sao_Paulo')).toBe('2018-11-04T03:00:00.000Z')
})

test.each([
  ['UTC', '2026-10-15T10:00:00.000Z'],
  // There it is the next day already.
  ['Asia/Bangkok', '2026-10-16T03:00:00.000Z'],
  ['America/Los_Angeles', '2026-10-15T17:00:00.000Z'],
])('in %s, a time is that of the day on which it was chosen', (timeZone, instant) => {
  expect(chosen({ time: '10:00' }, timeZone)).toBe(instant)
})

test.each([
  {},
  { datetime: '' },
  { datetime: 'tomorrow' },
  { datetime: '2026-13-01T00:00' },
  { datetime: '2026-12-25T25:00' },
  { datetime: '2026-12-25T01:00Z' },
  { datetime: 20261225 },
  { date: '25.12.2026' },
  { time: 'noon' },
  { time: '10:00:00' },
  { newRichMenuAliasId: 'menu-b', status: 'SUCCESS' },
])('%j is no time', (params) => {
  expect(chosen(params, 'Asia/Bangkok')).toBeUndefined()
})

const zones = Intl.supportedValuesOf('timeZone')

test('whatever clocks show is read back from them, in every time zone, but for what they leave out', () => {
  const minutes = fc.integer({ min: Date.UTC(2000, 0) / 60_000, max: Date.UTC(2100, 0) / 60_000 })
  fc.assert(
    fc.property(fc.constantFrom(...zones), minutes, (timeZone, minute) => {
      const shownAt = (ms: number) =>
        new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
          .format(ms)
          .replace(' ', 'T')
      const datetime = shownAt(minute * 60_000)
      const instant = chosenInstant({ datetime }, { timeZone, at })
      return (
        instant !== undefined && shownAt(Date.parse(instant)) === datetime && Date.parse(instant) <= minute * 60_000
      )
    }),
    { numRuns: 500 },
  )
})
