import { describe, expect, test } from '@jest/globals'
import {
  type About,
  fromAnswer,
  fromNetwork,
  fromTakenReceipt,
  fromTokenAnswer,
  waitMs,
  wantsText,
} from '../../src/genesys/failures.ts'

const now = Date.parse('2026-11-21T04:05:06.000Z')
const answer = (status: number, body?: unknown, headers = {}) => ({ status, body, headers })
const hold = { do: 'hold' }
const giveUp = { do: 'give-up', reason: { code: 'invalid_message' } }
const retry = { do: 'retry', mayHaveArrived: true }
const unknownConversation = {
  code: 'not.found',
  message: 'The conversation was not found.',
  entityName: 'conversation',
}
const echoedPath = { message: 'HTTP 404: /api/v2/conversations/messages/5f0c/inbound/open/message' }
const unknownIntegration = { code: 'not.found', message: 'The integration could not be found.' }

test.each<[About, number, unknown, object]>([
  ['message', 302, undefined, hold],
  ['message', 400, undefined, giveUp],
  ['message', 401, undefined, hold],
  ['message', 403, undefined, hold],
  ['message', 404, undefined, hold],
  ['message', 404, unknownIntegration, hold],
  ['message', 404, { code: 'not.found', message: 'The requested resource was not found.' }, hold],
  ['message', 404, echoedPath, hold],
  ['message', 404, '<html>', hold],
  ['message', 404, { message: 'No integration for this conversation' }, hold],
  ['message', 404, unknownConversation, giveUp],
  ['message', 408, undefined, retry],
  ['message', 409, undefined, giveUp],
  ['message', 410, undefined, hold],
  ['message', 413, undefined, giveUp],
  ['message', 415, undefined, giveUp],
  ['message', 422, undefined, giveUp],
  ['message', 429, undefined, { do: 'wait', afterMs: 5_000 }],
  ['message', 500, undefined, retry],
  ['message', 503, undefined, retry],
  ['message', 504, undefined, retry],
  ['structured response', 403, undefined, hold],
  ['structured response', 408, undefined, retry],
  ['structured response', 409, undefined, giveUp],
  ['structured response', 410, undefined, hold],
  ['structured response', 413, undefined, giveUp],
  ['structured response', 429, undefined, { do: 'wait', afterMs: 5_000 }],
  ['structured response', 503, undefined, retry],
  ['receipt', 400, undefined, giveUp],
  ['receipt', 401, undefined, hold],
  ['receipt', 403, undefined, hold],
  ['receipt', 404, { message: 'message 9b0c not found' }, giveUp],
  ['receipt', 404, echoedPath, { do: 'retry', mayHaveArrived: false }],
  ['receipt', 404, undefined, { do: 'retry', mayHaveArrived: false }],
  ['receipt', 404, unknownIntegration, hold],
  ['receipt', 409, undefined, giveUp],
  ['receipt', 503, undefined, retry],
])('a %s answered with %i (%j)', (about, status, body, next) => {
  expect(fromAnswer(about, answer(status, body), false, now)).toMatchObject({ name: 'DeliveryError', status, next })
})

test.each([200, 201, 202, 204])('%i is success', (status) => {
  expect(fromAnswer('message', answer(status), false, now)).toBeUndefined()
})

describe('a receipt that is answered 2xx', () => {
  const failed = {
    status: 'Failed',
    reasons: [{ code: 'UnknownMessage', message: 'สวัสดี' }, { code: 'no code!' }, null],
  }

  test('and a body that says Failed, is given up, and the error tells only the codes', () => {
    expect(fromTakenReceipt('Delivered', answer(200, failed))).toMatchObject({
      message: 'Genesys answered 200 to a receipt, and that it failed (UnknownMessage)',
      status: 200,
      next: { do: 'give-up' },
    })
  })

  test.each([
    ['echoes our own failure', 'Failed', failed],
    ['echoes our success', 'Delivered', { status: 'Delivered' }],
    ['has another status', 'Delivered', { status: 'Sent' }],
    ['has no body', 'Delivered', undefined],
  ])('and %s, is taken', (_, reported, body) => {
    expect(fromTakenReceipt(reported, answer(200, body))).toBeUndefined()
  })
})

test('only what says that a structured response is not for it leads to a text', () => {
  const statuses = [200, 202, 302, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 500, 501, 503]
  expect(statuses.filter((status) => wantsText(answer(status)))).toEqual([400, 404, 405, 410, 422, 501])
})

test('a conflict after an attempt that may have arrived is success', () => {
  expect(fromAnswer('message', answer(409), true, now)).toBeUndefined()
})

describe('a 429', () => {
  test.each<[string, unknown, Record<string, string>, number]>([
    ['waits for Retry-After in seconds', undefined, { 'retry-after': '17' }, 17_000],
    ['waits for Retry-After as a date', undefined, { 'retry-after': 'Sat, 21 Nov 2026 04:05:36 GMT' }, 30_000],
    ['prefers Retry-After', { message: 'retry in 3 seconds' }, { 'retry-after': '17' }, 17_000],
    ['reads the seconds in its message', { message: 'maximum exceeded, retry in 12 seconds' }, {}, 12_000],
    ['reads seconds in brackets', { message: 'Retry the request in [43] seconds' }, {}, 43_000],
    ['waits 5 s when it does not say', { message: 'slow down' }, {}, 5_000],
    ['waits 5 s when Retry-After is unreadable', undefined, { 'retry-after': 'soon' }, 5_000],
    ['does not come back at once', undefined, { 'retry-after': '0' }, 1_000],
    [
      'does not come back at once for a date gone by',
      undefined,
      { 'retry-after': 'Sat, 21 Nov 2026 04:00:00 GMT' },
      1_000,
    ],
    ['does not wait for ever', undefined, { 'retry-after': '99999999999' }, 3_600_000],
  ])('%s', (_how, body, headers, afterMs) => {
    expect(waitMs(answer(429, body, headers), now)).toBe(afterMs)
  })
})

test.each<[number, object]>([
  [200, hold],
  [302, hold],
  [400, hold],
  [401, hold],
  [404, hold],
  [408, { do: 'retry', mayHaveArrived: false }],
  [429, { do: 'wait', afterMs: 5_000 }],
  [500, { do: 'retry', mayHaveArrived: false }],
])('a token request answered with %i', (status, next) => {
  expect(fromTokenAnswer(answer(status), now)).toMatchObject({ status, next })
})

test('no answer may mean arrival, unless nothing was sent', () => {
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  expect(fromNetwork('message', reset).next).toEqual({ do: 'retry', mayHaveArrived: true })
  expect(fromNetwork('message', refused).next).toEqual({ do: 'retry', mayHaveArrived: false })
})

test('an error tells status, code and context, and nothing else of the answer', () => {
  const body = { code: 'bad.request', contextId: 'c-1', message: 'Hello, I am Aiko', details: ['secret'] }
  expect(fromAnswer('message', answer(400, body), false, now)?.message).toBe(
    'Genesys answered 400 bad.request to a message (context c-1)',
  )
  expect(fromAnswer('message', answer(400, { code: 'Aiko says hello', contextId: {} }), false, now)?.message).toBe(
    'Genesys answered 400 to a message',
  )
})
