import { fieldsOf } from '../fields.ts'

/** What Genesys refuses in the bodies of the Open Messaging endpoints. Pure: a body in, the words of a 400 out. */

type Fields = Readonly<Record<string, unknown>>

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** `yyyy-MM-ddTHH:mm:ss[.mmm]Z` */
const isTime = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/.test(value) &&
  !Number.isNaN(Date.parse(value))

const oneOf = (value: unknown, allowed: readonly string[], name: string) =>
  allowed.includes(value as string) ? undefined : `${name} must be one of ${allowed.join(', ')}`

/** Only string values pass; a nested object is refused. https://developer.genesys.cloud/forum/t/set-participant-data-in-open-inbound-message/26014 */
function flatMapProblem(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  const strings = Object.values(fieldsOf(value)).every((one) => typeof one === 'string')
  return typeof value === 'object' && value !== null && !Array.isArray(value) && strings
    ? undefined
    : `${name} must be a map of strings`
}

function channelProblem(body: Fields): string | undefined {
  if (typeof body.channel !== 'object' || body.channel === null) return 'channel is required'
  const channel = fieldsOf(body.channel)
  const from = fieldsOf(channel.from)
  if (!isText(from.id)) return 'channel.from.id is required'
  // Lower case is taken too, as official examples use it.
  const kinds = ['email', 'phone', 'opaque']
  if (!kinds.includes(String(from.idType).toLowerCase())) return 'channel.from.idType must be Email, Phone or Opaque'
  if (!isTime(channel.time)) return 'channel.time must be a date-time in ISO-8601, UTC'
  if (channel.messageId !== undefined && !isText(channel.messageId)) return 'channel.messageId must be a string'
  for (const name of ['nickname', 'firstName', 'lastName', 'email']) {
    if (from[name] !== undefined && typeof from[name] !== 'string') return `channel.from.${name} must be a string`
  }
  return flatMapProblem(fieldsOf(channel.metadata).customAttributes, 'channel.metadata.customAttributes')
}

function contentProblem(content: unknown): string | undefined {
  if (content === undefined) return undefined
  if (!Array.isArray(content)) return 'content must be a list'
  // One attachment a message: https://developer.genesys.cloud/devapps/api-explorer, type OpenMessageContent
  if (content.length > 1) return 'content: only one attachment is allowed'
  for (const item of content) {
    const { attachment } = fieldsOf(item)
    const { mediaType, url, mime } = fieldsOf(attachment)
    if (typeof attachment !== 'object' || attachment === null) return 'content.attachment is required'
    const problem = oneOf(mediaType, ['Image', 'Video', 'Audio', 'File', 'Link'], 'content.attachment.mediaType')
    if (problem) return problem
    if (!isText(url) || !URL.canParse(url) || !/^https?:/.test(url)) return 'content.attachment.url must be a URL'
    if (!isText(mime)) return 'content.attachment.mime is required'
  }
  return undefined
}

/** Endpoint A: a message. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundMessages */
export function messageProblem(body: Fields): string | undefined {
  const problem = channelProblem(body) ?? flatMapProblem(body.metadata, 'metadata')
  if (problem) return problem
  const empty = body.content === undefined || (Array.isArray(body.content) && body.content.length === 0)
  if (body.text === undefined && empty) {
    return 'object has missing required properties (["content"]), object has missing required properties (["text"]): instance failed to match at least one required schema among 2 ("anyOf")'
  }
  if (body.text !== undefined && typeof body.text !== 'string') return 'text must be a string'
  return contentProblem(body.content)
}

/** Endpoint B: typing. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundEventMessages */
export function eventProblem(body: Fields): string | undefined {
  const problem = channelProblem(body)
  if (problem) return problem
  if (!Array.isArray(body.events) || body.events.length === 0) return 'events is required'
  return body.events.every((event) => fieldsOf(event).eventType === 'Typing')
    ? undefined
    : 'events.eventType must be Typing'
}

/** The codes of `ConversationReason`. */
const reasonCodes = [
  'MessageExpired',
  'RateLimited',
  'MessageNotAllowed',
  'GeneralError',
  'UnsupportedMessage',
  'UnknownMessage',
  'InvalidMessageStructure',
  'InvalidDestination',
  'ServerError',
  'MediaTypeNotAllowed',
  'InvalidMediaContentLength',
  'RecipientOptedOut',
  'DataFiltered',
]

/** Endpoint C: a receipt. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundReceiptMessages */
export function receiptProblem(body: Fields): string | undefined {
  const channel = fieldsOf(body.channel)
  if (!isText(body.id)) return 'id is required'
  if (!isText(fieldsOf(channel.to).id)) return 'channel.to.id is required'
  if (!isTime(channel.time)) return 'channel.time must be a date-time in ISO-8601, UTC'
  const problem = oneOf(body.status, ['Sent', 'Delivered', 'Failed', 'Published', 'Removed'], 'status')
  if (problem || body.reasons === undefined) return problem
  if (!Array.isArray(body.reasons)) return 'reasons must be a list'
  if (body.status !== 'Failed' && body.reasons.length > 0) return 'reasons are for status Failed only'
  for (const reason of body.reasons) {
    const { code, message } = fieldsOf(reason)
    const bad = oneOf(code, reasonCodes, 'reasons.code')
    if (bad) return bad
    if (!isText(message)) return 'reasons.message is required'
  }
  return undefined
}

/** Endpoint D: the answer to a structured message. */
export function structuredProblem(body: Fields): string | undefined {
  const problem = channelProblem(body)
  if (problem) return problem
  const { type, text, payload } = fieldsOf(body.buttonResponse)
  const bad = oneOf(type, ['Button', 'QuickReply', 'DatePicker'], 'buttonResponse.type')
  if (bad) return bad
  if (!isText(text)) return 'buttonResponse.text is required'
  if (!isText(payload)) return 'buttonResponse.payload is required'
  return isText(body.originatingMessageId) ? undefined : 'originatingMessageId is required'
}

/** Endpoint L, deprecated: integration and kind of message are in the body. */
export function legacyProblem(body: Fields): string | undefined {
  const bad = oneOf(body.type, ['Text', 'Receipt'], 'type')
  if (bad) return bad
  if (!isText(fieldsOf(fieldsOf(body.channel).to).id)) return 'channel.to.id is required'
  if (body.type === 'Text') return messageProblem(body)
  return isText(body.id) && isText(body.status) ? undefined : 'id and status are required'
}
