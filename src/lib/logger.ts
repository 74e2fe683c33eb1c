import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * JSON lines with constant messages and data in fields. Redaction is the second net: the first is that nobody logs a
 * payload.
 */
export const createLogger = (settings: { readonly level: string }): Logger =>
  pino({
    level: settings.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        'text',
        'token',
        'password',
        'secret',
        'authorization',
        '*.text',
        '*.authorization',
        '*.Authorization',
        '*.headers',
        '*.config',
      ],
      remove: true,
    },
  })
