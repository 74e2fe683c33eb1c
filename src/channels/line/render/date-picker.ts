import type { DatePicker } from '../../../bridge/message.ts'
import { maxBubbles } from '../limits.ts'
import { buttonsOf } from './cards.ts'
import { pictureUrl, type Scene, type Shown } from './scene.ts'
import { type Block, type Sheet, type Touch, wordsBlock } from './sheet.ts'
import { isTime, localMinute, timeTeller } from './times.ts'
import { bullet, oneLine, paragraphs } from './wording.ts'

/** More would not fit on the screen of a phone. */
const timesPerSheet = 10

/** LINE wants the last minute to be after the first one, and refuses the message otherwise. */
function pickTouch({ earliest, latest }: DatePicker, { timeZone, words }: Scene): Touch {
  const min = earliest !== undefined && isTime(earliest) ? localMinute(earliest, timeZone) : undefined
  const max = latest !== undefined && isTime(latest) ? localMinute(latest, timeZone) : undefined
  return {
    do: 'pick',
    label: words.chooseTime,
    // What stands for a choice is only known when it is made.
    offer: { what: 'date', label: words.chooseTime, payload: '' },
    ...(min && { min }),
    ...(max && !(min && max <= min) && { max }),
  }
}

/** The times offered as buttons, or, where there are none, a button that opens LINE's own picker. */
export function datePickerShown(picker: DatePicker, scene: Scene): Shown[] {
  const picture = pictureUrl(scene.pictureOf(picker.image))
  const title = oneLine(picker.title)
  const words: Block[] = [
    ...wordsBlock('title', title),
    ...wordsBlock('body', paragraphs(picker.subtitle)),
    ...wordsBlock('note', paragraphs(picker.place)),
  ]
  const first = (blocks: readonly Block[]): Sheet => ({ ...(picture && { picture }), blocks })
  const times = picker.times.filter(({ at }) => isTime(at))
  if (times.length === 0)
    return [{ as: 'sheets', sheets: [first([...words, ...buttonsOf([pickTouch(picker, scene)])])] }]

  const tell = timeTeller(scene)
  const most = timesPerSheet * maxBubbles
  const touches = times.slice(0, most).map((time): Touch => {
    const instant = new Date(time.at).toISOString()
    return { do: 'answer', label: tell(time), offer: { what: 'date', label: instant, payload: instant } }
  })
  const heading = words.length > 0 ? words : wordsBlock('title', scene.words.chooseTime)
  const sheets: Sheet[] = []
  for (let from = 0; from < touches.length; from += timesPerSheet) {
    const buttons = buttonsOf(touches.slice(from, from + timesPerSheet))
    sheets.push(
      from === 0
        ? first([...heading, ...buttons])
        : { blocks: [...wordsBlock('title', title || scene.words.chooseTime), ...buttons] },
    )
  }
  const rest = times.slice(most).map((time) => bullet(tell(time)))
  return [{ as: 'sheets', sheets }, ...(rest.length > 0 ? [{ as: 'text' as const, text: rest.join('\n') }] : [])]
}
