import { expect, test } from '@jest/globals'
import type { MediaContent } from '../../../../src/bridge/message.ts'
import { mediaShown } from '../../../../src/channels/line/render/media.ts'
import { someFile, somePicture, someScene } from './some-scene.ts'

const content = (rest: Partial<MediaContent>): MediaContent => ({ ...somePicture('x'), ...rest })

test.each<[string, string | undefined, Partial<MediaContent>, string]>([
  ['a picture', 'en', { media: 'image' }, '[A picture was sent, which cannot be shown here]'],
  [
    'a file with a name',
    'ja',
    { media: 'file', fileName: '見積\n書.pdf' },
    '[ここでは表示できないファイルが送信されました: 見積 書.pdf]',
  ],
  ['a video', 'xx', { media: 'video', fileName: ' ' }, '[A video was sent, which cannot be shown here]'],
])('%s that the operator does not want is told in %s', (_, language, media, text) => {
  const scene = someScene({ ...(language && { language }) })
  expect(mediaShown(content(media), { problem: 'refused' }, scene)).toEqual({ as: 'text', text })
})

test('a document is a card with its name, its size and a button', () => {
  expect(mediaShown(content({}), someFile({ bytes: 1_234_567 }), someScene({ language: 'th' }))).toEqual({
    as: 'sheets',
    sheets: [
      {
        blocks: [
          { kind: 'words', as: 'title', text: 'price list.pdf' },
          { kind: 'words', as: 'note', text: '1.2 MB' },
          { kind: 'button', touch: { do: 'open', label: 'เปิด', uri: 'https://bridge.example.com/media/abc' } },
        ],
      },
    ],
    summary: 'price list.pdf\nhttps://bridge.example.com/media/abc',
  })
})

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1_500, '1.5 kB'],
  [20_000_000, '20 MB'],
  [3_000_000_000, '3 GB'],
  [5_000_000_000_000, '5,000 GB'],
])('%d bytes read %s', (bytes, words) => {
  const shown = mediaShown(content({}), someFile({ bytes }), someScene())
  expect(JSON.stringify(shown)).toContain(`"as":"note","text":"${words}"`)
})

test('a picture that is too large to be shown as one has its preview on the card, and both open it', () => {
  const previewUrl = 'https://bridge.example.com/media/preview'
  const file = someFile({ mime: 'image/png', bytes: 11 * 1024 * 1024, previewUrl })
  expect(mediaShown(content({}), file, someScene())).toMatchObject({
    sheets: [{ picture: previewUrl, touch: { do: 'open', uri: file.url } }],
  })
})

test('a link that is too long for a button is a text', () => {
  const url = `https://bridge.example.com/${'a'.repeat(1_000)}`
  expect(mediaShown(content({}), someFile({ url }), someScene())).toEqual({
    as: 'text',
    text: `price list.pdf\n${url}`,
  })
})
