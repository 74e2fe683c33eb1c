import { fieldsOf } from '../fields.ts'
import type { Ids } from '../ids.ts'
import type { Json } from '../platforms.ts'
import { buildEvent, idsOf } from './events.ts'
import type {
  LineFriend,
  LinePlatform,
  LinePlatformEvent,
  LineWebhookEvent,
  PhoneMessage,
  PhoneOptions,
  PhoneTap,
  SentByPhone,
  ShownMessage,
  Tapped,
} from './platform.ts'
import type { AccountState, LineState } from './state.ts'
import { pickedBy, type Tappable, tappablesIn } from './tappable.ts'

/** What the owners of phones do, and what they see. */
export type Phones = Pick<
  LinePlatform,
  'event' | 'send' | 'tap' | 'block' | 'unblock' | 'invite' | 'messages' | 'quickReplies' | 'isLoading'
>

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** @param made.post sends events as one webhook */
export function createPhones(made: {
  readonly state: LineState
  readonly ids: Ids
  readonly now: () => number
  readonly post: LinePlatform['post']
  readonly tell: (event: LinePlatformEvent) => void
}): Phones {
  const { state, ids, now, post, tell } = made

  const event: Phones['event'] = (name, userId, message, options = {}) => {
    const one = state.get(name)
    const at = options.at ?? now()
    const built = buildEvent({ message, userId, at, ids, options })
    remember(one, userId, message, built, now())
    return built
  }
  const carry = (
    name: string,
    userId: string,
    message: PhoneMessage,
    options: PhoneOptions,
    tapped?: Tapped,
  ): SentByPhone => {
    const built = event(name, userId, message, options)
    const [id = built.webhookEventId] = idsOf([built])
    // A newer message takes the quick replies away, also one of the customer's own.
    if (built.type === 'message') state.get(name).quickRepliesOf.delete(options.group ?? userId)
    tell({ type: 'phone.sent', account: name, userId, event: built, ...(tapped ? { tapped } : {}) })
    return { event: built, id, webhook: post(name, [built], options) }
  }
  const send: Phones['send'] = (name, userId, message, options = {}) => carry(name, userId, message, options)

  const messages: Phones['messages'] = (name, chat) => state.get(name).shown.get(chat) ?? []
  const find = (name: string, chat: string, touch: PhoneTap): { shown: ShownMessage; found: Tappable } => {
    const hasQuickReplies = state.get(name).quickRepliesOf.get(chat)
    let isGone = false
    for (const shown of messages(name, chat).toReversed()) {
      if (touch.messageId !== undefined && shown.id !== touch.messageId) continue
      const all = tappablesIn(shown.message)
      const wanted =
        typeof touch.action === 'number'
          ? all.slice(touch.action, touch.action + 1)
          : all.filter(isCalled(touch.action))
      const found = wanted.find((one) => !one.isQuickReply || hasQuickReplies === shown.id)
      if (found) return { shown, found }
      isGone ||= wanted.length > 0
    }
    throw new RangeError(
      isGone ? 'These quick replies are no longer shown.' : 'There is nothing of that name to tap on this phone.',
    )
  }

  const tap: Phones['tap'] = (name, userId, touch, options = {}) => {
    const chat = options.group ?? userId
    const { shown, found } = find(name, chat, touch)
    const action = fieldsOf(found.action)
    const tapped: Tapped = {
      messageId: shown.id,
      label: asText(action.label),
      displayText: asText(action.displayText),
      chosen: action.type === 'datetimepicker' ? touch.chosen : undefined,
    }
    const data = String(action.data)
    const message: PhoneMessage | undefined =
      action.type === 'message'
        ? { type: 'text', text: String(action.text) }
        : action.type === 'postback'
          ? { type: 'postback', data }
          : action.type === 'datetimepicker'
            ? { type: 'postback', data, params: pickedBy(found.action, touch.chosen) }
            : undefined
    if (found.isQuickReply || tapped.displayText !== undefined) state.get(name).quickRepliesOf.delete(chat)
    return message && carry(name, userId, message, options, tapped)
  }

  return {
    event,
    send,
    tap,
    messages,
    quickReplies: (name, chat) => {
      const id = state.get(name).quickRepliesOf.get(chat)
      const shown = messages(name, chat).find((one) => one.id === id)
      return shown ? tappablesIn(shown.message).flatMap((one) => (one.isQuickReply ? [one.action] : [])) : []
    },
    isLoading: (name, userId) => (state.get(name).loadingUntil.get(userId) ?? 0) > now(),
    block: (name, userId) => {
      state.get(name).blocked.add(userId)
      tell({ type: 'friend.blocked', account: name, userId })
      return send(name, userId, { type: 'event', event: { type: 'unfollow' } })
    },
    unblock: (name, userId) => {
      state.get(name).blocked.delete(userId)
      tell({ type: 'friend.unblocked', account: name, userId })
      return send(name, userId, { type: 'event', event: { type: 'follow', follow: { isUnblocked: true } } })
    },
    invite: (name, group) => {
      state
        .get(name)
        .groups.set(group.groupId, { ...group, members: new Map(group.members.map((one) => [one.userId, one])) })
      return send(name, '', { type: 'event', event: { type: 'join' } }, { group: group.groupId })
    },
  }
}

const isCalled =
  (words: string) =>
  ({ action }: Tappable): boolean =>
    action.label === words || action.displayText === words

/** What the account knows after a customer did something: the person, the group, the file, the tokens in the event. */
function remember(
  one: AccountState,
  userId: string,
  message: PhoneMessage,
  event: LineWebhookEvent & Json,
  now: number,
): void {
  const person = { userId, displayName: `LINE user ${userId.slice(1, 5)}` }
  const { groupId, roomId } = fieldsOf(event.source)
  const group = groupId ?? roomId
  const chat = typeof group === 'string' ? group : userId
  if (chat === userId) {
    if (!one.friends.has(userId)) one.friends.set(userId, person)
  } else if (userId !== '') {
    // Who writes in a group with the account is no friend of it for that.
    const { members } = one.groups.get(chat) ?? { members: new Map<string, LineFriend>() }
    if (!members.has(userId)) members.set(userId, one.friends.get(userId) ?? person)
    if (!one.groups.has(chat)) one.groups.set(chat, { groupId: chat, members })
  }
  if (typeof event.replyToken === 'string') one.replyTokens.set(event.replyToken, { userId: chat, sentAt: now })
  const readToken = event.message?.markAsReadToken
  if (typeof readToken === 'string') one.readTokens.set(readToken, { chat, messageId: String(event.message?.id) })
  switch (message.type) {
    case 'image':
    case 'video':
    case 'audio':
    case 'file':
      one.contents.set(String(event.message?.id), {
        file: message,
        kind: message.type,
        notReadyAnswers: message.notReadyAnswers ?? 0,
        unsent: false,
      })
      break
    case 'unsend': {
      const content = one.contents.get(message.messageId)
      if (content) content.unsent = true
      break
    }
  }
}
