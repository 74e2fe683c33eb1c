import type { Answer, Call, Route } from '../fake-server.ts'
import { fieldsOf } from '../fields.ts'
import type { Json } from '../platforms.ts'
import { refuse } from './answers.ts'
import { eventProblem, legacyProblem, messageProblem, receiptProblem, structuredProblem } from './check-inbound.ts'
import type { GenesysClient, GenesysEndpoint, GenesysIntegration, InboundItem } from './cloud.ts'
import type { RateLimit } from './rate-limit.ts'

/** https://developer.genesys.cloud/organization/organization/limits: `request.bytes.max` */
const mostBytes = 512_000

type Fields = Readonly<Record<string, unknown>>

/** What the endpoints do with a body that passed every check. */
export interface InboundEffects {
  /** Puts it into its conversation. */
  takeMessage(integration: GenesysIntegration, body: Json, via: InboundItem['via']): InboundItem
  /** Returns the reasons when the receipt is answered 2xx but refused. */
  takeReceipt(body: Json): readonly Json[] | undefined
  /** Is there a conversation and a structured message of ours that this answers? */
  canAnswer(integration: GenesysIntegration, body: Fields): boolean
  newId(): string
}

/** The five Open Messaging endpoints. https://developer.genesys.cloud/commdigital/digital/openmessaging/ */
export function inboundRoutes(made: {
  readonly clientOf: (headers: Call<GenesysEndpoint>['request']['headers']) => GenesysClient | Answer
  readonly integration: (id: string) => GenesysIntegration | undefined
  readonly rateLimit: RateLimit
  readonly requestsPerMinute: () => number | undefined
  readonly effects: InboundEffects
}): Route<GenesysEndpoint>[] {
  const { effects } = made

  /** All that is checked alike, in the order in which a gateway meets it. */
  const checked = (
    call: Call<GenesysEndpoint>,
    problemOf: (body: Fields) => string | undefined,
    integrationIdOf: (body: Fields) => string,
    act: (body: Json, integration: GenesysIntegration) => Answer,
  ): Answer => {
    const client = made.clientOf(call.request.headers)
    if ('status' in client) return client
    const seconds = made.rateLimit.exceeded(client.clientId, made.requestsPerMinute())
    if (seconds !== undefined) {
      const message = `Rate limit exceeded the maximum, retry in ${seconds} seconds`
      return refuse(429, { message }, { 'retry-after': String(seconds) })
    }
    if (client.permitted === false) return refuse(403)
    if (!/^application\/json\b/i.test(String(call.request.headers['content-type'] ?? ''))) return refuse(415)
    if (Buffer.byteLength(call.request.body) > mostBytes) return refuse(413)
    const body = parse(call.request.body)
    if (!body) return refuse(400)
    const integration = made.integration(integrationIdOf(body))
    if (!integration || (integration.clientId !== undefined && integration.clientId !== client.clientId)) {
      return refuse(404)
    }
    const message = problemOf(body)
    return message === undefined ? act(body, integration) : refuse(400, { message })
  }

  /** For the endpoints that name the integration in their path. */
  const inPath =
    (
      problemOf: (body: Fields) => string | undefined,
      act: (body: Json, integration: GenesysIntegration, call: Call<GenesysEndpoint>) => Answer,
    ) =>
    (call: Call<GenesysEndpoint>): Answer =>
      checked(
        call,
        problemOf,
        () => call.params.integrationId ?? '',
        (body, integration) => act(body, integration, call),
      )

  const receipt = (body: Json, integration: GenesysIntegration): Answer => {
    const reasons = effects.takeReceipt(body)
    const json = {
      ...body,
      type: 'Receipt',
      channel: { ...channelOf(body, integration) },
      ...(reasons ? { status: 'Failed', reasons } : {}),
    }
    return { status: 200, json }
  }

  const message = inPath(messageProblem, (body, integration, { request }) => {
    const item = effects.takeMessage(integration, body, 'message')
    const prefetch = request.query.prefetchConversationId === 'true'
    return {
      status: 200,
      json: {
        id: item.id,
        channel: channelOf(body, integration),
        type: 'Text',
        direction: 'Inbound',
        ...pick(body, ['text', 'content', 'metadata']),
        ...(prefetch ? { conversationId: item.conversationId } : {}),
      },
    }
  })

  const typing = inPath(eventProblem, (body, integration) => {
    const events = [{ eventType: 'Typing', typing: { type: 'On', duration: 5000 } }]
    return { status: 200, json: { id: effects.newId(), channel: channelOf(body, integration), type: 'Event', events } }
  })

  const structured = inPath(structuredProblem, (body, integration) => {
    // The only endpoint that never starts a conversation.
    if (!effects.canAnswer(integration, body)) return refuse(404)
    const { id } = effects.takeMessage(integration, body, 'structured')
    const content = [{ contentType: 'ButtonResponse', buttonResponse: body.buttonResponse }]
    const channel = channelOf(body, integration)
    return { status: 200, json: { id, channel, type: 'Structured', direction: 'Inbound', content } }
  })

  /** The integration is `to` in a message; which end of a receipt it is, old samples do not agree on. */
  const legacyIntegrationId = (body: Fields): string => {
    const channel = fieldsOf(body.channel)
    const ends = [fieldsOf(channel.to).id, fieldsOf(channel.from).id, channel.id].map(String)
    return ends.find((id) => made.integration(id) !== undefined) ?? ''
  }
  const legacy = (call: Call<GenesysEndpoint>): Answer =>
    checked(call, legacyProblem, legacyIntegrationId, (body, integration) => {
      if (body.type === 'Receipt') return receipt(body, integration)
      const { id } = effects.takeMessage(integration, body, 'legacy')
      return { status: 200, json: { ...body, id, direction: 'Inbound' } }
    })

  const path = (end: string) => `/api/v2/conversations/messages/:integrationId/inbound/open/${end}`
  return [
    { endpoint: 'message', method: 'POST', path: path('message'), answer: message },
    { endpoint: 'event', method: 'POST', path: path('event'), answer: typing },
    { endpoint: 'receipt', method: 'POST', path: path('receipt'), answer: inPath(receiptProblem, receipt) },
    { endpoint: 'structured', method: 'POST', path: path('structured/response'), answer: structured },
    { endpoint: 'legacy', method: 'POST', path: '/api/v2/conversations/messages/inbound/open', answer: legacy },
  ]
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

const pick = (body: Fields, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]))

const channelOf = (body: Fields, integration: GenesysIntegration) => ({
  id: integration.id,
  platform: 'Open',
  type: 'Private',
  to: { id: integration.id },
  ...fieldsOf(body.channel),
})
