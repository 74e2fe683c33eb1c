import { messagingApi } from '@line/bot-sdk'
import type { Agent } from 'undici'
import type { Customer } from '../../bridge/message.ts'
import type { Delivered } from '../../bridge/side.ts'
import { asId, asList, asObject } from '../../lib/loose.ts'
import { authorized, type Tokens } from '../../lib/tokens.ts'
import { answerOf, fromAnswer, fromSdk, fromTooMany, readErrorBody } from './failures.ts'
import { throughPool } from './sdk-http.ts'
import type { PushPart } from './to-line.ts'
import { createTooMany } from './too-many.ts'

/** The Messaging API calls of one channel. */
export interface LineClient {
  /**
   * Sends one push; a push that LINE took on an earlier attempt counts as sent.
   * @param permit waited for before it is sent a second time, with another token
   * @throws {DeliveryError} and what `permit` throws
   */
  push(part: PushPart, permit?: () => Promise<void>): Promise<Delivered>
  /** Undefined when LINE knows nobody by this id, or will not tell. @throws {DeliveryError} */
  profile(user: string): Promise<Customer | undefined>
}

function remoteId(body: unknown): Pick<Delivered, 'remoteId'> {
  const [first] = asList(asObject(body).sentMessages)
  const id = asId(asObject(first).id)
  return id ? { remoteId: id } : {}
}

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

  const tooMany = createTooMany({
    quota: async () => {
      const sdk = asking(await tokens.current())
      const [limit, used] = await Promise.all([sdk.getMessageQuota(), sdk.getMessageQuotaConsumption()])
      return { limit, used }
    },
    now,
  })

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
      if (answer.status === 429) {
        const { body } = answer
        throw fromTooMany(answer, await tooMany(body, part.request.to), now())
      }
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
    push(part, permit) {
      let sent = false
      return authorized(tokens, async (token) => {
        if (sent) await permit?.()
        sent = true
        return pushOnce(token, part)
      })
    },
    profile: (user) => authorized(tokens, (token) => profileOnce(token, user)),
  }
}
