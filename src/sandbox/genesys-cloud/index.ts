import { createFakeServer } from '../fake-server.ts'
import { createFaults } from '../faults.ts'
import { fieldsOf } from '../fields.ts'
import { createIds } from '../ids.ts'
import { createListeners } from '../listeners.ts'
import type { Json, RecordedRequest, WebhookDelivery } from '../platforms.ts'
import { createRecorder } from '../recorder.ts'
import { createWebhookSender } from '../webhook-sender.ts'
import { failure } from './answers.ts'
import type {
  AgentOptions,
  GenesysCloud,
  GenesysCloudBehaviour,
  GenesysCloudEvent,
  GenesysCloudSettings,
  GenesysEndpoint,
  GenesysIntegration,
  OutboundItem,
} from './cloud.ts'
import { createConversations } from './conversations.ts'
import { createDownloads } from './downloads.ts'
import { envelope, genesysSignature } from './envelope.ts'
import { inboundRoutes } from './inbound-routes.ts'
import { createRateLimit } from './rate-limit.ts'
import { createTaker } from './take.ts'
import { createGenesysTokens } from './tokens.ts'

export { genesysSignature } from './envelope.ts'

/** Up to five retries, 5 s apart. https://developer.genesys.cloud/commdigital/digital/openmessaging/validate */
const documentedRetries = [5000, 5000, 5000, 5000, 5000]

/** A Genesys Cloud on loopback: see {@link GenesysCloud}. */
export function createGenesysCloud(settings: GenesysCloudSettings): GenesysCloud {
  const { retryDelaysMs = documentedRetries, webhookTimeoutMs = 10_000, keepRequests = 100_000 } = settings
  const { now = Date.now } = settings
  let behaviour: GenesysCloudBehaviour = {
    tokenSeconds: settings.tokenSeconds ?? 86_400,
    requestsPerMinute: settings.requestsPerMinute,
    threadingMinutes: settings.threadingMinutes ?? 4320,
    inboundReceipts: settings.inboundReceipts ?? 'published',
    refuseReceipts: settings.refuseReceipts,
    fetchAttachments: settings.fetchAttachments ?? true,
  }
  const ids = createIds(settings.seed)
  const clients = new Map(settings.clients.map((client) => [client.clientId, client]))
  const integrations = new Map(settings.integrations.map((integration) => [integration.id, integration]))
  const faults = createFaults<GenesysEndpoint>()
  const recorder = createRecorder<GenesysEndpoint>({ keep: keepRequests })
  const { on, tell } = createListeners<GenesysCloudEvent>()
  const tokens = createGenesysTokens({ clients, ids, now, tokenSeconds: () => behaviour.tokenSeconds })
  const conversations = createConversations({
    ids,
    now,
    threadingMinutes: () => behaviour.threadingMinutes,
    queueOf: (id) => integrations.get(id)?.queue,
  })
  const downloads = createDownloads({ ids, clientOf: tokens.clientOf })
  const outbound: OutboundItem[] = []
  const outboundById = new Map<string, OutboundItem>()
  let sender = createWebhookSender({ timeoutMs: webhookTimeoutMs, now })
  let stopping = new AbortController()

  const integration = (id: string): GenesysIntegration => {
    const found = integrations.get(id)
    if (!found) throw new Error(`There is no integration ${id} in this sandbox.`)
    return found
  }

  /** Sends a body until it is taken: again after time-outs, 429 and 5xx, on the documented schedule. */
  const deliver = (integrationId: string, body: Json, retry = true): WebhookDelivery => {
    const id = typeof body.id === 'string' ? body.id : undefined
    const bytes = JSON.stringify(body)
    return sender.deliver({
      url: () => integration(integrationId).webhookUrl,
      build: () => ({ body: bytes, headers: headersFor(integration(integrationId), bytes) }),
      next: ({ attempt, status }) => {
        if (status !== undefined && status !== 429 && status < 500) return 'refused'
        const afterMs = retry ? retryDelaysMs[attempt - 1] : undefined
        return afterMs === undefined ? 'given_up' : { afterMs }
      },
      attempted: (attempt) => tell({ type: 'webhook.attempted', integrationId, id, attempt }),
      ended: (outcome) => tell({ type: 'webhook.ended', integrationId, id, outcome }),
    })
  }

  /** Keeps an agent's message in its conversation, and starts its webhook after everybody was told of it. */
  const say = (integrationId: string, userId: string, body: Json, retry: boolean): OutboundItem => {
    const conversation = conversations.join(integrationId, userId)
    const item: OutboundItem = {
      direction: 'outbound',
      id: String(body.id),
      at: now(),
      conversationId: conversation.id,
      integrationId,
      userId,
      author: body.originatingEntity === 'Bot' ? 'Bot' : 'Human',
      text: typeof body.text === 'string' ? body.text : undefined,
      content: Array.isArray(body.content) ? body.content : [],
      body,
      webhook: deliver(integrationId, body, retry),
      receipts: [],
    }
    outbound.push(item)
    outboundById.set(item.id, item)
    conversation.items.push(item)
    tell({ type: 'message.sent', item })
    return item
  }
  const compose = (
    integrationId: string,
    userId: string,
    options: AgentOptions,
    fields: Readonly<Record<string, unknown>>,
  ): Json => {
    const { id, attributes } = conversations.join(integrationId, userId)
    return envelope({
      id: ids.hex(32),
      integration: integration(integrationId),
      userId,
      at: now(),
      conversationId: id,
      attributes,
      fields: { ...fields, ...options.body },
    })
  }
  const agentSays = (
    integrationId: string,
    userId: string,
    options: AgentOptions,
    fields: Readonly<Record<string, unknown>>,
  ): OutboundItem => {
    const body = compose(integrationId, userId, options, { originatingEntity: options.author ?? 'Human', ...fields })
    return say(integrationId, userId, body, options.retry !== false)
  }
  const sendReceipt: GenesysCloud['sendReceipt'] = (inboundId, { status, reasons }) => {
    const item = taker.find(inboundId)
    const body = envelope({
      id: inboundId,
      integration: integration(item.integrationId),
      userId: item.userId,
      at: now(),
      conversationId: item.conversationId,
      fields: { type: 'Receipt', direction: 'Inbound', status, reasons, isFinalReceipt: true },
    })
    return deliver(item.integrationId, body)
  }

  const taker = createTaker({
    ids,
    now,
    conversations,
    behaviour: () => behaviour,
    outbound: (id) => outboundById.get(id),
    sendReceipt,
    canSend: (id) => integrations.get(id)?.webhookUrl !== undefined,
    stopping: () => stopping.signal,
    tell,
  })
  const server = createFakeServer<GenesysEndpoint>({
    routes: [
      tokens.route,
      downloads.route,
      ...inboundRoutes({
        clientOf: tokens.clientOf,
        integration: (id) => integrations.get(id),
        rateLimit: createRateLimit({ now }),
        requestsPerMinute: () => behaviour.requestsPerMinute,
        effects: taker,
      }),
    ],
    faults,
    now,
    failure,
    headers: () => ({ 'inin-correlation-id': ids.uuid() }),
    arrived: recorder.add,
    answered: (request) =>
      tell({
        type: 'request.answered',
        request,
        clientId: tokens.clientIdOf(request.headers),
        integrationId: /\/messages\/([^/]+)\/inbound\/open\//.exec(request.path)?.[1],
        ...messageIdOf(request),
      }),
  })

  return {
    get url() {
      return server.url
    },
    start: async ({ port = 0 } = {}) => {
      sender = createWebhookSender({ timeoutMs: webhookTimeoutMs, now })
      stopping = new AbortController()
      await server.start(port)
    },
    stop: async () => {
      stopping.abort()
      await sender.stop()
      await server.stop()
    },
    integration,
    configureIntegration: (id, changes) => {
      integrations.set(id, { ...integration(id), ...changes, id })
    },
    configureClient: (id, changes) => {
      const client = clients.get(id)
      if (!client) throw new Error(`There is no OAuth client ${id} in this sandbox.`)
      clients.set(id, { ...client, ...changes, clientId: id })
    },
    configure: (changes) => {
      behaviour = { ...behaviour, ...changes }
    },
    revokeTokens: tokens.revokeAll,
    sendText: (integrationId, userId, text, options = {}) =>
      agentSays(integrationId, userId, options, { type: 'Text', text }),
    sendAttachment: (integrationId, userId, file, options = {}) => {
      const fileName = file.fileName ?? 'attachment'
      const stored = downloads.add({ bytes: file.bytes, mime: file.mime, fileName })
      const attachment = {
        id: stored.id,
        mediaType: file.mediaType ?? mediaTypeOf(file.mime),
        url: file.url ?? `${server.url}${stored.path}`,
        mime: file.mime,
        filename: fileName,
        contentSizeBytes: file.bytes.length,
      }
      const content = [{ contentType: 'Attachment', attachment }]
      return agentSays(integrationId, userId, options, { type: 'Text', text: file.text, content })
    },
    addFile: (file) => `${server.url}${downloads.add(file).path}`,
    sendStructured: (integrationId, userId, { text, content }, options = {}) =>
      agentSays(integrationId, userId, { author: 'Bot', ...options }, { type: 'Structured', text, content }),
    sendTyping: (integrationId, userId, options = {}) => {
      const events = [{ eventType: 'Typing', typing: { type: 'On', duration: 5000 } }]
      const body = compose(integrationId, userId, options, { type: 'Event', events })
      tell({ type: 'typing.sent', integrationId, userId })
      return deliver(integrationId, body, options.retry !== false)
    },
    sendReceipt,
    post: (integrationId, body, { retry = true } = {}) => {
      const userId = fieldsOf(fieldsOf(body.channel).to).id
      const isMessage = body.type === 'Text' || body.type === 'Structured'
      const isNew = typeof body.id === 'string' && !outboundById.has(body.id)
      if (isMessage && isNew && typeof userId === 'string') return say(integrationId, userId, body, retry).webhook
      return deliver(integrationId, body, retry)
    },
    postRaw: (integrationId, body, options = {}) => {
      const one = integration(integrationId)
      const signed = headersFor({ ...one, webhookSecret: options.secret ?? one.webhookSecret }, body)
      if (typeof options.signature === 'string') signed['x-hub-signature-256'] = options.signature
      if (options.signature === false) delete signed['x-hub-signature-256']
      return sender.post(options.url ?? one.webhookUrl ?? '', body, { ...signed, ...options.headers })
    },
    conversation: conversations.current,
    conversations: conversations.all,
    disconnect: (conversationId) => {
      const conversation = conversations.find(conversationId)
      if (!conversation) throw new Error(`There is no conversation ${conversationId} in this sandbox.`)
      conversation.disconnectedAt = now()
      tell({ type: 'conversation.ended', conversationId })
    },
    inbound: taker.inbound,
    outbound,
    strayReceipts: taker.strayReceipts,
    duplicates: taker.duplicates,
    break: faults.break,
    mend: faults.mend,
    requests: recorder.requests,
    clear: () => {
      outbound.length = 0
      outboundById.clear()
      taker.clear()
      conversations.clear()
      downloads.clear()
      recorder.clear()
      faults.mend()
    },
    on,
  }
}

const headersFor = (integration: GenesysIntegration, body: string | Buffer): Record<string, string> => ({
  ...integration.webhookHeaders,
  'content-type': 'application/json',
  'x-hub-signature-256': genesysSignature(integration.webhookSecret, body),
})

function mediaTypeOf(mime: string): string {
  const [family] = mime.split('/')
  return { image: 'Image', video: 'Video', audio: 'Audio' }[family ?? ''] ?? 'File'
}

/** The id by which a request's message is found again, as far as its body can be read. */
function messageIdOf(request: RecordedRequest<GenesysEndpoint>): { readonly messageId?: string } {
  if (request.endpoint === undefined || request.endpoint === 'token' || request.endpoint === 'download') return {}
  try {
    const body = fieldsOf(JSON.parse(request.body))
    const id = request.endpoint === 'receipt' ? body.id : fieldsOf(body.channel).messageId
    return typeof id === 'string' ? { messageId: id } : {}
  } catch {
    return {}
  }
}
