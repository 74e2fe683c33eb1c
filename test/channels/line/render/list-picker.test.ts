import { expect, test } from '@jest/globals'
import type { ListPicker } from '../../../../src/bridge/message.ts'
import { listPickerShown } from '../../../../src/channels/line/render/list-picker.ts'
import type { Sheet } from '../../../../src/channels/line/render/sheet.ts'
import { someFile, somePicture, someScene } from './some-scene.ts'

const image = somePicture('tea.png')
const previewUrl = 'https://bridge.example.com/media/preview'
const scene = someScene({ pictures: new Map([[image, someFile({ mime: 'image/png', previewUrl })]]) })
const sheets = (sections: ListPicker['sections'], rest: Partial<ListPicker> = {}): readonly Sheet[] =>
  listPickerShown({ kind: 'list-picker', sections, ...rest }, scene).flatMap((one) =>
    one.as === 'sheets' ? one.sheets : [],
  )
const words = (as: 'title' | 'heading' | 'body', text: string) => ({ kind: 'words', as, text })
const item = (id: string) => ({ id, title: `Item ${id}` })
const row = (id: string, title = `Item ${id}`, rest = {}) => ({
  kind: 'row',
  title,
  ...rest,
  touch: { do: 'answer', label: title, offer: { what: 'button', label: title, payload: id } },
})

test('a list is one bubble with headings and rows', () => {
  const drinks = { title: 'Drinks', items: [{ ...item('1'), subtitle: 'hot', image }, item('2')] }
  const rest = { title: 'Menu', subtitle: 'Today', image }
  expect(sheets([drinks, { items: [item('3')] }], rest)).toEqual([
    {
      picture: previewUrl,
      blocks: [
        words('title', 'Menu'),
        words('body', 'Today'),
        words('heading', 'Drinks'),
        row('1', 'Item 1', { subtitle: 'hot', picture: previewUrl }),
        row('2'),
        row('3'),
      ],
    },
  ])
})

test('a section that is longer than a bubble goes on in the next one, under its heading', () => {
  const many = Array.from({ length: 12 }, (_, index) => item(`a${index}`))
  const [first, second] = sheets([
    { title: 'A', items: many },
    { title: 'B', items: [item('b')] },
  ])
  expect(first?.blocks).toEqual([words('heading', 'A'), ...many.slice(0, 10).map(({ id }) => row(id))])
  expect(second?.blocks).toEqual([words('heading', 'A'), row('a10'), row('a11'), words('heading', 'B'), row('b')])
})

test('an item without a title is called by its id, and a section without items is a heading', () => {
  expect(sheets([{ title: 'Soon', items: [] }, { items: [{ id: 'x', title: ' ' }] }])[0]?.blocks).toEqual([
    words('heading', 'Soon'),
    {
      kind: 'row',
      title: 'x',
      touch: { do: 'answer', label: 'x', offer: { what: 'button', label: 'x', payload: 'x' } },
    },
  ])
})
