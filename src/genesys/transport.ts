import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { type Call, send } from '../lib/send.ts'

/** What came back over HTTP, whatever its status. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The parsed JSON, or undefined when the body is empty, too large or something else. */
  readonly body: unknown
}

/** Sends one request through a pool and reads the answer, as {@link send} does. */
export async function ask(pool: Dispatcher, call: Call): Promise<Answer> {
  const { status, headers, text } = await send(pool, call)
  return { status, headers, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
