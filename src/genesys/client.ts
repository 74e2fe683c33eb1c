import { Stopping } from '../bridge/errors.ts'
import type { Delivered, Delivery, TokenDescription } from '../bridge/side.ts'
import { createHttpAgent } from '../lib/http.ts'
import { asId, asObject } from '../lib/loose.ts'
import type { Tokens } from '../lib/tokens.ts'
import type { GenesysSettings } from './config.ts'
import { type Endpoints, endpointsOf } from './endpoints.ts'
import { type About, fromAnswer, fromNetwork, fromTakenReceipt, wantsText } from './failures.ts'
import { type Conversations, connectSdk, loadSdk, type SdkConnection } from './sdk.ts'
import { createGenesysTokens } from './token.ts'
import { type Answer, ask } from './transport.ts'
import type {
  GenesysInboundMessage,
  GenesysLegacyMessage,
  GenesysLegacyReceipt,
  GenesysReceipt,
  GenesysStructuredResponse,
} from './wire.ts'

/** What a call has to know of its delivery. */
export type CallContext = Pick<Delivery, 'permit' | 'mayHaveArrived' | 'signal'>

/** One OAuth client's calls. All throw {@link DeliveryError} or {@link Stopping}. */
export interface GenesysClient {
  readonly endpoints: Endpoints
  /** The token, for downloads from Genesys' own hosts. */
  readonly tokens: Tokens
  describeToken(): TokenDescription
  postMessage(integrationId: string, body: GenesysInboundMessage, context: CallContext): Promise<Delivered>
  /** Undefined when Genesys refused it in such a way (400, 404) that the same can still be told as a text. */
  postStructuredResponse(
    integrationId: string,
    body: GenesysStructuredResponse,
    context: CallContext,
  ): Promise<Delivered | undefined>
  postReceipt(integrationId: string, body: GenesysReceipt, context: CallContext): Promise<Delivered>
  /** The deprecated endpoint for both. */
  postLegacy(body: GenesysLegacyMessage | GenesysLegacyReceipt, context: CallContext): Promise<Delivered>
}

/** All OAuth clients of this process. */
export interface GenesysClients {
  /** The same client for the same id, secret and host, so that channels share its token and connections. */
  clientFor(settings: Pick<GenesysSettings, 'region' | 'gatewayUrl' | 'clientId' | 'clientSecret'>): GenesysClient
  /**
   * Loads the SDK ahead of the first call: about a tenth of a second of CPU, best spent while something else is waited
   * for.
   */
  preload(): void
  /** Waits for calls under way, then frees the sockets. */
  close(): Promise<void>
}

/** Genesys sets no limit on connections; this one only keeps a burst from opening thousands. */
const connections = 256

/** A role that was granted after the token was issued may need another token; a young one is not the cause of a 403. */
const suspectTokenMs = 10_000

function createClient(settings: {
  readonly endpoints: Endpoints
  readonly clientId: string
  readonly clientSecret: string
}): GenesysClient & { close(): Promise<void> } {
  const { endpoints, clientId, clientSecret } = settings
  const pool = createHttpAgent({ connections })
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
  const tokens = createGenesysTokens({
    request: () =>
      ask(pool, {
        origin: endpoints.loginOrigin,
        path: '/oauth/token',
        method: 'POST',
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: 'grant_type=client_credentials',
      }),
  })
  let connected: SdkConnection | undefined
  let shownToken: string | undefined

  function once(token: string, about: About, post: (api: Conversations) => Promise<Answer>) {
    connected ??= connectSdk({ pool, regionHost: endpoints.regionHost, apiOrigin: endpoints.apiOrigin })
    if (token !== shownToken) connected.setAccessToken(token)
    shownToken = token
    // The SDK reads the token before its first pause, so that calls of other tokens cannot meet here.
    return post(connected.conversations).catch((error: unknown) => {
      throw fromNetwork(about, error)
    })
  }

  /**
   * Calls, renewing the token once if it is refused. A call that was sent is never cut short by the process's stop: it
   * ends within its time-outs, and without its answer nobody would know whether the message arrived.
   */
  async function answerTo(
    about: About,
    context: CallContext,
    post: (api: Conversations) => Promise<Answer>,
  ): Promise<Answer> {
    for (let renewed = false; ; renewed = true) {
      // Before the permit: waiting for a token afterwards would let permits pile up and pass in one burst.
      await tokens.current()
      await context.permit()
      const token = await tokens.current()
      if (context.signal.aborted) throw new Stopping('The process stops.')
      const answer = await once(token, about, post)
      if (answer.status === 401 && !renewed) {
        tokens.refused(token)
        continue
      }
      if (answer.status === 403) tokens.refused(token, suspectTokenMs)
      return answer
    }
  }

  /** What an answer means. @param reported the status that a receipt told */
  function outcome(about: About, context: CallContext, answer: Answer, reported?: GenesysReceipt['status']): Delivered {
    const failure =
      fromAnswer(about, answer, context.mayHaveArrived, Date.now()) ??
      (reported === undefined ? undefined : fromTakenReceipt(reported, answer))
    if (failure) throw failure
    const remoteId = asId(asObject(answer.body).id)
    return { status: answer.status, ...(remoteId && { remoteId }) }
  }

  function call(
    about: About,
    context: CallContext,
    post: (api: Conversations) => Promise<Answer>,
    reported?: GenesysReceipt['status'],
  ): Promise<Delivered> {
    return answerTo(about, context, post).then((answer) => outcome(about, context, answer, reported))
  }

  return {
    endpoints,
    tokens,
    describeToken: tokens.describe,
    postMessage: (integrationId, body, context) =>
      call('message', context, (api) => api.postConversationsMessageInboundOpenMessage(integrationId, body)),
    async postStructuredResponse(integrationId, body, context) {
      const about = 'structured response'
      const answer = await answerTo(about, context, (api) =>
        api.postConversationsMessageInboundOpenStructuredResponse(integrationId, body),
      )
      return wantsText(answer) ? undefined : outcome(about, context, answer)
    },
    postReceipt: (integrationId, body, context) =>
      call(
        'receipt',
        context,
        (api) => api.postConversationsMessageInboundOpenReceipt(integrationId, body),
        body.status,
      ),
    postLegacy: (body, context) =>
      body.type === 'Receipt'
        ? call('receipt', context, (api) => api.postConversationsMessagesInboundOpen(body), body.status)
        : call('message', context, (api) => api.postConversationsMessagesInboundOpen(body)),
    close: () => pool.close(),
  }
}

/** Names an OAuth client, whose budget all its channels share, however they write its region. */
export const accountOf = (settings: Pick<GenesysSettings, 'region' | 'gatewayUrl' | 'clientId'>): string =>
  `${endpointsOf(settings).apiOrigin}:${settings.clientId}`

/** Makes the registry of OAuth clients. It connects to nothing until the first call. */
export function createGenesysClients(): GenesysClients {
  const clients = new Map<string, ReturnType<typeof createClient>>()
  return {
    clientFor({ region, gatewayUrl, clientId, clientSecret }) {
      const endpoints = endpointsOf({ region, gatewayUrl })
      const key = JSON.stringify([endpoints.apiOrigin, clientId, clientSecret])
      const known = clients.get(key)
      if (known) return known
      const made = createClient({ endpoints, clientId, clientSecret })
      clients.set(key, made)
      return made
    },
    preload: () => void loadSdk(),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
}
