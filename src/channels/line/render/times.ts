import { filledIn } from '../../../bridge/notices.ts'
import { firstMinute, lastMinute } from '../limits.ts'
import type { Scene } from './scene.ts'

/** Day before month, as most who read English outside America expect it. */
const english = 'en-GB'

/** Something that `Intl` takes as a locale, whatever the language is called. */
export function localeOf(language: string | undefined): string {
  if (language === undefined || language === 'en') return english
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(language)[0] ?? english
  } catch {
    return english
  }
}

/** Is it a time that a date can hold? https://tc39.es/ecma262/#sec-time-values-and-time-range */
export const isTime = (at: number): boolean => !Number.isNaN(new Date(at).getTime())

/**
 * A function that tells a time as customers read it: `1 Dec 2026, 10:00 (30 min)`.
 * Its `at` is in ms since the epoch and must be one that {@link isTime} takes.
 */
export function timeTeller({ words, language, timeZone }: Scene) {
  const form = new Intl.DateTimeFormat(localeOf(language), {
    timeZone,
    // Not `dateStyle`: together with an hour cycle it makes months numbers in some languages.
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return ({ at, durationMs = 0 }: { readonly at: number; readonly durationMs?: number }): string => {
    const told = form.format(at)
    const minutes = Math.round(durationMs / 60_000)
    return minutes > 0 ? `${told} (${filledIn(words.minutes, { count: String(minutes) })})` : told
  }
}

/** Far enough around what LINE takes that no time zone matters. */
const [earliest, latest] = [Date.UTC(1899, 11, 1), Date.UTC(2101, 0, 31)]

/**
 * A time as LINE's date picker wants it, in local time and to the minute: `2026-12-01T10:00`. What LINE cannot ask for becomes the
 * nearest that it can. https://developers.line.biz/en/reference/messaging-api/#datetime-picker-action
 */
export function localMinute(at: number, timeZone: string): string {
  const form = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const parts = form.formatToParts(Math.min(Math.max(at, earliest), latest))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? ''
  const minute = `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`
  if (minute < firstMinute) return firstMinute
  return minute > lastMinute ? lastMinute : minute
}
