import { MediaUnavailable } from '../bridge/errors.ts'
import type { FetchOutside, MediaOrigin } from '../bridge/side.ts'
import { authorized } from '../lib/tokens.ts'
import type { GenesysClient } from './client.ts'

/**
 * Agents' attachments, which lie at addresses that the webhook names. Genesys' own hosts get the client's token at
 * once; nobody else ever gets one. Whether the download host wants it is not documented.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages
 */
export function createGenesysMedia(parts: {
  readonly client: GenesysClient
  readonly fetchOutside: FetchOutside
}): MediaOrigin {
  const { endpoints, tokens } = parts.client
  const { fetchOutside } = parts
  return {
    async open(source, signal) {
      if (source.by !== 'url' || !URL.canParse(source.url))
        throw new MediaUnavailable('gone', 'The attachment has no usable address.')
      const { url } = source
      if (!endpoints.isOwn(new URL(url))) return fetchOutside(url, signal)
      return authorized(tokens, (token) => fetchOutside(url, signal, { headers: { authorization: `Bearer ${token}` } }))
    },
  }
}
