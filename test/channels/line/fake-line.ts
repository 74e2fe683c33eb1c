import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { Agent } from 'undici'
import { serveApp } from '../../support/serve-app.ts'

/** One request as it came. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answer = (seen: Seen, response: ServerResponse, count: number) => void

/** A real HTTP server that records every request and answers as told; `count` is 1 for the first. */
export async function serveLine(answer: Answer) {
  const seen: Seen[] = []
  const app = await serveApp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      seen.push(one)
      answer(one, response, seen.length)
    })
  })
  return { ...app, seen }
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** A pool with time-outs short enough for a test. */
export const shortAgent = (timeoutMs: number): Agent =>
  new Agent({ connect: { timeout: timeoutMs }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs })

/** What a promise was rejected with; fails when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It was expected to be rejected.')
}
