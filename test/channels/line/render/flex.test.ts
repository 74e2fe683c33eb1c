import { expect, test } from '@jest/globals'
import type { messagingApi } from '@line/bot-sdk'
import { flexMessages } from '../../../../src/channels/line/render/flex.ts'
import type { Block, Sheet } from '../../../../src/channels/line/render/sheet.ts'
import type { LineOutgoing } from '../../../../src/channels/line/wire.ts'

/** Numbers offers as they come, as a message does. */
function rendered(sheets: readonly Sheet[], summary?: string): LineOutgoing[] {
  let count = 0
  return flexMessages(sheets, { dataOf: () => `data ${count++}`, widest: () => 'data 99999' }, summary)
}
const words = (text: string, as: 'title' | 'body' | 'note' | 'heading' = 'body'): Block => ({ kind: 'words', as, text })
const button = (label: string): Block => ({
  kind: 'button',
  touch: { do: 'answer', label, offer: { what: 'button', label, payload: label } },
})
const opens = { do: 'open', label: 'Details', uri: 'https://example.com/' } as const

const kinds = (messages: readonly LineOutgoing[]) =>
  messages.map((one) => {
    if (one.type === 'text') return 'text'
    const { contents } = one as messagingApi.FlexMessage
    return contents.type === 'carousel' ? contents.contents.length : 1
  })

test('a sheet is a bubble with its picture, its words, its buttons and its own action', () => {
  const picture = 'https://bridge.example.com/media/preview'
  const blocks = [words('Plan A', 'title'), words('Basic'), words('Shop 1', 'note'), button('Choose A')]
  expect(rendered([{ picture, blocks, touch: opens }])).toEqual([
    {
      type: 'flex',
      altText: 'Plan A – Basic – Shop 1: Choose A',
      contents: {
        type: 'bubble',
        size: 'mega',
        hero: { type: 'image', url: picture, size: 'full', aspectRatio: '20:13', aspectMode: 'cover' },
        body: {
          type: 'box',
          layout: 'vertical',
          spacing: 'sm',
          contents: [
            { type: 'text', text: 'Plan A', wrap: true, size: 'lg', weight: 'bold' },
            { type: 'text', text: 'Basic', wrap: true },
            { type: 'text', text: 'Shop 1', wrap: true, size: 'xs', color: '#8C8C8C' },
          ],
        },
        footer: {
          type: 'box',
          layout: 'vertical',
          spacing: 'sm',
          contents: [
            {
              type: 'button',
              style: 'link',
              height: 'sm',
              adjustMode: 'shrink-to-fit',
              action: { type: 'postback', label: 'Choose A', data: 'data 0', displayText: 'Choose A' },
            },
          ],
        },
        action: { type: 'uri', label: 'Details', uri: 'https://example.com/' },
      },
    },
  ])
})

test('a row has its picture beside it and is touched as a whole', () => {
  const touch = { do: 'answer', label: 'Tea', offer: { what: 'button', label: 'Tea', payload: '1' } } as const
  const [one] = rendered([
    { blocks: [{ kind: 'row', title: 'Tea', subtitle: 'hot', picture: 'https://bridge.example.com/tea', touch }] },
  ])
  expect(one).toMatchObject({
    altText: 'Tea',
    contents: {
      body: {
        contents: [
          {
            type: 'box',
            action: { type: 'postback', label: 'Tea', data: 'data 0', displayText: 'Tea' },
            contents: [
              { type: 'image', url: 'https://bridge.example.com/tea', aspectRatio: '1:1' },
              { type: 'box', contents: [{ text: 'Tea' }, { text: 'hot' }] },
            ],
          },
        ],
      },
    },
  })
})

test('a date is asked for with LINE’s own picker, which opens at the first minute', () => {
  const offer = { what: 'date', label: 'Choose', payload: '' } as const
  const pick = { do: 'pick', label: 'Choose', offer, min: '2026-12-01T10:00', max: '2026-12-02T10:00' } as const
  expect(JSON.stringify(rendered([{ blocks: [{ kind: 'button', touch: pick }] }]))).toContain(
    '{"type":"datetimepicker","label":"Choose","data":"data 0","mode":"datetime","initial":"2026-12-01T10:00","min":"2026-12-01T10:00","max":"2026-12-02T10:00"}',
  )
})

test('a label that is too long for a button is shown whole', () => {
  const label = 'I would like to change the date and the time of my booking'
  const shown = JSON.stringify(rendered([{ blocks: [button(label)] }]))
  expect(shown).toContain('"label":"I would like to change the date and the…"')
  expect(shown).toContain(`{"type":"text","text":"${label}","wrap":true`)
})

test('sheets stand side by side, twelve to a carousel, of one size', () => {
  const messages = rendered(Array.from({ length: 14 }, (_, index) => ({ blocks: [words(`Sheet ${index}`)] })))
  expect(kinds(messages)).toEqual([12, 2])
  for (const message of messages) {
    const { contents } = message as messagingApi.FlexMessage
    const bubbles = contents.type === 'carousel' ? contents.contents : []
    expect(new Set(bubbles.map(({ size }) => size))).toEqual(new Set(['kilo']))
  }
  expect(JSON.stringify(messages).match(/Sheet \d+","wrap/g)).toHaveLength(14)
})

test('a carousel that would be too large is divided', () => {
  const messages = rendered(Array.from({ length: 4 }, () => ({ blocks: [words('ก'.repeat(6_000))] })))
  expect(kinds(messages)).toEqual([2, 2])
  for (const { contents } of messages as messagingApi.FlexMessage[])
    expect(Buffer.byteLength(JSON.stringify(contents))).toBeLessThanOrEqual(50_000)
})

test('a text that is too long for a bubble is told as a text, and what stands around it stays as it is', () => {
  const long = 'สวัสดีครับ '.repeat(2_000).trim()
  const messages = rendered([
    { blocks: [words('Title', 'title'), words(long), button('Yes'), button('No')], touch: opens },
  ])
  expect(kinds(messages)).toEqual([1, 'text', 'text', 'text', 'text', 'text', 1])
  expect(messages.flatMap((one) => (one.type === 'text' && 'text' in one ? [one.text] : [])).join('')).toBe(long)
  expect(JSON.stringify(messages[0])).toContain('"action":{"type":"uri"')
  expect(JSON.stringify(messages.at(-1))).toMatch(/"data":"data 0".*"data":"data 1"/)
})

test('a button that is too large by itself is told in words, with its address', () => {
  const label = 'ก'.repeat(20_000)
  expect(
    rendered([{ blocks: [{ kind: 'button', touch: { ...opens, label } }] }])
      .map((one) => 'text' in one && one.text)
      .join(''),
  ).toBe(`• ${label}: https://example.com/`)
})

test.each<[string, Sheet[], string | undefined, string]>([
  [
    'the words and labels',
    [{ blocks: [words('When?\nNow?', 'title'), button('A'), button('B')] }],
    undefined,
    'When? Now?: A, B',
  ],
  ['several sheets', [{ blocks: [words('A')] }, { blocks: [button('B')] }], undefined, 'A / B'],
  [
    'one heading once',
    [{ blocks: [words('A'), button('1')] }, { blocks: [words('A'), button('2')] }],
    undefined,
    'A: 1, 2',
  ],
  [
    'a picture that opens something',
    [{ picture: 'https://a.example/', blocks: [], touch: opens }],
    undefined,
    'Details',
  ],
  ['a picture alone', [{ picture: 'https://a.example/', blocks: [] }], undefined, '🖼️'],
  ['what it is told', [{ blocks: [words('A')] }], 'B', 'B'],
  ['as much as LINE takes', [{ blocks: [words('a'.repeat(1_501))] }], undefined, `${'a'.repeat(1_499)}…`],
])('where a Flex message cannot be shown, it says %s', (_, sheets, summary, altText) => {
  expect(rendered(sheets, summary)).toMatchObject([{ altText }])
})

test('a sheet with nothing on it is no bubble', () => {
  expect(rendered([{ blocks: [] }, { blocks: [], touch: opens }])).toEqual([])
})
