import type { messagingApi } from '@line/bot-sdk'
import { readErrorBody } from './failures.ts'

/** Who has to wait after a 429: nobody, for it will not help this month; the whole account; or one customer. */
export type TooMany = 'month' | 'account' | 'customer'

/** The two texts of a 429: https://developers.line.biz/en/reference/messaging-api/#error-responses */
const monthlyLimitText = 'You have reached your monthly limit.'
const rateLimitText = 'The API rate limit has been exceeded.'

/** How long an answer about the quota is believed, so that a flood of 429 does not ask for each. */
const quotaFreshMs = 60_000

/** So many customers within so long are not each written to too often: the account is. */
const widespreadFrom = 3
const widespreadWithinMs = 10_000

/**
 * Tells the four meanings of a 429 apart: too many requests of the account, its messages of the month used up, or too many
 * messages to one customer, for which LINE publishes no text.
 * https://developers.line.biz/en/reference/messaging-api/#status-codes
 * LINE does not promise the texts that it does publish, so an unknown one is checked against the quota, and, should it
 * strike several customers at once, taken for the account's.
 * @param parts.quota asks LINE; what cannot be found out counts as not used up, for then the message is tried again
 * @param parts.now the clock, in ms since the epoch
 */
export function createTooMany(parts: { readonly quota: () => Promise<Quota>; readonly now: () => number }) {
  const { quota, now } = parts
  let known: { readonly spent: Promise<boolean>; readonly until: number } | undefined
  let strikes: readonly { readonly user: string; readonly at: number }[] = []

  async function ask(): Promise<boolean> {
    try {
      const { limit, used } = await quota()
      return limit.type === 'limited' && limit.value !== undefined && used.totalUsage >= limit.value
    } catch {
      return false
    }
  }

  function quotaSpent(): Promise<boolean> {
    if (!known || now() >= known.until) known = { spent: ask(), until: now() + quotaFreshMs }
    return known.spent
  }

  function isWidespread(user: string): boolean {
    const at = now()
    strikes = [...strikes.filter((one) => one.user !== user && at - one.at < widespreadWithinMs), { user, at }]
    strikes = strikes.slice(-widespreadFrom)
    return strikes.length >= widespreadFrom
  }

  return async (body: string, user: string): Promise<TooMany> => {
    const { message } = readErrorBody(body)
    if (message === monthlyLimitText) return 'month'
    if (typeof message === 'string' && message.startsWith(rateLimitText)) return 'account'
    if (await quotaSpent()) return 'month'
    return isWidespread(user) ? 'account' : 'customer'
  }
}

/**
 * The month's limit and what was used of it, approximately.
 * https://developers.line.biz/en/reference/messaging-api/#get-quota
 * https://developers.line.biz/en/reference/messaging-api/#get-consumption
 */
export interface Quota {
  readonly limit: messagingApi.MessageQuotaResponse
  readonly used: messagingApi.QuotaConsumptionResponse
}
