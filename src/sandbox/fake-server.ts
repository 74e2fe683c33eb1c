import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Faults } from './faults.ts'
import type { Fault, RecordedRequest } from './platforms.ts'

/** A request on its way through a fake platform. */
export interface Call<Endpoint extends string> {
  readonly request: RecordedRequest<Endpoint>
  /** The `:names` of the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** What a route answers. `json` or `bytes`, or neither for an empty body. */
export interface Answer {
  readonly status: number
  readonly json?: unknown
  readonly bytes?: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** One endpoint. `path` holds `:names` for variable segments. */
export interface Route<Endpoint extends string> {
  readonly endpoint: Endpoint
  readonly method: string
  readonly path: string
  answer(call: Call<Endpoint>): Answer | Promise<Answer>
}

/** What is the same for all servers of one fake platform. */
export interface FakeServerSettings<Endpoint extends string> {
  readonly routes: readonly Route<Endpoint>[]
  readonly faults: Faults<Endpoint>
  readonly now: () => number
  /** Sees a request when it has arrived whole, before any fault. */
  readonly arrived?: (request: RecordedRequest<Endpoint>) => void
  /** Sees it again when its answer is known (status 0: dropped). Not called for a request that is never answered. */
  readonly answered: (request: RecordedRequest<Endpoint>) => void
  /** The platform's error body for a fault, or for a path that it does not know (`fault` is undefined then). */
  readonly failure: (status: number, fault: Fault | undefined) => Answer
  /** Headers of every answer. */
  readonly headers: (request: RecordedRequest<Endpoint>) => Readonly<Record<string, string>>
}

/** A real HTTP server on loopback. */
export interface FakeServer {
  readonly url: string
  start(port?: number): Promise<void>
  stop(): Promise<void>
}

type Recording<Endpoint extends string> = {
  -readonly [Key in keyof RecordedRequest<Endpoint>]: RecordedRequest<Endpoint>[Key]
}

/** Far above both platforms' own limits, which their routes check. */
const mostBytes = 64 * 1024 * 1024

/** Matches routes, applies faults, answers. Never follows or normalises a path: a doubled slash is another path. */
export function createFakeServer<Endpoint extends string>(settings: FakeServerSettings<Endpoint>): FakeServer {
  const { faults, now, headers, failure } = settings
  const routes = settings.routes.map((route) => ({ ...route, segments: route.path.split('/') }))
  const connections = new WeakMap<Socket, { closedAt: number | undefined }>()
  let stopping = new AbortController()
  let url = ''

  const connectionOf = (socket: Socket) => {
    const known = connections.get(socket)
    if (known) return known
    const connection: { closedAt: number | undefined } = { closedAt: undefined }
    connections.set(socket, connection)
    socket.once('close', () => {
      connection.closedAt = now()
    })
    return connection
  }

  const find = (method: string, path: string) => {
    const segments = path.split('/')
    for (const route of routes) {
      if (route.method !== method || route.segments.length !== segments.length) continue
      const params: Record<string, string> = {}
      const fits = route.segments.every((wanted, index) => {
        const got = segments[index] ?? ''
        if (!wanted.startsWith(':')) return wanted === got
        params[wanted.slice(1)] = decode(got)
        return got !== ''
      })
      if (fits) return { route, params }
    }
    return undefined
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = new URL(`http://fake${incoming.url ?? '/'}`)
    const method = incoming.method ?? 'GET'
    const found = find(method, target.pathname)
    const connection = connectionOf(incoming.socket)
    const body = await readBody(incoming)
    const request: Recording<Endpoint> = {
      at: now(),
      endpoint: found?.route.endpoint,
      method,
      path: target.pathname,
      query: Object.fromEntries(target.searchParams),
      headers: incoming.headers,
      body: body.toString('utf8'),
      status: undefined,
      accepted: false,
      connection,
    }
    settings.arrived?.(request)
    const fault = faults.meet(request)
    if (fault?.delayMs) await sleep(fault.delayMs, undefined, { signal: stopping.signal })
    const good =
      fault?.answer === undefined || fault.accept
        ? ((await found?.route.answer({ request, params: found.params })) ?? failure(404, undefined))
        : undefined
    request.accepted = good !== undefined && good.status < 300
    if (fault?.answer === 'silence') return
    if (fault?.answer === 'drop') {
      request.status = 0
      settings.answered(request)
      incoming.socket.destroy()
      return
    }
    const answer = typeof fault?.answer === 'number' ? failure(fault.answer, fault) : (good ?? failure(500, fault))
    request.status = answer.status
    settings.answered(request)
    write(response, answer, {
      ...headers(request),
      ...(fault?.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) }),
      ...(fault?.retryAt === undefined ? {} : { 'retry-after': new Date(fault.retryAt).toUTCString() }),
    })
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy())
  })
  // Longer than clients keep idle connections, so that none is closed under a request on its way.
  server.keepAliveTimeout = 75_000

  return {
    get url() {
      return url
    },
    start: (port = 0) =>
      new Promise((resolve, reject) => {
        stopping = new AbortController()
        server.once('error', reject)
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject)
          url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
          resolve()
        })
      }),
    stop: () =>
      new Promise((resolve) => {
        stopping.abort()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) throw new Error('The request is too large for a fake platform.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function write(response: ServerResponse, answer: Answer, headers: Readonly<Record<string, string>>): void {
  const body = answer.bytes ?? (answer.json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.json)))
  response.writeHead(answer.status, {
    ...(answer.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
    ...answer.headers,
    'content-length': body.length,
  })
  response.end(body)
}
