import { fieldsOf } from '../fields.ts'
import { checkAction } from './check-action.ts'
import { checkFlex } from './check-flex.ts'
import { checkTemplate } from './check-template.ts'
import { createProblems, type Problem, type Problems } from './problems.ts'

type Fields = Readonly<Record<string, unknown>>
type Check = (message: Fields, property: string, problems: Problems) => void

/** What LINE takes, by `type`. There is no type for documents. https://developers.line.biz/en/reference/messaging-api/#message-objects */
const checks: Readonly<Record<string, Check>> = {
  text: (message, at, problems) => {
    problems.text(message.text, `${at}.text`, { most: 5000 })
    checkEmojis(message, at, problems)
  },
  textV2: (message, at, problems) => problems.text(message.text, `${at}.text`, { most: 5000 }),
  sticker: (message, at, problems) => {
    problems.text(message.packageId, `${at}.packageId`, { most: 20 })
    problems.text(message.stickerId, `${at}.stickerId`, { most: 20 })
  },
  image: (message, at, problems) => {
    problems.mediaUrl(message.originalContentUrl, `${at}.originalContentUrl`)
    problems.mediaUrl(message.previewImageUrl, `${at}.previewImageUrl`)
  },
  video: (message, at, problems) => {
    problems.mediaUrl(message.originalContentUrl, `${at}.originalContentUrl`)
    problems.mediaUrl(message.previewImageUrl, `${at}.previewImageUrl`)
    problems.text(message.trackingId, `${at}.trackingId`, { most: 100, required: false })
  },
  audio: (message, at, problems) => {
    problems.mediaUrl(message.originalContentUrl, `${at}.originalContentUrl`)
    problems.number(message.duration, `${at}.duration`, { least: 1, most: Number.MAX_SAFE_INTEGER })
    if (typeof message.duration === 'number' && !Number.isInteger(message.duration)) {
      problems.add(`${at}.duration`, 'Must be an integer')
    }
  },
  location: (message, at, problems) => {
    problems.text(message.title, `${at}.title`, { most: 100 })
    problems.text(message.address, `${at}.address`, { most: 100 })
    problems.number(message.latitude, `${at}.latitude`, { least: -90, most: 90 })
    problems.number(message.longitude, `${at}.longitude`, { least: -180, most: 180 })
  },
  imagemap: (message, at, problems) => {
    problems.mediaUrl(message.baseUrl, `${at}.baseUrl`)
    problems.text(message.altText, `${at}.altText`, { most: 1500 })
    problems.number(fieldsOf(message.baseSize).width, `${at}.baseSize.width`, { least: 1040, most: 1040 })
    problems.list(message.actions, `${at}.actions`, { least: 0, most: 50 })
  },
  template: (message, at, problems) => {
    problems.text(message.altText, `${at}.altText`, { most: 1500 })
    checkTemplate(message.template, `${at}.template`, problems)
  },
  flex: (message, at, problems) => {
    problems.text(message.altText, `${at}.altText`, { most: 1500 })
    checkFlex(message.contents, `${at}.contents`, problems)
  },
  coupon: (message, at, problems) => problems.text(message.couponId, `${at}.couponId`, { most: 100 }),
}

/** `$` at each index, counted in UTF-16 units. https://developers.line.biz/en/reference/messaging-api/#text-message */
function checkEmojis(message: Fields, at: string, problems: Problems): void {
  if (message.emojis === undefined) return
  problems.list(message.emojis, `${at}.emojis`, { least: 1, most: 20 }).forEach((emoji, index) => {
    const place = fieldsOf(emoji).index
    if (typeof place !== 'number' || String(message.text)[place] !== '$') {
      problems.add(`${at}.emojis[${index}].index`, 'Must point at a $ in the text')
    }
  })
}

/** https://developers.line.biz/en/reference/messaging-api/#quick-reply */
function checkQuickReply(message: Fields, at: string, problems: Problems): void {
  if (message.quickReply === undefined) return
  const property = `${at}.quickReply.items`
  problems.list(fieldsOf(message.quickReply).items, property, { least: 1, most: 13 }).forEach((value, index) => {
    const item = fieldsOf(value)
    problems.oneOf(item.type, `${property}[${index}].type`, ['action'])
    problems.mediaUrl(item.imageUrl, `${property}[${index}].imageUrl`, false)
    checkAction(item.action, `${property}[${index}].action`, 'quick_reply', problems)
  })
}

/** https://developers.line.biz/en/reference/messaging-api/#icon-nickname-switch */
function checkSender(message: Fields, at: string, problems: Problems): void {
  if (message.sender === undefined) return
  const sender = fieldsOf(message.sender)
  problems.text(sender.name, `${at}.sender.name`, { most: 20, required: false })
  problems.mediaUrl(sender.iconUrl, `${at}.sender.iconUrl`, false)
  if (/\bLINE\b/i.test(String(sender.name ?? '')))
    problems.add(`${at}.sender.name`, 'Contains a word that is not allowed')
}

/** All that LINE would refuse in a `messages` list; empty when it is good. */
export function checkMessages(value: unknown): readonly Problem[] {
  const problems = createProblems()
  problems.list(value, 'messages', { least: 1, most: 5 }).forEach((one, index) => {
    const message = fieldsOf(one)
    const at = `messages[${index}]`
    problems.oneOf(message.type, `${at}.type`, Object.keys(checks))
    checks[String(message.type)]?.(message, at, problems)
    checkQuickReply(message, at, problems)
    checkSender(message, at, problems)
  })
  return problems.found
}
