import { setTimeout as sleep } from 'node:timers/promises'
import { DeliveryError, MediaUnavailable } from '../bridge/errors.ts'
import type { CompletedMessage, MediaContent } from '../bridge/message.ts'
import type { Delivery } from '../bridge/side.ts'
import type { MediaOutcome } from './payload.ts'

type Publishing = Pick<Delivery, 'publish' | 'attempt'>

async function publishFile(content: MediaContent, { publish }: Publishing): Promise<MediaOutcome> {
  try {
    return await publish(content, 0)
  } catch (error) {
    // The agent must learn that the customer sent something, even where it can never be shown.
    if (error instanceof MediaUnavailable) return { problem: error.problem }
    throw error
  }
}

/** So many attempts are made for the sake of a picture that has words for it: more would only hold up what waits behind it. */
const pictureAttempts = 2

/** Nor is it waited for longer than this: while it is, another conversation may wait for the place. */
const pictureMs = 3_000

const isWorthAnother = ({ next }: DeliveryError, attempt: number): boolean =>
  next.do === 'retry' && attempt < pictureAttempts

/** What comes too late is kept, and erased, as any other file of the message, and shown to nobody. */
async function publishPicture(picture: MediaContent, { publish, attempt }: Publishing) {
  const inTime = new AbortController()
  const tooLate = sleep(pictureMs, undefined, { signal: inTime.signal }).catch(() => undefined)
  try {
    return await Promise.race([publish(picture, 0, 'decoration'), tooLate])
  } catch (error) {
    if (error instanceof MediaUnavailable) return undefined
    if (error instanceof DeliveryError && !isWorthAnother(error, attempt)) return undefined
    throw error
  } finally {
    inTime.abort()
  }
}

/**
 * Copies the one file that a message names, as part 0. Undefined where it names none; resolves to undefined where its words must do.
 * Rejects with a {@link DeliveryError} when it cannot be had now.
 */
export function fileOf(
  { content }: CompletedMessage,
  delivery: Publishing,
): Promise<MediaOutcome | undefined> | undefined {
  if (content.kind === 'media') return publishFile(content, delivery)
  if (content.kind === 'sticker' && content.picture) return publishPicture(content.picture, delivery)
  return undefined
}
