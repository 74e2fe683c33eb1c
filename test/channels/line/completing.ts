import type { Cache } from '../../../src/bridge/cache.ts'
import type { Customer, InboundMessage } from '../../../src/bridge/message.ts'
import { createComplete } from '../../../src/channels/line/complete.ts'
import { createCustomers } from '../../../src/channels/line/inbound/customer.ts'
import { createOffers } from '../../../src/channels/line/outbound/offers.ts'
import { settingsWith } from './hearing.ts'
import { createMemoryCache } from './memory-cache.ts'
import { createMemoryQuotes } from './memory-quotes.ts'

export const channel = 'retail_thailand'
export const somchai = { name: 'สมชาย', language: 'th' }
/** Never answers. */
export const never = <T>() => new Promise<T>(() => {})

export const message = (given: Partial<InboundMessage> & { readonly user?: string } = {}): InboundMessage => {
  const { user = 'U1', ...rest } = given
  return {
    id: 'm1',
    conversation: { channel, user },
    at: 1_792_130_401_000,
    platform: 'LINE',
    content: { kind: 'text', text: 'hello' },
    ...rest,
  }
}

/** A channel's `complete`, with LINE's answers and everything that it was asked. */
export function completing(
  given: {
    readonly line?: object
    readonly profile?: () => Promise<Customer | undefined>
    readonly group?: () => Promise<Customer | undefined>
    readonly member?: () => Promise<Customer | undefined>
    readonly cache?: Partial<Cache>
  } = {},
) {
  const memory = createMemoryCache()
  const calls: string[] = []
  const noting = <A extends readonly unknown[], R>(what: string, call: (...args: A) => R) => {
    return (...args: A): R => {
      calls.push([what, ...args].join(' '))
      return call(...args)
    }
  }
  const backing: Cache = { ...memory, ...given.cache }
  const cache: Cache = {
    get: noting('get', backing.get),
    set: noting('set', backing.set),
    add: noting('add', backing.add),
    forget: noting('forget', backing.forget),
    claim: noting('claim', backing.claim),
  }
  const quotes = createMemoryQuotes()
  const offers = createOffers({ channel, cache: backing })
  const client = {
    group: noting('group', given.group ?? (async () => ({ name: 'Family' }))),
    member: noting('member', given.member ?? (async () => ({ name: 'Malee' }))),
  }
  const customers = createCustomers({
    channel,
    cache,
    profile: noting('profile', given.profile ?? (async () => somchai)),
    waitMs: 50,
  })
  const parts = { channel, settings: settingsWith(given.line), cache, quotes, offers, customers, client }
  const complete = createComplete({ ...parts, waitMs: 50, answerWaitMs: 300 })
  return { complete, memory, calls, quotes, offers, parts }
}

/** In ms. */
export async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}
