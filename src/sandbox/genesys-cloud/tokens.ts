import type { Answer, Call, Route } from '../fake-server.ts'
import type { Ids } from '../ids.ts'
import { refuse } from './answers.ts'
import type { GenesysClient, GenesysEndpoint } from './cloud.ts'

/** Access tokens of the client-credentials grant. */
export interface GenesysTokens {
  readonly route: Route<GenesysEndpoint>
  /** The client behind a request, or the 401 that refuses it. */
  clientOf(headers: Readonly<Record<string, string | string[] | undefined>>): GenesysClient | Answer
  /** The same without words, for reports. */
  clientIdOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined
  revokeAll(): void
}

export function createGenesysTokens(made: {
  readonly clients: ReadonlyMap<string, GenesysClient>
  readonly tokenSeconds: () => number
  readonly ids: Ids
  readonly now: () => number
}): GenesysTokens {
  const { clients, ids, now } = made
  const tokens = new Map<string, { readonly clientId: string; readonly expiresAt: number }>()
  const bearerOf = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
    /^Bearer (\S+)$/i.exec(String(headers.authorization ?? ''))?.[1]

  // https://developer.genesys.cloud/authorization/platform-auth/use-client-credentials
  const answer = ({ request }: Call<GenesysEndpoint>): Answer => {
    if (!/^application\/x-www-form-urlencoded\b/i.test(String(request.headers['content-type'] ?? ''))) {
      return oauthError(400, 'invalid_request', 'The content type is not application/x-www-form-urlencoded')
    }
    if (new URLSearchParams(request.body).get('grant_type') !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type', 'Only client_credentials is served here')
    }
    const basic = /^Basic (\S+)$/i.exec(String(request.headers.authorization ?? ''))?.[1] ?? ''
    const given = Buffer.from(basic, 'base64').toString('utf8')
    const client = clients.get(given.slice(0, given.indexOf(':')))
    if (!client || given !== `${client.clientId}:${client.clientSecret}`) {
      return oauthError(401, 'invalid_client', 'authentication failed')
    }
    const token = ids.opaque(86)
    const seconds = made.tokenSeconds()
    tokens.set(token, { clientId: client.clientId, expiresAt: now() + seconds * 1000 })
    return { status: 200, json: { access_token: token, token_type: 'bearer', expires_in: seconds } }
  }

  return {
    route: { endpoint: 'token', method: 'POST', path: '/oauth/token', answer },
    clientOf: (headers) => {
      const bearer = bearerOf(headers)
      if (bearer === undefined) {
        return refuse(401, { code: 'authentication.required', message: 'No authentication bearer token specified.' })
      }
      const token = tokens.get(bearer)
      const client = clients.get(token?.clientId ?? '')
      if (!token || !client) return refuse(401)
      if (token.expiresAt <= now()) {
        return refuse(401, { code: 'credentials.expired', message: 'The supplied credentials are expired.' })
      }
      return client
    },
    clientIdOf: (headers) => tokens.get(bearerOf(headers) ?? '')?.clientId,
    revokeAll: () => tokens.clear(),
  }
}

const oauthError = (status: number, error: string, words: string): Answer => ({
  status,
  json: { error, description: words, error_description: words },
})
