import { randomUUID } from 'node:crypto'
import type { Answer } from '../fake-server.ts'
import type { Fault } from '../platforms.ts'

/** The code and words that the platform uses by status; from its published API description. https://developer.genesys.cloud/platform/api/ */
const usual: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['bad.request', 'The request could not be understood by the server due to malformed syntax.'],
  401: ['bad.credentials', 'Invalid login credentials.'],
  403: [
    'missing.permissions',
    'Unable to perform the requested action. You are missing the following permission(s): conversation:message:receive',
  ],
  404: ['not.found', 'The requested resource was not found.'],
  408: ['request.timeout', 'The client did not produce a request within the server timeout limit.'],
  409: ['conflict', 'The request conflicts with the current state of the target resource.'],
  413: ['request.entity.too.large', 'The request is over the size limit. Maximum bytes: 512000'],
  415: [
    'unsupported.media.type',
    'Unsupported Media Type - Unsupported or incorrect media type, such as an incorrect Content-Type value in the header.',
  ],
  429: ['too.many.requests', 'Rate limit exceeded the maximum, retry in 5 seconds'],
  500: [
    'internal.server.error',
    'The server encountered an unexpected condition which prevented it from fulfilling the request.',
  ],
  502: ['bad.gateway', 'Bad Gateway'],
  503: [
    'service.unavailable',
    'Service Unavailable - The server is currently unavailable (because it is overloaded or down for maintenance).',
  ],
  504: ['request.timeout', 'The request timed out.'],
}

/** An error answer with the platform's `ErrorBody`. */
export function refuse(
  status: number,
  words: { readonly code?: string; readonly message?: string } = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const [code, message] = usual[status] ?? ['internal.server.error', 'Error']
  return {
    status,
    headers,
    json: {
      message: words.message ?? message,
      code: words.code ?? code,
      status,
      contextId: randomUUID(),
      details: [],
      errors: [],
    },
  }
}

/** A fault's answer, or that of a path that the platform does not have. */
export const failure = (status: number, fault: Fault | undefined): Answer =>
  status < 300 ? { status, json: {} } : refuse(status, fault?.message === undefined ? {} : { message: fault.message })
