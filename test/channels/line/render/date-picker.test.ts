import { expect, test } from '@jest/globals'
import type { DatePicker } from '../../../../src/bridge/message.ts'
import { datePickerShown } from '../../../../src/channels/line/render/date-picker.ts'
import type { Scene, Shown } from '../../../../src/channels/line/render/scene.ts'
import { localMinute } from '../../../../src/channels/line/render/times.ts'
import { someScene } from './some-scene.ts'

const at = Date.parse('2026-12-01T01:00:00Z')
const picker = (rest: Partial<DatePicker>): DatePicker => ({ kind: 'date-picker', times: [], ...rest })
const sheetsOf = (shown: readonly Shown[]) => shown.flatMap((one) => (one.as === 'sheets' ? one.sheets : []))
const touches = (of: Partial<DatePicker>, scene: Scene) =>
  sheetsOf(datePickerShown(picker(of), scene)).flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.kind === 'button' ? [block.touch] : [])),
  )

test.each([
  [undefined, 'UTC', '1 Dec 2026, 01:00 (30 min)'],
  ['en', 'Asia/Tokyo', '1 Dec 2026, 10:00 (30 min)'],
  ['th', 'Asia/Bangkok', '1 ธ.ค. 2569 08:00 (30 นาที)'],
  ['ja', 'Asia/Tokyo', '2026年12月1日 10:00 (30分)'],
  ['ko', 'Asia/Seoul', '2026년 12월 1일 10:00 (30분)'],
  ['zh-TW', 'Asia/Taipei', '2026年12月1日 09:00 (30 分鐘)'],
  ['zh-Hant-HK', 'Asia/Hong_Kong', '2026年12月1日 09:00 (30 分鐘)'],
  ['not a language', 'Asia/Tokyo', '1 Dec 2026, 10:00 (30 min)'],
])('in %s and %s a time reads %s', (language, timeZone, label) => {
  const scene = someScene({ ...(language && { language }), timeZone })
  expect(touches({ times: [{ at, durationMs: 30 * 60_000 }] }, scene)).toEqual([
    {
      do: 'answer',
      label,
      offer: { what: 'date', label: '2026-12-01T01:00:00.000Z', payload: '2026-12-01T01:00:00.000Z' },
    },
  ])
})

test('title, subtitle and place stand above the times', () => {
  const shown = datePickerShown(
    picker({ title: 'When?', subtitle: 'Pick one', place: 'Shop 1', times: [{ at }] }),
    someScene(),
  )
  expect(sheetsOf(shown)[0]?.blocks.slice(0, 3)).toEqual([
    { kind: 'words', as: 'title', text: 'When?' },
    { kind: 'words', as: 'body', text: 'Pick one' },
    { kind: 'words', as: 'note', text: 'Shop 1' },
  ])
})

test('ten times to a bubble, twelve bubbles, and what is left in words', () => {
  const times = Array.from({ length: 122 }, (_, day) => ({ at: at + day * 86_400_000 }))
  const shown = datePickerShown(picker({ title: 'When?', times }), someScene())
  expect(sheetsOf(shown).map(({ blocks }) => blocks.length)).toEqual(Array.from({ length: 12 }, () => 11))
  expect(shown.slice(1)).toEqual([{ as: 'text', text: '• 31 Mar 2027, 10:00\n• 1 Apr 2027, 10:00' }])
})

test('a time that is none is left out', () => {
  expect(touches({ times: [{ at: Number.NaN }, { at: 9e15 }, { at }] }, someScene())).toHaveLength(1)
})

test.each<[string, Partial<DatePicker>, { min?: string; max?: string }]>([
  ['nothing', {}, {}],
  ['both ends', { earliest: at, latest: at + 86_400_000 }, { min: '2026-12-01T10:00', max: '2026-12-02T10:00' }],
  ['the last one only', { latest: at }, { max: '2026-12-01T10:00' }],
  ['an end that is not after the beginning', { earliest: at, latest: at + 59_999 }, { min: '2026-12-01T10:00' }],
  [
    'years that LINE does not know',
    { earliest: -9e15 + 1e15, latest: 8e15 },
    { min: '1900-01-01T00:00', max: '2100-12-31T23:59' },
  ],
  ['no times at all', { earliest: Number.NaN, latest: 9e15 }, {}],
])('without times to choose from, LINE asks for one, with %s', (_, of, expected) => {
  expect(touches(of, someScene({ language: 'ja' }))).toEqual([
    { do: 'pick', label: '日時を選ぶ', offer: { what: 'date', label: '日時を選ぶ', payload: '' }, ...expected },
  ])
})

test.each([
  ['Asia/Bangkok', '2026-12-01T17:30:00Z', '2026-12-02T00:30'],
  ['Europe/Berlin', '2026-07-01T00:00:00Z', '2026-07-01T02:00'],
  ['Asia/Tokyo', '2100-12-31T20:00:00Z', '2100-12-31T23:59'],
  ['Asia/Tokyo', '1899-12-31T00:00:00Z', '1900-01-01T00:00'],
  ['Asia/Kolkata', '2026-02-28T18:30:00Z', '2026-03-01T00:00'],
])('in %s it is, at %s, %s', (timeZone, instant, minute) => {
  expect(localMinute(Date.parse(instant), timeZone)).toBe(minute)
})
