import { expect, test } from '@jest/globals'
import type { MediaContent, OutboundMessage } from '../../../../src/bridge/message.ts'
import { pictureFinder, picturesOf } from '../../../../src/channels/line/outbound/pictures.ts'

const picture = (name: string): MediaContent => ({
  kind: 'media',
  media: 'image',
  source: { by: 'url', url: `https://pictures.example.com/${name}` },
})
const [icon, hero, second, when, menu, tea, attachment] = ['icon', 'hero', 'b', 'when', 'menu', 'tea', 'x'].map(picture)
const message = {
  id: 'm',
  conversation: { channel: 'c', user: 'U1' },
  at: 0,
  content: [
    { kind: 'text', text: 'Hello' },
    attachment,
    {
      kind: 'quick-replies',
      replies: [
        { label: 'a', payload: 'a' },
        { label: 'b', payload: 'b', image: icon },
      ],
    },
    {
      kind: 'cards',
      cards: [
        { title: 'A', image: hero, actions: [] },
        { title: 'B', actions: [] },
        { title: 'C', image: second, actions: [] },
      ],
    },
    { kind: 'date-picker', image: when, times: [] },
    { kind: 'list-picker', image: menu, sections: [{ items: [{ id: '1', title: 'Tea', image: tea }] }] },
    { kind: 'template', body: 'Hi', actions: [] },
  ],
} as OutboundMessage

test('decorations are numbered in the order of the content, apart from attachments', () => {
  expect(picturesOf(message)).toEqual(
    [icon, hero, second, when, menu, tea].map((media, index) => ({ part: 1_000 + index, media })),
  )
})

test('a picture is found by the number under which it was published, also in a message that was stored in between', () => {
  const read = JSON.parse(JSON.stringify(message)) as OutboundMessage
  const file = { url: 'https://bridge.example.com/tea', mime: 'image/png', fileName: 'tea.png', bytes: 1 }
  const files = new Map([
    [1, { ...file, url: 'https://bridge.example.com/attachment' }],
    [1_005, file],
  ])
  const find = pictureFinder(read, files)
  const found = picturesOf(read).map(({ media }) => find(media))
  expect(found).toEqual([undefined, undefined, undefined, undefined, undefined, file])
  expect(find(undefined)).toBeUndefined()
})
