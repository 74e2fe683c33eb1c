import type { MediaContent } from '../../../../src/bridge/message.ts'
import { wordsOf } from '../../../../src/bridge/notices.ts'
import type { PublishedMedia } from '../../../../src/bridge/side.ts'
import type { Scene } from '../../../../src/channels/line/render/scene.ts'

/** A picture where the contact centre keeps it. */
export const somePicture = (name: string): MediaContent => ({
  kind: 'media',
  media: 'image',
  source: { by: 'url', url: `https://pictures.example.com/${name}` },
})

/** Our copy of a file. */
export const someFile = (rest: Partial<PublishedMedia> = {}): PublishedMedia => ({
  url: 'https://bridge.example.com/media/abc',
  mime: 'application/pdf',
  fileName: 'price list.pdf',
  bytes: 1_000,
  ...rest,
})

/** A market without pictures, unless told otherwise. */
export const someScene = (
  rest: Partial<Scene> & { readonly pictures?: ReadonlyMap<MediaContent, PublishedMedia> } = {},
) => {
  const { pictures, ...scene } = rest
  return {
    words: wordsOf(rest.language),
    timeZone: 'Asia/Tokyo',
    pictureOf: (media?: MediaContent) => media && pictures?.get(media),
    ...scene,
  } satisfies Scene
}
