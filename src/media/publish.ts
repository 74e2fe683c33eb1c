import { pipeline, Transform } from 'node:stream'
import { DeliveryError, FetchRefused, MediaUnavailable, Stopping } from '../bridge/errors.ts'
import type { Direction, MediaContent } from '../bridge/message.ts'
import type { MediaOrigin, OpenedMedia, PublishedMedia } from '../bridge/side.ts'
import { errorCode } from '../lib/error-code.ts'
import { keptMs, type MediaSettings } from './config.ts'
import { identify, readHead } from './identify.ts'
import { mediaKey, ownerOf } from './keys.ts'
import type { MediaLinks } from './links.ts'
import { createPresentation } from './presentation.ts'
import type { MediaStore, StoredMedia } from './store.ts'

/**
 * The largest files that are copied. Inbound: what a customer can send; what the contact centre will not take is linked
 * to. Outbound: LINE's limit for video and audio
 * (https://developers.line.biz/en/reference/messaging-api/#video-message).
 */
export const maxMediaBytes: Readonly<Record<Direction, number>> = { inbound: 300_000_000, outbound: 200_000_000 }

/** One file of one message that is to be copied to the store. */
export interface PublishRequest {
  readonly channel: string
  /** The customer of the conversation: the file is erased with what else is theirs. */
  readonly user: string
  readonly direction: Direction
  readonly messageId: string
  /** The file's place in the message. */
  readonly part: number
  /** When the message was admitted, in ms since the epoch: the same on every attempt, and so is the link. */
  readonly receivedAt: number
  readonly content: MediaContent
  readonly origin: MediaOrigin
  /** Never more than {@link maxMediaBytes}, which is the default. */
  readonly maxBytes?: number
  readonly signal: AbortSignal
}

/** See {@link createPublisher}. */
export interface Publisher {
  /**
   * @throws {MediaUnavailable} when the file can never be had; {@link DeliveryError} (`retry`) for passing faults,
   *   empty and cut-off bodies among them; {@link Stopping} once `signal` is aborted.
   */
  publish(request: PublishRequest): Promise<PublishedMedia>
}

const retry = (message: string): DeliveryError => new DeliveryError(message, { do: 'retry', mayHaveArrived: false })

/** Fails at the end of a body that is shorter than promised, or empty: LINE has answered 200 with nothing in it
 * (https://github.com/openclaw/openclaw/issues/96163), and a cut-off file must not be kept as if it were whole. */
const checkLength = (promised: {
  readonly claimed: number | undefined
  readonly told: number | undefined
}): Transform => {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(null, chunk)
    },
    flush(done) {
      if (bytes === 0 && promised.claimed !== 0) done(retry('the file came empty'))
      else if (bytes < Math.max(promised.claimed ?? 0, promised.told ?? 0)) done(retry('the file came incomplete'))
      else done()
    },
  })
}

/**
 * Copies files to the media store and gives out links to them. Every attempt at the same file ends in the same copy
 * and the same link.
 * @param parts.searchPath where ffmpeg is looked for, as in `PATH`; without it films show a drawn picture
 */
export function createPublisher(parts: {
  readonly store: MediaStore
  readonly links: MediaLinks
  readonly settings: Pick<MediaSettings, 'inboundDays' | 'outboundDays'>
  readonly searchPath?: string | undefined
}): Publisher {
  const { store, links, settings, searchPath } = parts
  const presentation = createPresentation({ store, searchPath })
  const lifeMs = keptMs(settings)

  async function keep(
    key: string,
    opened: OpenedMedia,
    request: PublishRequest,
    maxBytes: number,
  ): Promise<StoredMedia> {
    const { content, signal, messageId, part } = request
    const { head, whole } = await readHead(opened.stream)
    const checked = pipeline(whole, checkLength({ claimed: content.bytes, told: opened.bytes }), () => undefined)
    const { mime, fileName } = await identify({
      head,
      media: content.media,
      id: part === 0 ? messageId : `${messageId}-${part}`,
      mime: content.mime ?? opened.mime,
      fileName: content.fileName ?? opened.fileName,
    })
    return store.write(key, checked, { mime, fileName, maxBytes, owner: ownerOf(request), signal })
  }

  async function copy(key: string, request: PublishRequest): Promise<StoredMedia> {
    const { content, origin, signal } = request
    const maxBytes = Math.min(request.maxBytes ?? Infinity, maxMediaBytes[request.direction])
    const refuse = (bytes: number) => new MediaUnavailable('too_large', `${bytes} bytes, more than ${maxBytes}`)
    if (content.bytes !== undefined && content.bytes > maxBytes) throw refuse(content.bytes)
    const opened = await origin.open(content.source, signal)
    try {
      if (opened.bytes !== undefined && opened.bytes > maxBytes) throw refuse(opened.bytes)
      return await keep(key, opened, request, maxBytes)
    } finally {
      opened.stream.destroy()
    }
  }

  /** Turns what streams and disks throw into what the queue understands. */
  function explained(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return new Stopping('stopped while copying a file')
    if (error instanceof DeliveryError || error instanceof MediaUnavailable || error instanceof Stopping) return error
    if (error instanceof FetchRefused) return new MediaUnavailable('gone', `refused with status ${error.status}`)
    const failed = retry(`a file could not be copied to the media store (${errorCode(error) ?? 'no code'})`)
    failed.cause = error
    return failed
  }

  return {
    async publish(request) {
      const key = mediaKey(request)
      try {
        const stored = (await store.find(key)) ?? (await copy(key, request))
        const expiresAt = request.receivedAt + lifeMs[request.direction]
        const link = (to: string) => links.link({ key: to, expiresAt })
        const told = request.content.durationMs
        if (request.direction === 'inbound') return described(stored, link(key), { durationMs: told })
        const about = { owner: ownerOf(request), signal: request.signal }
        const shown = await presentation.of(key, stored, about)
        return described(shown.file, link(shown.key), {
          previewUrl: shown.previewKey && link(shown.previewKey),
          durationMs: shown.durationMs ?? told,
        })
      } catch (error) {
        throw explained(error, request.signal)
      }
    },
  }
}

const described = (
  { mime, fileName, bytes }: StoredMedia,
  url: string,
  more: { readonly previewUrl?: string | undefined; readonly durationMs?: number | undefined },
): PublishedMedia => ({
  url,
  mime,
  fileName,
  bytes,
  ...(more.previewUrl ? { previewUrl: more.previewUrl } : {}),
  ...(more.durationMs === undefined ? {} : { durationMs: more.durationMs }),
})
