import { WebhookRejected } from '../../bridge/errors.ts'
import type { InboundMessage } from '../../bridge/message.ts'
import { type Heard, parsedBody, type VerifiedBody, verifiedBody, type Webhook } from '../../bridge/side.ts'
import { signatureMatches } from '../../lib/hmac.ts'
import { asObject, isObject } from '../../lib/loose.ts'
import type { LineSettings } from './config.ts'
import { fromLine, type HearingSettings } from './from-line.ts'
import { inOrder } from './inbound/event-order.ts'
import type { LineEvent } from './wire.ts'

/** https://developers.line.biz/en/reference/messaging-api/#request-body */
function eventsIn(body: VerifiedBody): readonly unknown[] {
  const { events } = asObject(parsedBody(body))
  if (!Array.isArray(events)) throw new WebhookRejected('bad_body', 'The body is not an object with a list of events.')
  return events
}

/**
 * LINE's webhook of one channel. Signature: base64 of HMAC-SHA256 over the raw bytes,
 * https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
 * The console's check sends no events and is signed like any other request.
 * @param parts.settings.channelSecret every secret that may have signed, while one is being changed
 * @param parts.timeZone IANA: in which customers choose times
 */
export function createLineWebhook(parts: {
  readonly channel: string
  readonly settings: HearingSettings & Pick<LineSettings, 'channelSecret'>
  readonly timeZone: string
}): Webhook<InboundMessage> {
  const { channel, settings, timeZone } = parts
  return {
    verify: (request) =>
      verifiedBody(request, ({ headers, body }) =>
        signatureMatches({ header: headers['x-line-signature'], bytes: body, secrets: settings.channelSecret }),
      ),
    read(body) {
      const context = { channel, settings, timeZone, receivedAt: Date.now() }
      return inOrder(eventsIn(body)).map(
        (event): Heard<InboundMessage> =>
          isObject(event) ? fromLine(event as LineEvent, context) : { kind: 'ignored', reason: 'not_an_event' },
      )
    },
  }
}
