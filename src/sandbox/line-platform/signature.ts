import { hmacSha256 } from '../../lib/hmac.ts'

/** `x-line-signature`: base64 over the exact bytes. https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/ */
export const lineSignature = (channelSecret: string, body: string | Buffer): string =>
  hmacSha256(channelSecret, body).toString('base64')
