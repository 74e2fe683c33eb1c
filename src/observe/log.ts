import type { Emit, MessageIds } from '../bridge/events.ts'
import type { Logger } from '../lib/logger.ts'

/**
 * Writes one line for each event: the event's type as the constant message, everything else as fields.
 * Ids, outcomes and durations only: an event holds no texts, names or secrets, so neither does the line.
 * Success is info, what will be tried again is a warning, what needs a person is an error.
 */
export function createLogListener(parts: { readonly logger: Logger }): Emit {
  const { logger } = parts
  /** What is told for those who look closely would cost as much as what is told to all. */
  const tellsAll = logger.isLevelEnabled('debug')

  return (event) => {
    switch (event.type) {
      case 'webhook.answered': {
        const { channel, source, status } = event
        // Taken ones are told by `message.received`; a line for each would double the log.
        const level = status >= 200 && status < 300 ? 'debug' : 'warn'
        logger[level]({ channel, source, status }, 'webhook.answered')
        break
      }
      case 'message.received':
        logger.info(
          event.lateMs === undefined ? about(event) : { ...about(event), late: true, lateMs: event.lateMs },
          'message.received',
        )
        break
      case 'message.duplicate':
        logger.info(about(event), 'message.duplicate')
        break
      case 'message.ignored':
        // Who writes is typing all the time.
        logger[event.reason === 'typing' ? 'debug' : 'info'](
          { channel: event.channel, direction: event.flow, reason: event.reason, what: event.what },
          'message.ignored',
        )
        break
      case 'delivery.attempted': {
        const { flow, attempt, outcome, status, durationMs, sinceReceivedMs, retryInMs, error } = event
        // That the contact centre took a receipt is no news of the message.
        const level = outcome !== 'delivered' ? 'warn' : flow === 'receipts' ? 'debug' : 'info'
        if (level === 'debug' && !tellsAll) break
        logger[level](
          { ...about(event), attempt, outcome, status, durationMs, sinceReceivedMs, retryInMs, error },
          'delivery.attempted',
        )
        break
      }
      case 'message.delivered':
        // The attempt that has just been told says all of it.
        if (!tellsAll) break
        logger.debug({ ...about(event), sinceReceivedMs: event.sinceReceivedMs }, 'message.delivered')
        break
      case 'message.failed':
        logger.error({ ...about(event), code: event.code, reason: event.reason }, 'message.failed')
        break
      case 'alert.raised':
        logger.error({ kind: event.kind, channel: event.channel, detail: event.detail }, 'alert.raised')
        break
      case 'operator.acted': {
        const { type, ...acted } = event
        logger.info(acted, type)
        break
      }
    }
  }
}

/** The fields by which lines of one message are found; `undefined` ones are left out by the logger. */
function about(event: { readonly channel: string; readonly flow: string; readonly ids: MessageIds }) {
  const { message, user, event: eventId, conversation, remote } = event.ids
  return {
    channel: event.channel,
    direction: event.flow,
    messageId: message,
    userId: user,
    eventId,
    conversationId: conversation,
    remoteId: remote,
  }
}
