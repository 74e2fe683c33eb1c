import { hmacSha256 } from '../../lib/hmac.ts'
import type { Json } from '../platforms.ts'
import type { GenesysIntegration } from './cloud.ts'

/** `X-Hub-Signature-256`: base64, not hex. https://developer.genesys.cloud/commdigital/digital/openmessaging/validate */
export const genesysSignature = (webhookSecret: string, body: string | Buffer): string =>
  `sha256=${hmacSha256(webhookSecret, body).toString('base64')}`

/**
 * A webhook body with every usual key. https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages
 * @param made.fields what the kind of message adds: `type`, `text`, `content`, `events` …; a value of undefined leaves a key out
 */
export function envelope(made: {
  readonly id: string
  readonly integration: GenesysIntegration
  readonly userId: string
  readonly at: number
  readonly conversationId: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, unknown>>
}): Json {
  const { id, integration, attributes = {} } = made
  const body: Record<string, unknown> = {
    id,
    channel: {
      id: integration.id,
      platform: 'Open',
      type: 'Private',
      messageId: id,
      to: { id: made.userId, idType: 'Opaque' },
      from: { nickname: integration.name, id: integration.id, idType: 'Opaque' },
      time: new Date(made.at).toISOString(),
      ...(Object.keys(attributes).length === 0 ? {} : { metadata: { customAttributes: attributes } }),
    },
    direction: 'Outbound',
    conversationId: made.conversationId,
    ...made.fields,
  }
  for (const [key, value] of Object.entries(body)) if (value === undefined) delete body[key]
  return body
}
