import type { Notice } from '../../../bridge/message.ts'
import type { Effect } from '../../../bridge/side.ts'
import { asId, asObject } from '../../../lib/loose.ts'
import type { Chat } from '../chat.ts'
import type { LineSettings } from '../config.ts'
import type { LineEvent } from '../wire.ts'

/** Events that are no message. Their names serve as reasons, which must come from a closed list. */
const knownEvents: ReadonlySet<unknown> = new Set([
  'follow',
  'unfollow',
  'unsend',
  'messageEdited',
  'join',
  'leave',
  'memberJoined',
  'memberLeft',
  'videoPlayComplete',
  'beacon',
  'accountLink',
  'membership',
  'delivery',
  'module',
  'activated',
  'deactivated',
  'botSuspended',
  'botResumed',
])

/** The name of an event that LINE documents. https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects */
export const knownEvent = (type: unknown): string | undefined => (knownEvents.has(type) ? String(type) : undefined)

const notices = {
  follow: 'followed',
  unfollow: 'unfollowed',
  join: 'joined',
  accountLink: 'account_linked',
} as const satisfies Record<keyof LineSettings['events'], Notice>

type LifeCycle = keyof typeof notices

const isLifeCycle = (type: unknown): type is LifeCycle => typeof type === 'string' && Object.hasOwn(notices, type)

/** What happened to the bond between customer and account, and how agents are to hear of it; undefined when they are not. */
export function lifeCycle(
  event: LineEvent,
  settings: Pick<LineSettings, 'events'>,
): { readonly form: 'text' | 'attribute'; readonly notice: Notice; readonly word: string } | undefined {
  const { type } = event
  if (!isLifeCycle(type)) return undefined
  const form = settings.events[type]
  if (form === 'off') return undefined
  if (type !== 'accountLink') return { form, notice: notices[type], word: type }
  // https://developers.line.biz/en/reference/messaging-api/#link-object
  const { result } = asObject(event.link)
  if (result === 'ok') return { form, notice: 'account_linked', word: 'accountLink' }
  return result === 'failed' ? { form, notice: 'account_not_linked', word: 'accountLinkFailed' } : undefined
}

/** What the customer's next message is to tell. */
export function noted(event: LineEvent, chat: Chat, settings: Pick<LineSettings, 'events'>): readonly Effect[] {
  const told = lifeCycle(event, settings)
  if (told?.form !== 'attribute' || chat.id === undefined) return []
  return [{ kind: 'attribute', user: chat.id, name: 'lineEvent', value: told.word }]
}

/** An unfollow is a block. https://developers.line.biz/en/reference/messaging-api/#unfollow-event */
export function reachability(event: LineEvent, person: string | undefined, at: number): readonly Effect[] {
  if (person === undefined) return []
  if (event.type === 'unfollow') return [{ kind: 'blocked', user: person, at }]
  return event.type === 'follow' ? [{ kind: 'unblocked', user: person, at }] : []
}

/**
 * LINE asks that what was taken back is neither seen nor kept: https://developers.line.biz/en/reference/messaging-api/#unsend-event
 * @param user in whose conversation the message would lie
 */
export function takenBack(event: LineEvent, user: string | undefined): readonly Effect[] {
  const message = event.type === 'unsend' ? asId(event.unsend?.messageId) : undefined
  return user !== undefined && message !== undefined ? [{ kind: 'unsent', user, message }] : []
}

/**
 * An account that is to leave groups is told of each event that shows it in one, whatever the event says.
 * https://developers.line.biz/en/reference/messaging-api/#leave-event
 */
export function unwelcome(event: LineEvent, chat: Chat, settings: Pick<LineSettings, 'groups'>): readonly Effect[] {
  const isMember = chat.shared !== undefined && event.type !== 'leave'
  return settings.groups === 'leave' && isMember && chat.id !== undefined ? [{ kind: 'unwelcome', group: chat.id }] : []
}
