import { messagingApi } from '@line/bot-sdk'
import type { Agent } from 'undici'
import { DeliveryError } from '../../bridge/errors.ts'
import type { Customer } from '../../bridge/message.ts'
import type { Delivered } from '../../bridge/side.ts'
import { asId, asList, asObject } from '../../lib/loose.ts'
import { authorized, type Tokens } from '../../lib/tokens.ts'
import { answerOf, type FailedAnswer, fromAnswer, fromSdk, readErrorBody } from './failures.ts'
import { throughPool } from './sdk-http.ts'
import type { PushPart } from './to-line.ts'

/** The Messaging API calls of one channel. */
export interface LineClient {
  /** Sends one push; a push that LINE took on an earlier attempt counts as sent. @throws {DeliveryError} */
  push(part: PushPart): Promise<Delivered>
  /** Undefined when LINE knows nobody by this id, or will not tell. @throws {DeliveryError} */
  profile(user: string): Promise<Customer | undefined>
}

/** How long an answer about the quota is believed, so that a flood of 429 does not ask for each. */
const quotaFreshMs = 60_000

/** The two texts of a 429: https://developers.line.biz/en/reference/messaging-api/#error-responses */
const monthlyLimitText = 'You have reached your monthly limit.'
const rateLimitText = 'The API rate limit has been exceeded.'

function remoteId(body: unknown): Pick<Delivered, 'remoteId'> {
  const [first] = asList(asObject(body).sentMessages)
  const id = asId(asObject(first).id)
  return id ? { remoteId: id } : {}
}

const monthlyLimit = (status: number) =>
  new DeliveryError(
    'LINE refused the push: the monthly message limit is used up.',
    {
      do: 'give-up',
      alert: 'monthly_limit',
      reason: {
        code: 'rate_limited',
        message:
          'The LINE account has used up its messages for this month, so the message was not sent. ' +
          'Raise the limit in LINE Official Account Manager or reach the customer another way.',
      },
    },
    status,
  )

/**
 * Makes the calls of one channel through LINE's own SDK.
 * @param parts.agent carries pushes; `sideAgent` everything that must not take a connection away from them
 */
export function createLineClient(parts: {
  readonly apiUrl: string
  readonly tokens: Tokens
  readonly agent: Agent
  readonly sideAgent: Agent
  /** The clock, in ms since the epoch. */
  readonly now?: () => number
}): LineClient {
  const { apiUrl, tokens, agent, sideAgent, now = Date.now } = parts

  /** The SDK's client holds its token for good, so there is one per token, remembered while the token serves. */
  function clients(pool: Agent): (token: string) => messagingApi.MessagingApiClient {
    let last: { readonly token: string; readonly sdk: messagingApi.MessagingApiClient } | undefined
    return (token) => {
      if (last?.token !== token) {
        const sdk = new messagingApi.MessagingApiClient({ baseURL: apiUrl, channelAccessToken: token })
        last = { token, sdk: throughPool(sdk, pool) }
      }
      return last.sdk
    }
  }
  const pushing = clients(agent)
  const asking = clients(sideAgent)

  let quota: { readonly spent: boolean; readonly until: number } | undefined

  /** What cannot be found out counts as not spent. https://developers.line.biz/en/reference/messaging-api/#get-quota */
  async function quotaSpent(): Promise<boolean> {
    if (quota && now() < quota.until) return quota.spent
    let spent = false
    try {
      const sdk = asking(await tokens.current())
      const [limit, used] = await Promise.all([sdk.getMessageQuota(), sdk.getMessageQuotaConsumption()])
      spent = limit.type === 'limited' && limit.value !== undefined && used.totalUsage >= limit.value
    } catch {
      // The 429 itself is then read as one for speed, which is tried again.
    }
    quota = { spent, until: now() + quotaFreshMs }
    return spent
  }

  /**
   * A 429 means either "slower" or "not this month", and only its text tells:
   * https://developers.line.biz/en/reference/messaging-api/#status-codes
   */
  async function isMonthlyLimit(answer: FailedAnswer): Promise<boolean> {
    const { message } = readErrorBody(answer.body)
    if (message === monthlyLimitText) return true
    if (typeof message === 'string' && message.startsWith(rateLimitText)) return false
    return await quotaSpent()
  }

  async function pushOnce(token: string, part: PushPart): Promise<Delivered> {
    try {
      const { httpResponse, body } = await pushing(token).pushMessageWithHttpInfo(part.request, part.retryKey)
      return { status: httpResponse.status, ...remoteId(body) }
    } catch (error) {
      // The SDK reads the body only of a success, and LINE has then taken the push.
      if (error instanceof SyntaxError) return { status: 200 }
      const answer = answerOf(error)
      if (!answer) throw fromSdk('push', error, now())
      // The retry key was accepted before: https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
      if (answer.status === 409) return { status: 409, ...remoteId(readErrorBody(answer.body)) }
      if (answer.status === 429 && (await isMonthlyLimit(answer))) throw monthlyLimit(answer.status)
      throw fromAnswer('push', answer, now())
    }
  }

  async function profileOnce(token: string, user: string): Promise<Customer | undefined> {
    try {
      const { displayName, language } = await asking(token).getProfile(user)
      return { ...(displayName && { name: displayName }), ...(language && { language }) }
    } catch (error) {
      if (answerOf(error)?.status === 404) return undefined
      throw fromSdk('profile request', error, now())
    }
  }

  return {
    push: (part) => authorized(tokens, (token) => pushOnce(token, part)),
    profile: (user) => authorized(tokens, (token) => profileOnce(token, user)),
  }
}
