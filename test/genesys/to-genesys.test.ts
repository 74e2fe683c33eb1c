import { describe, expect, test } from '@jest/globals'
import type { Answer, CompletedMessage, MediaContent } from '../../src/bridge/message.ts'
import type { PublishedMedia } from '../../src/bridge/side.ts'
import { maxRequestBytes } from '../../src/genesys/limits.ts'
import { toGenesys, toLegacyGenesys, toStructuredResponse } from '../../src/genesys/to-genesys.ts'
import { integrationId, user } from './fixtures.ts'

type Content = CompletedMessage['content']

const channel = {
  name: 'retail_thailand',
  market: 'Thailand',
  brand: 'Retail_Thai',
  language: 'th',
  attributes: { tier: 'gold', area: 'south' },
}

const message = (content: Content, more: Partial<CompletedMessage> = {}): CompletedMessage => ({
  id: '468789577898262530',
  conversation: { channel: 'retail_thailand', user },
  at: Date.parse('2026-11-21T04:05:06.789Z'),
  platform: 'LINE',
  content,
  ...more,
})
const text = (value: string, more?: Partial<CompletedMessage>) => message({ kind: 'text', text: value }, more)
const file = (media: MediaContent['media']) => message({ kind: 'media', media, source: { by: 'id', id: '1' } })
const published = (more: Partial<PublishedMedia> = {}): PublishedMedia => ({
  url: 'https://bridge.example.com/media/token',
  mime: 'video/mp4',
  fileName: 'clip.mp4',
  bytes: 1_000,
  ...more,
})

test('a message has exactly the documented members, in order', () => {
  const body = toGenesys(text('Hello', { customer: { name: 'Aiko', language: 'ja' } }), channel)
  expect(JSON.stringify(body)).toBe(
    `{"channel":{"from":{"id":"${user}","idType":"Opaque","nickname":"Aiko"},"messageId":"468789577898262530",` +
      '"time":"2026-11-21T04:05:06.789Z","metadata":{"customAttributes":{"market":"Thailand","brand":"Retail_Thai",' +
      '"channel":"retail_thailand","language":"ja","tier":"gold","area":"south"}}},"text":"Hello"}',
  )
})

test('without a profile the nickname is left out and the language is the channel’s', () => {
  const body = toGenesys(text('Hello'), channel)
  expect(body.channel.from).toEqual({ id: user, idType: 'Opaque' })
  expect(body.channel.metadata.customAttributes.language).toBe('th')
})

test('without any language the attribute is left out', () => {
  const body = toGenesys(text('Hello'), { name: 'a', market: 'b', brand: 'c' })
  expect(body.channel.metadata.customAttributes).toEqual({ market: 'b', brand: 'c', channel: 'a' })
})

describe('attributes of one message', () => {
  const attributes = { menu: 'returns', tier: 'silver', market: 'Mars', channel: 'other', language: 'xx' }

  test('are added, and those of the channel win over equal names', () => {
    expect(toGenesys(text('Hello', { attributes }), channel).channel.metadata.customAttributes).toEqual({
      menu: 'returns',
      market: 'Thailand',
      brand: 'Retail_Thai',
      channel: 'retail_thailand',
      language: 'th',
      tier: 'gold',
      area: 'south',
    })
  })

  test('reach the other two endpoints as well', () => {
    const touched: Answer = { kind: 'answer', what: 'button', label: 'Yes', payload: 'yes', to: 'm-1' }
    const bodies = [
      toLegacyGenesys(text('Hello', { attributes }), channel, integrationId),
      toStructuredResponse(message(touched, { attributes }), touched, channel),
    ]
    for (const body of bodies) expect(body.channel.metadata.customAttributes).toMatchObject({ menu: 'returns' })
  })
})

test.each<[string, Content, string]>([
  [
    'text is carried character for character',
    { kind: 'text', text: '  สวัสดี \u{1F468}\u200D\u{1F469}\n\t' },
    '  สวัสดี \u{1F468}\u200D\u{1F469}\n\t',
  ],
  ['a sticker is named', { kind: 'sticker', label: 'Love, Heart' }, '[LINE STICKER: Love, Heart]'],
  [
    'a location has its title and address',
    { kind: 'location', title: 'Shop', address: '1 Silom Rd', latitude: 13.7291, longitude: -100.5 },
    'Shop\n1 Silom Rd\nhttps://www.google.com/maps/search/?api=1&query=13.7291,-100.5',
  ],
  [
    'a bare location has its link',
    { kind: 'location', latitude: 0, longitude: 0 },
    'https://www.google.com/maps/search/?api=1&query=0,0',
  ],
  ['an unknown type is named', { kind: 'unsupported', what: 'hologram' }, '[Unsupported LINE message: hologram]'],
])('%s', (_name, content, expected) => {
  const body = toGenesys(message(content), channel)
  expect(body).toMatchObject({ text: expected })
  expect(body).not.toHaveProperty('content')
})

test('the word in brackets is the platform of the message', () => {
  expect(toGenesys(message({ kind: 'sticker', label: 'x' }, { platform: 'Messenger' }), channel).text).toBe(
    '[Messenger STICKER: x]',
  )
})

describe('a file', () => {
  test.each([
    ['image', 'Image'],
    ['video', 'Video'],
    ['audio', 'Audio'],
    ['file', 'File'],
  ] as const)('of kind %s becomes an attachment', (kind, mediaType) => {
    const body = toGenesys(file(kind), channel, published())
    expect(body.content).toEqual([
      {
        attachment: {
          mediaType,
          url: 'https://bridge.example.com/media/token',
          mime: 'video/mp4',
          filename: 'clip.mp4',
        },
      },
    ])
    expect(body).not.toHaveProperty('text')
  })

  test('of 25 MB is an attachment, a larger one is a text with name, size and link', () => {
    expect(toGenesys(file('video'), channel, published({ bytes: 25_000_000 }))).toHaveProperty('content')
    const body = toGenesys(file('video'), channel, published({ bytes: 25_000_001 }))
    expect(body.text).toBe(
      '[The LINE video is too large to be shown here: clip.mp4, 25.1 MB]\nhttps://bridge.example.com/media/token',
    )
    expect(body).not.toHaveProperty('content')
  })

  test.each([
    ['gone', '[The LINE image is no longer available]'],
    ['too_large', '[The LINE image is too large to be carried]'],
    ['not_ready', '[The LINE image could not be had in time]'],
    ['forbidden_address', '[The LINE image could not be fetched]'],
    ['refused', '[The LINE image was not passed on: this channel takes no files from customers, or only smaller ones]'],
  ] as const)('that cannot be had (%s) becomes a text that says so', (problem, expected) => {
    expect(toGenesys(file('image'), channel, { problem }).text).toBe(expected)
  })
})

describe('the deprecated endpoint', () => {
  test('is told the integration, the type and the direction', () => {
    expect(toLegacyGenesys(text('Hello'), channel, integrationId)).toEqual({
      channel: {
        platform: 'Open',
        type: 'Private',
        to: { id: integrationId },
        from: { id: user, idType: 'Opaque' },
        messageId: '468789577898262530',
        time: '2026-11-21T04:05:06.789Z',
        metadata: {
          customAttributes: {
            market: 'Thailand',
            brand: 'Retail_Thai',
            channel: 'retail_thailand',
            language: 'th',
            tier: 'gold',
            area: 'south',
          },
        },
      },
      type: 'Text',
      direction: 'Inbound',
      text: 'Hello',
    })
  })

  test('is told the kind of content', () => {
    const body = toLegacyGenesys(file('video'), channel, integrationId, published())
    expect(body.content).toMatchObject([{ contentType: 'Attachment', attachment: { mediaType: 'Video' } }])
  })
})

describe('a touch', () => {
  const touched: Answer = { kind: 'answer', what: 'quick-reply', label: 'Large', payload: 'size=l', to: '9b0c' }
  const bodyOf = (answer: Answer, more?: Partial<CompletedMessage>) =>
    toStructuredResponse(message(answer, more), answer, channel)

  test('has exactly the documented members, and the channel of a message', () => {
    expect(bodyOf(touched)).toEqual({
      channel: toGenesys(text('Hello'), channel).channel,
      buttonResponse: { type: 'QuickReply', text: 'Large', payload: 'size=l' },
      originatingMessageId: '9b0c',
    })
  })

  test.each([
    ['button', 'Button'],
    ['quick-reply', 'QuickReply'],
    ['date', 'DatePicker'],
  ] as const)('on a %s is a %s', (what, type) => {
    expect(bodyOf({ ...touched, what }).buttonResponse.type).toBe(type)
  })

  test('without a payload or a label has the one for the other', () => {
    expect(bodyOf({ ...touched, payload: '' }).buttonResponse).toMatchObject({ text: 'Large', payload: 'Large' })
    expect(bodyOf({ ...touched, label: '' }).buttonResponse).toMatchObject({ text: 'size=l', payload: 'size=l' })
  })

  test('keeps its label as it was offered, also in a group', () => {
    expect(bodyOf(touched, { speaker: 'Aiko' }).buttonResponse.text).toBe('Large')
  })

  test('is its label as a text', () => {
    const bodies = [
      toGenesys(message(touched), channel),
      toLegacyGenesys(message(touched), channel, integrationId),
      toGenesys(message({ ...touched, label: '' }), channel),
    ]
    expect(bodies.map((body) => body.text)).toEqual(['Large', 'Large', 'size=l'])
  })
})

test('the longest text that LINE brings, with all that stands before it, is far from the largest request', () => {
  // Nothing takes more bytes in JSON: six for each of LINE's characters.
  const longest = '\u0001'.repeat(5_000)
  const body = toGenesys(
    text(longest, {
      customer: { name: '\u0001'.repeat(20), language: 'zh-Hant' },
      speaker: '\u0001'.repeat(20),
      quoted: { text: longest },
      edited: true,
      attributes: { data: '\u0001'.repeat(300) },
    }),
    channel,
  )
  const bytes = Buffer.byteLength(JSON.stringify(body))
  expect(bytes).toBeGreaterThan(30_000)
  expect(bytes * 10).toBeLessThan(maxRequestBytes)
})
