import { tzOffset } from '@date-fns/tz/tzOffset'

const dayMs = 86_400_000
const minuteMs = 60_000

/**
 * The instant at which clocks show a time. What they leave out when summer time begins is as much later as they are put forward, and
 * of what they show twice when it ends the first is meant: https://tc39.es/proposal-temporal/docs/timezone.html
 * @param localMs the time that they show, as if it were UTC
 */
function instantMs(localMs: number, timeZone: string): number {
  const offsetMs = (ms: number) => tzOffset(timeZone, new Date(ms)) * minuteMs
  const before = localMs - offsetMs(localMs - dayMs)
  const after = localMs - offsetMs(localMs + dayMs)
  const shown = [before, after].filter((ms) => ms + offsetMs(ms) === localMs)
  return shown.length > 0 ? Math.min(...shown) : before
}

/**
 * The instant, as ISO-8601 in UTC, that a customer chose on a phone, which tells no time zone. A day alone is its first moment, a time
 * alone is that of the day on which it was chosen. Undefined when nothing of that kind was chosen. Pure.
 * https://developers.line.biz/en/reference/messaging-api/#postback-params-object-for-datetime-selection-action
 * @param chosen `date` YYYY-MM-DD, `time` HH:mm, `datetime` YYYY-MM-DDTHH:mm
 * @param context.at when it was chosen, in ms since the epoch
 */
export function chosenInstant(
  chosen: Readonly<Record<string, unknown>>,
  context: { readonly timeZone: string; readonly at: number },
): string | undefined {
  const { date, time, datetime } = chosen
  const { timeZone, at } = context
  const today = () => new Date(at + tzOffset(timeZone, new Date(at)) * minuteMs).toISOString().slice(0, 10)
  const local =
    typeof datetime === 'string'
      ? datetime
      : typeof date === 'string'
        ? `${date}T00:00`
        : typeof time === 'string' && `${today()}T${time}`
  if (!local || !/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d$/.test(local)) return undefined
  const localMs = Date.parse(`${local.toUpperCase()}Z`)
  return Number.isNaN(localMs) ? undefined : new Date(instantMs(localMs, timeZone)).toISOString()
}
