import type { MessageIds } from '../bridge/events.ts'

/** The ids that may be seen; a record, so that the compiler asks for every new one. */
const knownIds: Readonly<Record<keyof MessageIds, true>> = {
  message: true,
  user: true,
  event: true,
  conversation: true,
  remote: true,
}

const hidden = 'hidden'
const maxReasonLength = 300

/**
 * What the dashboard shows of a job's data, result or progress: the envelope's version and ids. Everything else becomes
 * `content: 'hidden'`, unknown keys included, so that a field added later is hidden until somebody decides otherwise.
 */
export function maskPayload(payload: unknown): unknown {
  if (payload === undefined || payload === null || typeof payload === 'boolean' || typeof payload === 'number')
    return payload
  if (typeof payload !== 'object' || Array.isArray(payload)) return hidden
  const { v, ids, ...rest } = payload as { readonly v?: unknown; readonly ids?: unknown }
  return {
    ...(typeof v === 'number' ? { v } : {}),
    ...(typeof ids === 'object' && ids !== null ? { ids: visibleIds(ids) } : {}),
    ...(Object.keys(rest).length > 0 ? { content: hidden } : {}),
  }
}

function visibleIds(ids: object): Record<string, string> {
  const visible = Object.entries(ids).filter(([name, id]) => Object.hasOwn(knownIds, name) && typeof id === 'string')
  return Object.fromEntries(visible)
}

/**
 * A copy of a job as the dashboard's API answers it, without what its formatters do not reach. The failure's first line
 * stays, since it is what people look for and holds no texts or names by the rule for errors; stack traces say nothing
 * more that helps here.
 */
export function maskJob(job: object): object {
  const { failedReason, deferredFailure, ...rest } = job as {
    readonly failedReason?: unknown
    readonly deferredFailure?: unknown
  }
  return {
    ...rest,
    ...(failedReason === undefined ? {} : { failedReason: firstLine(failedReason) }),
    ...(deferredFailure === undefined ? {} : { deferredFailure: firstLine(deferredFailure) }),
    stacktrace: [],
  }
}

const firstLine = (reason: unknown): unknown =>
  typeof reason === 'string' ? (reason.split('\n', 1)[0] ?? '').slice(0, maxReasonLength) : reason
