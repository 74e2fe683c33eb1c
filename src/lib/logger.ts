import { type Logger, pino } from 'pino'

export type { Logger }

/** A field of such a name is left out with all that is in it: no line of ours has one. */
const forbidden = [
  'text',
  'token',
  'password',
  'secret',
  'authorization',
  'headers',
  'config',
  'body',
  'payload',
  'content',
  'err',
  'request',
  'response',
]

/**
 * JSON lines with constant messages and data in fields. Redaction is the second net: the first is that nobody logs a
 * payload. Whole fields only, because paths with wildcards cost more than all the rest of a line.
 *
 * Lines are written while the program goes on, those of a busy moment together; a killed process can lose the last of them.
 */
export const createLogger = (settings: {
  readonly level: string
  /** `stderr`: for programs whose output is for people, at once; default `stdout`. */
  readonly to?: 'stdout' | 'stderr'
}): Logger =>
  pino(
    {
      level: settings.level,
      base: null,
      timestamp: createClock(),
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: forbidden, remove: true },
      hooks: { streamWrite: toBytes },
    },
    pino.destination({
      contentMode: 'buffer',
      ...(settings.to === 'stderr'
        ? { dest: 2, sync: true }
        : { dest: 1, sync: false, minLength: 32_768, maxWrite: 65_536, periodicFlush: 50 }),
    }),
  )

/** Of texts that wait to be written, sonic-boom counts all bytes anew with every line; of bytes it knows how many they are. */
const toBytes = (line: string): string => Buffer.from(line) as unknown as string

/** Writes the time of a line; many lines have the same. */
function createClock(): () => string {
  let at = 0
  let written = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      written = `,"time":"${new Date(now).toISOString()}"`
    }
    return written
  }
}
