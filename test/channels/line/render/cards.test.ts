import { expect, test } from '@jest/globals'
import type { Card } from '../../../../src/bridge/message.ts'
import { cardsShown } from '../../../../src/channels/line/render/cards.ts'
import type { Shown } from '../../../../src/channels/line/render/scene.ts'
import { someFile, somePicture, someScene } from './some-scene.ts'

const image = somePicture('a.png')
const previewUrl = 'https://bridge.example.com/media/preview'
const scene = someScene({ pictures: new Map([[image, someFile({ mime: 'image/png', previewUrl })]]) })
const answer = { do: 'answer', label: 'Choose A', payload: 'plan-a' } as const
const open = { do: 'open', label: 'Details', url: 'https://example.com/a' } as const
const answers = {
  do: 'answer',
  label: 'Choose A',
  offer: { what: 'button', label: 'Choose A', payload: 'plan-a' },
} as const
const opens = { do: 'open', label: 'Details', uri: 'https://example.com/a' } as const
const title = (text: string) => ({ kind: 'words', as: 'title', text }) as const
const tooLong = `https://example.com/${'a'.repeat(1_000)}`

test.each<[string, Card[], Shown[]]>([
  [
    'a card with everything',
    [{ title: 'Plan A', description: 'Basic\nCheap', image, action: open, actions: [answer, open] }],
    [
      {
        as: 'sheets',
        sheets: [
          {
            picture: previewUrl,
            blocks: [
              title('Plan A'),
              { kind: 'words', as: 'body', text: 'Basic\nCheap' },
              { kind: 'button', touch: answers },
              { kind: 'button', touch: opens },
            ],
            touch: opens,
          },
        ],
      },
    ],
  ],
  [
    'several cards, in order',
    [
      { title: 'A', actions: [] },
      { title: 'B', actions: [] },
    ],
    [{ as: 'sheets', sheets: [{ blocks: [title('A')] }, { blocks: [title('B')] }] }],
  ],
  [
    'a card whose picture could not be had',
    [{ title: 'A', image: somePicture('lost.png'), actions: [] }],
    [{ as: 'sheets', sheets: [{ blocks: [title('A')] }] }],
  ],
  [
    'a card that is nothing but its action',
    [{ title: ' ', action: answer, actions: [] }],
    [{ as: 'sheets', sheets: [{ blocks: [{ kind: 'button', touch: answers }] }] }],
  ],
  [
    'addresses that are too long for a button',
    [
      { title: 'A', actions: [{ do: 'open', label: 'Map', url: tooLong }] },
      { title: 'B', action: { do: 'open', label: 'Shop', url: 'ftp://example.com' }, actions: [] },
    ],
    [
      { as: 'sheets', sheets: [{ blocks: [title('A')] }, { blocks: [title('B')] }] },
      { as: 'text', text: `Map: ${tooLong}\nShop: ftp://example.com` },
    ],
  ],
])('%s', (_, cards, expected) => {
  expect(cardsShown({ kind: 'cards', cards }, scene)).toEqual(expected)
})
