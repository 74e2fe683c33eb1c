import type { Cache } from '../../../bridge/cache.ts'
import type { InboundMessage } from '../../../bridge/message.ts'
import { asObject } from '../../../lib/loose.ts'
import { nextAttributesKey, toldAttributesKey } from '../cache-keys.ts'

/** A message that cannot be delivered now is tried again for about so long. */
const toldSeconds = 24 * 60 * 60

type Attributes = Readonly<Record<string, string>>

function attributesIn(value: unknown): Attributes {
  const entries = Object.entries(asObject(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(entries)
}

/**
 * Makes the function that takes what had been noted for a customer's next message. The same message gets the same again, because it
 * may have to be sent again; every other one gets what was noted since.
 * Once `isWaiting` says no, the message has gone without: what is found only then is left to the next one.
 */
export function createNextAttributes(parts: {
  readonly cache: Pick<Cache, 'get' | 'set' | 'forget'>
}): (
  message: Pick<InboundMessage, 'id' | 'conversation'>,
  isWaiting: () => boolean,
) => Promise<Attributes | undefined> {
  const { cache } = parts
  return async ({ id, conversation }, isWaiting) => {
    const [nextKey, toldKey] = [nextAttributesKey(conversation), toldAttributesKey(conversation)]
    const [next, told] = await Promise.all([cache.get(nextKey), cache.get(toldKey)])
    if (told !== undefined) {
      const { message, attributes } = asObject(JSON.parse(told))
      if (message === id) return attributesIn(attributes)
    }
    if (next === undefined || !isWaiting()) return undefined
    const attributes = attributesIn(JSON.parse(next))
    await cache.set(toldKey, JSON.stringify({ message: id, attributes }), toldSeconds)
    if (!isWaiting()) return undefined
    await cache.forget(nextKey)
    return attributes
  }
}
