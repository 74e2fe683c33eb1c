import type { Request, Response } from 'express'

/** Types that a browser may show; everything else is only saved. */
const shown =
  /^(image\/(jpeg|png|gif|webp)|video\/(mp4|webm|quicktime)|audio\/(mpeg|mp4|x-m4a|aac|wav|x-wav|ogg|webm))(;|$)/

/** `bytes=0-` and its like; undefined for anything else, which is answered as a whole. */
function rangeOf(header: string | undefined, size: number): { readonly from: number; readonly to: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === undefined || (first === '' && last === '')) return undefined
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return from <= to ? { from, to } : undefined
}

/** Serves a file that somebody chose on the page. It is a stranger's file: it may be looked at, never run. */
export function serveFile(
  request: Request,
  response: Response,
  file: { readonly bytes: Buffer; readonly mime: string; readonly name?: string } | undefined,
): void {
  if (!file) {
    response.status(404).type('text').send('Not found')
    return
  }
  const isShown = shown.test(file.mime)
  response.set({
    'content-type': isShown ? file.mime : 'application/octet-stream',
    'content-security-policy': "sandbox; default-src 'none'",
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=3600',
  })
  if (!isShown) response.attachment(file.name ?? 'file').set('content-type', 'application/octet-stream')
  const range = rangeOf(request.get('range'), file.bytes.length)
  if (!range) {
    response.end(file.bytes)
    return
  }
  response.status(206).set('content-range', `bytes ${range.from}-${range.to}/${file.bytes.length}`)
  response.end(file.bytes.subarray(range.from, range.to + 1))
}
