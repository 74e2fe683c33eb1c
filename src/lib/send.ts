import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { callTimeoutMs } from './http.ts'

/** A request to a platform. */
export interface Call {
  readonly origin: string
  /** With the query, if any. */
  readonly path: string
  readonly method: Dispatcher.HttpMethod
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What came back, whatever its status. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Empty when there was none, or one that is too large. */
  readonly text: string
}

/** Answers are a few kilobytes; what is larger is not read. */
const maxReplyBytes = 1_048_576

/**
 * Sends one request through a pool and reads the answer. Resolves for every status and follows no redirect; rejects
 * with the network's error, which holds neither headers nor bodies. Uses undici's handler interface: a stream per
 * answer would cost as much as the request. https://undici.nodejs.org/#/docs/api/Dispatcher
 * @param bodyWithinMs how long the body may take after the headers
 */
export function send(pool: Dispatcher, call: Call, bodyWithinMs = callTimeoutMs): Promise<Reply> {
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
          bodyDeadline = performance.now() + bodyWithinMs
        },
        onResponseData(controller, chunk) {
          bytes += chunk.length
          if (bytes > maxReplyBytes) {
            resolve({ status, headers, text: '' })
            controller.abort(new Error('The answer is too large.'))
          } else if (performance.now() > bodyDeadline) {
            // The pool's own time-out counts between two pieces; a trickle would hold the message for ever.
            controller.abort(new Error('The answer did not end in time.'))
          } else chunks.push(chunk)
        },
        onResponseEnd() {
          const whole = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
          resolve({ status, headers, text: whole?.toString('utf8') ?? '' })
        },
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
}
