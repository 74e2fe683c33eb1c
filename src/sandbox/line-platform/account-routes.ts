import type { Answer } from '../fake-server.ts'
import type { WebhookAttempt } from '../platforms.ts'
import { readJson, refuse, refuseProblems, refuseProperty } from './answers.ts'
import type { AuthenticatedRoute } from './authenticated.ts'
import type { AccountState } from './state.ts'

const userIdForm = /^U[0-9a-f]{32}$/

/** Profile, bot info, quota, webhook settings, read marks and the loading animation. */
export function accountRoutes(made: {
  readonly now: () => number
  readonly loading: (account: string, userId: string, seconds: number) => void
  readonly read: (account: string, mark: { readonly chat: string; readonly messageId: string }) => void
  readonly configure: (account: string, changes: { readonly webhookUrl: string }) => void
  /** Sends an empty webhook. */
  readonly testWebhook: (state: AccountState, url: string) => Promise<WebhookAttempt>
}): AuthenticatedRoute[] {
  return [
    {
      endpoint: 'profile',
      method: 'GET',
      path: '/v2/bot/profile/:userId',
      // https://developers.line.biz/en/reference/messaging-api/#get-profile
      answer: ({ params }, state) => {
        const { userId = '' } = params
        if (!userIdForm.test(userId)) return refuse(400, "The value for the 'userId' parameter is invalid")
        const friend = state.friends.get(userId)
        if (!friend || state.blocked.has(userId)) return refuse(404, 'Not found')
        return { status: 200, json: friend }
      },
    },
    {
      endpoint: 'bot',
      method: 'GET',
      path: '/v2/bot/info',
      // https://developers.line.biz/en/reference/messaging-api/#get-bot-info
      answer: (_call, { account }) => ({
        status: 200,
        json: {
          userId: account.botUserId,
          basicId: `@${account.channelId}`,
          displayName: account.displayName,
          chatMode: 'bot',
          markAsReadMode: 'auto',
        },
      }),
    },
    {
      endpoint: 'loading',
      method: 'POST',
      path: '/v2/bot/chat/loading/start',
      // https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator
      answer: ({ request }, state): Answer => {
        const read = readJson(request)
        if ('refused' in read) return read.refused
        const { chatId, loadingSeconds = 20 } = read.fields
        if (typeof chatId !== 'string' || !userIdForm.test(chatId)) return refuseProperty('chatId')
        const message = secondsProblem(loadingSeconds)
        if (message) return refuseProblems([{ message, property: 'loadingSeconds' }])
        if (!state.blocked.has(chatId)) {
          state.loadingUntil.set(chatId, made.now() + Number(loadingSeconds) * 1000)
          made.loading(state.account.name, chatId, Number(loadingSeconds))
        }
        return { status: 202, json: {} }
      },
    },
    {
      endpoint: 'markAsRead',
      method: 'POST',
      path: '/v2/bot/chat/markAsRead',
      // https://developers.line.biz/en/reference/messaging-api/#mark-as-read
      answer: ({ request }, state): Answer => {
        const read = readJson(request)
        if ('refused' in read) return read.refused
        const mark = state.readTokens.get(String(read.fields.markAsReadToken))
        if (!mark)
          return refuse(400, 'Invalid markAsReadToken. Tokens must be used by the bot that received them via Webhook.')
        made.read(state.account.name, mark)
        return { status: 200, json: {} }
      },
    },
    {
      endpoint: 'quota',
      method: 'GET',
      path: '/v2/bot/message/quota',
      answer: (_call, { account: { monthlyLimit } }) => ({
        status: 200,
        json: monthlyLimit === undefined ? { type: 'none' } : { type: 'limited', value: monthlyLimit },
      }),
    },
    {
      endpoint: 'consumption',
      method: 'GET',
      path: '/v2/bot/message/quota/consumption',
      answer: (_call, { used }) => ({ status: 200, json: { totalUsage: used } }),
    },
    {
      endpoint: 'webhook',
      method: 'GET',
      path: '/v2/bot/channel/webhook/endpoint',
      answer: (_call, { account: { webhookUrl } }) =>
        webhookUrl === undefined
          ? refuse(404, 'Webhook endpoint not found')
          : { status: 200, json: { endpoint: webhookUrl, active: true } },
    },
    {
      endpoint: 'webhook',
      method: 'PUT',
      path: '/v2/bot/channel/webhook/endpoint',
      answer: ({ request }, state): Answer => {
        const read = readJson(request)
        if ('refused' in read) return read.refused
        const { endpoint } = read.fields
        if (!isWebhookUrl(endpoint)) return refuse(400, 'Invalid webhook endpoint URL')
        made.configure(state.account.name, { webhookUrl: endpoint })
        return { status: 200, json: {} }
      },
    },
    {
      endpoint: 'webhook',
      method: 'POST',
      path: '/v2/bot/channel/webhook/test',
      answer: async ({ request }, state): Promise<Answer> => {
        const read = request.body === '' ? { fields: {} } : readJson(request)
        if ('refused' in read) return read.refused
        const fields: Readonly<Record<string, unknown>> = read.fields
        const url = fields.endpoint ?? state.account.webhookUrl
        if (!isWebhookUrl(url)) return refuse(400, 'Invalid webhook endpoint URL')
        return { status: 200, json: testResult(await made.testWebhook(state, url), made.now()) }
      },
    },
  ]
}

function secondsProblem(value: unknown): string | undefined {
  if (typeof value !== 'number' || value < 5 || value > 60) return 'Must be between 5 and 60'
  return value % 5 === 0 ? undefined : 'must be a multiple of five'
}

/** At most 500 characters, https; plain http on loopback only, for the sandbox. https://developers.line.biz/en/reference/messaging-api/#set-webhook-endpoint-url */
const isWebhookUrl = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= 500 &&
  URL.canParse(value) &&
  (value.startsWith('https://') || /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]/.test(value))

/** https://developers.line.biz/en/reference/messaging-api/#test-webhook-endpoint */
function testResult(attempt: WebhookAttempt, now: number) {
  const { status, error } = attempt
  const success = status !== undefined && status >= 200 && status < 300
  const answered = success ? 'OK' : 'ERROR_STATUS_CODE'
  const failed = error === 'request_timeout' ? 'REQUEST_TIMEOUT' : 'COULD_NOT_CONNECT'
  return {
    success,
    timestamp: new Date(now).toISOString(),
    statusCode: status ?? 0,
    reason: status === undefined ? failed : answered,
    detail: status === undefined ? (error ?? '') : String(status),
  }
}
