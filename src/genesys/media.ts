import { DeliveryError, MediaUnavailable } from '../bridge/errors.ts'
import type { MediaOrigin, OpenedMedia } from '../bridge/side.ts'
import type { GenesysClient } from './client.ts'

/**
 * Fetches an address that came from outside: public addresses only, every redirect checked again, and `headers` go to the
 * named host alone, never across a redirect.
 * @throws {MediaUnavailable | DeliveryError} and errors with a `status` where the host answered with one
 */
export type FetchOutside = (
  url: string,
  signal: AbortSignal,
  options?: { readonly headers?: Record<string, string> },
) => Promise<OpenedMedia>

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined
  return typeof error.status === 'number' ? error.status : undefined
}

/** A download that failed, in the words of the bridge. Errors that speak them already, a missing token's among them, stay as they are. */
function downloadFailure(error: unknown): unknown {
  if (error instanceof MediaUnavailable || error instanceof DeliveryError) return error
  const status = statusOf(error)
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429)
    return new MediaUnavailable('gone', `The attachment's host answered ${status}.`)
  const told = status === undefined ? 'without an answer' : `with ${status}`
  return new DeliveryError(
    `The download of an attachment ended ${told}`,
    { do: 'retry', mayHaveArrived: false },
    status,
  )
}

/**
 * Agents' attachments, which lie at addresses that the webhook names. Genesys' own hosts get the client's token at once; nobody
 * else ever gets one. Whether the download host wants it is not documented.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages
 */
export function createGenesysMedia({
  client,
  fetchOutside,
}: {
  readonly client: GenesysClient
  readonly fetchOutside: FetchOutside
}): MediaOrigin {
  async function openOwn(url: string, signal: AbortSignal): Promise<OpenedMedia> {
    const { tokens } = client
    const openWith = (token: string) => fetchOutside(url, signal, { headers: { authorization: `Bearer ${token}` } })
    const token = await tokens.get()
    try {
      return await openWith(token)
    } catch (error) {
      if (statusOf(error) !== 401) throw error
      tokens.invalidate(token)
      return await openWith(await tokens.get())
    }
  }

  return {
    async open(source, signal) {
      if (source.by !== 'url' || !URL.canParse(source.url))
        throw new MediaUnavailable('gone', 'The attachment has no usable address.')
      const url = new URL(source.url)
      try {
        return await (client.endpoints.isOwn(url) ? openOwn(source.url, signal) : fetchOutside(source.url, signal))
      } catch (error) {
        throw signal.aborted ? error : downloadFailure(error)
      }
    },
  }
}
