import fc from 'fast-check'
import { squeeze } from '../../src/queue/squeeze.ts'

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
export const platformId = fc.tuple(fc.constantFrom('U', 'C', 'R'), hex(32)).map((parts) => parts.join(''))
export const uuid = hex(32).map((all) => all.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
/** A ULID: https://github.com/ulid/spec */
export const ulid = fc
  .tuple(
    fc.constantFrom(...'01234567'),
    fc.string({ unit: fc.constantFrom(...crockford), minLength: 25, maxLength: 25 }),
  )
  .map((parts) => parts.join(''))
// What an id looks like once it was squeezed, as an id of its own.
const squeezed = fc.oneof(platformId, uuid).map(squeeze)
export const anyId = fc.oneof(
  platformId,
  uuid,
  squeezed,
  fc.string({ unit: fc.constantFrom(...';|,~.%Ua1é👋'), minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
)

/** A ULID that tells this time, in ms since the epoch. */
export function ulidAt(at: number): string {
  const digits = at.toString(32).padStart(10, '0')
  return `${[...digits].map((digit) => crockford[Number.parseInt(digit, 32)]).join('')}ABCDEFGHJKMNPQRS`
}
