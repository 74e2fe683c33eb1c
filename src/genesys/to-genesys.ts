import type { MediaProblem } from '../bridge/errors.ts'
import type { Customer, FailureCode, InboundMessage, MediaKind, Receipt } from '../bridge/message.ts'
import type { PublishedMedia } from '../bridge/side.ts'
import { maxAttachmentBytes } from './limits.ts'
import type {
  GenesysAttachment,
  GenesysInboundChannel,
  GenesysInboundMessage,
  GenesysLegacyMessage,
  GenesysLegacyReceipt,
  GenesysReasonCode,
  GenesysReceipt,
} from './wire.ts'

/** What Genesys is told about the channel with every message, so that flows can route by it. */
export interface ChannelFacts {
  /** The configured name. */
  readonly name: string
  readonly market: string
  readonly brand: string
  /** BCP 47; used when the customer's own language is not known. */
  readonly language?: string | undefined
  readonly attributes?: Readonly<Record<string, string>> | undefined
}

/** A customer's message and who wrote it. */
export type CustomerMessage = InboundMessage & { readonly customer?: Customer }

/** What became of the file of a media message: our link to it, or why there is none. */
export type MediaOutcome = PublishedMedia | { readonly problem: MediaProblem }

const mediaTypes: Readonly<Record<MediaKind, GenesysAttachment['mediaType']>> = {
  image: 'Image',
  video: 'Video',
  audio: 'Audio',
  file: 'File',
}

const problems: Readonly<Record<MediaProblem, string>> = {
  gone: 'is no longer available',
  not_ready: 'could not be had in time',
  too_large: 'is too large to be carried',
  forbidden_address: 'could not be fetched',
}

/** Sizes as people say them, never rounded down to the limit that they exceed. */
const megabytes = (bytes: number): string => `${(Math.ceil(bytes / 100_000) / 10).toFixed(1)} MB`

/** As map links want it: never with an exponent. */
const decimal = (degrees: number): string =>
  Math.abs(degrees) < 1e-6 ? degrees.toFixed(7).replace(/\.?0+$/, '') : String(degrees)

type Payload =
  | { readonly text: string; readonly attachment?: never }
  | { readonly attachment: GenesysAttachment; readonly text?: never }

function mediaPayload(message: CustomerMessage, kind: MediaKind, media: MediaOutcome | undefined): Payload {
  const what = `${message.platform} ${kind}`
  if (!media || 'problem' in media) return { text: `[The ${what} ${problems[media?.problem ?? 'gone']}]` }
  const { url, mime, fileName: filename, bytes } = media
  if (bytes > maxAttachmentBytes)
    return { text: `[The ${what} is too large to be shown here: ${filename}, ${megabytes(bytes)}]\n${url}` }
  return { attachment: { mediaType: mediaTypes[kind], url, mime, filename } }
}

function payload(message: CustomerMessage, media: MediaOutcome | undefined): Payload {
  const { content, platform } = message
  switch (content.kind) {
    case 'text':
      return { text: content.text }
    case 'sticker':
      return { text: `[${platform} STICKER: ${content.label}]` }
    case 'location': {
      // https://developers.google.com/maps/documentation/urls/get-started
      const map = `https://www.google.com/maps/search/?api=1&query=${decimal(content.latitude)},${decimal(content.longitude)}`
      return { text: [content.title, content.address, map].filter(Boolean).join('\n') }
    }
    case 'unsupported':
      return { text: `[Unsupported ${platform} message: ${content.what}]` }
    case 'media':
      return mediaPayload(message, content.media, media)
  }
}

function inboundChannel(message: CustomerMessage, channel: ChannelFacts): GenesysInboundChannel {
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
      customAttributes: {
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
 * A customer's message → the body for `…/{integrationId}/inbound/open/message`. An attachment stands alone: Genesys
 * takes one a message. https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundMessages
 * @param media what became of the file, for media messages only
 */
export function toGenesys(
  message: CustomerMessage,
  channel: ChannelFacts,
  media?: MediaOutcome,
): GenesysInboundMessage {
  const { text, attachment } = payload(message, media)
  return { channel: inboundChannel(message, channel), ...(attachment ? { content: [{ attachment }] } : { text }) }
}

/**
 * The same for the deprecated `…/messages/inbound/open`, whose body names the integration and the kinds of everything.
 */
export function toLegacyGenesys(
  message: CustomerMessage,
  channel: ChannelFacts,
  integrationId: string,
  media?: MediaOutcome,
): GenesysLegacyMessage {
  const { text, attachment } = payload(message, media)
  return {
    channel: {
      platform: 'Open',
      type: 'Private',
      to: { id: integrationId },
      ...inboundChannel(message, channel),
    },
    type: 'Text',
    direction: 'Inbound',
    ...(attachment ? { content: [{ contentType: 'Attachment', attachment }] } : { text }),
  }
}

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
