import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { safeFileName } from './file-name.ts'
import type { Size } from './film-size.ts'
import { createFilms } from './films.ts'
import { derivedKey, sharedKey } from './keys.ts'
import { createPictures, type Picture, pictureLimits } from './preview.ts'
import type { MediaStore, StoredMedia } from './store.ts'
import { stillSize } from './video-still.ts'

/** How a stored file is shown to a customer. */
export interface Shown {
  /** What to link to: the file itself, or a picture made from it that phones can show. */
  readonly key: string
  readonly file: StoredMedia
  readonly previewKey?: string
  readonly durationMs?: number
}

/** What was found out about a file, as it is kept beside it. */
interface Findings {
  readonly key: string
  readonly previewKey?: string
  readonly durationMs?: number
}

/** What pictures are made from; they are the same customer's. */
interface Original {
  readonly file: StoredMedia
  readonly owner: string
  readonly signal: AbortSignal
}

/**
 * Finds out what LINE wants to know of a file, makes the pictures it wants, and keeps both beside the file: made once,
 * however often a delivery is repeated.
 * @param parts.searchPath where ffmpeg is looked for, as in `PATH`
 */
export function createPresentation(parts: { readonly store: MediaStore; readonly searchPath: string | undefined }): {
  /**
   * Never throws for a file that cannot be shown: it is then described as it is.
   * @throws what the store throws; the reason of `signal` once that is aborted
   */
  of(key: string, file: StoredMedia, about: { readonly owner: string; readonly signal: AbortSignal }): Promise<Shown>
} {
  const { store, searchPath } = parts
  const pictures = createPictures()
  const films = createFilms({ searchPath })

  const keep = (
    key: string,
    bytes: Buffer,
    about: { readonly mime: string; readonly fileName: string; readonly owner?: string },
  ) => store.write(key, Readable.from([bytes]), { ...about, maxBytes: bytes.length })

  async function keepPicture(key: string, picture: Picture, original: Original): Promise<string> {
    const { file, owner } = original
    const fileName = safeFileName({ given: file.fileName, mime: picture.mime, fallback: 'image' })
    await keep(key, picture.bytes, { mime: picture.mime, fileName, owner })
    return key
  }

  async function videoStill(film: Size | undefined): Promise<string> {
    const size = stillSize(film)
    const key = sharedKey(`video-still-2 ${size.width}x${size.height}`)
    if (!(await store.find(key))) {
      const { bytes, mime } = await pictures.videoStill(size)
      await keep(key, bytes, { mime, fileName: 'video.png' })
    }
    return key
  }

  async function imageFindings(key: string, original: Original): Promise<Findings> {
    const { file } = original
    const showable = file.mime === 'image/jpeg' || file.mime === 'image/png'
    if (showable && file.bytes <= pictureLimits.previewBytes) {
      const fits = await pictures.fitsPreview(file.path)
      if (fits !== false) return fits ? { key, previewKey: key } : { key }
    }
    const preview = await pictures.preview(file.path)
    if (!preview) return { key }
    const previewKey = await keepPicture(derivedKey(key, 'preview'), preview, original)
    if (showable && file.bytes <= pictureLimits.originalBytes) return { key, previewKey }
    const converted = await pictures.convert(file.path)
    return converted ? { key: await keepPicture(derivedKey(key, 'shown'), converted, original), previewKey } : { key }
  }

  async function filmFindings(key: string, original: Original): Promise<Findings> {
    const { file, signal } = original
    const seen = await films.look(file, signal)
    const { durationMs } = seen
    const duration = durationMs === undefined ? {} : { durationMs }
    if (!file.mime.startsWith('video/')) return { key, ...duration }
    const frame = await films.frame(file.path, seen, signal)
    const picture = frame && (await pictures.preview(frame))
    const previewKey = picture
      ? await keepPicture(derivedKey(key, 'preview'), picture, original)
      : await videoStill(seen.size)
    return { key, previewKey, ...duration }
  }

  async function find(key: string, original: Original): Promise<Findings> {
    const { mime } = original.file
    if (mime.startsWith('image/')) return imageFindings(key, original)
    return /^(audio|video)\//.test(mime) ? filmFindings(key, original) : { key }
  }

  return {
    async of(key, file, { owner, signal }) {
      const findingsKey = derivedKey(key, 'findings')
      const earlier = await store.find(findingsKey)
      const findings: Findings = earlier
        ? JSON.parse(await readFile(earlier.path, 'utf8'))
        : await find(key, { file, owner, signal })
      // Programs that were ended with us have found nothing out.
      signal.throwIfAborted()
      if (!earlier)
        await keep(findingsKey, Buffer.from(JSON.stringify(findings)), {
          mime: 'application/json',
          fileName: 'findings.json',
          owner,
        })
      const shown = findings.key === key ? file : await store.find(findings.key)
      // Without its picture, as after a hand has been in the folder, the file still stands for itself.
      return shown ? { ...findings, file: shown } : { key, file }
    },
  }
}
