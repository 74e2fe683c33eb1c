import type { MediaContent, OutboundContent, OutboundMessage } from '../../../bridge/message.ts'
import type { PublishedMedia } from '../../../bridge/side.ts'

/** A picture that only decorates something, and its place in the message. */
export interface Picture {
  readonly part: number
  readonly media: MediaContent
}

/** Attachments are numbered by their place in the content, of which there are never so many. */
const firstPart = 1_000

function picturesIn(content: OutboundContent): readonly (MediaContent | undefined)[] {
  switch (content.kind) {
    case 'quick-replies':
      return content.replies.map(({ image }) => image)
    case 'cards':
      return content.cards.map(({ image }) => image)
    case 'date-picker':
      return [content.image]
    case 'list-picker':
      return [content.image, ...content.sections.flatMap(({ items }) => items.map(({ image }) => image))]
    default:
      return []
  }
}

/** All decorations of a message, in the order of its content. The numbers stay the same for the same message. */
export const picturesOf = (message: OutboundMessage): readonly Picture[] =>
  message.content
    .flatMap(picturesIn)
    .filter((media) => media !== undefined)
    .map((media, index) => ({ part: firstPart + index, media }))

/** What the deliverer got for the files of a message, by their part. `refused`: the operator does not want them to be carried. */
export type Files = ReadonlyMap<number, PublishedMedia | { readonly problem: 'refused' }>

/** Finds our copy of a decoration of a message; undefined for one that could not be had. */
export function pictureFinder(
  message: OutboundMessage,
  files: Files,
): (media?: MediaContent) => PublishedMedia | undefined {
  let found: Map<MediaContent, PublishedMedia> | undefined
  const findAll = () => {
    const all = new Map<MediaContent, PublishedMedia>()
    for (const { part, media } of picturesOf(message)) {
      const file = files.get(part)
      if (file && 'url' in file) all.set(media, file)
    }
    return all
  }
  return (media) => {
    // Most messages have none, and none of them should wait for this.
    if (media) found ??= findAll()
    return media && found?.get(media)
  }
}
