import type { MediaContent } from '../../../bridge/message.ts'
import type { PublishedMedia } from '../../../bridge/side.ts'
import { shortened } from '../../../lib/graphemes.ts'
import { maxAltTextUnits, maxAudioBytes, maxImageBytes, maxVideoBytes } from '../limits.ts'
import type { LineOutgoing } from '../wire.ts'
import type { Scene, Shown } from './scene.ts'
import { type Touch, wordsBlock } from './sheet.ts'
import { localeOf } from './times.ts'
import { actionUri } from './touch.ts'
import { oneLine } from './wording.ts'

function ownMessage({ mime, url, bytes, previewUrl, durationMs }: PublishedMedia): LineOutgoing | undefined {
  switch (mime) {
    case 'image/jpeg':
    case 'image/png':
      if (previewUrl && bytes <= maxImageBytes)
        return { type: 'image', originalContentUrl: url, previewImageUrl: previewUrl }
      break
    case 'video/mp4':
      if (previewUrl && bytes <= maxVideoBytes)
        return { type: 'video', originalContentUrl: url, previewImageUrl: previewUrl }
      break
    case 'audio/mpeg':
    case 'audio/mp3':
    case 'audio/mp4':
    case 'audio/m4a':
    case 'audio/x-m4a':
      if (durationMs !== undefined && bytes <= maxAudioBytes)
        return { type: 'audio', originalContentUrl: url, duration: Math.max(1, Math.round(durationMs)) }
      break
  }
  return undefined
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** A size as people read it: `1.2 MB`. */
function sizeWords(bytes: number, language: string | undefined): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  // "999 bytes": in short it would be "999 byte".
  const unitDisplay = power === 0 ? 'long' : 'short'
  const form = { style: 'unit', unit: units[power], unitDisplay, maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(localeOf(language), form).format(bytes / 1_000 ** power)
}

/** LINE has no message for documents: https://developers.line.biz/en/reference/messaging-api/#message-objects */
function linkCard(file: PublishedMedia, { words, language }: Scene): Shown {
  const name = oneLine(file.fileName)
  const uri = actionUri(file.url)
  if (uri === undefined) return { as: 'text', text: `${name}\n${file.url}`.trimStart() }
  const touch: Touch = { do: 'open', label: words.open, uri }
  const spare = maxAltTextUnits - file.url.length - 1
  return {
    as: 'sheets',
    sheets: [
      {
        ...(file.previewUrl && { picture: file.previewUrl, touch }),
        blocks: [
          ...wordsBlock('title', name),
          ...wordsBlock('note', sizeWords(file.bytes, language)),
          { kind: 'button', touch },
        ],
      },
    ],
    summary: `${shortened(name, spare, spare)}\n${file.url}`.trimStart(),
  }
}

/** A file as LINE can show it, else as a card with a link to it. @param file our copy of it */
export function mediaShown(
  content: MediaContent,
  file: PublishedMedia | { readonly problem: 'refused' },
  scene: Scene,
): Shown {
  if ('problem' in file) {
    const [told, name] = [scene.words.refused[content.media], oneLine(content.fileName)]
    return { as: 'text', text: name ? `[${told}: ${name}]` : `[${told}]` }
  }
  const message = ownMessage(file)
  return message ? { as: 'message', message } : linkCard(file, scene)
}
