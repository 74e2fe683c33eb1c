import { hash } from 'node:crypto'

/** Ours alone and never to be changed: with another value, messages that are under way would be sent again. */
const namespace = Buffer.from('5f3a0c7e9d414b7c8a2e61d0b4f7c935', 'hex')

/**
 * The `X-Line-Retry-Key` of one push: a UUID (version 5, RFC 9562) that every attempt, process and restart computes
 * alike, so that LINE accepts the push once. https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
 * @param of.part counts from 0
 */
export function retryKey(of: { readonly channel: string; readonly messageId: string; readonly part: number }): string {
  const name = JSON.stringify([of.channel, of.messageId, of.part])
  const hex = hash('sha1', Buffer.concat([namespace, Buffer.from(name)]))
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const retryKeyForm = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A part holds up to five texts of 5,000 characters, so that hardly any message has a second one. */
const partsLookedAt = 3

/**
 * Makes the function that finds out whose retry key it is. A key is a digest, so each message's own have to be computed
 * and compared.
 */
export const createKeyOwner =
  (channel: string) =>
  (key: string): ((messageId: string) => boolean) | undefined => {
    const wanted = key.toLowerCase()
    if (!retryKeyForm.test(wanted)) return undefined
    return (messageId) => {
      for (let part = 0; part < partsLookedAt; part += 1)
        if (retryKey({ channel, messageId, part }) === wanted) return true
      return false
    }
  }
