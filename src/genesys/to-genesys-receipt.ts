import type { FailureCode, Receipt } from '../bridge/message.ts'
import type { GenesysLegacyReceipt, GenesysReasonCode, GenesysReceipt } from './wire.ts'

const reasonCodes: Readonly<Record<FailureCode, GenesysReasonCode>> = {
  expired: 'MessageExpired',
  rate_limited: 'RateLimited',
  not_allowed: 'MessageNotAllowed',
  invalid_destination: 'InvalidDestination',
  invalid_message: 'InvalidMessageStructure',
  opted_out: 'RecipientOptedOut',
  media_type_not_allowed: 'MediaTypeNotAllowed',
  media_too_large: 'InvalidMediaContentLength',
  server_error: 'ServerError',
  unsupported: 'UnsupportedMessage',
  not_shown: 'GeneralError',
  general: 'GeneralError',
}

function outcome({ status, reason }: Receipt): Pick<GenesysReceipt, 'status' | 'reasons' | 'isFinalReceipt'> {
  if (status === 'delivered') return { status: 'Delivered', isFinalReceipt: true }
  const { code, message } = reason ?? { code: 'general', message: 'The message could not be delivered.' }
  return { status: 'Failed', reasons: [{ code: reasonCodes[code], message }], isFinalReceipt: true }
}

/**
 * A receipt → the body for `…/{integrationId}/inbound/open/receipt`; `to` is the customer, as in the message that it is
 * about. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundReceiptMessages
 */
export function toReceipt(receipt: Receipt): GenesysReceipt {
  return {
    id: receipt.id,
    channel: { to: { id: receipt.conversation.user }, time: new Date(receipt.at).toISOString() },
    ...outcome(receipt),
  }
}

/** The same for the deprecated endpoint. */
export function toLegacyReceipt(receipt: Receipt, integrationId: string): GenesysLegacyReceipt {
  return {
    id: receipt.id,
    channel: {
      platform: 'Open',
      type: 'Private',
      to: { id: receipt.conversation.user },
      from: { id: integrationId, idType: 'Opaque' },
      time: new Date(receipt.at).toISOString(),
    },
    type: 'Receipt',
    direction: 'Outbound',
    ...outcome(receipt),
  }
}
