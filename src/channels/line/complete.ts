import { setTimeout as sleep } from 'node:timers/promises'
import type { Cache } from '../../bridge/cache.ts'
import { DeliveryError } from '../../bridge/errors.ts'
import type { CompletedMessage, InboundMessage, Touched } from '../../bridge/message.ts'
import type { Quotes } from '../../bridge/quotes.ts'
import { within } from '../../lib/within.ts'
import { memberKey, profileKey, readTokenKey } from './cache-keys.ts'
import { isShared } from './chat.ts'
import type { LineClient } from './client.ts'
import type { LineSettings } from './config.ts'
import type { Customers } from './inbound/customer.ts'
import { createNextAttributes } from './inbound/next-attributes.ts'
import { courtesyMs, createProfiles } from './inbound/profiles.ts'
import type { Offers } from './outbound/offers.ts'

/** A token does not run out; what nobody has answered for so long will hardly be marked as read. */
const readTokenSeconds = 30 * 24 * 60 * 60

/** An answer whose question is not found is lost to the flow that asked: it is worth waiting for a store that is away for a moment. */
const answerMs = 5_000
const betweenAsksMs = 100

/** Asks again until there is an answer. @throws {DeliveryError} when there is none in time */
async function insistently<T>(limitMs: number, ask: () => Promise<T>): Promise<T> {
  const endsAt = performance.now() + limitMs
  for (let leftMs = limitMs; leftMs > 0; leftMs = endsAt - performance.now()) {
    try {
      return await within(leftMs, ask)
    } catch {
      await sleep(Math.min(betweenAsksMs, Math.max(0, endsAt - performance.now())))
    }
  }
  throw new DeliveryError('What was touched could not be looked up.', { do: 'retry', mayHaveArrived: false })
}

/**
 * Makes the function that adds to a message what can be found out about it. A plain text costs a look at its writer's profile and
 * nothing more. Nothing but an answer is waited for longer than `waitMs`, nothing longer than `answerWaitMs`. It throws {@link DeliveryError}
 * only, and only where the cache did not say by then what was touched: told as an old button, the answer would be lost for good.
 */
export function createComplete(parts: {
  readonly channel: string
  readonly settings: Pick<LineSettings, 'events'>
  readonly cache: Cache
  readonly quotes: Quotes
  readonly offers: Pick<Offers, 'find'>
  readonly customers: Pick<Customers, 'customer'>
  readonly client: Pick<LineClient, 'group' | 'member'>
  readonly waitMs?: number
  readonly answerWaitMs?: number
}): (message: InboundMessage) => Promise<CompletedMessage> {
  const { channel, settings, cache, quotes, offers, customers, client } = parts
  const { waitMs = courtesyMs, answerWaitMs = answerMs } = parts

  const groups = createProfiles<string>({
    cache,
    keyOf: (user) => profileKey({ channel, user }),
    ask: client.group,
    waitMs,
  })
  const members = createProfiles<{ readonly group: string; readonly user: string }>({
    cache,
    keyOf: ({ user }) => memberKey({ channel, user }),
    ask: ({ group, user }) => client.member(group, user),
    waitMs,
  })
  const takeAttributes = Object.values(settings.events).includes('attribute')
    ? createNextAttributes({ cache })
    : undefined

  /** @param ask gets what tells whether it is still waited for */
  async function inTime<T>(ask: (isWaiting: () => boolean) => Promise<T>): Promise<T | undefined> {
    let waiting = true
    try {
      return await within(waitMs, () => ask(() => waiting))
    } catch {
      return undefined
    } finally {
      waiting = false
    }
  }

  async function answered(user: string, { key, instant }: Touched): Promise<CompletedMessage['content']> {
    const found = await insistently(answerWaitMs, () => offers.find(user, key))
    if (!found) return { kind: 'notice', notice: 'old_button' }
    const { to, offer } = found
    const { what, label, payload } =
      instant === undefined ? offer : { what: offer.what, label: instant, payload: instant }
    return { kind: 'answer', what, label, payload, to }
  }

  async function quotedIn({ conversation, quotes: id }: InboundMessage): Promise<CompletedMessage['quoted']> {
    if (id === undefined) return undefined
    const text = await inTime(() => quotes.find(conversation, id))
    return text === undefined ? {} : { text }
  }

  async function speakerOf({ conversation, member }: InboundMessage): Promise<string | undefined> {
    if (member === undefined) return undefined
    return (await members.find({ group: conversation.user, user: member }))?.name
  }

  /** For what is neither a plain text nor anything else of which nothing more can be found out. */
  async function completeFully(message: InboundMessage): Promise<CompletedMessage> {
    const { conversation, content: said } = message
    const { user } = conversation
    const [content, customer, quoted, speaker, attributes] = await Promise.all([
      said.kind === 'touched' ? answered(user, said) : said,
      isShared(user) ? groups.find(user) : customers.customer(user),
      quotedIn(message),
      speakerOf(message),
      takeAttributes && said.kind !== 'notice' ? inTime((isWaiting) => takeAttributes(message, isWaiting)) : undefined,
    ])
    return {
      ...message,
      content,
      ...(customer && { customer }),
      ...(quoted && { quoted }),
      ...(speaker && { speaker }),
      ...(attributes && { attributes }),
    }
  }

  return async (message) => {
    const { conversation, content, readToken } = message
    // An edited message has an id of its own, which nobody can quote.
    if (content.kind === 'text' && !message.edited) quotes.keep(conversation, message.id, content.text)
    if (readToken !== undefined) cache.set(readTokenKey(conversation), readToken, readTokenSeconds).catch(() => {})
    if (content.kind === 'touched' || message.quotes !== undefined || takeAttributes || isShared(conversation.user))
      return completeFully(message)
    const customer = await customers.customer(conversation.user)
    return { ...message, content, ...(customer && { customer }) }
  }
}
