/** A sticker of our own drawing; `art` is its symbol in the page's `art.svg`, without `s-`. */
export interface DemoSticker {
  readonly name: string
  readonly art: string
  /** LINE's two ids; ours name no sticker of LINE's. */
  readonly packageId: string
  readonly stickerId: string
  readonly keywords?: readonly string[]
  /** What the customer wrote on a message sticker. */
  readonly text?: string
}

const packageId = '90000001'

/** What the phone's picker offers: most with keywords, one with words of the customer's own, as LINE's message stickers have. */
export const demoStickers: readonly DemoSticker[] = [
  { name: 'hello', art: 'hello', packageId, stickerId: '90000101', keywords: ['hello', 'wave'] },
  { name: 'thanks', art: 'thanks', packageId, stickerId: '90000102', keywords: ['thanks', 'heart'] },
  { name: 'ok', art: 'ok', packageId, stickerId: '90000103', keywords: ['OK'] },
  { name: 'sad', art: 'sad', packageId, stickerId: '90000104', keywords: ['sad', 'cry'] },
  { name: 'sleepy', art: 'sleepy', packageId, stickerId: '90000105', keywords: ['sleepy'] },
  { name: 'yay', art: 'yay', packageId, stickerId: '90000106', keywords: ['yay', 'party'] },
  { name: 'tea', art: 'tea', packageId, stickerId: '90000107', text: 'Bubble tea time!' },
  { name: 'parcel', art: 'parcel', packageId, stickerId: '90000108', keywords: ['parcel'] },
]

/** What a screen reader says of a sticker. */
export const stickerLabel = (sticker: Pick<DemoSticker, 'keywords' | 'text' | 'stickerId'>): string =>
  sticker.text ?? sticker.keywords?.join(', ') ?? sticker.stickerId
