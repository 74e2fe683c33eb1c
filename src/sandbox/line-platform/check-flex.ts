import { fieldsOf } from '../fields.ts'
import { checkAction } from './check-action.ts'
import type { Problems } from './problems.ts'

const bubbleMaxBytes = 30 * 1024
const carouselMaxBytes = 50 * 1024

/** Checks a Flex container as LINE does. https://developers.line.biz/en/reference/messaging-api/#flex-message */
export function checkFlex(value: unknown, property: string, problems: Problems): void {
  const container = fieldsOf(value)
  problems.oneOf(container.type, `${property}.type`, ['bubble', 'carousel'])
  if (container.type === 'bubble') checkBubble(value, property, problems)
  if (container.type !== 'carousel') return
  if (Buffer.byteLength(JSON.stringify(value)) > carouselMaxBytes) {
    problems.add(property, 'The size of the carousel is too large')
  }
  const bubbles = problems.list(container.contents, `${property}.contents`, { least: 1, most: 12 })
  bubbles.forEach((bubble, index) => {
    problems.oneOf(fieldsOf(bubble).type, `${property}.contents[${index}].type`, ['bubble'])
    checkBubble(bubble, `${property}.contents[${index}]`, problems)
  })
  if (new Set(bubbles.map((bubble) => fieldsOf(bubble).size ?? 'mega')).size > 1) {
    problems.add(`${property}.contents`, 'All bubbles must have the same size')
  }
}

function checkBubble(value: unknown, property: string, problems: Problems): void {
  const bubble = fieldsOf(value)
  if (Buffer.byteLength(JSON.stringify(value) ?? '') > bubbleMaxBytes) {
    problems.add(property, 'The size of the bubble is too large')
  }
  const sizes = ['nano', 'micro', 'deca', 'hecto', 'kilo', 'mega', 'giga']
  problems.oneOf(bubble.size, `${property}.size`, sizes, false)
  for (const block of ['header', 'body', 'footer']) {
    if (bubble[block] === undefined) continue
    problems.oneOf(fieldsOf(bubble[block]).type, `${property}.${block}.type`, ['box'])
    checkComponent(bubble[block], `${property}.${block}`, problems)
  }
  if (bubble.hero !== undefined) {
    problems.oneOf(fieldsOf(bubble.hero).type, `${property}.hero.type`, ['box', 'image', 'video'])
    checkComponent(bubble.hero, `${property}.hero`, problems)
  }
  if (bubble.action !== undefined) checkAction(bubble.action, `${property}.action`, 'flex', problems)
}

const components = ['box', 'button', 'image', 'video', 'icon', 'text', 'span', 'separator', 'filler']

function checkComponent(value: unknown, property: string, problems: Problems): void {
  const component = fieldsOf(value)
  problems.oneOf(component.type, `${property}.type`, components)
  switch (component.type) {
    case 'box':
      problems.oneOf(component.layout, `${property}.layout`, ['horizontal', 'vertical', 'baseline'])
      problems
        .list(component.contents, `${property}.contents`, { least: 0, most: Number.POSITIVE_INFINITY })
        .forEach((one, index) => {
          checkComponent(one, `${property}.contents[${index}]`, problems)
        })
      break
    case 'button':
      checkAction(component.action, `${property}.action`, 'flex_button', problems)
      return
    case 'image':
    case 'icon':
      problems.mediaUrl(component.url, `${property}.url`)
      break
    case 'video':
      problems.mediaUrl(component.url, `${property}.url`)
      problems.mediaUrl(component.previewUrl, `${property}.previewUrl`)
      checkComponent(component.altContent, `${property}.altContent`, problems)
      break
    case 'text':
      // A text of spans needs no text of its own.
      if (!Array.isArray(component.contents)) {
        problems.text(component.text, `${property}.text`, { most: Number.POSITIVE_INFINITY })
      }
      break
  }
  if (component.action !== undefined) checkAction(component.action, `${property}.action`, 'flex', problems)
}
