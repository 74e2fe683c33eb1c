import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { journalField } from '../../src/queue/names.ts'
import { ulidTime } from '../../src/queue/squeeze.ts'
import { readTrace, receivedAtOf, type TraceStep, writeStep, writeTrace } from '../../src/queue/trace.ts'
import { anyId, platformId, ulid, uuid } from './ids.ts'

const afterMs = fc.nat(90_000_000)
const attempt = fc.integer({ min: 1, max: 400 })
const status = fc.integer({ min: 200, max: 599 })
const step: fc.Arbitrary<TraceStep> = fc.oneof(
  fc.record({ what: fc.constant('failed' as const), afterMs, attempt, next: fc.constantFrom('retry', 'wait', 'hold') }),
  fc.record({ what: fc.constant('failed' as const), afterMs, attempt, status, next: fc.constantFrom('retry', 'hold') }),
  fc.record({ what: fc.constant('delivered' as const), afterMs, attempt, status }),
  fc.record({ what: fc.constant('delivered' as const), afterMs, attempt, status, remote: uuid }),
  fc.record({ what: fc.constant('dead' as const), afterMs, attempt, code: fc.constantFrom('expired', 'opted_out') }),
  fc.record({ what: fc.constant('dead' as const), afterMs, attempt, status, code: fc.constant('general') }),
  fc.record({
    what: fc.constant('refused' as const),
    afterMs,
    code: fc.constantFrom('unsupported', 'media_too_large'),
  }),
  fc.record({ what: fc.constant('receipt' as const), afterMs, status: fc.constantFrom('delivered', 'failed refused') }),
  fc.record({ what: fc.constant('not_shown' as const), afterMs, code: fc.constantFrom('not_shown', 'general') }),
  fc.record({ what: fc.constantFrom('replayed' as const, 'discarded' as const, 'withdrawn' as const), afterMs }),
)

const event = '01M7ZG8367TYXC45VSN0SH2X9X'
const eventAt = ulidTime(event)
const receivedAt = fc.oneof(
  fc.nat(2_000_000_000_000),
  fc.integer({ min: -9_000, max: 9_000_000_000 }).map((late) => eventAt + late),
)

describe('a trace', () => {
  test('tells what was written, step by step', () => {
    const other = fc.option(fc.oneof(anyId, ulid, fc.constant(event)), { nil: undefined })
    const user = fc.oneof(anyId, platformId)
    fc.assert(
      fc.property(user, other, other, fc.array(step), receivedAt, (user, event, conversation, steps, at) => {
        const ids = { message: 'm', user, ...(event && { event }), ...(conversation && { conversation }) }
        const trace = readTrace(writeTrace(ids, at) + steps.map(writeStep).join(''))
        expect(trace.receivedAt).toBe(at)
        expect(receivedAtOf(writeTrace(ids, at))).toBe(at)
        expect(trace.steps).toEqual(steps)
        expect(trace.ids).toMatchObject({ user, ...(event && { event }), ...(conversation && { conversation }) })
      }),
      { numRuns: 500 },
    )
  })

  const ids = {
    message: '468789577898262530',
    user: 'U8189cf6745fc0d808977bdb0b9f22995',
    event,
  }
  const at = eventAt + 350
  const remote = '0f8fad5b-d9cb-469f-a165-70867728950e'

  test('of a delivered LINE message takes at most 110 bytes, its field name included', () => {
    const text =
      writeTrace(ids, at) + writeStep({ what: 'delivered', afterMs: 35_000, attempt: 1, status: 200, remote })
    const size = Buffer.byteLength(journalField('retail_thailand', 'inbound', ids.message) + text)
    expect(size).toBeLessThanOrEqual(110)
    expect(readTrace(text)).toMatchObject({ receivedAt: at, ids: { user: ids.user, event: ids.event, remote } })
  })

  test('of an earlier release is understood', () => {
    const text = `mwqmpiwg|U.gYnPZ0X8DYCJd72wufIplQ|${ids.event}|;fa,1,500,retry;d4id,2,202,~D4-tW9nLRp-hZXCGdyiVDg`
    expect(readTrace(text)).toEqual({
      receivedAt: Number.parseInt('mwqmpiwg', 36),
      ids: { user: ids.user, event: ids.event, remote },
      steps: [
        { what: 'failed', afterMs: 10, attempt: 1, status: 500, next: 'retry' },
        { what: 'delivered', afterMs: Number.parseInt('4id', 36), attempt: 2, status: 202, remote },
      ],
    })
  })
})
