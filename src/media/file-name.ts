/** Extensions that fit a media type, the usual one first. Types that are not listed keep the name they came with. */
const extensions: Readonly<Record<string, readonly string[]>> = {
  'image/jpeg': ['jpg', 'jpeg', 'jfif'],
  'image/png': ['png', 'apng'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['avif'],
  'image/heic': ['heic', 'heif'],
  'image/heif': ['heif', 'heic'],
  'image/tiff': ['tif', 'tiff'],
  'image/bmp': ['bmp'],
  'image/svg+xml': ['svg'],
  'video/mp4': ['mp4', 'm4v'],
  'video/quicktime': ['mov'],
  'video/webm': ['webm'],
  'video/3gpp': ['3gp'],
  'audio/mp4': ['m4a', 'mp4'],
  'audio/3gpp': ['3gp'],
  'audio/webm': ['webm', 'weba'],
  'audio/mpeg': ['mp3'],
  'audio/aac': ['aac'],
  'audio/ogg': ['ogg', 'oga', 'opus'],
  'audio/wav': ['wav'],
  'audio/amr': ['amr'],
  'application/pdf': ['pdf'],
  'application/zip': ['zip'],
  'text/plain': ['txt', 'text', 'log', 'md'],
  'text/csv': ['csv'],
  'application/json': ['json'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['pptx'],
}

const known = new Set(Object.values(extensions).flat())

/** Marks that turn the reading direction or take no space: with them `gpj.exe` can be made to read `exe.jpg`. */
const deceptive = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

const maxLength = 200

const clusters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The longest beginning of at most `length` UTF-16 units that ends between two characters as people see them. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text
  let kept = ''
  for (const { segment } of clusters.segment(text)) {
    if (kept.length + segment.length > length) break
    kept += segment
  }
  return kept
}

const lastDot = (name: string): number => {
  const dot = name.lastIndexOf('.')
  return dot > 0 && /^[A-Za-z0-9]{1,10}$/.test(name.slice(dot + 1)) ? dot : name.length
}

/** A name as somebody typed it, without folders, control characters, direction marks and what file systems refuse. */
function cleaned(given: string): string {
  const name = given
    .toWellFormed()
    .normalize('NFC')
    .replace(deceptive, '')
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .split(/[/\\]/)
    .at(-1)
  return (name ?? '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.]+|[\s.]+$/g, '')
    .replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, '_$1')
}

/**
 * A file name that is safe to offer for download, of at most 200 UTF-16 units, whose extension fits the true type.
 * @param file.given what the sender called it, never trusted
 * @param file.fallback used when nothing is left of that; without an extension
 */
export function safeFileName(file: {
  readonly given?: string | undefined
  readonly mime: string
  readonly fallback: string
}): string {
  const name = cleaned(file.given ?? '') || cleaned(file.fallback) || 'file'
  const dot = lastDot(name)
  const stem = name.slice(0, dot)
  const extension = name.slice(dot + 1)
  const fitting = extensions[file.mime]
  let ending = extension && `.${extension}`
  if (fitting && !fitting.includes(extension.toLowerCase())) {
    // An extension that we know to be wrong is replaced; anything else may be part of the name ("offer v1.2").
    const right = `.${fitting[0]}`
    ending = known.has(extension.toLowerCase()) ? right : ending + right
  }
  return shortened(stem, maxLength - ending.length) + ending
}
