import type { MediaContent } from '../../../bridge/message.ts'
import type { wordsOf } from '../../../bridge/notices.ts'
import type { PublishedMedia } from '../../../bridge/side.ts'
import { maxImageBytes } from '../limits.ts'
import type { LineOutgoing } from '../wire.ts'
import type { Sheet } from './sheet.ts'

/** What every renderer may have to know besides what it renders. */
export interface Scene {
  /** What the bridge itself says, in the channel's language. */
  readonly words: ReturnType<typeof wordsOf>
  /** BCP 47. */
  readonly language?: string | undefined
  /** IANA. */
  readonly timeZone: string
  /** Our copy of a decoration, or undefined where there is none. */
  readonly pictureOf: (media?: MediaContent) => PublishedMedia | undefined
}

/** What a renderer makes: not yet LINE's, where sizes still decide how it is divided. */
export type Shown =
  | { readonly as: 'text'; readonly text: string }
  | { readonly as: 'message'; readonly message: LineOutgoing }
  /** @param summary stands for them where they cannot be shown; absent: what they say */
  | { readonly as: 'sheets'; readonly sheets: readonly Sheet[]; readonly summary?: string }

const shownTypes: readonly string[] = ['image/jpeg', 'image/png']

/** The address under which a Flex message can show a file: https://developers.line.biz/en/reference/messaging-api/#f-image */
export const pictureUrl = (file: PublishedMedia | undefined): string | undefined =>
  file?.previewUrl ?? (file && shownTypes.includes(file.mime) && file.bytes <= maxImageBytes ? file.url : undefined)
