import { createHash } from 'node:crypto'
import { WebhookRejected } from '../bridge/errors.ts'
import type { OutboundMessage } from '../bridge/message.ts'
import { parsedBody, verifiedBody, type Webhook } from '../bridge/side.ts'
import { signatureMatches } from '../lib/hmac.ts'
import { isObject } from '../lib/loose.ts'
import { fromGenesys } from './from-genesys.ts'
import { type GenesysOutbound, signatureHeader, signaturePrefix } from './wire.ts'

const hasOutline = (value: unknown): value is GenesysOutbound =>
  isObject(value) && isObject(value.channel) && typeof value.type === 'string'

/**
 * The webhook that Genesys calls for agents' and bots' messages. The signature covers the raw bytes; the scheme has
 * neither a time nor a nonce, so repeats are recognised by the message's id.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/validate
 */
export function createGenesysWebhook(settings: {
  readonly channel: string
  readonly integrationId: string
  readonly secrets: readonly string[]
}): Webhook<OutboundMessage> {
  const { channel, integrationId, secrets } = settings
  return {
    verify: (request) =>
      verifiedBody(request, ({ headers, body }) =>
        signatureMatches({ header: headers[signatureHeader], prefix: signaturePrefix, bytes: body, secrets }),
      ),
    read(body) {
      const parsed = parsedBody(body)
      if (!hasOutline(parsed)) throw new WebhookRejected('bad_body', 'The body is not a Genesys message.')
      return [
        fromGenesys(parsed, {
          channel,
          integrationId,
          receivedAt: Date.now(),
          // Without an id of its own a message is known by its bytes, so that Genesys' retries of it are recognised.
          get fallbackId() {
            return `sha256-${createHash('sha256').update(body.bytes).digest('hex')}`
          },
        }),
      ]
    },
  }
}
