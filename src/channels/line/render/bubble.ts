import type { messagingApi } from '@line/bot-sdk'
import { shortened } from '../../../lib/graphemes.ts'
import { maxFlexLabel } from '../limits.ts'
import type { Offer } from '../outbound/offers.ts'
import type { Block, Sheet, Touch } from './sheet.ts'
import { lineAction } from './touch.ts'

type Component = messagingApi.FlexComponent
type DataOf = (offer: Offer) => string

const grey = '#8C8C8C'
const linkBlue = '#42659A'

const fonts: Readonly<Record<Extract<Block, { kind: 'words' }>['as'], Omit<messagingApi.FlexText, 'type' | 'text'>>> = {
  title: { size: 'lg', weight: 'bold' },
  heading: { weight: 'bold', margin: 'lg' },
  body: {},
  note: { size: 'xs', color: grey },
}

/** A button shows one line, so a label that may not fit on it stands in a box of its own, whole. */
function button(touch: Touch, dataOf: DataOf): Component {
  const action = lineAction(touch, maxFlexLabel, dataOf)
  if (shortened(touch.label, maxFlexLabel) === touch.label)
    return { type: 'button', style: 'link', height: 'sm', adjustMode: 'shrink-to-fit', action }
  return {
    type: 'box',
    layout: 'vertical',
    paddingAll: 'md',
    action,
    contents: [{ type: 'text', text: touch.label, wrap: true, align: 'center', color: linkBlue }],
  }
}

function row(block: Extract<Block, { kind: 'row' }>, dataOf: DataOf): Component {
  const { title, subtitle, picture, touch } = block
  const words: Component[] = [{ type: 'text', text: title, wrap: true, color: linkBlue }]
  if (subtitle) words.push({ type: 'text', text: subtitle, wrap: true, size: 'sm', color: grey })
  const image: Component[] = picture
    ? [{ type: 'image', url: picture, flex: 0, size: '48px', aspectRatio: '1:1', aspectMode: 'cover' }]
    : []
  return {
    type: 'box',
    layout: 'horizontal',
    spacing: 'md',
    margin: 'md',
    action: lineAction(touch, maxFlexLabel, dataOf),
    contents: [...image, { type: 'box', layout: 'vertical', contents: words }],
  }
}

function component(block: Block, dataOf: DataOf): Component {
  switch (block.kind) {
    case 'words':
      return { type: 'text', text: block.text, wrap: true, ...fonts[block.as] }
    case 'row':
      return row(block, dataOf)
    case 'button':
      return button(block.touch, dataOf)
  }
}

const box = (contents: Component[]): messagingApi.FlexBox => ({
  type: 'box',
  layout: 'vertical',
  spacing: 'sm',
  contents,
})

/**
 * A sheet as a bubble: its picture, its words and rows, its buttons. https://developers.line.biz/en/reference/messaging-api/#bubble
 * @param size one for all bubbles of a carousel, as LINE refuses it otherwise
 * @param dataOf gives an offer its place in the message: asked once for each, from top to bottom
 */
export function bubbleOf(sheet: Sheet, size: 'mega' | 'kilo', dataOf: DataOf): messagingApi.FlexBubble {
  const { picture, touch, blocks } = sheet
  const body = blocks.filter(({ kind }) => kind !== 'button').map((block) => component(block, dataOf))
  const footer = blocks.filter(({ kind }) => kind === 'button').map((block) => component(block, dataOf))
  return {
    type: 'bubble',
    size,
    ...(picture && { hero: { type: 'image', url: picture, size: 'full', aspectRatio: '20:13', aspectMode: 'cover' } }),
    ...(body.length > 0 && { body: box(body) }),
    ...(footer.length > 0 && { footer: box(footer) }),
    ...(touch && { action: lineAction(touch, maxFlexLabel, dataOf) }),
  }
}
