import type { ListPicker } from '../../../bridge/message.ts'
import { pictureUrl, type Scene, type Shown } from './scene.ts'
import { type Block, type Sheet, wordsBlock } from './sheet.ts'
import { answerTouch, labelOf } from './touch.ts'
import { oneLine, paragraphs } from './wording.ts'

/** More would not fit on the screen of a phone. */
const rowsPerSheet = 10

type Item = ListPicker['sections'][number]['items'][number]

function itemRow({ id, title, subtitle, image }: Item, scene: Scene): Block {
  const [under, picture] = [paragraphs(subtitle), pictureUrl(scene.pictureOf(image))]
  return {
    kind: 'row',
    title: labelOf(title, id),
    ...(under && { subtitle: under }),
    ...(picture && { picture }),
    touch: answerTouch('button', { label: title, payload: id }),
  }
}

/** Each section under its heading, each item to be touched. A section that goes on in the next bubble has its heading there again. */
export function listPickerShown(list: ListPicker, scene: Scene): Shown[] {
  const picture = pictureUrl(scene.pictureOf(list.image))
  const pages: Block[][] = []
  let page: Block[] = [...wordsBlock('title', oneLine(list.title)), ...wordsBlock('body', paragraphs(list.subtitle))]
  let rows = 0
  for (const { title, items } of list.sections) {
    const heading = wordsBlock('heading', oneLine(title))
    let headed = false
    for (const item of items) {
      if (rows === rowsPerSheet) {
        pages.push(page)
        page = []
        rows = 0
        headed = false
      }
      if (!headed) page.push(...heading)
      headed = true
      page.push(itemRow(item, scene))
      rows += 1
    }
    if (items.length === 0) page.push(...heading)
  }
  pages.push(page)
  const sheets = pages.map((blocks, index): Sheet => ({ ...(index === 0 && picture && { picture }), blocks }))
  return [{ as: 'sheets', sheets }]
}
