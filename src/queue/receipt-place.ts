import type { Receipt } from '../bridge/message.ts'
import type { Codec } from './envelope.ts'
import { laneEntry, type Place } from './lanes.ts'
import { queueName, safeId } from './names.ts'
import { writeItem } from './payload.ts'

/** Where a receipt waits, and what waits there. */
export type ReceiptPlace = Place & { readonly entry: string }

/**
 * The receipts of one message have a lane of their own, because a replay makes a further one; each has an id of its own, which
 * begins with what makes it urgent. Its age is its message's, whose trace it ends.
 * @param receivedAt when its message was received, in ms since the epoch
 */
export function receiptPlace(receipt: Receipt, codec: Codec, receivedAt: number): ReceiptPlace {
  const user = safeId(receipt.id)
  const id = `${receipt.status}.${user}.${receipt.at}`
  const entry = laneEntry(id, receivedAt, writeItem(codec, receipt, { id, user, receivedAt }))
  return { queue: queueName(receipt.conversation.channel, 'receipts'), user, id, entry }
}
