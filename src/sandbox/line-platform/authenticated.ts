import type { Answer, Call, Route } from '../fake-server.ts'
import { refuse } from './answers.ts'
import type { LineEndpoint } from './platform.ts'
import type { AccountState, LineState } from './state.ts'
import type { LineTokens } from './tokens.ts'

/** A route that wants a channel access token and learns whose it is. */
export interface AuthenticatedRoute {
  readonly endpoint: LineEndpoint
  readonly method: string
  readonly path: string
  /** `X-Line-Retry-Key` may be sent; elsewhere it is refused. */
  readonly takesRetryKey?: boolean
  answer(call: Call<LineEndpoint>, state: AccountState): Answer | Promise<Answer>
}

/** The account of a request's bearer token. */
export const bearerOf = (headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined =>
  /^Bearer (\S+)$/i.exec(String(headers.authorization ?? ''))?.[1]

/**
 * Adds the token check, and the rule that only sending endpoints take a retry key.
 * https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
 */
export function withToken(
  routes: readonly AuthenticatedRoute[],
  made: { readonly tokens: LineTokens; readonly state: LineState },
): Route<LineEndpoint>[] {
  return routes.map((route) => ({
    endpoint: route.endpoint,
    method: route.method,
    path: route.path,
    answer: (call) => {
      const owner = made.tokens.ownerOf(bearerOf(call.request.headers) ?? '')
      if (owner === undefined) return refuse(401)
      if (call.request.headers['x-line-retry-key'] !== undefined && !route.takesRetryKey) {
        return refuse(400, 'The retry key is not available for this API')
      }
      return route.answer(call, made.state.get(owner))
    },
  }))
}
