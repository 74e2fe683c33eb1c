import { createHash, createHmac } from 'node:crypto'

/**
 * The traffic of all figures: signed webhooks of one event each, with a text of 25 characters that tells their place in the order.
 * Pure: the same number always gives the same bytes.
 */

/** Secrets and ids of the measured channel; the bridge's configuration and the bare references use them too. */
export const account = {
  channel: 'retail_thailand',
  channelSecret: '0123456789abcdef0123456789abcdef',
  accessToken: 'bench-access-token',
  clientId: 'bench-client',
  clientSecret: 'bench-client-secret',
  integrationId: '5f0c1c1e-0000-4000-8000-000000000001',
  webhookSecret: 'bench-genesys-webhook-secret',
} as const

/** Which platform posts the webhooks. */
export type Source = 'line' | 'genesys'

const hex = (kind: string, number: number): string => createHash('md5').update(`${kind} ${number}`).digest('hex')

/** A LINE user id. */
export const userId = (number: number): string => `U${hex('user', number)}`

const uuid = (kind: string, number: number): string =>
  hex(kind, number).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')

/** 25 characters, in which {@link orderOf} finds the number again. */
export const textOf = (number: number): string => `Where is my order ${String(number).padStart(7, '0')}`

/** The inverse of {@link textOf}. */
export const orderOf = (text: string): number => Number(text.slice(-7))

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** As LINE's event ids: 26 characters of a ULID, the first ten of which tell the time. */
const ulid = (number: number, at: number): string => {
  const time = Array.from({ length: 10 }, (_, place) => crockford[Math.floor(at / 32 ** (9 - place)) % 32])
  return [...time, ...[...Buffer.from(hex('event', number), 'hex')].map((byte) => crockford[byte % 32])].join('')
}

/** https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects */
const lineBody = (number: number, users: number, at: number) => ({
  destination: userId(-1),
  events: [
    {
      type: 'message',
      message: {
        type: 'text',
        id: `5841${String(number).padStart(14, '0')}`,
        quoteToken: hex('quote', number).repeat(2),
        markAsReadToken: hex('read', number).repeat(2),
        text: textOf(number),
      },
      webhookEventId: ulid(number, at),
      deliveryContext: { isRedelivery: false },
      timestamp: at,
      source: { type: 'user', userId: userId(number % users) },
      replyToken: hex('reply', number),
      mode: 'active',
    },
  ],
})

/** https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages */
const genesysBody = (number: number, users: number, at: number) => ({
  id: hex('message', number),
  channel: {
    id: account.integrationId,
    platform: 'Open',
    type: 'Private',
    to: { id: userId(number % users), idType: 'Opaque' },
    from: { nickname: 'Agent', id: account.integrationId, idType: 'Opaque' },
    time: new Date(at).toISOString(),
    messageId: hex('message', number),
  },
  type: 'Text',
  text: textOf(number),
  originatingEntity: 'Human',
  direction: 'Outbound',
  conversationId: uuid('conversation', number % users),
})

const sign = (secret: string, body: string): string => createHmac('sha256', secret).update(body).digest('base64')

/**
 * A whole HTTP request, ready to be written to a socket.
 * @param webhook.number its place in the order; the user is the rest after division by `users`
 * @param webhook.at when it was sent, in ms since the epoch
 */
export function webhookRequest(webhook: {
  readonly source: Source
  readonly host: string
  readonly number: number
  readonly users: number
  readonly at: number
}): Buffer {
  const { source, host, number, users, at } = webhook
  const line = source === 'line'
  const body = JSON.stringify(line ? lineBody(number, users, at) : genesysBody(number, users, at))
  const signature = line
    ? `x-line-signature: ${sign(account.channelSecret, body)}`
    : `x-hub-signature-256: sha256=${sign(account.webhookSecret, body)}`
  return Buffer.from(
    [
      `POST /webhooks/${source}/${account.channel} HTTP/1.1`,
      `host: ${host}`,
      'content-type: application/json; charset=utf-8',
      `user-agent: ${line ? 'LineBotWebhook/2.0' : 'GenesysCloud/1.0'}`,
      signature,
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
