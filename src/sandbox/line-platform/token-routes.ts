import type { Answer, Call, Route } from '../fake-server.ts'
import { refuse } from './answers.ts'
import type { LineAccount, LineEndpoint } from './platform.ts'
import { type Assertion, checkAssertion, type IssuedToken, type LineTokens, type TokenKind } from './tokens.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const thirtyDaysSeconds = 2_592_000
/** https://developers.line.biz/en/docs/basics/channel-access-token/: 30 tokens of a kind. */
const mostTokens = 30

/** The endpoints that issue, verify and revoke channel access tokens. https://developers.line.biz/en/reference/messaging-api/#channel-access-token */
export function tokenRoutes(made: {
  readonly accounts: () => Iterable<LineAccount>
  readonly tokens: LineTokens
  readonly now: () => number
}): Route<LineEndpoint>[] {
  const { accounts, tokens, now } = made
  const byId = (channelId: string | null) => [...accounts()].find((one) => one.channelId === channelId)
  const bySecret = (form: URLSearchParams) => {
    const account = byId(form.get('client_id'))
    return account?.channelSecret === form.get('client_secret') ? account : undefined
  }
  const assertion = (values: URLSearchParams): Promise<Assertion> | Assertion =>
    values.get('client_assertion_type') === assertionType
      ? checkAssertion({ jwt: values.get('client_assertion') ?? '', accounts: accounts(), now: now() })
      : { status: 400, words: 'Invalid client_assertion_type' }

  const issueV21 = async (call: Call<LineEndpoint>): Promise<Answer> => {
    const form = readForm(call)
    if (!form) return invalidRequest('The content type is not application/x-www-form-urlencoded')
    if (form.get('grant_type') !== 'client_credentials') return invalidRequest('Invalid grant_type')
    const proved = await assertion(form)
    if ('words' in proved) return refuseAssertion(proved)
    const seconds = proved.tokenSeconds ?? 0
    if (seconds < 1 || seconds > thirtyDaysSeconds) return invalidClient('Invalid token_exp')
    if (tokens.living(proved.account.name, 'v2.1').length >= mostTokens) {
      return refuse(400, 'The maximum number of access tokens has already been issued')
    }
    const issued = tokens.issue(proved.account.name, 'v2.1', seconds)
    return { status: 200, json: { ...shown(issued, seconds), key_id: issued.keyId } }
  }
  const issueStateless = async (call: Call<LineEndpoint>): Promise<Answer> => {
    const form = readForm(call)
    if (!form) return invalidRequest('The content type is not application/x-www-form-urlencoded')
    if (form.get('grant_type') !== 'client_credentials') return invalidRequest('Invalid grant_type')
    let account = bySecret(form)
    if (form.has('client_assertion')) {
      const proved = await assertion(form)
      if ('words' in proved) return refuseAssertion(proved)
      account = proved.account
    }
    if (!account) return invalidRequest("Invalid 'client_credentials'.")
    const seconds = account.statelessTokenSeconds ?? 900
    return { status: 200, json: shown(tokens.issue(account.name, 'stateless', seconds), seconds) }
  }
  const issueShortLived = (call: Call<LineEndpoint>): Answer => {
    const form = readForm(call)
    if (!form) return invalidRequest('The content type is not application/x-www-form-urlencoded')
    if (!byId(form.get('client_id'))) return invalidClient('invalid client_id')
    const account = bySecret(form)
    if (!account) return invalidClient('invalid client_secret')
    const living = tokens.living(account.name, 'short-lived')
    // The 31st revokes the oldest.
    if (living.length >= mostTokens && living[0]) tokens.revoke(living[0].token)
    return { status: 200, json: shown(tokens.issue(account.name, 'short-lived', thirtyDaysSeconds), thirtyDaysSeconds) }
  }
  const verify = (kinds: readonly TokenKind[], token: string | null | undefined): Answer => {
    const issued = tokens.issued(token ?? '')
    if (!issued || !kinds.includes(issued.kind)) return invalidRequest('The access token expired')
    const account = [...accounts()].find((one) => one.name === issued.account)
    const left = Math.floor((issued.expiresAt - now()) / 1000)
    return { status: 200, json: { client_id: account?.channelId, expires_in: left, scope: '' } }
  }
  const revoke = (call: Call<LineEndpoint>, needsSecret: boolean): Answer => {
    const form = readForm(call)
    if (!form) return invalidRequest('The content type is not application/x-www-form-urlencoded')
    if (needsSecret && !bySecret(form)) return invalidClient('invalid client_secret')
    // Stateless tokens cannot be revoked.
    const token = tokens.issued(form.get('access_token') ?? '')
    if (token && token.kind !== 'stateless') tokens.revoke(token.token)
    return { status: 200 }
  }
  const keyIds = async (call: Call<LineEndpoint>): Promise<Answer> => {
    const proved = await assertion(new URLSearchParams(call.request.query))
    if ('words' in proved) return refuseAssertion(proved)
    return { status: 200, json: { kids: tokens.living(proved.account.name, 'v2.1').map((one) => one.keyId) } }
  }
  return [
    { endpoint: 'token', method: 'POST', path: '/oauth2/v2.1/token', answer: issueV21 },
    { endpoint: 'token', method: 'POST', path: '/oauth2/v3/token', answer: issueStateless },
    { endpoint: 'token', method: 'POST', path: '/v2/oauth/accessToken', answer: issueShortLived },
    { endpoint: 'token', method: 'GET', path: '/oauth2/v2.1/tokens/kid', answer: keyIds },
    {
      endpoint: 'token',
      method: 'GET',
      path: '/oauth2/v2.1/verify',
      answer: ({ request }) => verify(['v2.1', 'stateless'], request.query.access_token),
    },
    {
      endpoint: 'token',
      method: 'POST',
      path: '/v2/oauth/verify',
      answer: (call) => verify(['short-lived'], readForm(call)?.get('access_token')),
    },
    { endpoint: 'revoke', method: 'POST', path: '/oauth2/v2.1/revoke', answer: (call) => revoke(call, true) },
    { endpoint: 'revoke', method: 'POST', path: '/v2/oauth/revoke', answer: (call) => revoke(call, false) },
  ]
}

const shown = (issued: IssuedToken, seconds: number) => ({
  token_type: 'Bearer',
  access_token: issued.token,
  expires_in: seconds,
})

function readForm({ request }: Call<LineEndpoint>): URLSearchParams | undefined {
  const type = String(request.headers['content-type'] ?? '')
  return /^application\/x-www-form-urlencoded\b/i.test(type) ? new URLSearchParams(request.body) : undefined
}

const oauthError = (error: string, words: string): Answer => ({
  status: 400,
  json: { error, error_description: words },
})
const invalidRequest = (words: string) => oauthError('invalid_request', words)
const invalidClient = (words: string) => oauthError('invalid_client', words)

const refuseAssertion = ({ status, words }: { readonly status: 400 | 404; readonly words: string }): Answer =>
  status === 404 ? refuse(404, words) : invalidClient(words)
