import { asId } from '../../lib/loose.ts'
import type { LineSource } from './wire.ts'

/** The chat in which something happened. */
export interface Chat {
  /** Where several people write; a room is a group without a name. */
  readonly shared?: 'group' | 'room'
  /** By which the chat is known: of a group or room its own id, else the customer's. */
  readonly id?: string
  /** The person; in a group LINE does not always tell. */
  readonly person?: string
}

/** https://developers.line.biz/en/reference/messaging-api/#source-user */
export function chatOf(source: LineSource | null | undefined): Chat {
  const person = asId(source?.userId)
  const shared = source?.type === 'group' || source?.type === 'room' ? source.type : undefined
  const id = shared === 'group' ? asId(source?.groupId) : shared === 'room' ? asId(source?.roomId) : person
  return { ...(shared && { shared }), ...(id && { id }), ...(person && { person }) }
}

/**
 * Whether the id of a conversation is a group's or a room's: LINE's ids of people begin with U, of groups with C, of rooms with R.
 * https://developers.line.biz/en/docs/messaging-api/group-chats/
 */
export const isShared = (id: string): boolean => id.startsWith('C') || id.startsWith('R')
