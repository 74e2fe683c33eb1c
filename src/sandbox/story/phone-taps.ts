import { tappablesIn } from '../line-platform/tappable.ts'
import type { Json, ShownMessage } from '../platforms.ts'
import { asAddress, asObject, asText, present } from './loose.ts'

/** Something to tap: `href` opens a page, all else is told to the fake LINE by the message's id and the place of the action in it. */
export interface PhoneTapView {
  readonly label: string
  readonly message: string
  readonly place: number
  readonly href?: string
  /** Asks for a date first. Moments as HTML's inputs have them. */
  readonly picker?: {
    readonly mode: 'date' | 'time' | 'datetime'
    readonly initial?: string
    readonly min?: string
    readonly max?: string
  }
}

export interface PhoneQuickReply extends PhoneTapView {
  readonly image?: string
}

/** LINE takes a small `t`, HTML does not. */
const moment = (value: unknown): string | undefined => asText(value)?.toUpperCase()

function pickerOf(action: Json): PhoneTapView['picker'] {
  const { mode } = action
  if (action.type !== 'datetimepicker' || (mode !== 'date' && mode !== 'time' && mode !== 'datetime')) return undefined
  return present({ mode, initial: moment(action.initial), min: moment(action.min), max: moment(action.max) })
}

/** Finds what the actions of one shown message become on the phone. */
export function createTaps(shown: ShownMessage): {
  readonly of: (action: unknown) => PhoneTapView | undefined
  readonly quickReplies: () => PhoneQuickReply[]
} {
  const actions = tappablesIn(shown.message).map((one) => one.action)
  const of = (value: unknown): PhoneTapView | undefined => {
    const action = asObject(value)
    const place = actions.indexOf(action)
    if (place < 0) return undefined
    const label = asText(action.label) ?? asText(action.displayText) ?? asText(action.text) ?? ''
    return present({ label, message: shown.id, place, href: asAddress(action.uri), picker: pickerOf(action) })
  }
  return {
    of,
    // https://developers.line.biz/en/docs/messaging-api/using-quick-reply/
    quickReplies: () => {
      const { items } = asObject(shown.message.quickReply)
      return (Array.isArray(items) ? items : []).flatMap((item) => {
        const tap = of(asObject(item).action)
        return tap ? [present({ ...tap, image: asText(asObject(item).imageUrl) })] : []
      })
    },
  }
}
