import { fieldsOf } from '../fields.ts'
import type { Problems } from './problems.ts'
import { isMoment } from './tappable.ts'

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
const inputOptions = ['closeRichMenu', 'openRichMenu', 'openKeyboard', 'openVoice']
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
      problems.oneOf(action.inputOption, `${property}.inputOption`, inputOptions, false)
      if (action.fillInText !== undefined && action.inputOption !== 'openKeyboard') {
        problems.add(`${property}.fillInText`, 'May be used only with the inputOption openKeyboard')
      }
      if (action.displayText !== undefined && action.text !== undefined) {
        problems.add(`${property}.text`, 'displayText and text may not be used together')
      }
      break
    case 'message':
      words('text', true)
      break
    case 'uri':
      checkAddress(action.uri, `${property}.uri`, problems)
      if (action.altUri !== undefined) {
        checkAddress(fieldsOf(action.altUri).desktop, `${property}.altUri.desktop`, problems)
      }
      break
    case 'datetimepicker':
      words('data', true, 'utf16')
      problems.oneOf(action.mode, `${property}.mode`, ['date', 'time', 'datetime'])
      checkPicker(action, property, problems)
      break
    case 'clipboard':
      problems.text(action.clipboardText, `${property}.clipboardText`, { most: 1000 })
      break
  }
}

/** Percent-encoded, as all addresses. https://developers.line.biz/en/reference/messaging-api/#uri-action */
function checkAddress(value: unknown, property: string, problems: Problems) {
  problems.text(value, property, { most: 1000 })
  if (typeof value === 'string' && !/^(https?|line|tel):[\x21-\x7e]+$/i.test(value)) {
    problems.add(property, 'Invalid action URI')
  }
}

/** https://developers.line.biz/en/reference/messaging-api/#datetime-picker-action: full-date, hour and minute, no time zone. */
function checkPicker(action: Readonly<Record<string, unknown>>, property: string, problems: Problems) {
  for (const name of ['initial', 'max', 'min']) {
    if (action[name] !== undefined && !isMoment(action.mode, action[name])) {
      problems.add(`${property}.${name}`, `Must be a valid ${action.mode}`)
    }
  }
  const { min, max } = action
  if (typeof min === 'string' && typeof max === 'string' && max.toUpperCase() <= min.toUpperCase()) {
    problems.add(`${property}.max`, 'Must be later than min')
  }
}
