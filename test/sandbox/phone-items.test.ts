import { describe, expect, test } from '@jest/globals'
import type { Json, ShownMessage } from '../../src/sandbox/platforms.ts'
import { pushedItem, quickRepliesOf } from '../../src/sandbox/story/phone-items.ts'

/** How message objects of LINE become bubbles of the page: what they say of looks and addresses comes from outside. */

const shown = (message: Json & { type: string }): ShownMessage => ({
  id: '77',
  at: 0,
  message,
  retryKey: undefined,
  requestId: 'r',
  part: 0,
})
const flex = (contents: Json) => pushedItem(shown({ type: 'flex', altText: 'a', contents }))
const body = (...contents: Json[]) => {
  const item = flex({ type: 'bubble', body: { type: 'box', layout: 'vertical', contents } })
  const node = item.type === 'cards' ? item.bubbles[0]?.blocks[0]?.node : undefined
  return node?.type === 'box' ? node.nodes : []
}

describe('Flex', () => {
  test('keeps the order of the blocks, whatever the order of their keys', () => {
    const box = { type: 'box', layout: 'vertical', contents: [] }
    const item = flex({
      type: 'carousel',
      contents: [{ type: 'bubble', footer: box, body: box, hero: { type: 'image', url: 'https://a' }, size: 'kilo' }],
    })
    expect(item).toMatchObject({
      bubbles: [{ size: 'kilo', blocks: [{ name: 'hero' }, { name: 'body' }, { name: 'footer' }] }],
    })
  })

  test('tells every action by its place in the message', () => {
    const action = (label: string) => ({ type: 'postback', label, data: 'd' })
    const nodes = body(
      { type: 'button', action: action('a') },
      { type: 'box', layout: 'horizontal', action: action('b'), contents: [{ type: 'text', text: 'b' }] },
      { type: 'text', text: 'c', action: action('c') },
    )
    expect(nodes.map((node) => node.tap)).toEqual([
      { label: 'a', message: '77', place: 0 },
      { label: 'b', message: '77', place: 1 },
      { label: 'c', message: '77', place: 2 },
    ])
  })

  test('makes classes of words that it knows, and nothing of others', () => {
    const [text] = body({
      type: 'text',
      text: 'a',
      weight: 'bold',
      wrap: true,
      size: 'lg',
      margin: '7px',
      align: 'center" onclick="x',
      color: '#8C8C8C',
    })
    expect(text?.look).toEqual(['m-md', 't-lg', 'w-bold', 'wrap', 'muted'])
  })

  test.each([
    ['#42659A', 'vivid'],
    ['#8C8C8C', 'muted'],
    ['#111111', undefined],
    ['url(x)', undefined],
  ])('of the colour %s keeps that it is %s', (color, look) => {
    const [text] = body({ type: 'text', text: 'a', color })
    expect(text?.look.find((one) => one === 'vivid' || one === 'muted')).toBe(look)
  })

  test('leaves out buttons without action and components that it does not know', () => {
    expect(body({ type: 'button' }, { type: 'chart' }, { type: 'separator' })).toEqual([
      { type: 'separator', look: [] },
    ])
  })
})

describe('templates look like cards', () => {
  const template = (one: Json) => pushedItem(shown({ type: 'template', altText: 'a', template: one }))
  const action = { type: 'uri', label: 'Open', uri: 'https://shop.example' }

  test('buttons', () => {
    const item = template({
      type: 'buttons',
      title: 'T',
      text: 'x',
      thumbnailImageUrl: 'https://a/b.jpg',
      actions: [action],
    })
    expect(item).toMatchObject({
      bubbles: [
        {
          blocks: [
            { name: 'hero', node: { type: 'image', url: 'https://a/b.jpg' } },
            { name: 'body', node: { nodes: [{ text: 'T' }, { text: 'x' }] } },
            { name: 'footer', node: { nodes: [{ tap: { label: 'Open', href: 'https://shop.example' } }] } },
          ],
        },
      ],
    })
  })

  test('a confirmation, a carousel and a carousel of pictures', () => {
    const confirm = template({ type: 'confirm', text: 'Sure?', actions: [action, action] })
    const carousel = template({
      type: 'carousel',
      columns: [
        { text: 'a', actions: [action] },
        { text: 'b', actions: [action] },
      ],
    })
    const pictures = template({ type: 'image_carousel', columns: [{ imageUrl: 'https://a/b.jpg', action }] })
    const count = (item: typeof confirm) => (item.type === 'cards' ? item.bubbles.length : 0)
    expect([confirm, carousel, pictures].map(count)).toEqual([1, 2, 1])
    expect(pictures).toMatchObject({ bubbles: [{ tap: { place: 0 }, blocks: [{ name: 'hero' }, { name: 'footer' }] }] })
  })
})

test('an address that is none of the web or of a telephone is no link', () => {
  const items = ['javascript:alert(1)', 'line://ti/p/x', 'tel:+6620000000', 'https://a.example'].map((uri) => ({
    type: 'action',
    action: { type: 'uri', label: 'a', uri },
  }))
  expect(quickRepliesOf(shown({ type: 'text', text: 'a', quickReply: { items } })).map(({ href }) => href)).toEqual([
    undefined,
    undefined,
    'tel:+6620000000',
    'https://a.example',
  ])
})

test('a date picker says between which moments, as inputs want them', () => {
  const action = {
    type: 'datetimepicker',
    label: 'When',
    data: 'd',
    mode: 'datetime',
    min: '2026-12-01t10:00',
    max: '2026-12-31T18:00',
  }
  expect(
    quickRepliesOf(shown({ type: 'text', text: 'a', quickReply: { items: [{ type: 'action', action }] } })),
  ).toEqual([
    {
      label: 'When',
      message: '77',
      place: 0,
      picker: { mode: 'datetime', min: '2026-12-01T10:00', max: '2026-12-31T18:00' },
    },
  ])
})
