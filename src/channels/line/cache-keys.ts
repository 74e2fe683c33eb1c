import type { Conversation } from '../../bridge/message.ts'
import { offerKeyPrefix } from './outbound/offers.ts'

/** Under which keys of the cache a channel keeps what it knows of a person or a group. Whatever is added here is erased with them. */

/** The name and language of a customer, or the name of a group. */
export const profileKey = ({ channel, user }: Conversation): string => `line:profile:${channel}:${user}`

/** The name of somebody who writes in groups; it is the same in all of them. */
export const memberKey = ({ channel, user }: Conversation): string => `line:member:${channel}:${user}`

/** With which LINE can be told that the latest message was read. */
export const readTokenKey = ({ channel, user }: Conversation): string => `line:read:${channel}:${user}`

/** What the next message is to tell. */
export const nextAttributesKey = ({ channel, user }: Conversation): string => `line:next:${channel}:${user}`

/** What the latest message had to tell, for when it has to be sent again. */
export const toldAttributesKey = ({ channel, user }: Conversation): string => `line:told:${channel}:${user}`

/** All keys under which something of a person or group may lie, and what such keys begin with where there are many. */
export const personKeys = (
  person: Conversation,
): { readonly keys: readonly string[]; readonly prefixes: readonly string[] } => ({
  keys: [profileKey, memberKey, readTokenKey, nextAttributesKey, toldAttributesKey].map((keyOf) => keyOf(person)),
  prefixes: [offerKeyPrefix(person)],
})
