import type { Cache } from '../../../bridge/cache.ts'
import { DeliveryError } from '../../../bridge/errors.ts'
import type { Conversation } from '../../../bridge/message.ts'
import type { Logger } from '../../../lib/logger.ts'
import { readTokenKey } from '../cache-keys.ts'
import type { LineClient } from '../client.ts'

/** A token that LINE refuses as such is of no use to the next answer either. */
const isSettled = (error: unknown): boolean => error instanceof DeliveryError && error.next.do === 'give-up'

/**
 * Makes the function that tells LINE, once an agent has answered, that the customer's messages were read: the token of the latest
 * one marks all before it too. https://developers.line.biz/en/reference/messaging-api/#mark-as-read
 * Nobody waits for it, and it never throws: what is not marked now is marked with the next answer.
 */
export function createReadMarks(parts: {
  readonly client: Pick<LineClient, 'markAsRead'>
  readonly cache: Cache
  readonly logger: Logger
}): (conversation: Conversation) => void {
  const { client, cache, logger } = parts

  async function mark(conversation: Conversation): Promise<void> {
    const key = readTokenKey(conversation)
    const token = await cache.get(key)
    if (token === undefined) return
    try {
      await client.markAsRead(token)
    } catch (error) {
      if (!isSettled(error)) throw error
      logger.debug({ channel: conversation.channel }, 'read_mark.refused')
    }
    // The customer may have written again meanwhile, and nobody has read that.
    if ((await cache.get(key)) === token) await cache.forget(key)
  }

  return (conversation) =>
    void mark(conversation).catch(() => logger.debug({ channel: conversation.channel }, 'read_mark.failed'))
}
