import { createFakeServer } from '../fake-server.ts'
import { createFaults } from '../faults.ts'
import { createIds } from '../ids.ts'
import { createListeners } from '../listeners.ts'
import type { RecordedRequest, Violation } from '../platforms.ts'
import { createRecorder } from '../recorder.ts'
import { createWebhookSender } from '../webhook-sender.ts'
import { accountRoutes } from './account-routes.ts'
import { failure } from './answers.ts'
import { bearerOf, withToken } from './authenticated.ts'
import { contentRoutes, typeOfContent } from './content-routes.ts'
import { idsOf, redelivered, webhookBody } from './events.ts'
import { groupRoutes } from './group-routes.ts'
import { createPhones } from './phones.ts'
import type { LineEndpoint, LinePlatform, LinePlatformEvent, LinePlatformSettings } from './platform.ts'
import { createRetryKeys } from './retry-keys.ts'
import { sendRoutes } from './send-routes.ts'
import { lineSignature } from './signature.ts'
import { createLineState } from './state.ts'
import { stickerRoute } from './sticker-route.ts'
import { tokenRoutes } from './token-routes.ts'
import { createLineTokens } from './tokens.ts'

export { lineSignature } from './signature.ts'

/** What LINE sends with every webhook, but for the signature. https://developers.line.biz/en/reference/messaging-api/#request-headers */
const webhookHeaders = { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'LineBotWebhook/2.0' }

/** A LINE Platform on loopback: see {@link LinePlatform}. */
export function createLinePlatform(settings: LinePlatformSettings): LinePlatform {
  const { redeliveryDelaysMs = [1000, 2000, 5000, 10_000], keepRequests = 100_000, now = Date.now } = settings
  const ids = createIds(settings.seed)
  const state = createLineState(settings.accounts)
  const faults = createFaults<LineEndpoint>()
  const recorder = createRecorder<LineEndpoint>({ keep: keepRequests })
  const listeners = createListeners<LinePlatformEvent>()
  const retryKeys = createRetryKeys({ now })
  const violations: Violation[] = []
  const readMarks: { account: string; chat: string; messageId: string }[] = []
  const requestIds = new WeakMap<RecordedRequest<LineEndpoint>, string>()
  const accounts = () => Array.from(state.accounts.values(), (one) => one.account)
  const tokens = createLineTokens({ accounts, ids, now })
  let sender = createWebhookSender({ timeoutMs: settings.webhookTimeoutMs ?? 2000, now })

  const requestIdOf = (request: RecordedRequest<LineEndpoint>): string => {
    const known = requestIds.get(request) ?? ids.uuid()
    requestIds.set(request, known)
    return known
  }
  const ownerOf = (request: RecordedRequest<LineEndpoint>) => tokens.ownerOf(bearerOf(request.headers) ?? '')
  const aboutPush = (request: RecordedRequest<LineEndpoint>) => {
    if (request.endpoint !== 'push') return {}
    const key = request.headers['x-line-retry-key']
    const userId = /"to"\s*:\s*"([^"]*)"/.exec(request.body)?.[1]
    return {
      ...(userId === undefined ? {} : { userId }),
      ...(typeof key === 'string' ? { retryKey: key } : {}),
    }
  }
  /** The rules that bind every attempt at a push, also one that fails. */
  const arrived = (request: RecordedRequest<LineEndpoint>) => {
    recorder.add(request)
    const account = ownerOf(request)
    if (request.endpoint !== 'push' || account === undefined) return
    const { retryKey } = aboutPush(request)
    if (retryKey === undefined) {
      const detail = 'A push without a retry key can never be repeated safely.'
      violations.push({ at: now(), rule: 'push_without_retry_key', detail })
    } else if (!retryKeys.seen(account, retryKey, request.body)) {
      const detail = `Retry key ${retryKey} came with another body than before.`
      violations.push({ at: now(), rule: 'retry_key_with_another_body', detail })
    }
  }

  const serving = {
    faults,
    now,
    arrived,
    failure,
    headers: (request: RecordedRequest<LineEndpoint>) => ({ 'x-line-request-id': requestIdOf(request) }),
    answered: (request: RecordedRequest<LineEndpoint>) =>
      listeners.tell({ type: 'request.answered', account: ownerOf(request), request, ...aboutPush(request) }),
  }
  const configure: LinePlatform['configure'] = (name, changes) => {
    const one = state.get(name)
    one.account = { ...one.account, ...changes }
    for (const friend of changes.friends ?? []) one.friends.set(friend.userId, friend)
  }
  const postRaw: LinePlatform['postRaw'] = (name, body, options = {}) => {
    const { account } = state.get(name)
    const signature = options.signature ?? lineSignature(options.secret ?? account.channelSecret, body)
    return sender.post(options.url ?? account.webhookUrl ?? '', body, {
      ...webhookHeaders,
      ...(signature === false ? {} : { 'x-line-signature': signature }),
      ...options.headers,
    })
  }
  const api = createFakeServer<LineEndpoint>({
    ...serving,
    routes: [
      ...tokenRoutes({ accounts, tokens, now }),
      ...withToken(
        [
          ...sendRoutes({
            state,
            retryKeys,
            ids,
            now,
            requestIdOf,
            accepted: (push) => listeners.tell({ type: 'push.accepted', push }),
          }),
          ...accountRoutes({
            now,
            configure,
            loading: (account, userId, seconds) =>
              listeners.tell({ type: 'loading.started', account, userId, seconds }),
            read: (account, mark) => {
              readMarks.push({ account, ...mark })
              listeners.tell({ type: 'messages.read', account, ...mark })
            },
            testWebhook: ({ account }, url) => postRaw(account.name, webhookBody(account, []), { url }),
          }),
          ...groupRoutes({
            left: (account, groupId) => {
              listeners.tell({ type: 'group.left', account, groupId })
              // LINE tells of it, as it tells when somebody else puts the account out.
              phones.send(account, '', { type: 'event', event: { type: 'leave' } }, { group: groupId })
            },
          }),
        ],
        { tokens, state },
      ),
    ],
  })
  const data = createFakeServer<LineEndpoint>({
    ...serving,
    routes: [stickerRoute, ...withToken(contentRoutes, { tokens, state })],
  })

  const post: LinePlatform['post'] = (name, events, options = {}) => {
    const one = state.get(name)
    const found = idsOf(events)
    return sender.deliver({
      url: () => one.account.webhookUrl,
      build: (attempt) => {
        const body = webhookBody(one.account, attempt === 1 ? events : redelivered(events))
        const signature = lineSignature(one.account.channelSecret, body)
        return { body, headers: { ...webhookHeaders, 'x-line-signature': signature } }
      },
      next: ({ attempt }) => {
        const afterMs = redeliveryDelaysMs[attempt - 1] ?? redeliveryDelaysMs.at(-1)
        return afterMs === undefined || options.redeliver === false ? 'given_up' : { afterMs }
      },
      attempted: (attempt) => listeners.tell({ type: 'webhook.attempted', account: name, ids: found, attempt }),
      ended: (outcome) => listeners.tell({ type: 'webhook.ended', account: name, ids: found, outcome }),
    })
  }
  const phones = createPhones({ state, ids, now, post, tell: listeners.tell })

  return {
    get apiUrl() {
      return api.url
    },
    get dataApiUrl() {
      return data.url
    },
    start: async ({ apiPort = 0, dataPort = 0 } = {}) => {
      sender = createWebhookSender({ timeoutMs: settings.webhookTimeoutMs ?? 2000, now })
      await Promise.all([api.start(apiPort), data.start(dataPort)])
    },
    stop: async () => {
      await sender.stop()
      await Promise.all([api.stop(), data.stop()])
    },
    account: (name) => state.get(name).account,
    configure,
    ...phones,
    post,
    postRaw,
    isBlocked: (name, userId) => state.get(name).blocked.has(userId),
    groups: (name) => [...state.get(name).groups.keys()],
    readMarks,
    pushes: state.pushes,
    repeated: retryKeys.repeated,
    revokeTokens: (name) => tokens.revokeAll(name),
    content: (name, messageId) => {
      const found = state.get(name).contents.get(messageId)
      return found && !found.unsent ? { bytes: found.file.bytes, mime: typeOfContent(found) } : undefined
    },
    break: faults.break,
    mend: faults.mend,
    requests: recorder.requests,
    violations,
    clear: () => {
      state.clear()
      readMarks.length = 0
      violations.length = 0
      retryKeys.clear()
      recorder.clear()
      faults.mend()
    },
    on: listeners.on,
  }
}
