import { messagingApi } from '@line/bot-sdk'
import type { Agent } from 'undici'
import { DeliveryError } from '../../bridge/errors.ts'
import type { Customer } from '../../bridge/message.ts'
import type { Delivered } from '../../bridge/side.ts'
import { asId, asList, asObject } from '../../lib/loose.ts'
import { authorized, type Tokens } from '../../lib/tokens.ts'
import { answerOf, fromAnswer, fromSdk, fromTooMany, readErrorBody } from './api/failures.ts'
import { throughPool } from './api/sdk-http.ts'
import { createTooMany } from './api/too-many.ts'
import type { PushPart } from './to-line.ts'

/** What LINE answered to a push. */
export interface Pushed extends Delivered {
  /** The ids of the messages of the push, one for each and in their order; none when LINE did not tell. */
  readonly sentIds: readonly string[]
}

/** The Messaging API calls of one channel. All of them throw {@link DeliveryError}. */
export interface LineClient {
  /**
   * Sends one push; a push that LINE took on an earlier attempt counts as sent.
   * @param permit waited for before it is sent a second time, with another token
   * @throws {DeliveryError} and what `permit` throws
   */
  push(part: PushPart, permit?: () => Promise<void>): Promise<Pushed>
  /** Undefined when LINE knows nobody by this id, or will not tell. */
  profile(user: string): Promise<Customer | undefined>
  /**
   * Somebody in a group or room, a friend of the account or not; undefined as for {@link profile}.
   * https://developers.line.biz/en/reference/messaging-api/#get-group-member-profile
   */
  member(group: string, user: string): Promise<Customer | undefined>
  /** A group by its name; rooms have none. https://developers.line.biz/en/reference/messaging-api/#get-group-summary */
  group(group: string): Promise<Customer | undefined>
  /**
   * Shows the customer that somebody is writing, until the next message comes and for at most so long.
   * https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator
   * @param seconds 5 to 60, in steps of 5
   */
  showLoading(user: string, seconds: number): Promise<void>
  /** Marks a message, and all before it, as read. https://developers.line.biz/en/reference/messaging-api/#mark-as-read */
  markAsRead(token: string): Promise<void>
  /** https://developers.line.biz/en/reference/messaging-api/#leave-group */
  leave(group: string): Promise<void>
}

function sentOf(body: unknown): Pick<Pushed, 'remoteId' | 'sentIds'> {
  const ids = asList(asObject(body).sentMessages).flatMap((sent) => asId(asObject(sent).id) ?? [])
  return { sentIds: ids, ...(ids[0] !== undefined && { remoteId: ids[0] }) }
}

/**
 * `group` for several people with a name, `room` for several without one.
 * https://developers.line.biz/en/docs/messaging-api/group-chats/
 */
function kindOf(group: string): 'group' | 'room' | undefined {
  if (group.startsWith('C')) return 'group'
  return group.startsWith('R') ? 'room' : undefined
}

const named = (name: string | undefined): Customer => (name ? { name } : {})

type Sdk = messagingApi.MessagingApiClient

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
  function clients(pool: Agent): (token: string) => Sdk {
    let last: { readonly token: string; readonly sdk: Sdk } | undefined
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

  async function pushOnce(token: string, part: PushPart): Promise<Pushed> {
    try {
      const { httpResponse, body } = await pushing(token).pushMessageWithHttpInfo(part.request, part.retryKey)
      return { status: httpResponse.status, ...sentOf(body) }
    } catch (error) {
      // The SDK reads the body only of a success, and LINE has then taken the push.
      if (error instanceof SyntaxError) return { status: 200, sentIds: [] }
      const answer = answerOf(error)
      if (!answer) throw fromSdk('push', error, now())
      // The retry key was accepted before: https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
      if (answer.status === 409) return { status: 409, ...sentOf(readErrorBody(answer.body)) }
      if (answer.status === 429) {
        const { body } = answer
        throw fromTooMany(answer, await tooMany(body, part.request.to), now())
      }
      throw fromAnswer('push', answer, now())
    }
  }

  /** @param call what is asked of LINE, for the log */
  const ask = <T>(call: string, run: (sdk: Sdk) => Promise<T>): Promise<T> =>
    authorized(tokens, async (token) => {
      try {
        return await run(asking(token))
      } catch (error) {
        throw fromSdk(call, error, now())
      }
    })

  async function find<T>(call: string, run: (sdk: Sdk) => Promise<T>): Promise<T | undefined> {
    try {
      return await ask(call, run)
    } catch (error) {
      if (error instanceof DeliveryError && error.status === 404) return undefined
      throw error
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
    async profile(user) {
      const found = await find('profile request', (sdk) => sdk.getProfile(user))
      return found && { ...named(found.displayName), ...(found.language && { language: found.language }) }
    },
    async member(group, user) {
      const kind = kindOf(group)
      if (!kind) return undefined
      const found = await find('member request', (sdk) =>
        kind === 'group' ? sdk.getGroupMemberProfile(group, user) : sdk.getRoomMemberProfile(group, user),
      )
      return found && named(found.displayName)
    },
    async group(group) {
      if (kindOf(group) !== 'group') return undefined
      const found = await find('group request', (sdk) => sdk.getGroupSummary(group))
      return found && named(found.groupName)
    },
    async showLoading(user, seconds) {
      await ask('loading animation', (sdk) => sdk.showLoadingAnimation({ chatId: user, loadingSeconds: seconds }))
    },
    async markAsRead(token) {
      await ask('read mark', (sdk) => sdk.markMessagesAsReadByToken({ markAsReadToken: token }))
    },
    async leave(group) {
      const kind = kindOf(group)
      if (kind) await ask('leaving', (sdk) => (kind === 'group' ? sdk.leaveGroup(group) : sdk.leaveRoom(group)))
    },
  }
}
