import { createRequire } from 'node:module'
import os from 'node:os'
import type { Dispatcher } from 'undici'
import { type Answer, ask } from './transport.ts'

/**
 * The official SDK, loaded when first needed and tamed: no file of the home folder, no log, our own transport.
 * https://github.com/MyPureCloud/platform-client-sdk-javascript
 */

/** The calls of the SDK's `ConversationsApi` that we use; bodies are ours, since its types lack `customAttributes`. */
export interface Conversations {
  postConversationsMessageInboundOpenMessage(integrationId: string, body: object): Promise<Answer>
  postConversationsMessageInboundOpenStructuredResponse(integrationId: string, body: object): Promise<Answer>
  postConversationsMessageInboundOpenReceipt(integrationId: string, body: object): Promise<Answer>
  postConversationsMessagesInboundOpen(body: object): Promise<Answer>
}

interface SdkRequest {
  readonly url: string
  readonly method: Dispatcher.HttpMethod
  readonly headers?: Record<string, string>
  readonly params?: Record<string, string>
  readonly data?: unknown
}

interface SdkClient {
  readonly config: {
    logger: { log(...entry: unknown[]): void }
    setConfigPath(path: string): void
  }
  setReturnExtendedResponses(extended: boolean): void
  setEnvironment(host: string): void
  setGateway(gateway: { host: string; protocol: string; port?: number }): void
  setHttpClient(client: object): void
  setAccessToken(token: string): void
}

interface Sdk {
  readonly PureCloudRegionHosts: Readonly<Record<string, string>>
  readonly ApiClient: new () => SdkClient
  readonly ConversationsApi: new (client: SdkClient) => Conversations
  readonly AbstractHttpClient: new () => { request(request: SdkRequest): Promise<unknown>; enableHooks(): void }
}

/** A client of one OAuth client in one region. */
export interface SdkConnection {
  readonly conversations: Conversations
  /** The token of the calls that follow. */
  setAccessToken(token: string): void
}

const require = createRequire(import.meta.url)

/**
 * Runs `construct` while the home folder seems to be one that cannot exist. The SDK's constructors read
 * `~/.genesyscloudjavascript/config`, where a `host` silently redirects every call and a broken file throws, and they
 * look at it before any setting of ours could tell them not to. They also call `require`, which their own files, being
 * ES modules, do not have.
 */
function withoutHome<T>(construct: () => T): T {
  const { homedir } = os
  const replace = (value: () => string) => Object.defineProperty(os, 'homedir', { value })
  const had = Object.getOwnPropertyDescriptor(globalThis, 'require')
  replace(() => os.devNull)
  Object.defineProperty(globalThis, 'require', { value: require, configurable: true })
  try {
    return construct()
  } finally {
    replace(homedir)
    if (had) Object.defineProperty(globalThis, 'require', had)
    else Reflect.deleteProperty(globalThis, 'require')
  }
}

/**
 * The parts of the SDK that we use. Its main file holds every API of Genesys Cloud: four megabytes of source, which would stay in
 * memory as long as the process lives. `require` and not `import()`: all in one go, so that {@link withoutHome} covers whatever
 * the SDK does while it is being loaded.
 */
export function loadSdk(): Sdk {
  const part = <T>(file: string): T =>
    (require(`purecloud-platform-client-v2/src/purecloud-platform-client-v2/${file}.js`) as { default: T }).default
  return withoutHome(() => ({
    PureCloudRegionHosts: part<Sdk['PureCloudRegionHosts']>('PureCloudRegionHosts'),
    ApiClient: part<Sdk['ApiClient']>('ApiClient'),
    ConversationsApi: part<Sdk['ConversationsApi']>('api/ConversationsApi'),
    AbstractHttpClient: part<Sdk['AbstractHttpClient']>('AbstractHttpClient'),
  }))
}

/** Origin and path of an address that the SDK has built: taking it apart as `URL` does costs as much as building it. */
function splitUrl(url: string): readonly [origin: string, path: string] {
  const path = url.indexOf('/', url.indexOf('//') + 2)
  return [url.slice(0, path), url.slice(path)]
}

function transport(sdk: Sdk, pool: Dispatcher): object {
  // The SDK accepts descendants of its own class only.
  class PooledTransport extends sdk.AbstractHttpClient {
    override async request({ url, method, headers = {}, params, data }: SdkRequest) {
      const [origin, pathname] = splitUrl(url)
      const query = params && Object.keys(params).length > 0 ? `?${new URLSearchParams(params)}` : ''
      const path = pathname + query
      const body = data === undefined ? {} : { body: typeof data === 'string' ? data : JSON.stringify(data) }
      const answer = await ask(pool, { origin, path, method, headers, ...body })
      return { status: answer.status, headers: answer.headers, data: answer.body }
    }

    override enableHooks() {}
  }
  return new PooledTransport()
}

/** A client whose calls go through `pool` and resolve for every HTTP status, with status and headers. */
export function connectSdk(settings: {
  readonly pool: Dispatcher
  readonly regionHost: string | undefined
  readonly apiOrigin: string
}): SdkConnection {
  const sdk = loadSdk()
  const client = withoutHome(() => {
    const made = new sdk.ApiClient()
    made.config.setConfigPath('')
    return made
  })
  // The SDK prepares its log lines (headers and bodies, copied) even when it logs nothing.
  client.config.logger.log = () => {}
  client.setReturnExtendedResponses(true)
  if (settings.regionHost) client.setEnvironment(settings.regionHost)
  else {
    const { hostname, protocol, port } = new URL(settings.apiOrigin)
    client.setGateway({ host: hostname, protocol: protocol.slice(0, -1), ...(port && { port: Number(port) }) })
  }
  client.setHttpClient(transport(sdk, settings.pool))
  return {
    conversations: new sdk.ConversationsApi(client),
    setAccessToken: (token) => client.setAccessToken(token),
  }
}
