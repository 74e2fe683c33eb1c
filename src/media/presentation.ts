import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { safeFileName } from './file-name.ts'
import { derivedKey, sharedKey } from './keys.ts'
import { createPictures, type Picture, pictureLimits, playingTimeMs } from './preview.ts'
import type { MediaStore, StoredMedia } from './store.ts'

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
}

/** Changed together with the drawing. */
const videoStillKey = sharedKey('video-still-1')

/**
 * Finds out what LINE wants to know of a file, makes the pictures it wants, and keeps both beside the file: made once,
 * however often a delivery is repeated.
 */
export function createPresentation(parts: { readonly store: MediaStore }): {
  /** Never throws for a file that cannot be shown: it is then described as it is. @throws what the store throws */
  of(key: string, file: StoredMedia, owner: string): Promise<Shown>
} {
  const { store } = parts
  const pictures = createPictures()

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

  async function videoStill(): Promise<string> {
    if (!(await store.find(videoStillKey))) {
      const { bytes, mime } = await pictures.videoStill()
      await keep(videoStillKey, bytes, { mime, fileName: 'video.png' })
    }
    return videoStillKey
  }

  async function imageFindings(key: string, original: Original): Promise<Findings> {
    const { file } = original
    const showable = file.mime === 'image/jpeg' || file.mime === 'image/png'
    if (showable && file.bytes <= pictureLimits.previewBytes) return { key, previewKey: key }
    const preview = await pictures.preview(file.path)
    if (!preview) return { key }
    const previewKey = await keepPicture(derivedKey(key, 'preview'), preview, original)
    if (showable && file.bytes <= pictureLimits.originalBytes) return { key, previewKey }
    const converted = await pictures.convert(file.path)
    return converted ? { key: await keepPicture(derivedKey(key, 'shown'), converted, original), previewKey } : { key }
  }

  async function find(key: string, original: Original): Promise<Findings> {
    const { file } = original
    if (file.mime.startsWith('image/')) return imageFindings(key, original)
    if (!/^(audio|video)\//.test(file.mime)) return { key }
    const durationMs = await playingTimeMs(file.path)
    const duration = durationMs === undefined ? {} : { durationMs }
    return file.mime.startsWith('video/') ? { key, previewKey: await videoStill(), ...duration } : { key, ...duration }
  }

  return {
    async of(key, file, owner) {
      const findingsKey = derivedKey(key, 'findings')
      const earlier = await store.find(findingsKey)
      const findings: Findings = earlier
        ? JSON.parse(await readFile(earlier.path, 'utf8'))
        : await find(key, { file, owner })
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
