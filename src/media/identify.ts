import { Readable } from 'node:stream'
import type { MediaKind } from '../bridge/message.ts'
import { safeFileName } from './file-name.ts'

/** So much of a file's beginning decides its type; Office files show themselves only some entries into their zip. */
const headBytes = 65_536

/** What everything is that we know nothing of. */
const unknownType = 'application/octet-stream'

/** Other names of types that LINE and browsers know by one name only. */
const usualNames: Readonly<Record<string, string>> = {
  'audio/x-m4a': 'audio/mp4',
  'audio/m4a': 'audio/mp4',
  'audio/mp3': 'audio/mpeg',
  'audio/vnd.wave': 'audio/wav',
  'audio/x-wav': 'audio/wav',
  'image/jpg': 'image/jpeg',
  'image/apng': 'image/png',
  'video/x-m4v': 'video/mp4',
}

/** Wrappers that hold many formats: here the sender's word is more exact than the bytes. */
const containers = new Set(['application/zip', 'application/x-cfb', 'application/xml', 'application/gzip'])

/** Containers of films, and what they are called when they hold nothing but sound. */
const soundIn: Readonly<Record<string, string>> = {
  'video/mp4': 'audio/mp4',
  'video/3gpp': 'audio/3gpp',
  'video/webm': 'audio/webm',
}

/** Types that the bytes would have shown. Without that proof nothing is shown in a browser under their name. */
const provable = /^(image\/(?!svg)|video\/|audio\/|application\/pdf$)/

const plainName = (mime: string | undefined): string | undefined => {
  const name = mime?.split(';', 1)[0]?.trim().toLowerCase()
  return name && /^[a-z0-9][a-z0-9.+-]{0,60}\/[a-z0-9][a-z0-9.+-]{0,100}$/.test(name)
    ? (usualNames[name] ?? name)
    : undefined
}

/**
 * The true type of a file, from its first bytes. The sender's word counts only where bytes cannot tell: text formats,
 * and what lies inside a container.
 *
 * A voice note that a phone or a browser recorded lies in a container of films and often says so nowhere in its first
 * bytes; where the platform or the sender calls it audio, `video/mp4` is read as `audio/mp4`
 * (https://github.com/openclaw/openclaw/issues/33441).
 */
async function typeOf(file: {
  readonly head: Buffer
  readonly media: MediaKind
  readonly declared: string | undefined
}): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type')
  // A head that ends in the middle of a structure is no fault; the library then says undefined or throws.
  const seen = plainName((await fileTypeFromBuffer(file.head).catch(() => undefined))?.mime)
  const said = plainName(file.declared)
  const sound = seen && soundIn[seen]
  if (sound && (file.media === 'audio' || said?.startsWith('audio/'))) return sound
  if (seen && !containers.has(seen)) return seen
  if (said && !provable.test(said) && said !== unknownType) return said
  return seen ?? unknownType
}

/**
 * Says what a file is and what it should be called.
 * @param file.head its first {@link headBytes} bytes, or all of a shorter one
 * @param file.id distinguishes default names: `image-<id>.jpg`
 * @returns a media type without parameters, and a name that is safe to offer for download
 */
export async function identify(file: {
  readonly head: Buffer
  readonly media: MediaKind
  readonly id: string
  readonly mime?: string | undefined
  readonly fileName?: string | undefined
}): Promise<{ readonly mime: string; readonly fileName: string }> {
  const mime = await typeOf({ head: file.head, media: file.media, declared: file.mime })
  const id = file.id.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 40)
  const fallback = id ? `${file.media}-${id}` : file.media
  return { mime, fileName: safeFileName({ given: file.fileName, mime, fallback }) }
}

/**
 * Reads the beginning of a stream without losing it: `whole` yields everything, the beginning included, and takes the
 * place of `stream`.
 */
export async function readHead(
  stream: Readable,
  bytes = headBytes,
): Promise<{ readonly head: Buffer; readonly whole: Readable }> {
  // An error may come while nobody reads; whoever reads next is told of it then.
  stream.on('error', () => undefined)
  const first: Buffer[] = []
  let length = 0
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    first.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length >= bytes) break
  }
  const head = Buffer.concat(first)
  // A stream that has said its end takes nothing back.
  if (stream.readableEnded) return { head: head.subarray(0, bytes), whole: Readable.from([head]) }
  stream.unshift(head)
  return { head: head.subarray(0, bytes), whole: stream }
}
