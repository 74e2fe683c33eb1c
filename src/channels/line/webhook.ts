import { WebhookRejected } from '../../bridge/errors.ts'
import type { InboundMessage } from '../../bridge/message.ts'
import { type Heard, parsedBody, type VerifiedBody, verifiedBody, type Webhook } from '../../bridge/side.ts'
import { signatureMatches } from '../../lib/hmac.ts'
import { asNumber, asObject, isObject } from '../../lib/loose.ts'
import { fromLine } from './from-line.ts'
import type { LineEvent } from './wire.ts'

/** https://developers.line.biz/en/reference/messaging-api/#request-body */
function eventsIn(body: VerifiedBody): readonly unknown[] {
  const { events } = asObject(parsedBody(body))
  if (!Array.isArray(events)) throw new WebhookRejected('bad_body', 'The body is not an object with a list of events.')
  return events
}

const timeOf = (event: unknown): number | undefined => asNumber(asObject(event).timestamp)

/** Sorts the events that tell their time among the places that they hold; an event without a time keeps its place. */
function inOrderOfTime(events: readonly unknown[]): unknown[] {
  const timed = events.flatMap((event) => {
    const at = timeOf(event)
    return at === undefined ? [] : [{ at, event }]
  })
  const sorted = timed.sort((a, b) => a.at - b.at).values()
  return events.map((event) => (timeOf(event) === undefined ? event : sorted.next().value?.event))
}

/**
 * LINE's webhook of one channel. Signature: base64 of HMAC-SHA256 over the raw bytes,
 * https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
 * The console's check sends no events and is signed like any other request.
 * @param settings.secrets every secret that may have signed, while one is being changed
 */
export function createLineWebhook(settings: {
  readonly channel: string
  readonly secrets: readonly string[]
}): Webhook<InboundMessage> {
  return {
    verify: (request) =>
      verifiedBody(request, ({ headers, body }) =>
        signatureMatches({ header: headers['x-line-signature'], bytes: body, secrets: settings.secrets }),
      ),
    read(body) {
      const receivedAt = Date.now()
      return inOrderOfTime(eventsIn(body)).map(
        (event): Heard<InboundMessage> =>
          isObject(event)
            ? fromLine(event as LineEvent, { channel: settings.channel, receivedAt })
            : { kind: 'ignored', reason: 'not_an_event' },
      )
    },
  }
}
