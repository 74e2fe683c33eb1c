import { fieldsOf } from '../fields.ts'
import type { Problems } from './problems.ts'

/** Where an action stands; decides its label and which types it may have. */
export type ActionPlace =
  | 'template'
  | 'image_carousel'
  | 'quick_reply'
  | 'flex_button'
  | 'flex'
  | 'imagemap'
  | 'default'

const everywhere = ['postback', 'message', 'uri', 'datetimepicker', 'clipboard']
const quickReplyOnly = ['camera', 'cameraRoll', 'location']

/** https://developers.line.biz/en/reference/messaging-api/#action-objects */
const labels: Readonly<Record<ActionPlace, { readonly most: number; readonly required: boolean }>> = {
  template: { most: 20, required: true },
  image_carousel: { most: 12, required: false },
  quick_reply: { most: 20, required: true },
  flex_button: { most: 40, required: true },
  flex: { most: 40, required: false },
  imagemap: { most: 100, required: false },
  default: { most: 20, required: false },
}

/** Checks an action object as LINE does. https://developers.line.biz/en/reference/messaging-api/#action-objects */
export function checkAction(value: unknown, property: string, place: ActionPlace, problems: Problems): void {
  const action = fieldsOf(value)
  const types = place === 'quick_reply' ? [...everywhere, ...quickReplyOnly] : everywhere
  problems.oneOf(action.type, `${property}.type`, types)
  problems.text(action.label, `${property}.label`, { ...labels[place], unit: 'graphemes' })
  const words = (name: string, required: boolean, unit: 'utf16' | 'graphemes' = 'graphemes') =>
    problems.text(action[name], `${property}.${name}`, { most: 300, unit, required })
  switch (action.type) {
    case 'postback':
      words('data', true, 'utf16')
      words('displayText', false)
      words('text', false)
      words('fillInText', false)
      if (action.displayText !== undefined && action.text !== undefined) {
        problems.add(`${property}.text`, 'displayText and text may not be used together')
      }
      break
    case 'message':
      words('text', true)
      break
    case 'uri':
      problems.text(action.uri, `${property}.uri`, { most: 1000 })
      if (typeof action.uri === 'string' && !/^(https?|line|tel):/i.test(action.uri)) {
        problems.add(`${property}.uri`, 'Invalid action URI')
      }
      break
    case 'datetimepicker':
      words('data', true, 'utf16')
      problems.oneOf(action.mode, `${property}.mode`, ['date', 'time', 'datetime'])
      for (const name of ['initial', 'max', 'min']) checkMoment(action, name, property, problems)
      break
    case 'clipboard':
      problems.text(action.clipboardText, `${property}.clipboardText`, { most: 1000 })
      break
  }
}

const moments: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  time: /^\d{2}:\d{2}$/,
  datetime: /^\d{4}-\d{2}-\d{2}[tT]\d{2}:\d{2}$/,
}

/** https://developers.line.biz/en/reference/messaging-api/#datetime-picker-action: full-date, hour and minute, no time zone. */
function checkMoment(action: Readonly<Record<string, unknown>>, name: string, property: string, problems: Problems) {
  const value = action[name]
  const form = moments[String(action.mode)]
  if (value === undefined || form === undefined) return
  const day = typeof value === 'string' && action.mode !== 'time' ? value.slice(0, 10) : undefined
  const inRange = day === undefined || (day >= '1900-01-01' && day <= '2100-12-31')
  if (typeof value !== 'string' || !form.test(value) || !inRange) {
    problems.add(`${property}.${name}`, `Must be a valid ${action.mode}`)
  }
}
