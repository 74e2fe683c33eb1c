import { expect, test } from '@jest/globals'
import { maskJob, maskPayload } from '../../src/console/masking.ts'

test('of an envelope only version and known ids are shown', () => {
  const envelope = {
    v: 1,
    ids: { message: 'm1', user: 'U1', event: 'e1', conversation: 'c1', remote: 'r1', nickname: 'Somchai', nested: {} },
    sealed: { text: 'my card number' },
    name: 'Somchai',
  }
  expect(maskPayload(envelope)).toEqual({
    v: 1,
    ids: { message: 'm1', user: 'U1', event: 'e1', conversation: 'c1', remote: 'r1' },
    content: 'hidden',
  })
})

test('an envelope that holds nothing else says nothing of hidden content', () => {
  expect(maskPayload({ v: 1, ids: { message: 'm1', user: 'U1' } })).toEqual({
    v: 1,
    ids: { message: 'm1', user: 'U1' },
  })
})

test.each([
  ['a text', 'hello', 'hidden'],
  ['a list', ['hello'], 'hidden'],
  ['an unknown object', { text: 'hello' }, { content: 'hidden' }],
  ['a version that is a text', { v: 'hello' }, {}],
  ['ids that are a text', { ids: 'hello' }, {}],
  ['ids that are a list', { ids: ['hello'] }, { ids: {} }],
  ['a number', 42, 42],
  ['nothing', null, null],
  ['undefined', undefined, undefined],
])('%s is covered', (_case, payload, shown) => {
  expect(maskPayload(payload)).toEqual(shown)
})

test('a name of every object, such as constructor, is no known id', () => {
  expect(maskPayload({ v: 1, ids: { constructor: 'hello', toString: 'hello' } })).toEqual({ v: 1, ids: {} })
})

test('of a failure its first line is shown, and no stack', () => {
  const job = {
    id: 'm-1',
    failedReason: `HTTP 400\nbody: hello`,
    deferredFailure: 'x'.repeat(1000),
    stacktrace: ['Error: HTTP 400\n    at hello'],
  }
  expect(maskJob(job)).toEqual({
    id: 'm-1',
    failedReason: 'HTTP 400',
    deferredFailure: 'x'.repeat(300),
    stacktrace: [],
  })
})
