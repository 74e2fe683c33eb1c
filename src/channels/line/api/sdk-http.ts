import { type channelAccessToken, HTTPFetchError, type messagingApi } from '@line/bot-sdk'
import type { Agent } from 'undici'
import { send } from '../../../lib/send.ts'

type SdkClient = messagingApi.MessagingApiClient | channelAccessToken.ChannelAccessTokenClient

/** What the SDK's clients use of the HTTP client that they hold inside. */
interface SdkHttp {
  readonly baseURL: string
  readonly defaultHeaders: Readonly<Record<string, string>>
}

/** What the SDK's clients and we use of an answer. */
type Answer = Pick<Response, 'ok' | 'status' | 'text'> & { readonly headers: Headers }

const isSdkHttp = (value: unknown): value is SdkHttp =>
  typeof value === 'object' && value !== null && 'baseURL' in value && 'defaultHeaders' in value

function toHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(raw)) if (value !== undefined) headers.set(name, String(value))
  return headers
}

/** A path that needs no escaping, as nearly all have. */
const plainPath = /^\/[\w/-]+$/

/**
 * Makes an SDK client send through a connection pool of ours. The SDK still builds every request and reads every
 * answer; only the transport below changes. Why: the SDK calls the global `fetch`, which has no time-out of 10 s (a
 * platform that hangs would hold a conversation for minutes), can be given one only for the whole process, and costs
 * three times as much per call as the pool. Redirects are not followed, so that a token never goes to another host.
 * @throws {Error} when the SDK no longer keeps its HTTP client where it was, which a test notices before a release
 *   does.
 */
export function throughPool<Client extends SdkClient>(client: Client, agent: Agent): Client {
  const own: unknown = Reflect.get(client, 'httpClient')
  if (!isSdkHttp(own)) throw new Error('This release of @line/bot-sdk does not hold its HTTP client as httpClient.')

  const { baseURL, defaultHeaders } = own
  const ownOrigin = new URL(baseURL).origin

  function resolved(path: string): { readonly origin: string; readonly path: string } {
    const { origin, pathname, search } = new URL(path, baseURL)
    return { origin, path: pathname + search }
  }

  async function request(method: 'GET' | 'POST', path: string, headers: Record<string, string>, body?: string) {
    const reply = await send(agent, {
      ...(plainPath.test(path) ? { origin: ownOrigin, path } : resolved(path)),
      method,
      headers: { ...defaultHeaders, ...headers },
      ...(body !== undefined && { body }),
    })
    const { status, text } = reply
    if (status < 200 || status > 299)
      throw new HTTPFetchError(`HTTP ${status}`, {
        status,
        statusText: '',
        headers: toHeaders(reply.headers),
        body: text,
      })
    const response: Answer = {
      ok: true,
      status,
      text: async () => text,
      get headers() {
        return toHeaders(reply.headers)
      },
    }
    return response
  }

  Reflect.set(client, 'httpClient', {
    get: (path: string) => request('GET', path, {}),
    post: (path: string, body: unknown, config?: { headers?: Record<string, string> }) =>
      request('POST', path, { 'Content-Type': 'application/json', ...config?.headers }, JSON.stringify(body)),
    postForm: (path: string, form: Record<string, string>) =>
      request(
        'POST',
        path,
        { 'Content-Type': 'application/x-www-form-urlencoded' },
        new URLSearchParams(form).toString(),
      ),
  })
  return client
}
