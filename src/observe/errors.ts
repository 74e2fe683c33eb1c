import { errorCode } from '../lib/error-code.ts'
import type { Logger } from '../lib/logger.ts'

/** The same error is told once in this time; an outage of Redis would otherwise fill the disk. */
const quietMs = 1_000

/**
 * Hears of errors that no message's own line tells. Only name, code and place go to the log: the words of an error may
 * quote what was being read.
 */
export function createErrorListener(parts: { readonly logger: Logger }): (error: Error) => void {
  const { logger } = parts
  const toldAt = new Map<string, number>()
  return (error) => {
    const code = errorCode(error)
    const place = error.stack
      ?.split('\n')
      .find((line) => line.trimStart().startsWith('at '))
      ?.trim()
    const key = `${error.name} ${code} ${place}`
    const now = Date.now()
    if (now - (toldAt.get(key) ?? 0) < quietMs) return
    if (toldAt.size > 1_000) toldAt.clear()
    toldAt.set(key, now)
    logger.error({ name: error.name, code, place }, 'error.caught')
  }
}
