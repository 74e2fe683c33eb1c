import type { Answer } from '../fake-server.ts'
import type { Fault } from '../platforms.ts'
import type { Problem } from './problems.ts'

/** LINE's usual words by status. https://developers.line.biz/en/reference/messaging-api/#error-responses */
const usualWords: Readonly<Record<number, string>> = {
  400: 'Failed to send messages',
  401: 'Authentication failed due to the following reason: invalid token. Confirm that the access token in the authorization header is valid.',
  403: 'Access to this API is not available for your account',
  404: 'Not found',
  409: 'The retry key is already accepted',
  410: 'The content is gone',
  413: 'Payload too large',
  415: 'Unsupported media type',
  429: 'The API rate limit has been exceeded. Try again later.',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

/** What LINE says when the month's free and additional messages are used up. https://developers.line.biz/en/reference/messaging-api/#send-push-message */
export const monthlyLimitWords = 'You have reached your monthly limit.'

/** An error answer with LINE's body `{ message }`. */
export const refuse = (status: number, message: string = usualWords[status] ?? 'Error'): Answer => ({
  status,
  json: { message },
})

/** A fault's answer, or that of a path that LINE does not have. */
export const failure = (status: number, fault: Fault | undefined): Answer =>
  status < 300 ? { status, json: {} } : refuse(status, fault?.message)

/** 400 with all problems of a body. */
export const refuseProblems = (problems: readonly Problem[]): Answer => ({
  status: 400,
  json: {
    message: `The request body has ${problems.length} error(s)`,
    details: problems,
  },
})

/** 400 for one property that makes the whole body unreadable. */
export const refuseProperty = (property: string): Answer =>
  refuse(400, `The property, ${property}, in the request body is invalid (line: -, column: -)`)

/** A JSON body as LINE reads it, or the answer that refuses it. */
export function readJson(request: {
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}): { readonly fields: Readonly<Record<string, unknown>> } | { readonly refused: Answer } {
  const type = String(request.headers['content-type'] ?? '')
  if (!/^application\/json\b/i.test(type)) {
    return { refused: refuse(400, `The content type, ${type || '(none)'}, is not supported`) }
  }
  // https://developers.line.biz/en/reference/messaging-api/#send-push-message: 2 MB
  if (Buffer.byteLength(request.body) > 2 * 1024 * 1024) return { refused: refuse(413) }
  try {
    const value: unknown = JSON.parse(request.body)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { fields: value as Record<string, unknown> }
    }
  } catch {
    // Refused below, in LINE's words.
  }
  return { refused: refuse(400, 'The request body could not be parsed as JSON (line: 1, column: 1)') }
}
