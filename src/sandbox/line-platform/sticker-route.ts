import type { Route } from '../fake-server.ts'
import type { LineEndpoint } from './platform.ts'

/** A single grey pixel. Real pictures of stickers are their makers' works. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==',
  'base64',
)

/** Pictures of stickers, for everybody, where LINE's own shop has them; no such address is documented. */
export const stickerRoute: Route<LineEndpoint> = {
  endpoint: 'sticker',
  method: 'GET',
  path: '/stickershop/v1/sticker/:stickerId/android/sticker.png',
  answer: ({ params }) =>
    /^\d+$/.test(params.stickerId ?? '')
      ? { status: 200, bytes: pixel, headers: { 'content-type': 'image/png' } }
      : { status: 404 },
}
