import { expect, test } from '@jest/globals'
import type { Template } from '../../../../src/bridge/message.ts'
import type { Shown } from '../../../../src/channels/line/render/scene.ts'
import { templateShown } from '../../../../src/channels/line/render/template.ts'
import { someScene } from './some-scene.ts'

const yes = { do: 'answer', label: 'Yes', payload: 'y' } as const
const yesButton = {
  kind: 'button',
  touch: { do: 'answer', label: 'Yes', offer: { what: 'button', label: 'Yes', payload: 'y' } },
} as const
const words = (as: 'title' | 'body' | 'note', text: string) => ({ kind: 'words', as, text }) as const
const bad = { do: 'open', label: 'Shop', url: 'shop.example' } as const

test.each<[string, Omit<Template, 'kind'>, Shown[]]>([
  ['a body alone is a text', { body: 'Hello\n  you', actions: [] }, [{ as: 'text', text: 'Hello\n  you' }]],
  ['a header alone is a text', { header: 'Hello', body: ' ', actions: [] }, [{ as: 'text', text: 'Hello' }]],
  [
    'a header of nothing to see leaves the body a text',
    { header: '\u001b', body: 'Hello', actions: [] },
    [{ as: 'text', text: 'Hello' }],
  ],
  [
    'all parts make a bubble',
    { header: 'Order', body: 'It is\nready.', footer: 'Shop 1', actions: [yes] },
    [
      {
        as: 'sheets',
        sheets: [
          { blocks: [words('title', 'Order'), words('body', 'It is\nready.'), words('note', 'Shop 1'), yesButton] },
        ],
      },
    ],
  ],
  [
    'a body with a button makes a bubble',
    { body: 'Ready?', actions: [yes] },
    [{ as: 'sheets', sheets: [{ blocks: [words('body', 'Ready?'), yesButton] }] }],
  ],
  [
    'an address that no button can open stands below',
    { body: 'Ready', actions: [bad] },
    [
      { as: 'text', text: 'Ready' },
      { as: 'text', text: 'Shop: shop.example' },
    ],
  ],
])('%s', (_, template, expected) => {
  expect(templateShown({ kind: 'template', ...template }, someScene())).toEqual(expected)
})
