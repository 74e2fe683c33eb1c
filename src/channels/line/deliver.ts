import { DeliveryError, MediaUnavailable, Stopping } from '../../bridge/errors.ts'
import type { FailureReason, OutboundMessage } from '../../bridge/message.ts'
import type { Delivered, Delivery, PublishedMedia } from '../../bridge/side.ts'
import type { LineClient } from './client.ts'
import { type PushPlan, toLine } from './to-line.ts'

const giveUp = (message: string, reason: FailureReason) => new DeliveryError(message, { do: 'give-up', reason })

/**
 * A message with a file that nobody can have any more is not sent at all, even if it holds a text too: the agent learns
 * of it and can send both again, whereas a half message would look delivered.
 */
const mediaReasons: Readonly<Record<MediaUnavailable['problem'], FailureReason>> = {
  gone: { code: 'general', message: 'The attached file can no longer be fetched. Please attach it again.' },
  not_ready: { code: 'general', message: 'The attached file could not be fetched in time. Please attach it again.' },
  too_large: {
    code: 'media_too_large',
    message: 'The attached file is too large to be sent. Please send a smaller one.',
  },
  forbidden_address: {
    code: 'not_allowed',
    message: 'The attached file lies at an address that must not be fetched. Please attach the file itself.',
  },
}

async function publishAll(message: OutboundMessage, delivery: Delivery): Promise<Map<number, PublishedMedia>> {
  const files = new Map<number, PublishedMedia>()
  for (const [index, content] of message.content.entries()) {
    if (content.kind !== 'media') continue
    try {
      files.set(index, await delivery.publish(content, index))
    } catch (error) {
      if (!(error instanceof MediaUnavailable)) throw error
      throw giveUp(`The file at place ${index} cannot be had (${error.problem}).`, mediaReasons[error.problem])
    }
  }
  return files
}

async function makePlan(message: OutboundMessage, delivery: Delivery): Promise<PushPlan> {
  const plan = toLine(message, await publishAll(message, delivery))
  if (plan.parts.length === 0)
    throw giveUp('The message holds nothing to show.', {
      code: 'invalid_message',
      message: 'The message was empty, so there was nothing to send to the customer.',
    })
  await delivery.savePlan(JSON.stringify(plan))
  return plan
}

/** The agent should know that the customer has read the beginning. */
function afterPart(error: unknown, done: number, all: number): unknown {
  if (!(error instanceof DeliveryError && error.next.do === 'give-up')) return error
  const { reason } = error.next
  const message = `${reason.message} The customer has already received the first ${done} of ${all} parts.`
  return new DeliveryError(error.message, { ...error.next, reason: { ...reason, message } }, error.status)
}

/**
 * Makes the function that delivers one message, push by push. The plan is saved before the first call, because a retry
 * key stands for one exact body: https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
 * A push that has begun is not broken off when the process stops: its time-outs end it soon, and its outcome is then
 * known.
 */
export function createDeliver(parts: { readonly client: LineClient }) {
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
      const delivered = await parts.client.push(part, delivery.permit).catch((error: unknown) => {
        throw done > 0 ? afterPart(error, done, plan.parts.length) : error
      })
      done += 1
      // The end of the message tells of its last part: one thing less to write down. Should that fail, LINE knows the key.
      if (done < plan.parts.length) await delivery.partDone()
      first ??= delivered
    }
    return first ?? { status: 200 }
  }
}
