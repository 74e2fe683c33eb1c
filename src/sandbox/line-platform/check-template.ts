import { fieldsOf } from '../fields.ts'
import { checkAction } from './check-action.ts'
import type { Problems } from './problems.ts'

/** Checks a template as LINE does. https://developers.line.biz/en/reference/messaging-api/#template-messages */
export function checkTemplate(value: unknown, property: string, problems: Problems): void {
  const template = fieldsOf(value)
  problems.oneOf(template.type, `${property}.type`, ['buttons', 'confirm', 'carousel', 'image_carousel'])
  problems.oneOf(template.imageAspectRatio, `${property}.imageAspectRatio`, ['rectangle', 'square'], false)
  problems.oneOf(template.imageSize, `${property}.imageSize`, ['cover', 'contain'], false)
  switch (template.type) {
    case 'buttons':
      checkPanel(template, property, { text: 160, textWithMore: 60, actions: { least: 1, most: 4 } }, problems)
      break
    case 'confirm':
      problems.text(template.text, `${property}.text`, { most: 240, unit: 'graphemes' })
      checkActions(template.actions, `${property}.actions`, { least: 2, most: 2 }, problems)
      break
    case 'carousel':
      checkCarousel(template, property, problems)
      break
    case 'image_carousel':
      problems.list(template.columns, `${property}.columns`, { least: 1, most: 10 }).forEach((column, index) => {
        const at = `${property}.columns[${index}]`
        problems.mediaUrl(fieldsOf(column).imageUrl, `${at}.imageUrl`)
        checkAction(fieldsOf(column).action, `${at}.action`, 'image_carousel', problems)
      })
      break
  }
}

interface PanelLimits {
  readonly text: number
  /** When an image or a title is there too. */
  readonly textWithMore: number
  readonly actions: { readonly least: number; readonly most: number }
}

type Fields = Readonly<Record<string, unknown>>

function checkPanel(panel: Fields, property: string, limits: PanelLimits, problems: Problems): void {
  const more = panel.thumbnailImageUrl !== undefined || panel.title !== undefined
  const most = more ? limits.textWithMore : limits.text
  problems.text(panel.text, `${property}.text`, { most, unit: 'graphemes' })
  problems.text(panel.title, `${property}.title`, { most: 40, unit: 'graphemes', required: false })
  problems.mediaUrl(panel.thumbnailImageUrl, `${property}.thumbnailImageUrl`, false)
  checkActions(panel.actions, `${property}.actions`, limits.actions, problems)
  if (panel.defaultAction !== undefined) {
    checkAction(panel.defaultAction, `${property}.defaultAction`, 'default', problems)
  }
}

function checkCarousel(template: Fields, property: string, problems: Problems): void {
  const columns = problems.list(template.columns, `${property}.columns`, { least: 1, most: 10 }).map(fieldsOf)
  columns.forEach((column, index) => {
    const limits = { text: 120, textWithMore: 60, actions: { least: 1, most: 3 } }
    checkPanel(column, `${property}.columns[${index}]`, limits, problems)
  })
  const same = (of: (column: Fields) => unknown, what: string) => {
    if (new Set(columns.map(of)).size > 1)
      problems.add(`${property}.columns`, `${what} must be the same in all columns`)
  }
  same((column) => (Array.isArray(column.actions) ? column.actions.length : 0), 'The number of actions')
  same((column) => column.thumbnailImageUrl !== undefined, 'The presence of thumbnailImageUrl')
  same((column) => column.title !== undefined, 'The presence of title')
}

function checkActions(value: unknown, property: string, limits: PanelLimits['actions'], problems: Problems): void {
  problems.list(value, property, limits).forEach((action, index) => {
    checkAction(action, `${property}[${index}]`, 'template', problems)
  })
}
