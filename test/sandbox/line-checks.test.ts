import { describe, expect, test } from '@jest/globals'
import { checkMessages } from '../../src/sandbox/line-platform/check-messages.ts'

/** What the fake LINE refuses in messages with cards and buttons, by the property that it complains about. */

const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more })
const box = (contents: unknown[], more: object = {}) => ({ type: 'box', layout: 'vertical', contents, ...more })
const postback = (more: object = {}) => ({ type: 'postback', label: 'Choose', data: 'a', ...more })
const button = (action: unknown, more: object = {}) => ({ type: 'button', action, ...more })
const image = (more: object = {}) => ({ type: 'image', url: 'https://shop.example/a.jpg', ...more })
const bubble = (body: unknown, more: object = {}) => ({ type: 'bubble', body, ...more })
const flex = (contents: unknown) => ({ type: 'flex', altText: 'Cards', contents })
const inBody = (...contents: unknown[]) => flex(bubble(box(contents)))
const quick = (...actions: unknown[]) => ({
  ...text('?'),
  quickReply: { items: actions.map((action) => ({ type: 'action', action })) },
})
const picker = (more: object = {}) => ({ type: 'datetimepicker', label: 'When', data: 'a', mode: 'datetime', ...more })

const wrong = (message: unknown) => checkMessages([message]).map(({ property }) => property.replace('messages[0].', ''))

const card = flex({
  type: 'carousel',
  contents: [
    bubble(box([text('Sandals', { weight: 'bold', size: 'lg', wrap: true }), text('¥9,800', { color: '#8C8C8C' })]), {
      size: 'kilo',
      hero: image({ size: 'full', aspectRatio: '20:13', aspectMode: 'cover', action: postback() }),
      footer: box([
        button(postback(), { style: 'link', height: 'sm', adjustMode: 'shrink-to-fit' }),
        { type: 'separator', margin: 'md' },
        button({ type: 'uri', label: 'Call', uri: 'tel:+6620000000' }),
      ]),
      action: postback(),
    }),
  ],
})

describe('LINE takes', () => {
  test.each<[string, unknown]>([
    ['a carousel with pictures, texts, buttons and a touch of the card itself', card],
    [
      'rows of a box with a picture of 48 px',
      inBody(box([image({ size: '48px', flex: 0 }), box([text('a')])], { layout: 'horizontal', action: postback() })),
    ],
    [
      'icons and texts on one line',
      inBody({
        type: 'box',
        layout: 'baseline',
        contents: [{ type: 'icon', url: 'https://shop.example/i.png' }, text('a')],
      }),
    ],
    ['a text of spans', inBody({ type: 'text', contents: [{ type: 'span', text: 'a', weight: 'bold' }] })],
    [
      'quick replies of every kind',
      quick(
        postback(),
        { type: 'message', label: 'a', text: 'b' },
        { type: 'uri', label: 'a', uri: 'https://shop.example' },
        picker({ min: '2026-12-01T00:00', max: '2026-12-31t23:59' }),
        { type: 'camera', label: 'a' },
      ),
    ],
    ['a time picker', quick(picker({ mode: 'time', initial: '10:00', min: '09:00', max: '18:00' }))],
    ['a button label of 40 characters', inBody(button(postback({ label: 'ก'.repeat(40) })))],
  ])('%s', (_what, message) => {
    expect(checkMessages([message])).toEqual([])
  })
})

describe('LINE refuses', () => {
  test.each<[string, unknown, string]>([
    ['a bubble without any block', flex({ type: 'bubble' }), 'contents'],
    ['a text as a block', flex({ type: 'bubble', body: text('a') }), 'contents.body.type'],
    ['a property that it does not know', inBody(text('a', { bold: true })), 'contents.body.contents[0].bold'],
    ['an unknown property of a bubble', flex(bubble(box([]), { colour: '#fff' })), 'contents.colour'],
    ['a component that it does not know', inBody({ type: 'table' }), 'contents.body.contents[0].type'],
    [
      'a picture on a line of text',
      inBody({ type: 'box', layout: 'baseline', contents: [image()] }),
      'contents.body.contents[0].contents[0].type',
    ],
    [
      'a film within a body',
      inBody({
        type: 'video',
        url: 'https://a.example/a.mp4',
        previewUrl: 'https://a.example/a.png',
        altContent: image(),
      }),
      'contents.body.contents[0].type',
    ],
    ['an empty text', inBody(text('')), 'contents.body.contents[0].text'],
    ['a text without words', inBody({ type: 'text' }), 'contents.body.contents[0].text'],
    ['a box without layout', flex({ type: 'bubble', body: { type: 'box', contents: [] } }), 'contents.body.layout'],
    ['a size in words of its own', inBody(text('a', { size: 'huge' })), 'contents.body.contents[0].size'],
    ['a colour by its name', inBody(text('a', { color: 'red' })), 'contents.body.contents[0].color'],
    [
      'a picture more than three times as high as wide',
      inBody(image({ aspectRatio: '1:4' })),
      'contents.body.contents[0].aspectRatio',
    ],
    ['a button without action', inBody({ type: 'button' }), 'contents.body.contents[0].action'],
    [
      'a button without label',
      inBody(button({ type: 'postback', data: 'a' })),
      'contents.body.contents[0].action.label',
    ],
    [
      'a button label of 41 characters',
      inBody(button(postback({ label: 'a'.repeat(41) }))),
      'contents.body.contents[0].action.label',
    ],
    [
      'bubbles of different sizes',
      flex({ type: 'carousel', contents: [bubble(box([]), { size: 'kilo' }), bubble(box([]))] }),
      'contents.contents',
    ],
    ['an alternative text of 1,501 characters', { ...inBody(text('a')), altText: 'a'.repeat(1501) }, 'altText'],
    [
      'a quick reply label of 21 characters',
      quick(postback({ label: 'a'.repeat(21) })),
      'quickReply.items[0].action.label',
    ],
    [
      'a quick reply that does not say that it is an action',
      { ...text('?'), quickReply: { items: [{ action: postback() }] } },
      'quickReply.items[0].type',
    ],
    ['a camera on a card', inBody(button({ type: 'camera', label: 'a' })), 'contents.body.contents[0].action.type'],
    [
      'an address of 1,001 characters',
      quick({ type: 'uri', label: 'a', uri: `https://a.example/${'a'.repeat(983)}` }),
      'quickReply.items[0].action.uri',
    ],
    [
      'an address that is not encoded',
      quick({ type: 'uri', label: 'a', uri: 'https://a.example/รองเท้า' }),
      'quickReply.items[0].action.uri',
    ],
    [
      'a script for an address',
      quick({ type: 'uri', label: 'a', uri: 'javascript:alert(1)' }),
      'quickReply.items[0].action.uri',
    ],
    [
      'words for the keyboard without the keyboard',
      quick(postback({ fillInText: 'a' })),
      'quickReply.items[0].action.fillInText',
    ],
    ['a moment with seconds', quick(picker({ min: '2026-12-01T00:00:00' })), 'quickReply.items[0].action.min'],
    [
      'the 31st of February',
      quick(picker({ mode: 'date', initial: '2026-02-31' })),
      'quickReply.items[0].action.initial',
    ],
    ['25 o’clock', quick(picker({ mode: 'time', max: '25:00' })), 'quickReply.items[0].action.max'],
    [
      'a last moment that is not after the first',
      quick(picker({ min: '2026-12-01T10:00', max: '2026-12-01T10:00' })),
      'quickReply.items[0].action.max',
    ],
    [
      'a shape of pictures that templates do not have',
      {
        type: 'template',
        altText: 'a',
        template: { type: 'buttons', text: 'a', imageAspectRatio: '1:1', actions: [postback()] },
      },
      'template.imageAspectRatio',
    ],
  ])('%s', (_what, message, property) => {
    expect(wrong(message)).toContain(property)
  })
})
