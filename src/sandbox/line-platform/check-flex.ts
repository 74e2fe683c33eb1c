import { fieldsOf } from '../fields.ts'
import { checkAction } from './check-action.ts'
import { checkComponent } from './check-component.ts'
import type { Problems } from './problems.ts'

const bubbleMaxBytes = 30 * 1024
const carouselMaxBytes = 50 * 1024

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '')

const unknownFields = (value: unknown, property: string, known: readonly string[], problems: Problems): void => {
  for (const name of Object.keys(fieldsOf(value))) {
    if (!known.includes(name)) problems.add(`${property}.${name}`, 'unknown field')
  }
}

/** Checks a Flex container as LINE does. https://developers.line.biz/en/reference/messaging-api/#flex-message */
export function checkFlex(value: unknown, property: string, problems: Problems): void {
  const container = fieldsOf(value)
  problems.oneOf(container.type, `${property}.type`, ['bubble', 'carousel'])
  if (container.type === 'bubble') checkBubble(value, property, problems, { isAlone: true })
  if (container.type !== 'carousel') return
  unknownFields(value, property, ['type', 'contents'], problems)
  if (bytesOf(value) > carouselMaxBytes) problems.add(property, 'The size of the carousel is too large')
  const bubbles = problems.list(container.contents, `${property}.contents`, { least: 1, most: 12 })
  bubbles.forEach((bubble, index) => {
    problems.oneOf(fieldsOf(bubble).type, `${property}.contents[${index}].type`, ['bubble'])
    checkBubble(bubble, `${property}.contents[${index}]`, problems, { isAlone: false })
  })
  if (new Set(bubbles.map((bubble) => fieldsOf(bubble).size ?? 'mega')).size > 1) {
    problems.add(`${property}.contents`, 'All bubbles must have the same size')
  }
}

const blocks = ['header', 'hero', 'body', 'footer'] as const
const sizes = ['nano', 'micro', 'deca', 'hecto', 'kilo', 'mega', 'giga']

function checkBubble(value: unknown, property: string, problems: Problems, { isAlone }: { isAlone: boolean }): void {
  const bubble = fieldsOf(value)
  if (bytesOf(value) > bubbleMaxBytes) problems.add(property, 'The size of the bubble is too large')
  unknownFields(value, property, ['type', 'size', 'direction', 'styles', 'action', ...blocks], problems)
  problems.oneOf(bubble.size, `${property}.size`, sizes, false)
  problems.oneOf(bubble.direction, `${property}.direction`, ['ltr', 'rtl'], false)
  if (blocks.every((block) => bubble[block] === undefined)) problems.add(property, 'At least one block is required')
  for (const block of blocks) {
    if (bubble[block] === undefined) continue
    // A film plays only at the head of a large bubble that stands alone.
    const film = isAlone && ['kilo', 'mega', 'giga'].includes(String(bubble.size ?? 'mega')) ? ['video'] : []
    const allowed = block === 'hero' ? ['box', 'image', ...film] : ['box']
    checkComponent(bubble[block], `${property}.${block}`, problems, allowed)
  }
  checkStyles(bubble.styles, `${property}.styles`, problems)
  if (bubble.action !== undefined) checkAction(bubble.action, `${property}.action`, 'flex', problems)
}

/** https://developers.line.biz/en/reference/messaging-api/#bubble-style */
function checkStyles(value: unknown, property: string, problems: Problems): void {
  unknownFields(value, property, blocks, problems)
  for (const [block, style] of Object.entries(fieldsOf(value))) {
    unknownFields(style, `${property}.${block}`, ['backgroundColor', 'separator', 'separatorColor'], problems)
  }
}
