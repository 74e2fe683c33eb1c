import type { Answer, CompletedMessage, OfferKind } from '../bridge/message.ts'
import { type MediaOutcome, payloadOf } from './payload.ts'
import type {
  GenesysInboundChannel,
  GenesysInboundMessage,
  GenesysLegacyMessage,
  GenesysStructuredResponse,
} from './wire.ts'

/** What Genesys is told about the channel with every message, so that flows can route by it. */
export interface ChannelFacts {
  /** The configured name. */
  readonly name: string
  readonly market: string
  readonly brand: string
  /** BCP 47; used when the customer's own language is not known, and for what the bridge itself says to agents. */
  readonly language?: string | undefined
  readonly attributes?: Readonly<Record<string, string>> | undefined
}

function inboundChannel(message: CompletedMessage, channel: ChannelFacts): GenesysInboundChannel {
  const { customer } = message
  const language = customer?.language || channel.language
  return {
    from: {
      id: message.conversation.user,
      idType: 'Opaque',
      ...(customer?.name && { nickname: customer.name }),
    },
    messageId: message.id,
    time: new Date(message.at).toISOString(),
    metadata: {
      // Flows route by the channel's own, so no message can change those.
      customAttributes: {
        ...message.attributes,
        market: channel.market,
        brand: channel.brand,
        channel: channel.name,
        ...(language && { language }),
        ...channel.attributes,
      },
    },
  }
}

/**
 * A customer's message → the body for `…/{integrationId}/inbound/open/message`, an answer too: its label is the text. Genesys
 * takes one attachment a message. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundMessages
 * @param media what became of the file, or of a sticker's picture
 */
export function toGenesys(
  message: CompletedMessage,
  channel: ChannelFacts,
  media?: MediaOutcome,
): GenesysInboundMessage {
  const { text, attachment } = payloadOf(message, channel.language, media)
  return {
    channel: inboundChannel(message, channel),
    ...(text !== undefined && { text }),
    ...(attachment && { content: [{ attachment }] }),
  }
}

/**
 * The same for the deprecated `…/messages/inbound/open`, whose body names the integration and the kinds of everything.
 */
export function toLegacyGenesys(
  message: CompletedMessage,
  channel: ChannelFacts,
  integrationId: string,
  media?: MediaOutcome,
): GenesysLegacyMessage {
  const { text, attachment } = payloadOf(message, channel.language, media)
  return {
    channel: {
      platform: 'Open',
      type: 'Private',
      to: { id: integrationId },
      ...inboundChannel(message, channel),
    },
    type: 'Text',
    direction: 'Inbound',
    ...(text !== undefined && { text }),
    ...(attachment && { content: [{ contentType: 'Attachment', attachment }] }),
  }
}

const responseTypes: Readonly<Record<OfferKind, GenesysStructuredResponse['buttonResponse']['type']>> = {
  button: 'Button',
  'quick-reply': 'QuickReply',
  date: 'DatePicker',
}

/**
 * What a customer touched → the body for `…/{integrationId}/inbound/open/structured/response`. The label stays as it was offered,
 * also in a group: flows compare it. Label and payload must be there, and one stands in for the other.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundStructuredResponseMessages
 */
export function toStructuredResponse(
  message: CompletedMessage,
  answer: Answer,
  channel: ChannelFacts,
): GenesysStructuredResponse {
  const { what, label, payload, to } = answer
  return {
    channel: inboundChannel(message, channel),
    buttonResponse: { type: responseTypes[what], text: label || payload, payload: payload || label },
    originatingMessageId: to,
  }
}
