import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Delivery, PublishedMedia } from '../../src/bridge/side.ts'

/** A request as the server got it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the server does with one API request instead of accepting it. */
export type Act = (response: ServerResponse, request: Seen) => void

const clientId = 'client-1'
const clientSecret = 'client-secret-1'
const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`

/** Answers with a status and a body, if any. */
export const answer =
  (status: number, body?: object | string, headers: Record<string, string> = {}): Act =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'object' ? JSON.stringify(body) : body)
  }

/** Breaks the connection. */
export const drop: Act = (response) => void response.socket?.destroy()

/** A token endpoint and an API on a real HTTP server. It checks credentials and tokens as Genesys does, and records. */
export async function startFakeGenesys() {
  const api: Seen[] = []
  const tokenRequests: Seen[] = []
  const acts: Act[] = []
  const tokenActs: Act[] = []
  let valid = ''

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const seen: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    }
    if (seen.path === '/oauth/token') {
      tokenRequests.push(seen)
      const act = tokenActs.shift()
      if (act) return act(response, seen)
      if (seen.headers.authorization !== basic || seen.body !== 'grant_type=client_credentials')
        return answer(400, { error: 'invalid_client' })(response, seen)
      valid = `token-${tokenRequests.length}`
      return answer(200, { access_token: valid, token_type: 'bearer', expires_in: 86_400 })(response, seen)
    }
    api.push(seen)
    const act = acts.shift()
    if (act) return act(response, seen)
    if (seen.headers.authorization !== `Bearer ${valid}`)
      return answer(401, { code: 'bad.credentials' })(response, seen)
    answer(200, { id: `genesys-${api.length}` })(response, seen)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    settings: { gatewayUrl: url, clientId, clientSecret },
    /** API requests, in the order in which they came. */
    api,
    tokenRequests,
    /** Taken one by one by the API requests that come. */
    acts,
    tokenActs,
    /** From now on the tokens given so far are refused. */
    revokeTokens: () => {
      valid = 'none'
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** One attempt as the queue would make it. `permits` counts how often it was asked. */
export function startDelivery(more: Partial<Delivery> = {}): Delivery & { readonly permits: () => number } {
  let permits = 0
  return {
    attempt: 1,
    mayHaveArrived: false,
    blocked: false,
    signal: new AbortController().signal,
    async permit() {
      permits += 1
    },
    plan: undefined,
    async savePlan() {},
    partsDone: 0,
    async partDone() {},
    publish: async (): Promise<PublishedMedia> => {
      throw new Error('no file expected')
    },
    ...more,
    permits: () => permits,
  }
}
