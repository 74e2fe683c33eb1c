import type { FailureReason, OutboundContent, OutboundMessage } from '../../../bridge/message.ts'
import { maxVideoBytes } from '../limits.ts'

/** LINE's own ids have 33 characters, those of module channels 68: https://developers.line.biz/en/docs/messaging-api/getting-user-ids/ */
const maxIdUnits = 100

const isBlank = (content: OutboundContent): boolean => content.kind === 'text' && content.text.trim() === ''

/** LINE fetches nothing larger, and what it does not show as such is not kept for a link either. */
const isTooLarge = (content: OutboundContent): boolean =>
  content.kind === 'media' && content.bytes !== undefined && content.bytes > maxVideoBytes

/**
 * Why a message can certainly not be sent, as far as it shows by itself, so that the agent learns of it before anything is stored. Pure.
 * Undefined says nothing: LINE may still refuse the message.
 */
export function refuses({ conversation: { user }, content }: OutboundMessage): FailureReason | undefined {
  if (user === '' || user.length > maxIdUnits || /\s/.test(user))
    return {
      code: 'invalid_destination',
      message: 'This is not the id of a LINE customer, so nothing can be sent to it. Reach the customer another way.',
    }
  if (content.every(isBlank))
    return {
      code: 'invalid_message',
      message: 'The message was empty, so there was nothing to send to the customer. Please write something.',
    }
  if (content.some(isTooLarge))
    return {
      code: 'media_too_large',
      message: 'The attached file is too large for LINE, which takes up to 200 MB. Please send a smaller one.',
    }
  return undefined
}
