import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formsOf, shapes, squeeze, ulidTime, unsqueeze } from '../../src/queue/squeeze.ts'
import { anyId, platformId, ulid, uuid } from './ids.ts'

const customer = platformId.map((id) => `U${id.slice(1)}`)

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

test('a bare id comes back as it was, has 20 characters, and holds nothing that traces are divided by or JSON escapes', () => {
  const each = [
    [shapes.user, customer],
    [shapes.ulid, ulid],
    [shapes.uuid, uuid],
  ] as const
  for (const [shape, id] of each)
    fc.assert(
      fc.property(id, (full) => {
        const bare = shape.bare(full) ?? ''
        expect(shape.full(bare)).toBe(full)
        expect(bare).toMatch(/^[^;|,~"\\\s]{20}$/)
        expect(formsOf(full)).toEqual([squeeze(full), bare])
      }),
    )
})

test('ids of other shapes cannot stand bare, and other texts are no bare ids', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      for (const shape of Object.values(shapes)) {
        expect(shape.bare(text)).toBeUndefined()
        const full = shape.full(text)
        if (full !== undefined) expect(shape.bare(full)).toBe(text)
      }
    }),
  )
  // More than 32 bits in one group.
  expect(shapes.user.full('#'.repeat(20))).toBeUndefined()
})

test('a ULID tells its time', () => {
  expect(ulidTime('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(1_469_922_850_259)
  expect(ulidTime(`7ZZZZZZZZZ${'Z'.repeat(16)}`)).toBe(2 ** 48 - 1)
})
