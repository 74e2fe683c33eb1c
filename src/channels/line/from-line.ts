import type { InboundMessage } from '../../bridge/message.ts'
import type { Effect, Heard } from '../../bridge/side.ts'
import { asId, asNumber, asText, asWord } from '../../lib/loose.ts'
import { type Chat, chatOf } from './chat.ts'
import type { LineSettings } from './config.ts'
import { messageContent, postbackContent } from './inbound/from-line-content.ts'
import { knownEvent, lifeCycle, noted, reachability, takenBack, unwelcome } from './inbound/from-line-events.ts'
import type { LineEvent } from './wire.ts'

/** The settings that decide what becomes of an event. */
export type HearingSettings = Pick<LineSettings, 'stickers' | 'stickerUrl' | 'events' | 'groups' | 'markAsRead'>

/** What has to be known besides an event in order to read it. */
export interface HearingContext {
  readonly channel: string
  readonly settings: HearingSettings
  /** IANA: in which customers choose times. */
  readonly timeZone: string
  /** Ms since the epoch; stands in for the time of an event that does not tell it. */
  readonly receivedAt: number
}

/** What a `Date` can hold, in ms to either side of the epoch. */
const maxTimeMs = 8.64e15

function timeOf(event: LineEvent, receivedAt: number): number {
  const at = asNumber(event.timestamp)
  return at !== undefined && Math.abs(at) <= maxTimeMs ? at : receivedAt
}

/** A chat that is carried as a conversation. */
type CarriedChat = Chat & { readonly id: string }

/** What of a message depends on the kind of its event. */
interface Said extends Pick<InboundMessage, 'content' | 'edited' | 'quotes' | 'readToken'> {
  readonly effects: readonly Effect[]
}

function saidIn(event: LineEvent, id: string, chat: CarriedChat, context: HearingContext): Said | undefined {
  const { settings, timeZone, receivedAt } = context
  const at = timeOf(event, receivedAt)
  // Somebody who wrote has unblocked the account; who writes in a group may have blocked it all the same.
  const alive = (): readonly Effect[] => (chat.shared ? [] : [{ kind: 'reachable', user: chat.id, at }])
  switch (event.type) {
    case 'message': {
      const message = event.message ?? {}
      const quotes = asId(message.quotedMessageId)
      const readToken = settings.markAsRead ? asText(message.markAsReadToken) : undefined
      return {
        content: messageContent(id, message, settings),
        effects: alive(),
        ...(quotes && { quotes }),
        ...(readToken && { readToken }),
      }
    }
    case 'postback':
      return { content: postbackContent(event.postback, { timeZone, at }), effects: alive() }
    case 'messageEdited': {
      const [text, original] = [event.message?.text, asId(event.message?.id)]
      if (!chat.shared || typeof text !== 'string' || text === '' || original === undefined) return undefined
      // What still waits of the old text must not come after the new one.
      return {
        content: { kind: 'text', text },
        edited: true,
        effects: [{ kind: 'unsent', user: chat.id, message: original }],
      }
    }
    case 'unsend':
      return { content: { kind: 'notice', notice: 'unsent' }, effects: takenBack(event, chat.id) }
    default: {
      const told = lifeCycle(event, settings)
      if (told?.form !== 'text') return undefined
      return { content: { kind: 'notice', notice: told.notice }, effects: reachability(event, chat.person, at) }
    }
  }
}

/** Undefined when agents are not to read of the event. */
function messageIn(
  event: LineEvent,
  { id, eventId, chat }: { readonly id: string; readonly eventId: string | undefined; readonly chat: CarriedChat },
  context: HearingContext,
): Heard<InboundMessage> | undefined {
  const said = saidIn(event, id, chat, context)
  if (!said) return undefined
  const { effects, ...rest } = said
  const message: InboundMessage = {
    id,
    conversation: { channel: context.channel, user: chat.id },
    at: timeOf(event, context.receivedAt),
    platform: 'LINE',
    ...rest,
    ...(chat.shared && chat.person && { member: chat.person }),
    ...(eventId !== undefined && { eventId }),
    ...(event.deliveryContext?.isRedelivery === true && { redelivered: true }),
  }
  return { kind: 'message', id, message, ...(effects.length > 0 && { effects }) }
}

/** Why there is no message in an event. */
function reasonOf(
  event: LineEvent,
  chat: Chat,
  isCarried: boolean,
): { readonly reason: string; readonly what?: string } {
  if (event.type === 'message' || event.type === 'postback') {
    if (!isCarried) return { reason: `${chat.shared}_chat` }
    return { reason: chat.id === undefined ? 'no_user' : 'no_id' }
  }
  const known = knownEvent(event.type)
  if (known) return { reason: known }
  const what = asWord(event.type)
  return { reason: 'unknown_event', ...(what && { what }) }
}

/**
 * Maps one LINE event to a message for the contact centre, or to the reason why there is none. Pure, and never throws.
 * A message is known by its message id and any other event by its event id, because LINE repeats both unchanged on
 * redelivery: https://developers.line.biz/en/docs/messaging-api/receiving-messages/#webhook-redelivery
 * A group or room is many people behind one chat; where it is carried, the chat takes the customer's place.
 */
export function fromLine(event: LineEvent, context: HearingContext): Heard<InboundMessage> {
  const { settings, receivedAt } = context
  const at = timeOf(event, receivedAt)
  const eventId = asId(event.webhookEventId)
  const id = (event.type === 'message' ? asId(event.message?.id) : undefined) ?? eventId
  const chat = chatOf(event.source)
  const isCarried = !chat.shared || settings.groups === 'bridge'
  const effects = [...reachability(event, chat.person, at), ...takenBack(event, chat.id)]
  const ignored = (why: { readonly reason: string; readonly what?: string }): Heard<never> => ({
    kind: 'ignored',
    ...(id !== undefined && { id }),
    ...why,
    ...(effects.length > 0 && { effects }),
  })

  // In standby another module holds the chat, but who can be reached, and what was taken back, is still true.
  // https://developers.line.biz/en/reference/messaging-api/#common-properties
  if (event.mode !== undefined && event.mode !== 'active') return ignored({ reason: 'standby' })
  if (isCarried && chat.id !== undefined && id !== undefined) {
    const message = messageIn(event, { id, eventId, chat: { ...chat, id: chat.id } }, context)
    if (message) return message
  }
  if (isCarried) effects.push(...noted(event, chat, settings))
  effects.push(...unwelcome(event, chat, settings))
  return ignored(reasonOf(event, chat, isCarried))
}
