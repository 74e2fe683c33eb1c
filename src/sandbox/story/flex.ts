import type { Json } from '../platforms.ts'
import { asList, asObject, asText, present } from './loose.ts'
import type { PhoneTapView } from './phone-taps.ts'

/** Part of a Flex bubble. `look` are classes of the page's `flex.css`, from fixed lists: what a message says never becomes style. */
export type FlexNode = {
  readonly look: readonly string[]
  readonly tap?: PhoneTapView
} & (
  | { readonly type: 'box'; readonly nodes: readonly FlexNode[] }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly url: string }
  | { readonly type: 'button' }
  | { readonly type: 'separator' }
)

/** A card on the phone. */
export interface FlexBubble {
  readonly size: string
  readonly tap?: PhoneTapView
  /** Header, hero, body and footer, as far as they are there. */
  readonly blocks: readonly { readonly name: 'header' | 'hero' | 'body' | 'footer'; readonly node: FlexNode }[]
}

/** Turns an action object into what can be tapped. */
export type TapOf = (action: unknown) => PhoneTapView | undefined

const steps = ['none', 'xxs', 'xs', 'sm', 'md', 'lg', 'xl', 'xxl', '3xl', '4xl', '5xl', 'full']

/** The nearest of LINE's words for so many pixels. */
const wordFor = (pixels: number): string =>
  pixels < 1 ? 'none' : pixels < 4 ? 'xs' : pixels < 7 ? 'sm' : pixels < 11 ? 'md' : pixels < 15 ? 'lg' : 'xl'

/** `m-md` for a margin of `md`. Absent or unknown: nothing. */
function step(prefix: string, value: unknown): string[] {
  const pixels = /^(\d+(?:\.\d+)?)px$/.exec(String(value))?.[1]
  const word = pixels === undefined ? String(value) : wordFor(Number(pixels))
  return steps.includes(word) ? [`${prefix}-${word}`] : []
}

const oneOf = (prefix: string, value: unknown, words: readonly string[]): string[] =>
  words.includes(String(value)) ? [`${prefix}-${value}`] : []

/** Of a colour is kept what it is meant to say: a grey text stands back, a coloured one stands out. */
function tone(colour: unknown): string[] {
  const channels = /^#(..)(..)(..)/
    .exec(String(colour))
    ?.slice(1)
    .map((part) => Number.parseInt(part, 16))
  if (!channels || channels.some(Number.isNaN)) return []
  const [most, least] = [Math.max(...channels), Math.min(...channels)]
  if (most - least >= 40) return ['vivid']
  return least > 0x55 && most < 0xe0 ? ['muted'] : []
}

/** Widths of images in pixels, from `xxs` on. https://developers.line.biz/en/docs/messaging-api/flex-message-elements/#image-size */
const imageWidths = [40, 60, 80, 100, 120, 140, 160, 180, 200, 220]

function imageStep(value: unknown): string[] {
  const pixels = Number(/^(\d+(?:\.\d+)?)px$/.exec(String(value))?.[1])
  if (Number.isNaN(pixels)) return step('g', String(value).endsWith('%') ? 'full' : value)
  const wider = imageWidths.findIndex((width) => width >= pixels)
  return step('g', steps[1 + (wider < 0 ? imageWidths.length - 1 : wider)])
}

const ratios = { '1x1': 1, '4x3': 4 / 3, '3x2': 3 / 2, '20x13': 20 / 13, '16x9': 16 / 9, '2x1': 2, '3x4': 3 / 4 }

/** The nearest of the shapes that the page knows. */
function ratio(value: unknown): string[] {
  const [width = 1, height = 1] = String(value ?? '1:1')
    .split(':')
    .map(Number)
  const distance = (shape: number) => Math.abs(Math.log(width / height / shape))
  const [nearest] = Object.entries(ratios).sort(([, a], [, b]) => distance(a) - distance(b))
  return nearest ? [`r-${nearest[0]}`] : []
}

const flexOf = ({ flex }: Json): string[] => oneOf('f', flex, ['0', '1', '2', '3', '4', '5'])

/** Texts of spans are joined: the page does not tell their looks apart. */
const textOf = (component: Json): string =>
  asText(component.text) ??
  asList(component.contents)
    .map((span) => asText(span.text) ?? '')
    .join('')

function nodeOf(component: Json, tapOf: TapOf): FlexNode | undefined {
  const placed = [...step('m', component.margin), ...flexOf(component)]
  const tap = tapOf(component.action)
  switch (component.type) {
    case 'box': {
      const layout =
        component.layout === 'horizontal' || component.layout === 'baseline' ? component.layout : 'vertical'
      const look = [
        layout,
        ...placed,
        ...step('s', component.spacing),
        ...step('p', component.paddingAll),
        ...oneOf('j', component.justifyContent, ['center', 'flex-end', 'space-between']),
        ...oneOf('i', component.alignItems, ['center', 'flex-end']),
        ...(component.borderWidth || component.backgroundColor ? ['framed'] : []),
      ]
      return present({ type: 'box', look, tap, nodes: nodesOf(component, tapOf) })
    }
    case 'text': {
      const look = [
        ...placed,
        ...step('t', component.size ?? 'md'),
        ...oneOf('w', component.weight, ['bold']),
        ...oneOf('a', component.align, ['center', 'end']),
        ...oneOf('d', component.decoration, ['underline', 'line-through']),
        ...(component.wrap === true ? ['wrap'] : []),
        ...tone(component.color),
      ]
      return present({ type: 'text', look, tap, text: textOf(component) })
    }
    case 'image': {
      const url = asText(component.url)
      if (!url) return undefined
      const fit = component.aspectMode === 'cover' ? ['cover'] : []
      const look = [...placed, ...imageStep(component.size ?? 'md'), ...ratio(component.aspectRatio), ...fit]
      return present({ type: 'image', look, tap, url })
    }
    case 'button': {
      if (!tap) return undefined
      const look = [
        ...placed,
        ...oneOf('b', component.style ?? 'link', ['primary', 'secondary', 'link']),
        ...oneOf('h', component.height, ['sm']),
      ]
      return { type: 'button', look, tap }
    }
    case 'separator':
      return { type: 'separator', look: placed }
    default:
      return undefined
  }
}

const nodesOf = (box: Json, tapOf: TapOf): FlexNode[] => asList(box.contents).flatMap((one) => nodeOf(one, tapOf) ?? [])

const blockNames = ['header', 'hero', 'body', 'footer'] as const
const sizes = ['nano', 'micro', 'deca', 'hecto', 'kilo', 'mega', 'giga']

function bubbleOf(bubble: Json, tapOf: TapOf): FlexBubble {
  const blocks = blockNames.flatMap((name) => {
    const node = nodeOf(asObject(bubble[name]), tapOf)
    return node ? [{ name, node }] : []
  })
  const size = sizes.includes(String(bubble.size)) ? String(bubble.size) : 'mega'
  return present({ size, tap: tapOf(bubble.action), blocks })
}

/** The cards of a Flex message. https://developers.line.biz/en/reference/messaging-api/#flex-message */
export function flexBubbles(message: Json, tapOf: TapOf): FlexBubble[] {
  const contents = asObject(message.contents)
  const bubbles = contents.type === 'carousel' ? asList(contents.contents) : [contents]
  return bubbles.map((bubble) => bubbleOf(bubble, tapOf))
}

const text = (words: unknown, ...look: string[]): FlexNode[] =>
  asText(words) === undefined ? [] : [{ type: 'text', look: ['wrap', ...look], text: String(words) }]

const buttons = (actions: unknown, tapOf: TapOf): FlexNode[] =>
  (Array.isArray(actions) ? actions : []).flatMap((action) => {
    const tap = tapOf(action)
    return tap ? [{ type: 'button' as const, look: ['b-link', 'h-sm'], tap }] : []
  })

const box = (nodes: readonly FlexNode[], ...look: string[]): FlexNode => ({ type: 'box', look, nodes })

/** A panel of a template looks like a bubble with a picture, words and links for buttons. */
function panelOf(panel: Json, template: Json, tapOf: TapOf): FlexBubble {
  const image = asText(panel.thumbnailImageUrl)
  const shape = ratio(template.imageAspectRatio === 'square' ? '1:1' : '151:100')
  const fit = template.imageSize === 'contain' ? [] : ['cover']
  const taps = buttons(panel.actions, tapOf)
  return present({
    size: 'kilo',
    tap: tapOf(panel.defaultAction),
    blocks: [
      ...(image
        ? [{ name: 'hero' as const, node: { type: 'image' as const, look: ['g-full', ...shape, ...fit], url: image } }]
        : []),
      {
        name: 'body' as const,
        node: box([...text(panel.title, 't-lg', 'w-bold'), ...text(panel.text, 't-sm')], 'vertical', 's-xs'),
      },
      ...(taps.length > 0 ? [{ name: 'footer' as const, node: box(taps, 'vertical', 'lined') }] : []),
    ],
  })
}

/** The cards of a template message. https://developers.line.biz/en/reference/messaging-api/#template-messages */
export function templateBubbles(message: Json, tapOf: TapOf): FlexBubble[] {
  const template = asObject(message.template)
  switch (template.type) {
    case 'carousel':
      return asList(template.columns).map((column) => panelOf(column, template, tapOf))
    case 'image_carousel':
      return asList(template.columns).map((column): FlexBubble => {
        const tap = tapOf(column.action)
        const image: FlexNode = {
          type: 'image',
          look: ['g-full', 'r-1x1', 'cover'],
          url: asText(column.imageUrl) ?? '',
        }
        const footer =
          tap && tap.label !== ''
            ? [{ name: 'footer' as const, node: box(buttons([column.action], tapOf), 'vertical') }]
            : []
        return present({ size: 'micro', tap, blocks: [{ name: 'hero', node: image }, ...footer] })
      })
    case 'confirm':
      return [
        {
          size: 'kilo',
          blocks: [
            { name: 'body', node: box(text(template.text, 't-sm'), 'vertical') },
            { name: 'footer', node: box(buttons(template.actions, tapOf), 'horizontal', 'lined') },
          ],
        },
      ]
    default:
      return [panelOf(template, template, tapOf)]
  }
}
