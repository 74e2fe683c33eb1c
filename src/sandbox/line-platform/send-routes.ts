import type { Answer, Call } from '../fake-server.ts'
import type { Ids } from '../ids.ts'
import type { Json, RecordedRequest } from '../platforms.ts'
import { monthlyLimitWords, readJson, refuse, refuseProblems, refuseProperty } from './answers.ts'
import type { AuthenticatedRoute } from './authenticated.ts'
import { checkMessages } from './check-messages.ts'
import type { AcceptedPush, LineEndpoint } from './platform.ts'
import { isRetryKey, type RetryKeys } from './retry-keys.ts'
import type { AccountState, LineState } from './state.ts'

const userId = /^U[0-9a-f]{32}$/
const groupOrRoom = /^[CR][0-9a-f]{32}$/
/** Can be quoted later: https://developers.line.biz/en/docs/messaging-api/get-quote-tokens/ */
const quotable = new Set(['text', 'textV2', 'sticker', 'image', 'video', 'template', 'flex'])

/** Push, reply and validate. https://developers.line.biz/en/reference/messaging-api/#send-push-message */
export function sendRoutes(made: {
  readonly state: LineState
  readonly retryKeys: RetryKeys
  readonly ids: Ids
  readonly now: () => number
  /** The `x-line-request-id` that this request is answered with. */
  readonly requestIdOf: (request: RecordedRequest<LineEndpoint>) => string
  readonly accepted: (push: AcceptedPush) => void
}): AuthenticatedRoute[] {
  const { state, retryKeys, ids, now } = made

  /** Puts the messages on the phone, unless its owner blocked the account, and returns `sentMessages`. */
  const take = (
    to: string,
    messages: readonly (Json & { readonly type: string })[],
    call: Call<LineEndpoint>,
    account: AccountState,
    retryKey?: string,
  ): Json[] => {
    const requestId = made.requestIdOf(call.request)
    const at = now()
    const shown = !account.blocked.has(to)
    const items = messages.map((message, part) => ({ id: ids.decimal(18), at, message, retryKey, requestId, part }))
    if (shown) {
      const phone = account.shown.get(to) ?? []
      account.shown.set(to, phone)
      phone.push(...items)
      // Only the last object's quick replies are shown; those of earlier messages go.
      const last = items.at(-1)
      if (last?.message.quickReply) account.quickRepliesOf.set(to, last.id)
      else account.quickRepliesOf.delete(to)
      account.loadingUntil.delete(to)
    }
    const push = { at, account: account.account.name, userId: to, retryKey, requestId, shown, messages: items }
    state.pushes.push(push)
    made.accepted(push)
    return items.map(({ id, message }) => ({
      id,
      ...(quotable.has(message.type) ? { quoteToken: ids.opaque(64) } : {}),
    }))
  }

  const push = (call: Call<LineEndpoint>, account: AccountState): Answer => {
    const read = readJson(call.request)
    if ('refused' in read) return read.refused
    const key = call.request.headers['x-line-retry-key']
    if (key !== undefined && !(typeof key === 'string' && isRetryKey(key))) {
      return refuse(400, 'The value for the X-Line-Retry-Key header is invalid')
    }
    const { to, messages } = read.fields
    if (typeof to !== 'string' || !(userId.test(to) || groupOrRoom.test(to))) return refuseProperty('to')
    const problems = checkMessages(messages)
    if (problems.length > 0) return refuseProblems(problems)
    const before = key === undefined ? undefined : retryKeys.accepted(account.account.name, key)
    if (key !== undefined && before) {
      retryKeys.repeated.set(key, (retryKeys.repeated.get(key) ?? 0) + 1)
      return {
        status: 409,
        json: { message: 'The retry key is already accepted', sentMessages: before.sentMessages },
        headers: { 'x-line-accepted-request-id': before.requestId },
      }
    }
    const group = account.groups.get(to)
    if (!group && !account.friends.has(to)) return refuse(400, 'Failed to send messages')
    // Counted by recipient, whatever the number of messages.
    const recipients = account.blocked.has(to) ? 0 : (group?.members.size ?? 1)
    const { monthlyLimit } = account.account
    if (recipients > 0 && monthlyLimit !== undefined && account.used >= monthlyLimit) {
      return refuse(429, monthlyLimitWords)
    }
    account.used += recipients
    const sentMessages = take(to, messages as (Json & { readonly type: string })[], call, account, key)
    if (key !== undefined) {
      retryKeys.accept(account.account.name, key, { requestId: made.requestIdOf(call.request), sentMessages })
    }
    return { status: 200, json: { sentMessages } }
  }

  const reply = (call: Call<LineEndpoint>, account: AccountState): Answer => {
    const read = readJson(call.request)
    if ('refused' in read) return read.refused
    const problems = checkMessages(read.fields.messages)
    if (problems.length > 0) return refuseProblems(problems)
    const token = account.replyTokens.get(String(read.fields.replyToken))
    account.replyTokens.delete(String(read.fields.replyToken))
    // Once, within a minute: https://developers.line.biz/en/reference/messaging-api/#send-reply-message-reply-token
    if (!token || now() - token.sentAt > 60_000) return refuse(400, 'Invalid reply token')
    const messages = read.fields.messages as (Json & { readonly type: string })[]
    return { status: 200, json: { sentMessages: take(token.userId, messages, call, account) } }
  }

  const validate = (call: Call<LineEndpoint>): Answer => {
    const read = readJson(call.request)
    if ('refused' in read) return read.refused
    const problems = checkMessages(read.fields.messages)
    return problems.length > 0 ? refuseProblems(problems) : { status: 200, json: {} }
  }

  return [
    { endpoint: 'push', method: 'POST', path: '/v2/bot/message/push', takesRetryKey: true, answer: push },
    { endpoint: 'reply', method: 'POST', path: '/v2/bot/message/reply', answer: reply },
    { endpoint: 'validate', method: 'POST', path: '/v2/bot/message/validate/push', answer: validate },
    { endpoint: 'validate', method: 'POST', path: '/v2/bot/message/validate/reply', answer: validate },
  ]
}
