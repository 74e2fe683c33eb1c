import type { OutboundContent } from '../../bridge/message.ts'
import { asList, asNumber, asObject, asText } from '../../lib/loose.ts'
import { answerAction, openAction, type ReadAction, sorted } from './actions.ts'
import { openable, phoneAddress } from './addresses.ts'
import { attachmentContent } from './attachments.ts'
import { filled, lines, type Words } from './words.ts'

type Loose = Readonly<Record<string, unknown>>

/** A button, whose `type` is `QuickReply`, `Url` or `PhoneNumber`; one of another type does what its members allow. */
function templateButton(button: Loose, words: Words): ReadAction {
  const label = words(filled(button.text, button.parameters))
  const url = filled(button.url, button.parameters)
  const number = asText(button.phoneNumber)
  const kind = button.type ?? (url ? 'Url' : number ? 'PhoneNumber' : 'QuickReply')
  if (kind === 'Url') return openAction(label, openable(url), url)
  if (kind === 'PhoneNumber') return openAction(label, phoneAddress(number) ?? openable(number), number)
  const answer = answerAction(label, button.payload)
  return answer.action || kind === 'QuickReply' ? answer : openAction(label, openable(url), url ?? number)
}

/** The parts of a template that `told`, the message's own text, does not say: Genesys mostly renders the body there. */
function unsaidParts(template: Loose, told: string, words: Words) {
  const header = asObject(template.header)
  const body = asObject(template.body)
  const saidLines = new Set(told.split('\n').map((line) => line.trim()))
  const unsaid = (part: string | undefined) => (part && saidLines.has(part.trim()) ? undefined : part)
  const rendered = words(filled(body.text, body.parameters))
  return {
    header: unsaid(words(filled(header.text, header.parameters))),
    body: rendered && told.includes(rendered) ? undefined : rendered,
    footer: unsaid(words(asObject(template.footer).text)),
  }
}

/**
 * A prepared message: the file of its header, then its words and buttons. One that has only a body is a text.
 * Shape: `ConversationContentNotificationTemplate` of https://github.com/MyPureCloud/platform-client-sdk-javascript
 */
export function templateContent(value: unknown, told: string, words: Words): OutboundContent[] {
  const template = asObject(value)
  const { header, footer, ...parts } = unsaidParts(template, told, words)
  const buttons = asList(template.buttons)
    .map(asObject)
    .toSorted((one, other) => (asNumber(one.index) ?? 0) - (asNumber(other.index) ?? 0))
  const { actions, words: rest } = sorted(buttons.map((button) => templateButton(button, words)))
  const body = lines(parts.body, ...rest)
  const files = attachmentContent(asObject(template.header).media, words)
  if (header || footer || actions.length > 0)
    return [
      ...files,
      {
        kind: 'template',
        ...(header && { header }),
        ...(body && { body }),
        ...(footer && { footer }),
        actions,
      },
    ]
  return body ? [...files, { kind: 'text', text: body }] : files
}
