import { expect, test } from '@jest/globals'
import { pino } from 'pino'
import type { BridgeEvent } from '../../src/bridge/events.ts'
import { createLogListener } from '../../src/observe/log.ts'

const about = {
  channel: 'shop',
  flow: 'outbound',
  ids: { message: 'm1', user: 'U1', event: 'e1', conversation: 'c1', remote: 'r1' },
} as const
const aboutFields = {
  channel: 'shop',
  direction: 'outbound',
  messageId: 'm1',
  userId: 'U1',
  eventId: 'e1',
  conversationId: 'c1',
  remoteId: 'r1',
}

/** The lines that a real logger writes for an event. */
function linesOf(event: BridgeEvent): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  const logger = pino(
    { level: 'trace', base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  createLogListener({ logger })(event)
  return lines
}

const attempted = {
  ...about,
  type: 'delivery.attempted',
  at: 0,
  attempt: 2,
  durationMs: 7,
} as const

test.each<[BridgeEvent, Record<string, unknown>]>([
  [
    { type: 'webhook.answered', channel: 'shop', source: 'line', status: 200 },
    { level: 'debug', channel: 'shop', source: 'line', status: 200 },
  ],
  [
    { type: 'webhook.answered', channel: 'shop', source: 'line', status: 401 },
    { level: 'warn', channel: 'shop', source: 'line', status: 401 },
  ],
  [
    { type: 'webhook.answered', channel: 'shop', source: 'line', status: 503 },
    { level: 'warn', channel: 'shop', source: 'line', status: 503 },
  ],
  [
    { ...about, type: 'message.received', at: 0 },
    { level: 'info', ...aboutFields },
  ],
  [
    { ...about, type: 'message.received', at: 0, lateMs: 61_000 },
    { level: 'info', ...aboutFields, late: true, lateMs: 61_000 },
  ],
  [
    { ...about, type: 'message.duplicate' },
    { level: 'info', ...aboutFields },
  ],
  [
    { type: 'message.ignored', channel: 'shop', flow: 'inbound', reason: 'follow' },
    { level: 'info', channel: 'shop', direction: 'inbound', reason: 'follow' },
  ],
  [
    { ...attempted, outcome: 'delivered', status: 200, sinceReceivedMs: 40 },
    {
      level: 'info',
      ...aboutFields,
      attempt: 2,
      outcome: 'delivered',
      status: 200,
      durationMs: 7,
      sinceReceivedMs: 40,
    },
  ],
  [
    { ...attempted, outcome: 'retry', status: 500, retryInMs: 900, error: 'HTTP 500' },
    {
      level: 'warn',
      ...aboutFields,
      attempt: 2,
      outcome: 'retry',
      status: 500,
      durationMs: 7,
      retryInMs: 900,
      error: 'HTTP 500',
    },
  ],
  [
    { ...about, type: 'message.delivered', at: 0, sinceReceivedMs: 40 },
    { level: 'debug', ...aboutFields, sinceReceivedMs: 40 },
  ],
  [
    { ...about, type: 'message.failed', at: 0, code: 'opted_out', reason: 'The customer blocked the account.' },
    { level: 'error', ...aboutFields, code: 'opted_out', reason: 'The customer blocked the account.' },
  ],
  [
    { type: 'alert.raised', kind: 'setup', channel: 'shop', detail: 'HTTP 401' },
    { level: 'error', kind: 'setup', channel: 'shop', detail: 'HTTP 401' },
  ],
  [
    {
      type: 'operator.acted',
      action: 'replay',
      who: 'ops',
      reason: 'mended',
      filter: { channel: 'shop' },
      count: 2,
      skipped: 1,
    },
    {
      level: 'info',
      action: 'replay',
      who: 'ops',
      reason: 'mended',
      filter: { channel: 'shop' },
      count: 2,
      skipped: 1,
    },
  ],
  [
    {
      type: 'operator.acted',
      action: 'pause',
      who: 'ops',
      reason: 'x',
      channel: 'shop',
      direction: 'inbound',
      count: 0,
      failed: true,
    },
    {
      level: 'info',
      action: 'pause',
      who: 'ops',
      reason: 'x',
      channel: 'shop',
      direction: 'inbound',
      count: 0,
      failed: true,
    },
  ],
])('$type is one line with constant message and all its fields', (event, fields) => {
  expect(linesOf(event)).toEqual([{ ...fields, msg: event.type }])
})

test.each(['retry', 'wait', 'hold', 'give-up'] as const)('an attempt that ends with %s is a warning', (outcome) => {
  expect(linesOf({ ...attempted, outcome })).toMatchObject([{ level: 'warn', outcome }])
})

test.each([
  ['delivered', 'debug'],
  ['retry', 'warn'],
] as const)('an attempt at a receipt that ends with %s is told as %s', (outcome, level) => {
  expect(linesOf({ ...attempted, flow: 'receipts', outcome })).toMatchObject([
    { level, direction: 'receipts', outcome },
  ])
})
