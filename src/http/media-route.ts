import type { RequestHandler, Response } from 'express'
import { asObject } from '../lib/loose.ts'

/** A stored file as the route needs it. */
export interface ServedMedia {
  /** Absolute. */
  readonly path: string
  readonly mime: string
  readonly fileName: string
  readonly bytes: number
}

/**
 * Types that browsers may show in place. All others are offered for download: a page or a drawing could carry a script.
 */
const shownInPlace = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'video/mp4',
  'audio/mpeg',
  'audio/mp4',
])

/**
 * Short enough for an erased file to vanish from browsers soon; the bytes behind a link never change while it is there.
 */
const maxAgeSeconds = 86_400

function refuse(response: Response, status: 404 | 416): void {
  for (const name of ['Content-Type', 'Content-Disposition', 'ETag', 'Last-Modified', 'Accept-Ranges'])
    response.removeHeader(name)
  response.set('Cache-Control', 'no-store')
  const error =
    status === 404
      ? { code: 'not_found', message: 'There is no such file, or it is no longer kept.' }
      : { code: 'range_not_satisfiable', message: 'The file does not have the requested range.' }
  response.status(status).json({ error })
}

/**
 * Answers GET and HEAD of `/media/:token` with a stored file, or with a part of it where `Range` asks for one; players
 * on iOS need that. Forged, unknown, expired and erased files all get the same 404.
 * @param parts.find opens the token; undefined when it stands for nothing (any more)
 */
export function createMediaRoute(parts: {
  readonly find: (token: string) => Promise<ServedMedia | undefined>
}): RequestHandler<{ token: string }> {
  return async (request, response, next) => {
    response.set({
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "sandbox; default-src 'none'",
      'X-Robots-Tag': 'noindex',
    })
    const file = await parts.find(request.params.token)
    if (!file) return refuse(response, 404)

    response.attachment(file.fileName)
    if (shownInPlace.has(file.mime)) {
      const disposition = String(response.get('Content-Disposition'))
      response.setHeader('Content-Disposition', disposition.replace(/^attachment/, 'inline'))
    }
    // Not `response.type()`, which would claim that every text is UTF-8.
    response.setHeader('Content-Type', file.mime)
    response.setHeader('Cache-Control', `private, max-age=${maxAgeSeconds}, immutable`)

    // `dotfiles`: the store's default folder is below `.data`.
    response.sendFile(file.path, { dotfiles: 'allow', cacheControl: false }, (error?: Error) => {
      if (!error || response.headersSent) return
      const { status } = asObject(error)
      if (status === 404) return refuse(response, 404)
      if (status !== 416) return next(error)
      response.set('Content-Range', `bytes */${file.bytes}`)
      return refuse(response, 416)
    })
  }
}
