import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { MessageIds } from '../../src/bridge/events.ts'
import { createSealer } from '../../src/lib/seal.ts'
import { createCodec } from '../../src/queue/envelope.ts'

const oldKey = randomBytes(32)
const newKey = randomBytes(32)
const ids = { message: '1', user: 'U1' }

describe('a sealer', () => {
  test('opens whatever it has sealed', () => {
    const sealer = createSealer({ keys: [newKey] })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(sealer.open(sealer.seal(text))).toBe(text)
      }),
    )
  })

  test('shows nothing of the text, and never seals it the same way twice', () => {
    const sealer = createSealer({ keys: [newKey] })
    const sealed = sealer.seal('a secret text')
    expect(sealed).not.toContain('secret')
    expect(Buffer.from(sealed.replace(/^sealed\./, ''), 'base64').includes('secret')).toBe(false)
    expect(sealer.seal('a secret text')).not.toBe(sealed)
  })

  test('opens what was sealed under a key that is being rotated out, and refuses one that is gone', () => {
    const sealed = createSealer({ keys: [oldKey] }).seal('text')
    expect(createSealer({ keys: [newKey, oldKey] }).open(sealed)).toBe('text')
    expect(() => createSealer({ keys: [newKey] }).open(sealed)).toThrow('redis.encryptionKey')
    expect(() => createSealer({ keys: [] }).open(sealed)).toThrow('redis.encryptionKey')
  })

  test('seals under the first key', () => {
    const sealed = createSealer({ keys: [newKey, oldKey] }).seal('text')
    expect(createSealer({ keys: [newKey] }).open(sealed)).toBe('text')
  })

  test('refuses what was changed or cut short, wherever that happened', () => {
    const sealer = createSealer({ keys: [newKey] })
    const bytes = Buffer.from(sealer.seal('text').slice('sealed.'.length), 'base64')
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(() => sealer.open(`sealed.${changed.toString('base64')}`)).toThrow('redis.encryptionKey')
      expect(() => sealer.open(`sealed.${bytes.subarray(0, at).toString('base64')}`)).toThrow('redis.encryptionKey')
    }
  })

  test('without a key leaves texts as they are', () => {
    const sealer = createSealer({ keys: [] })
    expect(sealer.seals).toBe(false)
    expect(sealer.seal('text')).toBe('text')
  })

  test('with a key still opens what was stored before there was one', () => {
    expect(createSealer({ keys: [newKey] }).open('{"text":1}')).toBe('{"text":1}')
  })
})

const id = fc.option(
  fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom('01FZ74A0TDDPYRVKNK77XKC3ZR', '0f8fad5b-d9cb-469f-a165-70867728950e', 'a'.repeat(20)),
  ),
  { nil: undefined },
)
const anyIds = fc.record({ message: id, user: id, event: id, conversation: id })
// None may be named like a field of the envelope.
const anyPayload = fc.dictionary(
  fc.string().map((name) => `_${name}`),
  fc.jsonValue(),
)

describe('an envelope', () => {
  test('gives back its ids and its payload, sealed or not', () => {
    fc.assert(
      fc.property(anyIds, anyPayload, fc.boolean(), (ids, payload, sealing) => {
        const codec = createCodec(createSealer({ keys: sealing ? [newKey] : [] }))
        const read = codec.read(codec.write(ids as Partial<MessageIds>, payload))
        expect(JSON.stringify(read)).toBe(JSON.stringify({ ids, payload }))
      }),
    )
  })

  test('shows its ids and hides its payload when there is a key', () => {
    const text = createCodec(createSealer({ keys: [newKey] })).write(ids, { text: 'a secret text' })
    expect(text).toContain('"U1"')
    expect(text).not.toContain('secret')
  })

  test('written before there was a key can be read with one', () => {
    const text = createCodec(createSealer({ keys: [] })).write(ids, { text: 'hello' })
    expect(createCodec(createSealer({ keys: [newKey] })).read(text).payload).toEqual({ text: 'hello' })
  })

  test('of an earlier release can be read, sealed or not', () => {
    const sealer = createSealer({ keys: [newKey] })
    const payload = { text: 'hello' }
    for (const sealed of [payload, sealer.seal(JSON.stringify(payload))])
      expect(createCodec(sealer).read(JSON.stringify({ v: 1, ids, sealed }))).toEqual({ ids, payload })
  })

  test('of another version is refused', () => {
    const codec = createCodec(createSealer({ keys: [] }))
    expect(() => codec.read(JSON.stringify({ v: 2, ids, sealed: {} }))).toThrow('version')
  })
})
