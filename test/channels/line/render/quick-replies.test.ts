import { expect, test } from '@jest/globals'
import type { OutboundContent } from '../../../../src/bridge/message.ts'
import type { PublishedMedia } from '../../../../src/bridge/side.ts'
import { dividedReplies, quickReplyItems } from '../../../../src/channels/line/render/quick-replies.ts'
import { someFile, somePicture, someScene } from './some-scene.ts'

const reply = (label: string, payload = label) => ({ label, payload })
const content = (...labels: string[]): OutboundContent => ({
  kind: 'quick-replies',
  replies: labels.map((label) => reply(label)),
})
const numbers = Array.from({ length: 15 }, (_, index) => `number ${index}`)

test.each<[string, OutboundContent[], string[], string[]]>([
  ['a few', [content('Yes', 'No')], ['Yes', 'No'], []],
  ['more than LINE shows', [content(...numbers)], numbers.slice(0, 13), numbers.slice(13)],
  ['several lots', [content('Yes'), { kind: 'text', text: 'or' }, content('No')], ['Yes', 'No'], []],
  ['the same twice', [content('Yes', 'Yes')], ['Yes', 'Yes'], []],
  [
    'those that look alike when cut',
    [content('I want to change my booking', 'No', 'I want to change my address')],
    ['I want to change my booking', 'No', 'I want to change my address'],
    ['I want to change my booking', 'I want to change my address'],
  ],
  [
    'one that is too long to be said when it is touched',
    [content('x'.repeat(301), 'No')],
    ['x'.repeat(301), 'No'],
    ['x'.repeat(301)],
  ],
])('of %s it is known what is offered and what is listed', (_, contents, offered, listed) => {
  const divided = dividedReplies(contents)
  expect(divided.offered.map(({ label }) => label)).toEqual(offered)
  expect(divided.listed).toEqual(listed)
})

test('an item says its whole label when it is touched', () => {
  const label = 'ขอเปลี่ยนวันและเวลานัดหมายของฉัน'
  expect(quickReplyItems([reply(label, 'move')], someScene(), ({ what, payload }) => `${what} ${payload}`)).toEqual([
    {
      type: 'action',
      action: { type: 'postback', label: 'ขอเปลี่ยนวันและเวลานัดห…', data: 'quick-reply move', displayText: label },
    },
  ])
})

const previewUrl = 'https://bridge.example.com/media/preview'
test.each<[string, Partial<PublishedMedia>, string | undefined]>([
  ['a small png', { mime: 'image/png', previewUrl }, 'https://bridge.example.com/media/abc'],
  ['a png over 1 MB', { mime: 'image/png', previewUrl, bytes: 1024 * 1024 + 1 }, undefined],
  ['a jpeg', { mime: 'image/jpeg', previewUrl }, undefined],
])('of %s as an icon LINE gets %s', (_, file, imageUrl) => {
  const image = somePicture('icon')
  const scene = someScene({ pictures: new Map([[image, someFile(file)]]) })
  const [item] = quickReplyItems([{ ...reply('Yes'), image }], scene, () => 'data')
  expect(item?.imageUrl).toBe(imageUrl)
})
