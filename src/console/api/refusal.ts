import type { ErrorRequestHandler } from 'express'
import { asNumber, asObject, asText } from '../../lib/loose.ts'
import type { ErrorJson } from './shapes.ts'

/** Thrown for a request that cannot be served; the caller sees code and message. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal'
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const badRequest = (message: string): ApiRefusal => new ApiRefusal(400, 'bad_request', message)

export const unknownChannel = (): ApiRefusal => new ApiRefusal(404, 'unknown_channel', 'There is no such channel.')

/** What Express' body parser complains about; its own words may quote the body. */
const bodyFaults: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['bad_body', 'The body is not JSON.'],
  413: ['body_too_large', 'The body is larger than 1 MiB.'],
  415: ['bad_body', 'The body’s encoding is not supported.'],
}

function refusalOf(error: unknown): ApiRefusal | undefined {
  if (error instanceof ApiRefusal) return error
  const { type, status } = asObject(error)
  const fault = bodyFaults[asNumber(status) ?? 0]
  return asText(type) && fault ? new ApiRefusal(asNumber(status) ?? 400, ...fault) : undefined
}

/** Answers refused requests; any other error goes on to the server's own handler. */
export const answerRefusals: ErrorRequestHandler = (error, _request, response, next) => {
  const refusal = refusalOf(error)
  if (!refusal || response.headersSent) return next(error)
  const { status, code, message } = refusal
  response.status(status).json({ error: { code, message } } satisfies ErrorJson)
}
