import { fieldsOf } from '../fields.ts'
import { checkAction } from './check-action.ts'
import type { Problems } from './problems.ts'

/** Finds what is wrong with the value of a property. */
type Rule = (value: unknown, property: string, problems: Problems) => void

type Rules = Readonly<Record<string, Rule>>

const oneOf =
  (...words: readonly string[]): Rule =>
  (value, property, problems) =>
    problems.oneOf(value, property, words, false)

const like =
  (form: RegExp): Rule =>
  (value, property, problems) => {
    if (typeof value !== 'string' || !form.test(value)) problems.add(property, 'invalid property')
  }

const whole: Rule = (value, property, problems) => {
  if (!Number.isInteger(value) || (value as number) < 0) problems.add(property, 'Must be an integer, 0 or greater')
}
const flag: Rule = (value, property, problems) => {
  if (typeof value !== 'boolean') problems.add(property, 'Must be a boolean')
}
const address: Rule = (value, property, problems) => problems.mediaUrl(value, property)
const words: Rule = (value, property, problems) =>
  problems.text(value, property, { most: Number.POSITIVE_INFINITY, required: false })
const shape: Rule = (value, property, problems) => {
  if (typeof value !== 'object' || value === null) problems.add(property, 'Must be an object')
}
const touch: Rule = (value, property, problems) => checkAction(value, property, 'flex', problems)

/** https://developers.line.biz/en/docs/messaging-api/flex-message-layout/ */
const px = String.raw`\d+(\.\d+)?px`
const space = like(new RegExp(`^(none|xs|sm|md|lg|xl|xxl|${px})$`))
const inset = like(new RegExp(`^(none|xs|sm|md|lg|xl|xxl|-?${px}|-?\\d+(\\.\\d+)?%)$`))
const length = like(new RegExp(`^(${px}|\\d+(\\.\\d+)?%)$`))
const textSize = like(new RegExp(`^(xxs|xs|sm|md|lg|xl|xxl|3xl|4xl|5xl|${px})$`))
const imageSize = like(new RegExp(`^(xxs|xs|sm|md|lg|xl|xxl|3xl|4xl|5xl|full|${px}|\\d+(\\.\\d+)?%)$`))
const border = like(new RegExp(`^(none|light|normal|medium|semi-bold|bold|${px})$`))
const colour = like(/^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$/)

/** `width:height`, the height at most three times the width. */
const ratio: Rule = (value, property, problems) => {
  const [, width, height] = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(String(value)) ?? []
  const good = Number(width) >= 1 && Number(height) >= 1 && Number(height) <= 3 * Number(width)
  if (!good) problems.add(property, 'invalid property')
}

const placed: Rules = {
  margin: space,
  position: oneOf('relative', 'absolute'),
  offsetTop: inset,
  offsetBottom: inset,
  offsetStart: inset,
  offsetEnd: inset,
}
const align = oneOf('start', 'end', 'center')
const gravity = oneOf('top', 'bottom', 'center')

const written: Rules = {
  text: words,
  size: textSize,
  color: colour,
  weight: oneOf('regular', 'bold'),
  style: oneOf('normal', 'italic'),
  decoration: oneOf('none', 'underline', 'line-through'),
}

/** Every property of every component; LINE refuses others. https://developers.line.biz/en/reference/messaging-api/#flex-message */
const properties: Readonly<Record<string, Rules>> = {
  box: {
    ...placed,
    layout: oneOf('horizontal', 'vertical', 'baseline'),
    contents: () => {},
    flex: whole,
    spacing: space,
    backgroundColor: colour,
    background: shape,
    borderColor: colour,
    borderWidth: border,
    cornerRadius: space,
    width: length,
    maxWidth: length,
    height: length,
    maxHeight: length,
    paddingAll: inset,
    paddingTop: inset,
    paddingBottom: inset,
    paddingStart: inset,
    paddingEnd: inset,
    justifyContent: oneOf('center', 'flex-start', 'flex-end', 'space-between', 'space-around', 'space-evenly'),
    alignItems: oneOf('center', 'flex-start', 'flex-end'),
    action: touch,
  },
  button: {
    ...placed,
    action: (value, property, problems) => checkAction(value, property, 'flex_button', problems),
    flex: whole,
    color: colour,
    style: oneOf('primary', 'secondary', 'link'),
    gravity,
    height: oneOf('md', 'sm'),
    adjustMode: oneOf('shrink-to-fit'),
    scaling: flag,
  },
  image: {
    ...placed,
    url: address,
    flex: whole,
    align,
    gravity,
    size: imageSize,
    aspectRatio: ratio,
    aspectMode: oneOf('fit', 'cover'),
    backgroundColor: colour,
    animated: flag,
    action: touch,
  },
  video: { url: address, previewUrl: address, altContent: shape, aspectRatio: ratio, action: touch },
  icon: { ...placed, url: address, size: textSize, aspectRatio: ratio, scaling: flag },
  text: {
    ...placed,
    ...written,
    flex: whole,
    align,
    gravity,
    wrap: flag,
    lineSpacing: like(new RegExp(`^${px}$`)),
    maxLines: whole,
    contents: (value, property, problems) => {
      problems.list(value, property, { least: 1, most: Number.POSITIVE_INFINITY }).forEach((span, index) => {
        checkComponent(span, `${property}[${index}]`, problems, ['span'])
      })
    },
    adjustMode: oneOf('shrink-to-fit'),
    scaling: flag,
    action: touch,
  },
  span: written,
  separator: { margin: space, color: colour },
  filler: { flex: whole },
}

const required: Readonly<Record<string, readonly string[]>> = {
  box: ['layout', 'contents'],
  button: ['action'],
  image: ['url'],
  video: ['url', 'previewUrl', 'altContent'],
  icon: ['url'],
}

const inBaseline = ['icon', 'text', 'filler']
const inOthers = ['box', 'button', 'image', 'text', 'separator', 'filler']

/**
 * Checks a Flex component as LINE does. https://developers.line.biz/en/reference/messaging-api/#flex-message
 * @param allowed the types that may stand in this place
 */
export function checkComponent(
  value: unknown,
  property: string,
  problems: Problems,
  allowed: readonly string[] = inOthers,
): void {
  const component = fieldsOf(value)
  const type = String(component.type)
  problems.oneOf(component.type, `${property}.type`, allowed)
  const rules = properties[type]
  if (!rules) return
  for (const name of required[type] ?? []) {
    if (component[name] === undefined) problems.add(`${property}.${name}`, 'must be specified')
  }
  // A text of spans needs no text of its own.
  if (type === 'text' && component.text === undefined && component.contents === undefined) {
    problems.add(`${property}.text`, 'must be specified')
  }
  for (const [name, one] of Object.entries(component)) {
    if (name === 'type') continue
    const rule = rules[name]
    if (rule) rule(one, `${property}.${name}`, problems)
    else problems.add(`${property}.${name}`, 'unknown field')
  }
  if (type === 'video') checkComponent(component.altContent, `${property}.altContent`, problems, ['box', 'image'])
  if (type !== 'box') return
  const limits = { least: 0, most: Number.POSITIVE_INFINITY }
  problems.list(component.contents, `${property}.contents`, limits).forEach((one, index) => {
    const inside = component.layout === 'baseline' ? inBaseline : inOthers
    checkComponent(one, `${property}.contents[${index}]`, problems, inside)
  })
}
