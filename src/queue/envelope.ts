import type { MessageIds } from '../bridge/events.ts'
import type { Sealer } from '../lib/seal.ts'

/**
 * How a message lies in Redis: ids in the open, so that it can be found; everything else sealed when the operator set a key.
 * The one codec that writes and reads it is here.
 */
export interface Envelope {
  readonly v: 1
  readonly ids: MessageIds
  /** The payload itself, or its sealed JSON. */
  readonly sealed: unknown
}

export interface Codec extends Sealer {
  write(ids: MessageIds, payload: object): string
  /** @throws {Error} when the envelope is of another version, or sealed under a key we do not have. */
  read(text: string): { readonly ids: MessageIds; readonly payload: object }
}

export const createCodec = (sealer: Sealer): Codec => ({
  ...sealer,

  write: (ids, payload) =>
    JSON.stringify({
      v: 1,
      ids,
      sealed: sealer.seals ? sealer.seal(JSON.stringify(payload)) : payload,
    } satisfies Envelope),

  read(text) {
    const { v, ids, sealed } = JSON.parse(text) as Envelope
    if (v !== 1) throw new Error('This envelope is of a version that this release cannot read.')
    return { ids, payload: (typeof sealed === 'string' ? JSON.parse(sealer.open(sealed)) : sealed) as object }
  },
})
