import type { messagingApi } from '@line/bot-sdk'
import type { OutboundContent, QuickReplies } from '../../../bridge/message.ts'
import { shortened } from '../../../lib/graphemes.ts'
import { maxDisplayText, maxQuickReplies, maxQuickReplyImageBytes, maxQuickReplyLabel } from '../limits.ts'
import type { Offer } from '../outbound/offers.ts'
import type { Scene } from './scene.ts'
import { answerTouch, labelOf, lineAction } from './touch.ts'
import { bullet } from './wording.ts'

type Reply = QuickReplies['replies'][number]

const wholeLabel = ({ label, payload }: Reply): string => labelOf(label, payload)
const shownLabel = (reply: Reply): string => shortened(wholeLabel(reply), maxQuickReplyLabel)

/** What becomes of the quick replies of a message. */
export interface DividedReplies {
  /** As many as LINE shows. */
  readonly offered: readonly Reply[]
  /**
   * The whole labels of all others, to be typed, and, to be understood, of those that were shortened until they look like another one
   * or are too long to be shown whole even when they are touched.
   */
  readonly listed: readonly string[]
}

/** https://developers.line.biz/en/reference/messaging-api/#items-object */
export function dividedReplies(contents: readonly OutboundContent[]): DividedReplies {
  const replies = contents.flatMap((content) => (content.kind === 'quick-replies' ? content.replies : []))
  const offered = replies.slice(0, maxQuickReplies)
  const meanings = new Map<string, Set<string>>()
  for (const reply of offered) {
    const shown = shownLabel(reply)
    meanings.set(shown, (meanings.get(shown) ?? new Set()).add(wholeLabel(reply)))
  }
  const isClear = (reply: Reply) =>
    wholeLabel(reply).length <= maxDisplayText && meanings.get(shownLabel(reply))?.size === 1
  const listed = replies.filter((reply, index) => index >= offered.length || !isClear(reply))
  return { offered, listed: listed.map(wholeLabel) }
}

/** The list of what has no button of its own, below the text that asks for it. */
export const repliesList = (ask: string, listed: readonly string[]): string => [ask, ...listed.map(bullet)].join('\n')

/** https://developers.line.biz/en/reference/messaging-api/#quick-reply */
export const quickReplyItems = (
  offered: readonly Reply[],
  scene: Scene,
  dataOf: (offer: Offer) => string,
): messagingApi.QuickReplyItem[] =>
  offered.map((reply) => {
    const picture = scene.pictureOf(reply.image)
    const icon = picture?.mime === 'image/png' && picture.bytes <= maxQuickReplyImageBytes ? picture.url : undefined
    return {
      type: 'action',
      ...(icon && { imageUrl: icon }),
      action: lineAction(answerTouch('quick-reply', reply), maxQuickReplyLabel, dataOf),
    }
  })
