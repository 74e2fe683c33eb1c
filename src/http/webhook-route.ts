import type { IncomingMessage, ServerResponse } from 'node:http'
import { WebhookRejected } from '../bridge/errors.ts'
import type { Emit } from '../bridge/events.ts'
import type { Heard, RawRequest, Webhook } from '../bridge/side.ts'
import { BodyIncomplete, BodyTooLarge, readRawBody } from './raw-body.ts'

/** 1 MiB. LINE states no maximum; bodies of a hundred events are a tenth of it. */
const maxBodyBytes = 1_048_576

/** A connection whose request was refused before its end is cut off this long after the answer. */
const lingerMs = 1_000

/** Handles one webhook; a plain Node handler with the parts of the path. It never throws. */
export type WebhookHandler = (
  request: IncomingMessage & { readonly params: { readonly source: string; readonly channel: string } },
  response: ServerResponse,
) => Promise<void>

/** One webhook address. */
export interface Receiver {
  /** Checks, reads and stores. Throws or rejects with {@link WebhookRejected}; any other error means that the store is away or slow. */
  receive(request: RawRequest): Promise<void>
}

/** Joins who checks and reads a webhook with where its events go. */
export const createReceiver = <M>(parts: {
  readonly webhook: Webhook<M>
  readonly admit: (heard: readonly Heard<M>[]) => Promise<void>
}): Receiver => ({
  receive: (request) => parts.admit(parts.webhook.read(parts.webhook.verify(request))),
})

interface Answer {
  readonly status: number
  readonly body: object
}

const taken: Answer = { status: 200, body: {} }
const takenText = '{}'

const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message } },
})

/** What the sender learns; nothing of the request is echoed. */
function answerTo(error: unknown): Answer {
  if (error instanceof WebhookRejected)
    return refusal(error.code === 'bad_signature' ? 401 : 400, error.code, error.message)
  if (error instanceof BodyTooLarge) return refusal(413, 'body_too_large', 'The body is larger than 1 MiB.')
  if (error instanceof BodyIncomplete) return refusal(400, 'bad_body', 'The body broke off.')
  return refusal(503, 'store_unavailable', 'The events could not be stored now. Send them again.')
}

/**
 * The way of every webhook of every side: find → read the bytes → verify → read the events → store → 200.
 * The content type does not matter, the signature does.
 */
export function createWebhookRoute(parts: {
  find(source: string, channel: string): Receiver | undefined
  readonly emit: Emit
  readonly onError: (error: Error) => void
}): WebhookHandler {
  const { find, emit, onError } = parts

  async function receive(request: IncomingMessage, receiver: Receiver): Promise<Answer> {
    try {
      const body = await readRawBody(request, maxBodyBytes)
      await receiver.receive({ headers: request.headers, body })
      return taken
    } catch (error) {
      const answer = answerTo(error)
      if (answer.status === 503) onError(error as Error)
      return answer
    }
  }

  return async (request, response) => {
    const { source, channel } = request.params
    const receiver = find(source, channel)
    const answer = receiver
      ? await receive(request, receiver)
      : refusal(404, 'unknown_channel', 'There is no such channel.')
    emit({
      type: 'webhook.answered',
      channel: receiver ? channel : 'unknown',
      source: receiver ? source : 'unknown',
      status: answer.status,
    })
    const text = answer === taken ? takenText : JSON.stringify(answer.body)
    // What has not been read of a refused body is not read any more: the connection ends with the answer.
    const broken = !request.complete
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      ...(broken && { connection: 'close' }),
    })
    // In the usual answer nobody has to look for characters of several bytes.
    response.end(text, answer === taken ? 'latin1' : 'utf8', broken ? () => leave(request) : undefined)
  }
}

/** The sender may still be sending: it gets a moment to read the answer, and then nobody listens any more. */
function leave(request: IncomingMessage): void {
  request.resume()
  setTimeout(() => request.socket.destroy(), lingerMs).unref()
}
