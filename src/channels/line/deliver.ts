import { DeliveryError, Stopping } from '../../bridge/errors.ts'
import type { FailureReason, OutboundMessage } from '../../bridge/message.ts'
import type { Quotes } from '../../bridge/quotes.ts'
import type { Delivered, Delivery } from '../../bridge/side.ts'
import type { LineClient } from './client.ts'
import { publishFiles } from './outbound/files.ts'
import type { Look } from './outbound/look.ts'
import type { Offers } from './outbound/offers.ts'
import { type PushPlan, toLine } from './to-line.ts'
import type { LineOutgoing } from './wire.ts'

const giveUp = (message: string, reason: FailureReason) => new DeliveryError(message, { do: 'give-up', reason })

/** The agent should know that the customer has read the beginning. */
function afterPart(error: unknown, done: number, all: number): unknown {
  if (!(error instanceof DeliveryError && error.next.do === 'give-up')) return error
  const { reason } = error.next
  const message = `${reason.message} The customer has already received the first ${done} of ${all} parts.`
  return new DeliveryError(error.message, { ...error.next, reason: { ...reason, message } }, error.status)
}

/** What can be quoted of a message: its text, or the words that stand for it. */
function quotable(message: LineOutgoing): string | undefined {
  if (message.type === 'text') return message.text
  return 'altText' in message ? message.altText : undefined
}

/**
 * Makes the function that delivers one message, push by push. The plan is saved before the first call, because a retry
 * key stands for one exact body: https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
 * A push that has begun is not broken off when the process stops: its time-outs end it soon, and its outcome is then
 * known.
 * @param parts.onDelivered told when LINE has taken the whole message; must not throw
 */
export function createDeliver(parts: {
  readonly client: Pick<LineClient, 'push'>
  readonly offers: Pick<Offers, 'save'>
  readonly quotes: Pick<Quotes, 'keep'>
  readonly look: Look
  readonly onDelivered: (message: OutboundMessage) => void
}) {
  const { client, offers, quotes, look, onDelivered } = parts

  async function makePlan(message: OutboundMessage, delivery: Delivery): Promise<PushPlan> {
    const { plan, offers: made } = toLine(message, await publishFiles(message, delivery), look)
    if (plan.parts.length === 0)
      throw giveUp('The message holds nothing to show.', {
        code: 'invalid_message',
        message: 'The message was empty, so there was nothing to send to the customer.',
      })
    if (made.length > 0)
      await offers.save(message, made).catch(() => {
        throw new DeliveryError('What the message offers could not be saved.', { do: 'retry', mayHaveArrived: false })
      })
    await delivery.savePlan(JSON.stringify(plan))
    return plan
  }

  function keepForQuotes(message: OutboundMessage, pushed: readonly LineOutgoing[], ids: readonly string[]): void {
    // Without an id for each, nobody knows which is whose.
    if (ids.length !== pushed.length) return
    for (const [index, id] of ids.entries()) {
      const text = pushed[index] && quotable(pushed[index])
      if (text !== undefined) quotes.keep(message.conversation, id, text)
    }
  }

  return async (message: OutboundMessage, delivery: Delivery): Promise<Delivered> => {
    // LINE answers 200 for a customer who blocked the account:
    // https://developers.line.biz/en/reference/messaging-api/#send-push-message
    if (delivery.blocked)
      throw giveUp('The customer has blocked the account.', {
        code: 'opted_out',
        message: 'The customer has blocked this LINE account and cannot be reached there until they unblock it.',
      })
    const plan: PushPlan =
      delivery.plan === undefined ? await makePlan(message, delivery) : (JSON.parse(delivery.plan) as PushPlan)
    let first: Delivered | undefined
    let done = delivery.partsDone
    for (const part of plan.parts.slice(delivery.partsDone)) {
      if (delivery.signal.aborted) throw new Stopping('The process stops.')
      await delivery.permit()
      const { sentIds, ...delivered } = await client.push(part, delivery.permit).catch((error: unknown) => {
        throw done > 0 ? afterPart(error, done, plan.parts.length) : error
      })
      done += 1
      keepForQuotes(message, part.request.messages, sentIds)
      // The end of the message tells of its last part: one thing less to write down. Should that fail, LINE knows the key.
      if (done < plan.parts.length) await delivery.partDone()
      first ??= delivered
    }
    onDelivered(message)
    return first ?? { status: 200 }
  }
}
