import { hash } from 'node:crypto'
import type { Cache } from '../../../bridge/cache.ts'
import type { Conversation, OfferKind } from '../../../bridge/message.ts'
import { asList, asObject } from '../../../lib/loose.ts'

/** Something in an outbound message that the customer can touch. */
export interface Offer {
  readonly what: OfferKind
  /** What the customer sees. */
  readonly label: string
  /** What the contact centre had put behind it. */
  readonly payload: string
}

/** Longer than a conversation waits for its customer. What is touched later cannot be told from an unknown button. */
const keptSeconds = 30 * 24 * 60 * 60

const digestLength = 16
const dataForm = new RegExp(`^lgb1\\.([\\w-]{${digestLength}})\\.(0|[1-9]\\d{0,5})$`)

const messageKey = (of: { readonly channel: string; readonly messageId: string }): string =>
  hash('sha256', JSON.stringify([of.channel, of.messageId]), 'base64url').slice(0, digestLength)

/**
 * What LINE posts back when an offer is touched. It names the offer and holds nothing of it, because LINE takes 300 characters and
 * the contact centre's payloads may be longer: https://developers.line.biz/en/reference/messaging-api/#postback-action
 * Every attempt and release must compute it alike: buttons that were sent stay where they are.
 * @param of.index counts the message's offers, from 0
 */
export const offerData = (of: {
  readonly channel: string
  readonly messageId: string
  readonly index: number
}): string => `lgb1.${messageKey(of)}.${of.index}`

/** Whether a postback comes from an offer of ours, by its form alone: other software may put buttons on the same account. */
export const isOfferData = (data: string): boolean => dataForm.test(data)

/** Where the offers made to somebody lie in the cache, all of them: for their erasure. */
export const offerKeyPrefix = (person: Conversation): string => `line:offer:${person.channel}:${person.user}:`

const isKind = (value: unknown): value is OfferKind => value === 'button' || value === 'quick-reply' || value === 'date'

function readOffer(entry: unknown): Offer | undefined {
  const [what, label, payload] = asList(entry)
  return isKind(what) && typeof label === 'string' && typeof payload === 'string' ? { what, label, payload } : undefined
}

/** An offer and the id of the message that had made it. */
export interface FoundOffer {
  readonly to: string
  readonly offer: Offer
}

function readFound(line: string, index: number): FoundOffer | undefined {
  try {
    const { to, offers } = asObject(JSON.parse(line))
    const offer = readOffer(asList(offers)[index])
    return offer && typeof to === 'string' ? { to, offer } : undefined
  } catch {
    return undefined
  }
}

/** Remembers what messages offered, so that a touch can be told as what it stood for. */
export interface Offers {
  /**
   * Before the message is sent, so that no touch comes too early. Asks nothing of the cache where nothing is offered.
   * @throws while the cache is away
   */
  save(message: { readonly id: string; readonly conversation: Conversation }, offers: readonly Offer[]): Promise<void>
  /**
   * Undefined for what is not known. @throws while the cache is away: it may then be known
   * @param user to whom it was offered: what is offered to others cannot be touched
   * @param key as {@link offerData} made it
   */
  find(user: string, key: string): Promise<FoundOffer | undefined>
}

/** Makes the memory of one channel's offers: one entry of the cache for each message that offers anything. */
export function createOffers(parts: { readonly channel: string; readonly cache: Cache }): Offers {
  const { channel, cache } = parts
  return {
    async save(message, offers) {
      if (offers.length === 0) return
      const { id, conversation } = message
      const key = offerKeyPrefix(conversation) + messageKey({ channel, messageId: id })
      const entries = offers.map(({ what, label, payload }) => [what, label, payload])
      await cache.set(key, JSON.stringify({ to: id, offers: entries }), keptSeconds)
    },
    async find(user, key) {
      const [, message, index] = dataForm.exec(key) ?? []
      if (message === undefined) return undefined
      const line = await cache.get(offerKeyPrefix({ channel, user }) + message)
      return line === undefined ? undefined : readFound(line, Number(index))
    },
  }
}
