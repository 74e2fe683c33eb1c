import { expect, test } from '@jest/globals'
import type { OutboundContent } from '../../../src/bridge/message.ts'
import type { PublishedMedia } from '../../../src/bridge/side.ts'
import { retryKey } from '../../../src/channels/line/retry-key.ts'
import { toLine } from '../../../src/channels/line/to-line.ts'

const message = (...content: OutboundContent[]) => ({
  id: '5f0c7b6e-1',
  conversation: { channel: 'retail_thailand', user: 'U4af4980629a1b2c3d4e5f60718293a4b' },
  at: 1_792_130_400_000,
  content,
})
const text = (value: string): OutboundContent => ({ kind: 'text', text: value })
const attachment: OutboundContent = {
  kind: 'media',
  media: 'file',
  source: { by: 'url', url: 'https://files.example.com/x' },
}
const file = (rest: Partial<PublishedMedia>): PublishedMedia => ({
  url: 'https://bridge.example.com/media/abc',
  mime: 'application/pdf',
  fileName: 'price list.pdf',
  bytes: 1_000,
  ...rest,
})
const previewUrl = 'https://bridge.example.com/media/preview'
const sent = (published: PublishedMedia) =>
  toLine(message(attachment), new Map([[0, published]])).parts.flatMap((part) => part.request.messages)

test('a text is one push with one text message', () => {
  expect(toLine(message(text('Good day')), new Map())).toEqual({
    parts: [
      {
        retryKey: retryKey({ channel: 'retail_thailand', messageId: '5f0c7b6e-1', part: 0 }),
        request: { to: 'U4af4980629a1b2c3d4e5f60718293a4b', messages: [{ type: 'text', text: 'Good day' }] },
      },
    ],
  })
})

test('a long text becomes as many messages as it needs, five to a push', () => {
  const long = 'a'.repeat(5_000 * 6 + 1)
  const { parts } = toLine(message(text(long)), new Map())
  expect(parts.map((part) => part.request.messages.length)).toEqual([5, 2])
  expect(new Set(parts.map((part) => part.retryKey)).size).toBe(2)
  const texts = parts.flatMap((part) =>
    part.request.messages.map((one) => (one.type === 'text' && 'text' in one ? one.text : '')),
  )
  expect(texts.join('')).toBe(long)
})

test.each(['', ' ', '\n\t '])('the blank text %j is left out', (blank) => {
  expect(toLine(message(text(blank), text('b')), new Map()).parts[0]?.request.messages).toEqual([
    { type: 'text', text: 'b' },
  ])
  expect(toLine(message(text(blank)), new Map()).parts).toEqual([])
})

test('half a surrogate pair is replaced, because LINE would refuse the whole message', () => {
  expect(toLine(message(text('a\ud83d')), new Map()).parts[0]?.request.messages).toEqual([
    { type: 'text', text: 'a\ufffd' },
  ])
})

test('text and files keep their order', () => {
  const { parts } = toLine(
    message(text('before'), attachment, text('after')),
    new Map([[1, file({ mime: 'image/png', previewUrl })]]),
  )
  expect(parts[0]?.request.messages.map((one) => one.type)).toEqual(['text', 'image', 'text'])
})

const url = 'https://bridge.example.com/media/abc'
const link = [{ type: 'text', text: `price list.pdf\n${url}` }]
const image = [{ type: 'image', originalContentUrl: url, previewImageUrl: previewUrl }]
const video = [{ type: 'video', originalContentUrl: url, previewImageUrl: previewUrl }]
const audio = [{ type: 'audio', originalContentUrl: url, duration: 4_200 }]
const MB = 1024 * 1024

test.each<[string, Partial<PublishedMedia>, unknown]>([
  ['a document', {}, link],
  ['a jpeg', { mime: 'image/jpeg', previewUrl }, image],
  ['a png of 10 MB', { mime: 'image/png', previewUrl, bytes: 10 * MB }, image],
  ['a png over 10 MB', { mime: 'image/png', previewUrl, bytes: 10 * MB + 1 }, link],
  ['a jpeg without a preview', { mime: 'image/jpeg' }, link],
  ['a gif', { mime: 'image/gif', previewUrl }, link],
  ['an mp4', { mime: 'video/mp4', previewUrl }, video],
  ['an mp4 without a preview', { mime: 'video/mp4' }, link],
  ['an mp4 over 200 MB', { mime: 'video/mp4', previewUrl, bytes: 200 * MB + 1 }, link],
  ['another video', { mime: 'video/quicktime', previewUrl }, link],
  ['an mp3', { mime: 'audio/mpeg', durationMs: 4_200 }, audio],
  ['an m4a', { mime: 'audio/mp4', durationMs: 4_199.6 }, audio],
  ['an mp3 of unknown length', { mime: 'audio/mpeg' }, link],
  ['another sound', { mime: 'audio/ogg', durationMs: 4_200 }, link],
])('%s is shown as LINE can show it', (_, published, expected) => {
  expect(sent(file(published))).toEqual(expected)
})

test('a file name cannot bring lines of its own', () => {
  expect(sent(file({ fileName: 'a\r\nhttps://evil.example' }))).toEqual([
    { type: 'text', text: `a https://evil.example\n${url}` },
  ])
})

test('a missing copy of an attachment is a bug, not a message without its file', () => {
  expect(() => toLine(message(attachment), new Map())).toThrow('place 0')
})

test('retry keys are UUIDs of version 5 that depend on channel, message and part, and never change', () => {
  const of = { channel: 'retail_thailand', messageId: 'm', part: 0 }
  const keys = [of, { ...of, channel: 'x' }, { ...of, messageId: 'n' }, { ...of, part: 1 }].map(retryKey)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(keys).size).toBe(4)
  expect(keys[0]).toBe('6ba65718-e292-554e-91b9-b5513763fcb4')
})

test('a saved plan that is read again makes the same bytes', () => {
  const plan = toLine(message(text('สวัสดี 😊 "quoted" \u2028'), attachment), new Map([[1, file({})]]))
  const again = JSON.parse(JSON.stringify(plan))
  expect(JSON.stringify(again.parts[0].request)).toBe(JSON.stringify(plan.parts[0]?.request))
})
