import type { messagingApi } from '@line/bot-sdk'
import type { OutboundMessage } from '../../../bridge/message.ts'
import { shortened } from '../../../lib/graphemes.ts'
import { maxSenderNameUnits } from '../limits.ts'
import { oneLine } from '../render/wording.ts'

/** Under which name and picture somebody writes. */
export interface SenderLook {
  readonly name?: string | undefined
  /** A square PNG of at most 1 MB. */
  readonly iconUrl?: string | undefined
}

/** How a channel's messages look to its customers. */
export interface Look {
  /** BCP 47; absent: English. */
  readonly language?: string | undefined
  /** IANA: times are told in it, and asked for in it. */
  readonly timeZone: string
  /** By author; whoever is absent writes as the account itself. */
  readonly sender?: { readonly human?: SenderLook | undefined; readonly bot?: SenderLook | undefined } | undefined
}

/**
 * Who a message seems to come from; undefined for the account itself.
 * https://developers.line.biz/en/reference/messaging-api/#icon-nickname-switch
 */
export function senderOf({ author }: OutboundMessage, look: Look): messagingApi.Sender | undefined {
  const { name, iconUrl } = (author && look.sender?.[author]) ?? {}
  const shownName = shortened(oneLine(name), maxSenderNameUnits, maxSenderNameUnits)
  if (!shownName && !iconUrl) return undefined
  return { ...(shownName && { name: shownName }), ...(iconUrl && { iconUrl }) }
}
