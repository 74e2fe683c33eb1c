import { fieldsOf } from '../fields.ts'
import type { Json } from '../platforms.ts'

/** Something in a message that can be tapped. */
export interface Tappable {
  /** An action object: https://developers.line.biz/en/reference/messaging-api/#action-objects */
  readonly action: Json
  readonly isQuickReply: boolean
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** All actions of a message object as it was pushed, always in the same order; their places are what taps are told by. */
export function tappablesIn(message: Json): Tappable[] {
  const inside = (value: unknown, isQuickReply: boolean): Tappable[] => {
    if (Array.isArray(value)) return value.flatMap((one) => inside(one, isQuickReply))
    if (!isObject(value)) return []
    return Object.entries(value).flatMap(([key, inner]) => {
      if (key === 'action' || key === 'defaultAction') return isObject(inner) ? [{ action: inner, isQuickReply }] : []
      if (key === 'actions' && Array.isArray(inner))
        return inner.filter(isObject).map((action) => ({ action, isQuickReply }))
      return inside(inner, isQuickReply || key === 'quickReply')
    })
  }
  return inside(message, false)
}

const pickerForms: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  time: /^\d{2}:\d{2}$/,
  datetime: /^\d{4}-\d{2}-\d{2}[tT]\d{2}:\d{2}$/,
}

/** Is a text such a moment as pickers of this mode have? https://developers.line.biz/en/reference/messaging-api/#datetime-picker-action */
export function isMoment(mode: unknown, value: unknown): value is string {
  if (typeof value !== 'string' || !pickerForms[String(mode)]?.test(value)) return false
  const [day, time] = mode === 'time' ? ['2000-01-01', value] : [value.slice(0, 10), value.slice(11) || '00:00']
  const written = `${day}T${time}`
  const moment = new Date(`${written}Z`)
  // The way back finds the 31st of February.
  if (Number.isNaN(moment.getTime()) || moment.toISOString().slice(0, 16) !== written) return false
  return mode === 'time' || (value.slice(0, 10) >= '1900-01-01' && value.slice(0, 10) <= '2100-12-31')
}

/** What a picker gives: nothing that its action does not allow. @throws {RangeError} */
export function pickedBy(action: Json, chosen: string | undefined): Json {
  const { mode, min, max } = fieldsOf(action)
  if (!isMoment(mode, chosen)) throw new RangeError(`A ${String(mode)} is to be chosen.`)
  const picked = chosen.toUpperCase()
  if (typeof min === 'string' && picked < min.toUpperCase())
    throw new RangeError(`Nothing before ${min} can be chosen.`)
  if (typeof max === 'string' && picked > max.toUpperCase()) throw new RangeError(`Nothing after ${max} can be chosen.`)
  return { [String(mode)]: picked }
}
