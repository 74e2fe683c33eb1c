import { expect, test } from '@jest/globals'
import type { OutboundContent, OutboundMessage } from '../../../src/bridge/message.ts'
import type { PublishedMedia } from '../../../src/bridge/side.ts'
import type { Look } from '../../../src/channels/line/outbound/look.ts'
import { offerData } from '../../../src/channels/line/outbound/offers.ts'
import type { Files } from '../../../src/channels/line/outbound/pictures.ts'
import { retryKey } from '../../../src/channels/line/outbound/retry-key.ts'
import { toLine } from '../../../src/channels/line/to-line.ts'

const look: Look = { timeZone: 'Asia/Bangkok' }
const planOf = (of: OutboundMessage, files: Files = new Map(), as = look) => toLine(of, files, as).plan
const objectsOf = (of: OutboundMessage, files: Files = new Map(), as = look) =>
  planOf(of, files, as).parts.flatMap((part) => part.request.messages)

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
const sent = (published: PublishedMedia) => objectsOf(message(attachment), new Map([[0, published]]))

test('a text is one push with one text message', () => {
  expect(toLine(message(text('Good day')), new Map(), look)).toEqual({
    offers: [],
    plan: {
      parts: [
        {
          retryKey: retryKey({ channel: 'retail_thailand', messageId: '5f0c7b6e-1', part: 0 }),
          request: { to: 'U4af4980629a1b2c3d4e5f60718293a4b', messages: [{ type: 'text', text: 'Good day' }] },
        },
      ],
    },
  })
})

test('a long text becomes as many messages as it needs, five to a push', () => {
  const long = 'a'.repeat(5_000 * 6 + 1)
  const { parts } = planOf(message(text(long)))
  expect(parts.map((part) => part.request.messages.length)).toEqual([5, 2])
  expect(new Set(parts.map((part) => part.retryKey)).size).toBe(2)
  const texts = parts.flatMap((part) =>
    part.request.messages.map((one) => (one.type === 'text' && 'text' in one ? one.text : '')),
  )
  expect(texts.join('')).toBe(long)
})

test.each(['', ' ', '\n\t '])('the blank text %j is left out', (blank) => {
  expect(planOf(message(text(blank), text('b'))).parts[0]?.request.messages).toEqual([{ type: 'text', text: 'b' }])
  expect(planOf(message(text(blank))).parts).toEqual([])
})

test('half a surrogate pair is replaced, because LINE would refuse the whole message', () => {
  expect(planOf(message(text('a\ud83d'))).parts[0]?.request.messages).toEqual([{ type: 'text', text: 'a\ufffd' }])
})

test('text and files keep their order', () => {
  const { parts } = planOf(
    message(text('before'), attachment, text('after')),
    new Map([[1, file({ mime: 'image/png', previewUrl })]]),
  )
  expect(parts[0]?.request.messages.map((one) => one.type)).toEqual(['text', 'image', 'text'])
})

const url = 'https://bridge.example.com/media/abc'
const link = [
  {
    type: 'flex',
    altText: `price list.pdf\n${url}`,
    contents: expect.objectContaining({
      footer: expect.objectContaining({
        contents: [expect.objectContaining({ action: { type: 'uri', label: 'Open', uri: url } })],
      }),
    }),
  },
]
const image = [{ type: 'image', originalContentUrl: url, previewImageUrl: previewUrl }]
const video = [{ type: 'video', originalContentUrl: url, previewImageUrl: previewUrl }]
const audio = [{ type: 'audio', originalContentUrl: url, duration: 4_200 }]
const MB = 1_000_000

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
  expect(sent(file({ fileName: 'a\r\nhttps://evil.example' }))).toMatchObject([
    { type: 'flex', altText: `a https://evil.example\n${url}` },
  ])
})

test('a missing copy of an attachment is a bug, not a message without its file', () => {
  expect(() => planOf(message(attachment))).toThrow('place 0')
})

test('retry keys are UUIDs of version 5 that depend on channel, message and part, and never change', () => {
  const of = { channel: 'retail_thailand', messageId: 'm', part: 0 }
  const keys = [of, { ...of, channel: 'x' }, { ...of, messageId: 'n' }, { ...of, part: 1 }].map(retryKey)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(keys).size).toBe(4)
  expect(keys[0]).toBe('6ba65718-e292-554e-91b9-b5513763fcb4')
})

test('a saved plan that is read again makes the same bytes', () => {
  const plan = planOf(message(text('สวัสดี 😊 "quoted" \u2028'), attachment), new Map([[1, file({})]]))
  const again = JSON.parse(JSON.stringify(plan))
  expect(JSON.stringify(again.parts[0].request)).toBe(JSON.stringify(plan.parts[0]?.request))
})

const replies = (...labels: string[]): OutboundContent => ({
  kind: 'quick-replies',
  replies: labels.map((label) => ({ label, payload: `${label}!` })),
})
const of = { channel: 'retail_thailand', messageId: '5f0c7b6e-1' }
const item = (label: string, index: number) => ({
  type: 'action',
  action: { type: 'postback', label, data: offerData({ ...of, index }), displayText: label },
})

test('quick replies stand below the very last object of the last push, and what they offer is told', () => {
  const long = 'a'.repeat(5_000 * 6 + 1)
  const { plan, offers } = toLine(message(text(long), replies('Yes', 'No'), text('after')), new Map(), look)
  const objects = plan.parts.flatMap((part) => part.request.messages)
  expect(objects.map(({ quickReply }) => quickReply !== undefined)).toEqual([...Array(7).fill(false), true])
  expect(objects.at(-1)).toEqual({
    type: 'text',
    text: 'after',
    quickReply: { items: [item('Yes', 0), item('No', 1)] },
  })
  expect(offers).toEqual([
    { what: 'quick-reply', label: 'Yes', payload: 'Yes!' },
    { what: 'quick-reply', label: 'No', payload: 'No!' },
  ])
})

test.each([
  [undefined, 'Please choose:'],
  ['th', 'กรุณาเลือก:'],
])('quick replies without a question ask to choose, in the language %s', (language, ask) => {
  expect(objectsOf(message(text(' '), replies('Yes')), new Map(), { ...look, language })).toEqual([
    { type: 'text', text: ask, quickReply: { items: [item('Yes', 0)] } },
  ])
})

test('quick replies that LINE does not show are listed below the question, or below a word of their own', () => {
  const labels = Array.from({ length: 15 }, (_, index) => `n${index}`)
  const texts = (...content: OutboundContent[]) =>
    objectsOf(message(...content)).map((one) => 'text' in one && one.text)
  expect(texts(text('Which?'), replies(...labels))).toEqual(['Which?\n• n13\n• n14'])
  expect(texts(replies(...labels))).toEqual(['Please choose:\n• n13\n• n14'])
  expect(texts(text('Which?'), replies(...labels), text('after'))).toEqual(['Which?\n• n13\n• n14', 'after'])
  expect(toLine(message(replies(...labels)), new Map(), look).offers).toHaveLength(13)
})

const answer = (label: string) => ({ do: 'answer', label, payload: label.toLowerCase() }) as const
const card = (title: string, ...labels: string[]) => ({ title, actions: labels.map(answer) })

test('what can be touched is numbered as it stands in the message, quick replies last', () => {
  const { plan, offers } = toLine(
    message(
      replies('Later'),
      { kind: 'cards', cards: [card('A', 'A1', 'A2'), card('B', 'B1')] },
      { kind: 'list-picker', sections: [{ items: [{ id: 'x', title: 'X' }] }] },
      { kind: 'template', body: 'Sure?', actions: [answer('Sure')] },
      { kind: 'date-picker', times: [{ at: Date.parse('2026-12-01T03:00:00Z') }] },
    ),
    new Map(),
    look,
  )
  expect(offers.map(({ label }) => label)).toEqual(['A1', 'A2', 'B1', 'X', 'Sure', '2026-12-01T03:00:00.000Z', 'Later'])
  expect(JSON.stringify(plan).match(/lgb1\.[\w-]{16}\.\d+/g)).toEqual(
    offers.map((_, index) => offerData({ ...of, index })),
  )
})

test('who writes is told on every object', () => {
  const sender = { human: { name: 'Anna' } }
  const objects = objectsOf({ ...message(text('a'), attachment), author: 'human' }, new Map([[1, file({})]]), {
    ...look,
    sender,
  })
  expect(objects.map((one) => one.sender)).toEqual([{ name: 'Anna' }, { name: 'Anna' }])
})

test('an attachment that the operator does not want is told in words, between the others', () => {
  const texts = objectsOf(message(text('a'), attachment, text('b')), new Map([[1, { problem: 'refused' }]]), {
    ...look,
    language: 'zh-TW',
  })
  expect(texts).toEqual([
    { type: 'text', text: 'a' },
    { type: 'text', text: '[已傳送檔案，但無法在此顯示]' },
    { type: 'text', text: 'b' },
  ])
})

const graphemes = (value: string) => Array.from(new Intl.Segmenter('en').segment(value), (found) => found.segment)

test.each([
  ['families', '👨‍👩‍👧‍👦', 11],
  ['flags', '🇹🇭', 4],
  ['skin tones', '👍🏽', 4],
  ['Thai', 'ที่นี่', 6],
  ['Japanese', '東京', 2],
  ['Chinese with a selector', '葛󠄀', 3],
])(
  'a long text of %s arrives whole, in pieces of at most 5,000 units that begin with a whole character',
  (_, one, units) => {
    expect(one.length).toBe(units)
    const long = one.repeat(6_000)
    const texts = objectsOf(message(text(long))).map((object) => ('text' in object ? (object.text ?? '') : ''))
    expect(texts.join('')).toBe(long)
    for (const piece of texts) {
      expect(piece.length).toBeLessThanOrEqual(5_000)
      expect(graphemes(one)).toContain(graphemes(piece)[0])
      expect(piece.isWellFormed()).toBe(true)
    }
  },
)

test('braces mean nothing in a text', () => {
  expect(objectsOf(message(text('{name} {{1}} $')))).toEqual([{ type: 'text', text: '{name} {{1}} $' }])
})
