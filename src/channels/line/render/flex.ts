import type { messagingApi } from '@line/bot-sdk'
import { shortened } from '../../../lib/graphemes.ts'
import { maxAltTextUnits, maxBubbleBytes, maxBubbles, maxCarouselBytes } from '../limits.ts'
import type { Offer } from '../outbound/offers.ts'
import type { LineOutgoing } from '../wire.ts'
import { bubbleOf } from './bubble.ts'
import type { Sheet } from './sheet.ts'
import { sheetsSummary, sheetText } from './sheet.ts'
import { textMessages } from './text.ts'

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

const frameBytes = bytesOf({ type: 'carousel', contents: [] } satisfies messagingApi.FlexCarousel)

/** Gives an offer the number by which it is known when it is touched. */
export interface Numbering {
  /** What LINE posts back for the next offer of the message. */
  readonly dataOf: (offer: Offer) => string
  /** As long as any of them can become: for measuring. */
  readonly widest: () => string
}

interface Measured {
  readonly sheet: Sheet
  readonly bytes: number
}

/**
 * A sheet in pieces that fit. One that is too large is halved until only what is too large by itself is left, and that is told in
 * words: so buttons stay buttons, however long the text above them is.
 */
function fitting(sheet: Sheet, measure: (sheet: Sheet) => number): (Measured | string)[] {
  const { blocks, picture, touch } = sheet
  if (!picture && blocks.length === 0) return []
  const bytes = measure(sheet)
  if (bytes <= maxBubbleBytes) return [{ sheet, bytes }]
  const halves = (at: number): (Measured | string)[] => [
    ...fitting({ ...sheet, blocks: blocks.slice(0, at) }, measure),
    ...fitting({ blocks: blocks.slice(at) }, measure),
  ]
  if (blocks.length > 1) return halves(Math.floor(blocks.length / 2))
  if (picture && blocks.length === 1) return halves(0)
  return [sheetText({ blocks, ...(touch && { touch }) })]
}

/**
 * Sheets as Flex messages: one alone as a bubble, several side by side in as few carousels as LINE's limits allow, all in order.
 * https://developers.line.biz/en/reference/messaging-api/#flex-message
 * Flex is used also where one of LINE's templates would do, as those take 60 characters beside a picture, and fewer buttons.
 * @param summary stands for the sheets where they cannot be shown; absent: what they say
 */
export function flexMessages(
  sheets: readonly Sheet[],
  { dataOf, widest }: Numbering,
  summary?: string,
): LineOutgoing[] {
  const data = widest()
  const measure = (sheet: Sheet) => bytesOf(bubbleOf(sheet, 'kilo', () => data))
  const messages: LineOutgoing[] = []
  let group: Measured[] = []
  const flush = () => {
    if (group.length === 0) return
    const shown = group.map(({ sheet }) => sheet)
    group = []
    const bubbles = shown.map((sheet) => bubbleOf(sheet, shown.length === 1 ? 'mega' : 'kilo', dataOf))
    const [first] = bubbles
    messages.push({
      type: 'flex',
      altText: shortened(summary ?? sheetsSummary(shown), maxAltTextUnits, maxAltTextUnits),
      contents: first && bubbles.length === 1 ? first : { type: 'carousel', contents: bubbles },
    })
  }
  for (const piece of sheets.flatMap((sheet) => fitting(sheet, measure))) {
    if (typeof piece === 'string') {
      flush()
      messages.push(...textMessages(piece))
      continue
    }
    // A comma stands before each bubble but the first.
    const bytes = group.reduce((sum, one) => sum + one.bytes + 1, frameBytes + piece.bytes)
    if (group.length === maxBubbles || bytes > maxCarouselBytes) flush()
    group.push(piece)
  }
  flush()
  return messages
}
