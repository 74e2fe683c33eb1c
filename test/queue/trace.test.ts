import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { journalField } from '../../src/queue/names.ts'
import { readTrace, squeeze, type TraceStep, unsqueeze, writeStep, writeTrace } from '../../src/queue/trace.ts'

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const platformId = fc.tuple(fc.constantFrom('U', 'C', 'R'), hex(32)).map((parts) => parts.join(''))
const uuid = hex(32).map((all) => all.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
// What an id looks like once it was squeezed, as an id of its own.
const squeezed = fc.oneof(platformId, uuid).map(squeeze)
const anyId = fc.oneof(
  platformId,
  uuid,
  squeezed,
  fc.string({ unit: fc.constantFrom(...';|,~.%Ua1é👋'), minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
)

describe('a squeezed id', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(anyId, (id) => expect(unsqueeze(squeeze(id))).toBe(id)),
      { numRuns: 1_000 },
    )
  })

  test('holds nothing that a trace is divided by', () => {
    fc.assert(fc.property(anyId, (id) => expect(squeeze(id)).not.toMatch(/[;|,]/)))
  })

  test('is shorter for LINE user ids and UUIDs', () => {
    expect(squeeze('U8189cf6745fc0d808977bdb0b9f22995')).toHaveLength(24)
    expect(squeeze('0f8fad5b-d9cb-469f-a165-70867728950e')).toHaveLength(23)
  })

  // An emoji that lies across the cut once made it throw, and the webhook with it.
  test('is cut at 80 characters, also within a surrogate pair', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (id) => {
        expect(() => squeeze(id)).not.toThrow()
      }),
    )
    expect(unsqueeze(squeeze(`${'a'.repeat(79)}👋`))).toBe(`${'a'.repeat(79)}\uFFFD`)
  })

  test('of nothing is nothing', () => {
    expect(squeeze(undefined)).toBe('')
    expect(unsqueeze('')).toBeUndefined()
  })
})

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
  fc.record({ what: fc.constant('receipt' as const), afterMs, status: fc.constantFrom('delivered', 'failed refused') }),
  fc.record({ what: fc.constant('not_shown' as const), afterMs, code: fc.constantFrom('not_shown', 'general') }),
  fc.record({ what: fc.constantFrom('replayed' as const, 'discarded' as const, 'withdrawn' as const), afterMs }),
)

describe('a trace', () => {
  test('tells what was written, step by step', () => {
    const event = fc.option(anyId, { nil: undefined })
    fc.assert(
      fc.property(
        anyId,
        event,
        event,
        fc.array(step),
        fc.nat(2_000_000_000_000),
        (user, event, conversation, steps, at) => {
          const ids = { message: 'm', user, ...(event && { event }), ...(conversation && { conversation }) }
          const trace = readTrace(writeTrace(ids, at) + steps.map(writeStep).join(''))
          expect(trace.receivedAt).toBe(at)
          expect(trace.steps).toEqual(steps)
          expect(trace.ids).toMatchObject({ user, ...(event && { event }), ...(conversation && { conversation }) })
        },
      ),
      { numRuns: 500 },
    )
  })

  test('of a delivered LINE message takes at most 140 bytes, its field name included', () => {
    const ids = {
      message: '468789577898262530',
      user: 'U8189cf6745fc0d808977bdb0b9f22995',
      event: '01FZ74A0TDDPYRVKNK77XKC3ZR',
    }
    const remote = '0f8fad5b-d9cb-469f-a165-70867728950e'
    const text =
      writeTrace(ids, 1_795_000_000_000) +
      writeStep({ what: 'delivered', afterMs: 35_000, attempt: 1, status: 202, remote })
    const size = Buffer.byteLength(journalField('retail_thailand', 'inbound', ids.message) + text)
    expect(size).toBeLessThanOrEqual(140)
    expect(readTrace(text).ids.remote).toBe(remote)
  })
})
