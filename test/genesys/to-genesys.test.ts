import { describe, expect, test } from '@jest/globals'
import type { FailureCode, InboundContent, MediaContent } from '../../src/bridge/message.ts'
import type { PublishedMedia } from '../../src/bridge/side.ts'
import {
  type CustomerMessage,
  toGenesys,
  toLegacyGenesys,
  toLegacyReceipt,
  toReceipt,
} from '../../src/genesys/to-genesys.ts'
import { integrationId, user } from './fixtures.ts'

const channel = {
  name: 'retail_thailand',
  market: 'Thailand',
  brand: 'Retail_Thai',
  language: 'th',
  attributes: { tier: 'gold', area: 'south' },
}

const message = (content: InboundContent, more: Partial<CustomerMessage> = {}): CustomerMessage => ({
  id: '468789577898262530',
  conversation: { channel: 'retail_thailand', user },
  at: Date.parse('2026-11-21T04:05:06.789Z'),
  platform: 'LINE',
  content,
  ...more,
})
const text = (value: string, more?: Partial<CustomerMessage>) => message({ kind: 'text', text: value }, more)
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

test.each<[string, InboundContent, string]>([
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
    ['forbidden_address', '[The LINE image could not be fetched]'],
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

describe('a receipt', () => {
  const delivered = {
    id: '9b0c',
    conversation: { channel: 'retail_thailand', user },
    at: Date.parse('2026-11-21T04:05:12.000Z'),
    status: 'delivered',
  } as const

  test('of a delivery has exactly the documented members', () => {
    expect(toReceipt(delivered)).toEqual({
      id: '9b0c',
      channel: { to: { id: user }, time: '2026-11-21T04:05:12.000Z' },
      status: 'Delivered',
      isFinalReceipt: true,
    })
  })

  test.each<[FailureCode, string]>([
    ['expired', 'MessageExpired'],
    ['rate_limited', 'RateLimited'],
    ['not_allowed', 'MessageNotAllowed'],
    ['invalid_destination', 'InvalidDestination'],
    ['invalid_message', 'InvalidMessageStructure'],
    ['opted_out', 'RecipientOptedOut'],
    ['media_type_not_allowed', 'MediaTypeNotAllowed'],
    ['media_too_large', 'InvalidMediaContentLength'],
    ['server_error', 'ServerError'],
    ['unsupported', 'UnsupportedMessage'],
    ['general', 'GeneralError'],
  ])('of a failure (%s) says %s', (code, expected) => {
    const receipt = toReceipt({ ...delivered, status: 'failed', reason: { code, message: 'Why.' } })
    expect(receipt).toMatchObject({ status: 'Failed', isFinalReceipt: true })
    expect(receipt.reasons).toEqual([{ code: expected, message: 'Why.' }])
  })

  test('of a failure always has a reason', () => {
    expect(toReceipt({ ...delivered, status: 'failed' }).reasons).toMatchObject([{ code: 'GeneralError' }])
  })

  test('for the deprecated endpoint goes from the integration to the customer', () => {
    expect(toLegacyReceipt(delivered, integrationId)).toEqual({
      id: '9b0c',
      channel: {
        platform: 'Open',
        type: 'Private',
        to: { id: user },
        from: { id: integrationId, idType: 'Opaque' },
        time: '2026-11-21T04:05:12.000Z',
      },
      type: 'Receipt',
      direction: 'Outbound',
      status: 'Delivered',
      isFinalReceipt: true,
    })
  })
})
