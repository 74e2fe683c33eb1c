import { Agent as HttpAgent, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AxiosInstance } from 'axios'
import { beforeSending, DeliveryError, MediaUnavailable, Stopping } from '../../../bridge/errors.ts'
import type { FetchOutside, MediaOrigin, OpenedMedia } from '../../../bridge/side.ts'
import { callTimeoutMs } from '../../../lib/http.ts'
import { authorized, type Tokens } from '../../../lib/tokens.ts'
import { fromAnswer, fromNetwork } from './failures.ts'

/** One minute in all, after which the agent is told that there is no file. */
const defaultWaitsMs = [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]

/** LINE's answer to a request for content. */
type Content =
  | { readonly ready: true; readonly media: OpenedMedia }
  | { readonly ready: false; readonly status: number }

const gone = (why: string) => new MediaUnavailable('gone', why)

/**
 * Is the stream over before its first byte? Files have been seen to come empty at first:
 * https://github.com/openclaw/openclaw/issues/96163
 * Reads ahead and puts back what it read.
 */
async function isEmpty(stream: Readable): Promise<boolean> {
  for (;;) {
    const chunk: unknown = stream.read()
    if (chunk !== null) {
      stream.unshift(chunk)
      return false
    }
    if (stream.readableEnded) return true
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error) => {
        stream.off('readable', done).off('end', done).off('error', done).off('close', done)
        if (error) reject(error)
        else if (stream.destroyed && !stream.readableEnded) reject(new Error('The connection was closed.'))
        else resolve()
      }
      stream.once('readable', done).once('end', done).once('error', done).once('close', done)
    })
  }
}

/**
 * Ends a body that stops coming; axios watches only until the headers. The socket serves other requests later, so the
 * listener goes with the body.
 */
function watchIdle(body: IncomingMessage, timeoutMs: number): void {
  const { socket } = body
  const onIdle = () => body.destroy(new Error('The content stopped coming.'))
  socket.setTimeout(timeoutMs)
  socket.on('timeout', onIdle)
  body.once('close', () => socket.off('timeout', onIdle))
}

function lengthOf(header: unknown): number | undefined {
  return typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : undefined
}

/**
 * Opens the files that customers sent. They lie on a host of their own, are prepared for some time if they are large,
 * and are deleted after a time that LINE does not state:
 * https://developers.line.biz/en/reference/messaging-api/#get-content
 * @param parts.waitsMs pauses between two looks at a file that is not ready; the last look is after the last one
 */
export function createLineMedia(parts: {
  readonly dataApiUrl: string
  readonly tokens: Tokens
  readonly fetchOutside: FetchOutside
  readonly timeoutMs?: number
  readonly waitsMs?: readonly number[]
}): MediaOrigin & { close(): void } {
  const { dataApiUrl, tokens, fetchOutside, timeoutMs = callTimeoutMs, waitsMs = defaultWaitsMs } = parts
  const httpAgent = new HttpAgent({ keepAlive: true })
  const httpsAgent = new HttpsAgent({ keepAlive: true })
  let client: Promise<AxiosInstance> | undefined

  /** Loaded with the first file: the program should not take a tenth of a second longer to start for it. */
  function http(): Promise<AxiosInstance> {
    client ??= import('axios').then(({ default: axios }) =>
      axios.create({
        baseURL: dataApiUrl,
        timeout: timeoutMs,
        // The token goes to this host only.
        maxRedirects: 0,
        proxy: false,
        decompress: false,
        validateStatus: () => true,
        httpAgent,
        httpsAgent,
      }),
    )
    return client
  }

  /**
   * @throws {MediaUnavailable | DeliveryError} for every answer that is neither 200 nor 202; the caller has consumed or
   *   destroyed the body.
   */
  function check(status: number, headers: Readonly<Record<string, unknown>>): void {
    if (status === 200 || status === 202) return
    if (status === 404 || status === 410) throw gone(`LINE no longer has the content (HTTP ${status}).`)
    const failure = fromAnswer(
      'content request',
      { status, body: '', header: (name) => (typeof headers[name] === 'string' ? headers[name] : undefined) },
      Date.now(),
    )
    if (failure.next.do === 'give-up') throw gone(`LINE refused the content (HTTP ${status}).`)
    throw beforeSending(failure)
  }

  const failed = (error: unknown, signal: AbortSignal): Error => {
    if (error instanceof DeliveryError || error instanceof MediaUnavailable) return error
    // An axios error holds the request with its token, so nothing of it is passed on.
    return signal.aborted ? new Stopping('The process stops.') : beforeSending(fromNetwork('content request', error))
  }

  async function fetchContent(path: string, token: string, signal: AbortSignal): Promise<Content> {
    let stream: IncomingMessage | undefined
    try {
      const answer = await (await http()).get<IncomingMessage>(path, {
        responseType: 'stream',
        headers: { Authorization: `Bearer ${token}` },
        signal,
      })
      stream = answer.data
      const body = stream
      watchIdle(body, timeoutMs)
      check(answer.status, answer.headers)
      if (answer.status === 202 || (await isEmpty(body))) {
        body.destroy()
        return { ready: false, status: answer.status }
      }
      const mime = answer.headers['content-type']
      const bytes = lengthOf(answer.headers['content-length'])
      return {
        ready: true,
        media: {
          stream: body,
          ...(typeof mime === 'string' && { mime }),
          ...(bytes !== undefined && { bytes }),
        },
      }
    } catch (error) {
      stream?.destroy()
      throw failed(error, signal)
    }
  }

  /** https://developers.line.biz/en/reference/messaging-api/#verify-video-or-audio-preparation-status */
  async function isPrepared(path: string, token: string, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await (await http()).get<{ readonly status?: unknown } | null>(`${path}/transcoding`, {
        headers: { Authorization: `Bearer ${token}` },
        signal,
        maxContentLength: 64 * 1024,
      })
      check(answer.status, answer.headers)
      if (answer.data?.status === 'failed') throw gone('LINE could not prepare the content.')
      return answer.data?.status === 'succeeded'
    } catch (error) {
      throw failed(error, signal)
    }
  }

  async function openById(id: string, signal: AbortSignal): Promise<OpenedMedia> {
    const path = `/v2/bot/message/${encodeURIComponent(id)}/content`
    const look = () => authorized(tokens, (token) => fetchContent(path, token, signal))
    let content = await look()
    for (const waitMs of waitsMs) {
      if (content.ready) return content.media
      await sleep(waitMs, undefined, { signal }).catch((error: unknown) => {
        throw failed(error, signal)
      })
      const preparing = content.status === 202
      if (preparing && !(await authorized(tokens, (token) => isPrepared(path, token, signal)))) continue
      content = await look()
    }
    if (content.ready) return content.media
    throw new MediaUnavailable('not_ready', 'LINE did not have the content ready in time.')
  }

  return {
    open: (source, signal) => (source.by === 'url' ? fetchOutside(source.url, signal) : openById(source.id, signal)),
    close() {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}
