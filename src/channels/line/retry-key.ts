import { createHash } from 'node:crypto'

/** Ours alone and never to be changed: with another value, messages that are under way would be sent again. */
const namespace = Buffer.from('5f3a0c7e9d414b7c8a2e61d0b4f7c935', 'hex')

/**
 * The `X-Line-Retry-Key` of one push: a UUID (version 5, RFC 9562) that every attempt, process and restart computes
 * alike, so that LINE accepts the push once. https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
 * @param of.part counts from 0
 */
export function retryKey(of: { readonly channel: string; readonly messageId: string; readonly part: number }): string {
  const name = JSON.stringify([of.channel, of.messageId, of.part])
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
