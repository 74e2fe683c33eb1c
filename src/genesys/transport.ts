import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { callTimeoutMs } from '../lib/http.ts'

/** What came back over HTTP, whatever its status. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The parsed JSON, or undefined when the body is empty, too large or something else. */
  readonly body: unknown
}

/** A request to one of Genesys' hosts. */
export interface Call {
  readonly origin: string
  /** With the query, if any. */
  readonly path: string
  readonly method: Dispatcher.HttpMethod
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Answers are a few kilobytes; what is larger is not read. */
const maxAnswerBytes = 1_048_576

function json(chunks: readonly Buffer[]): unknown {
  if (chunks.length === 0) return undefined
  try {
    return JSON.parse((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8'))
  } catch {
    return undefined
  }
}

/**
 * Sends one request through a pool and reads the answer. Resolves for every status; rejects with the network's error, which
 * holds neither headers nor bodies. Uses undici's handler interface: a stream per answer would cost as much as the request.
 * https://undici.nodejs.org/#/docs/api/Dispatcher
 */
export function send(pool: Dispatcher, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let status = 0
    let headers: IncomingHttpHeaders = {}
    let bytes = 0
    let bodyDeadline = 0
    const chunks: Buffer[] = []
    const { origin, path, method, body } = call
    pool.dispatch(
      { origin, path, method, headers: call.headers, ...(body !== undefined && { body }) },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode, responseHeaders) {
          status = statusCode
          headers = responseHeaders
          bodyDeadline = performance.now() + callTimeoutMs
        },
        onResponseData(controller, chunk) {
          bytes += chunk.length
          if (bytes > maxAnswerBytes) {
            resolve({ status, headers, body: undefined })
            controller.abort(new Error('The answer is too large.'))
          } else if (performance.now() > bodyDeadline) {
            // The pool's own time-out counts between two pieces; a trickle would hold the message for ever.
            controller.abort(new Error('The answer did not end in time.'))
          } else chunks.push(chunk)
        },
        onResponseEnd: () => resolve({ status, headers, body: json(chunks) }),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
}
