import { expect, test } from '@jest/globals'
import { networkCode, neverSent, retryAfterMs } from '../../src/lib/http.ts'

test.each([
  ['2', 2_000],
  ['1.5', 1_500],
  [' 0 ', 0],
  ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ['99999999999', 3_600_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %j means %j ms', (header, expected) => {
  expect(retryAfterMs(header, Date.parse('2026-11-21T12:00:00Z'))).toBe(expected)
})

const coded = (code: unknown, cause?: unknown) => Object.assign(new TypeError('at secret-host', { cause }), { code })

test.each<[string, unknown, string]>([
  ['its code', coded('ECONNRESET'), 'ECONNRESET'],
  ["its cause's code", coded(undefined, coded('ENOTFOUND')), 'ENOTFOUND'],
  ['its class where there is no code', coded(undefined, coded(7)), 'TypeError'],
  ['its class where the code may hold more', coded('at secret-host'), 'TypeError'],
  ['no more than that it is unknown', 'secret', 'unknown error'],
])('a network error tells %s', (_, error, expected) => {
  expect(networkCode(error)).toBe(expected)
})

test.each<[boolean, string, unknown]>([
  [true, 'a refused connection', coded('ECONNREFUSED')],
  [true, 'one below another error', coded('UND_ERR', coded('UND_ERR_CONNECT_TIMEOUT'))],
  [true, 'every address refused', new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')])],
  [false, 'one address of two reset', new AggregateError([coded('ECONNREFUSED'), coded('ECONNRESET')])],
  [false, 'a reset', coded('ECONNRESET')],
  [false, 'no error at all', undefined],
])('%p: %s was certainly never sent', (expected, _, error) => {
  expect(neverSent(error)).toBe(expected)
})
