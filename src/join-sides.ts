import { MediaUnavailable } from './bridge/errors.ts'
import type { Direction, InboundMessage, MediaContent, OutboundMessage, Receipt } from './bridge/message.ts'
import type { Channel, ContactCentre, Delivery, MediaOrigin, PublishedMedia } from './bridge/side.ts'
import { maxMediaBytes, type Publisher } from './media/publish.ts'
import type { Budget, QueuedDelivery, Route } from './queue/index.ts'

/** The three ways of one channel. */
export interface ChannelRoutes {
  readonly inbound: Route<InboundMessage>
  readonly outbound: Route<OutboundMessage>
  readonly receipts: Route<Receipt>
}

/** Which files an operator wants to be carried. */
export interface AttachmentRules {
  readonly fromCustomer: boolean
  readonly fromAgent: boolean
  readonly maxBytes?: number
}

/**
 * Joins a channel and its contact centre: what the one hears the other delivers. Knows neither of them by name.
 * @param parts.receipts which endings of outbound messages the contact centre wants to hear of
 */
export function joinSides(parts: {
  readonly name: string
  readonly channel: Channel
  readonly centre: ContactCentre
  readonly publisher: Publisher
  readonly channelBudget: Budget
  readonly centreBudget: Budget
  readonly receipts: 'all' | 'failures'
  readonly attachments: AttachmentRules
}): ChannelRoutes {
  const { name, channel, centre, publisher, channelBudget, centreBudget, receipts, attachments } = parts
  const wanted = { inbound: attachments.fromCustomer, outbound: attachments.fromAgent }

  /** Files lie with the side that heard of them; their copies are kept for as long as the direction asks. */
  function withFiles(
    delivery: QueuedDelivery,
    direction: Direction,
    { id, conversation }: Pick<Receipt, 'id' | 'conversation'>,
    origin: MediaOrigin,
  ): Delivery {
    const { receivedAt, signal } = delivery
    const about = { channel: name, user: conversation.user, direction, messageId: id, receivedAt, origin, signal }
    const publish = (content: MediaContent, part: number) => publisher.publish({ ...about, part, content })
    return {
      ...delivery,
      publish: (content, part, use = 'attachment') =>
        use === 'decoration' ? publish(content, part) : publishWanted(content, part),
    }

    async function publishWanted(content: MediaContent, part: number): Promise<PublishedMedia> {
      const { maxBytes } = attachments
      if (!wanted[direction]) throw new MediaUnavailable('refused', 'files of this direction are switched off')
      // What the platforms cannot take is told otherwise, also where the operator would take more.
      if (maxBytes === undefined || maxBytes >= maxMediaBytes[direction]) return publish(content, part)
      try {
        return await publisher.publish({ ...about, part, content, maxBytes })
      } catch (error) {
        if (error instanceof MediaUnavailable && error.problem === 'too_large')
          throw new MediaUnavailable('refused', error.message)
        throw error
      }
    }
  }

  return {
    inbound: {
      channel: name,
      flow: 'inbound',
      budget: centreBudget,
      urgency: () => 0,
      prepare: channel.prepare,
      deliver: async (message, delivery) =>
        centre.deliver(await channel.complete(message), withFiles(delivery, 'inbound', message, channel.media)),
    },
    outbound: {
      channel: name,
      flow: 'outbound',
      budget: channelBudget,
      urgency: () => 0,
      deliver: (message, delivery) => channel.deliver(message, withFiles(delivery, 'outbound', message, centre.media)),
      receipt: ({ id, conversation }, { at, reason }) => {
        if (reason) return { id, conversation, at, status: 'failed', reason }
        return receipts === 'all' ? { id, conversation, at, status: 'delivered' } : undefined
      },
    },
    receipts: {
      channel: name,
      flow: 'receipts',
      budget: centreBudget,
      urgency: ({ status }) => (status === 'failed' ? 1 : 2),
      deliver: (receipt, delivery) => centre.report(receipt, withFiles(delivery, 'outbound', receipt, centre.media)),
    },
  }
}
