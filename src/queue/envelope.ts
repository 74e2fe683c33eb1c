import type { MessageIds } from '../bridge/events.ts'
import type { Sealer } from '../lib/seal.ts'
import { shapes } from './squeeze.ts'

/**
 * How a message lies in Redis: ids in the open; everything else sealed when the operator set a key. The one codec that writes and
 * reads it is here. Each of thousands of waiting messages has one, so that names have one letter, and ids of known shapes stand bare. It has no
 * `v`: the first version had it, and so shall the next.
 */
interface Envelope {
  readonly m?: string
  readonly u?: string
  readonly e?: string
  /** An event's id that is a ULID. */
  readonly E?: string
  readonly k?: string
  /** A conversation's id that is a UUID. */
  readonly K?: string
  /** The id, in safe form, of the message whose place it takes: the script that withdraws that one looks for it. */
  readonly o?: string
  /** The sealed JSON of the payload; without a key, the payload's own fields stand here instead. */
  readonly x?: string
}

/** While it is being put together: copies of copies take longer, and there is one for every message. */
type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** What an earlier release wrote. */
interface FirstEnvelope {
  readonly v: 1
  readonly ids: MessageIds
  /** The payload itself, or its sealed JSON. */
  readonly sealed: unknown
}

/** What is read from an envelope. The ids that the message's place in Redis tells may be absent. */
export interface Content {
  readonly ids: Partial<MessageIds>
  readonly payload: Readonly<Record<string, unknown>>
}

export interface Codec extends Sealer {
  /**
   * @param payload none of its fields may be named like those of the envelope: `m u e E k K o x v`
   * @param replaces the id, in safe form, of the message whose place it takes
   */
  write(ids: Partial<MessageIds>, payload: object, replaces?: string): string
  /** @throws {Error} when the envelope is of another version, or sealed under a key we do not have. */
  read(text: string): Content
}

function writeIds({ message, user, event, conversation }: Partial<MessageIds>): Writable<Envelope> {
  const envelope: Writable<Envelope> = {}
  if (message) envelope.m = message
  if (user) envelope.u = user
  const bareEvent = shapes.ulid.bare(event)
  if (bareEvent) envelope.E = bareEvent
  else if (event) envelope.e = event
  const bareConversation = shapes.uuid.bare(conversation)
  if (bareConversation) envelope.K = bareConversation
  else if (conversation) envelope.k = conversation
  return envelope
}

function readIds({ m, u, e, E, k, K }: Envelope): Partial<MessageIds> {
  const ids: Writable<Partial<MessageIds>> = {}
  const event = e ?? shapes.ulid.full(E)
  const conversation = k ?? shapes.uuid.full(K)
  if (m) ids.message = m
  if (u) ids.user = u
  if (event) ids.event = event
  if (conversation) ids.conversation = conversation
  return ids
}

export const createCodec = (sealer: Sealer): Codec => ({
  ...sealer,

  write(ids, payload, replaces) {
    const envelope = writeIds(ids)
    if (replaces !== undefined) envelope.o = replaces
    if (sealer.seals) envelope.x = sealer.seal(JSON.stringify(payload))
    else Object.assign(envelope, payload)
    return JSON.stringify(envelope)
  },

  read(text) {
    const envelope = JSON.parse(text) as Envelope | FirstEnvelope
    if ('v' in envelope) {
      const { v, ids, sealed } = envelope
      if (v !== 1) throw new Error('This envelope is of a version that this release cannot read.')
      return { ids, payload: typeof sealed === 'string' ? JSON.parse(sealer.open(sealed)) : sealed }
    }
    const { m: _m, u: _u, e: _e, E: _bareEvent, k: _k, K: _bareConversation, o: _o, x, ...payload } = envelope
    return { ids: readIds(envelope), payload: x === undefined ? payload : JSON.parse(sealer.open(x)) }
  },
})
