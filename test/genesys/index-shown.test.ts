import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { DeliveryError, MediaUnavailable, Stopping } from '../../src/bridge/errors.ts'
import type { CompletedMessage, MediaContent, Notice } from '../../src/bridge/message.ts'
import type { Delivery, PublishedMedia } from '../../src/bridge/side.ts'
import { genesysSettings } from '../../src/genesys/config.ts'
import { createGenesysCentre, createGenesysClients, type GenesysClients } from '../../src/genesys/index.ts'
import { startDelivery, startFakeGenesys } from './fake-genesys.ts'

let genesys: Awaited<ReturnType<typeof startFakeGenesys>>
let clients: GenesysClients
beforeAll(async () => {
  genesys = await startFakeGenesys()
  clients = createGenesysClients()
})
beforeEach(() => {
  genesys.api.length = 0
})
afterAll(async () => {
  await clients.close()
  await genesys.close()
})

const centre = (more: object = {}, language?: string) =>
  createGenesysCentre({
    channel: { name: 'retail_thailand', market: 'Thailand', brand: 'Retail_Thai', language },
    settings: genesysSettings.parse({
      ...genesys.settings,
      integrationId: 'i-1',
      webhookSecret: 'example-secret-token-0123456789',
      ...more,
    }),
    clients,
    fetchOutside: () => Promise.reject(new Error('nothing to fetch')),
  })

type Content = CompletedMessage['content']
type About = Partial<Pick<CompletedMessage, 'quoted' | 'speaker' | 'edited'>>

const message = (content: Content, about: About = {}): CompletedMessage => ({
  id: '468',
  conversation: { channel: 'retail_thailand', user: 'U1' },
  at: 0,
  platform: 'LINE',
  content,
  ...about,
})
const image: MediaContent = { kind: 'media', media: 'image', source: { by: 'id', id: '1' } }
const picture: MediaContent = {
  kind: 'media',
  media: 'image',
  source: { by: 'url', url: 'https://stickers.example/1.png' },
}
const sticker = { kind: 'sticker', label: 'Love', picture } as const
const wordless = { ...sticker, wordless: true } as const

const file: PublishedMedia = {
  url: 'https://bridge.example.com/media/t',
  mime: 'image/png',
  fileName: 'p.png',
  bytes: 5,
}
const attachment = {
  mediaType: 'Image',
  url: 'https://bridge.example.com/media/t',
  mime: 'image/png',
  filename: 'p.png',
}
const published = () => startDelivery({ publish: async () => file })

/** What Genesys was shown, by each of the two endpoints: the same. */
async function shown(content: Content, about: About = {}, language?: string): Promise<object> {
  const told = message(content, about)
  const delivery = published()
  await centre({}, language).deliver(told, delivery)
  await centre({ inboundApi: 'legacy' }, language).deliver(told, delivery)
  expect(delivery.permits()).toBe(2)
  expect(genesys.api.map(({ path }) => path)).toEqual([
    '/api/v2/conversations/messages/i-1/inbound/open/message',
    '/api/v2/conversations/messages/inbound/open',
  ])
  const [now, legacy] = genesys.api.map(({ body }) => JSON.parse(body))
  const { text, content: files } = now
  expect(legacy).toMatchObject({ type: 'Text', direction: 'Inbound' })
  expect({ text: legacy.text, content: legacy.content }).toEqual({
    text,
    content: files?.map((one: object) => ({ contentType: 'Attachment', ...one })),
  })
  return { ...(text !== undefined && { text }), ...(files && { content: files }) }
}

const [quoted, speaker, edited] = [{ text: 'Which size?' }, 'Aiko', true] as const
const line = '[In reply to: “Which size?”]'
const content = [{ attachment }]

describe('everything about a message is shown in one', () => {
  const text = { kind: 'text', text: 'Large' } as const
  test.each<[string, Content, About, object]>([
    ['a text', text, {}, { text: 'Large' }],
    ['a text that quotes', text, { quoted }, { text: `${line}\nLarge` }],
    ['a text that quotes the unknown', text, { quoted: {} }, { text: '[In reply to an earlier message]\nLarge' }],
    [
      'a text that quotes nothing to read',
      text,
      { quoted: { text: ' \n' } },
      { text: '[In reply to an earlier message]\nLarge' },
    ],
    ['a text of a group', text, { speaker }, { text: 'Aiko: Large' }],
    ['an edited text', text, { edited }, { text: '[Edited] Large' }],
    ['a text of a group that quotes', text, { quoted, speaker }, { text: `${line}\nAiko: Large` }],
    ['an edited text that quotes', text, { quoted, edited }, { text: `${line}\n[Edited] Large` }],
    ['an edited text of a group', text, { speaker, edited }, { text: 'Aiko: [Edited] Large' }],
    ['all of it', text, { quoted, speaker, edited }, { text: `${line}\nAiko: [Edited] Large` }],
    ['a text of somebody without a name', text, { speaker: ' ' }, { text: 'Large' }],
    ['a text of somebody whose name has lines', text, { speaker: 'A\nB' }, { text: 'A B: Large' }],

    ['a sticker', sticker, {}, { text: '[LINE STICKER: Love]', content }],
    ['a sticker that quotes', sticker, { quoted }, { text: `${line}\n[LINE STICKER: Love]`, content }],
    ['a sticker of a group', sticker, { speaker }, { text: 'Aiko: [LINE STICKER: Love]', content }],
    [
      'a sticker of a group that quotes',
      sticker,
      { quoted, speaker },
      { text: `${line}\nAiko: [LINE STICKER: Love]`, content },
    ],
    ['a wordless sticker', wordless, {}, { content }],
    ['a wordless sticker that quotes', wordless, { quoted }, { text: line, content }],
    ['a wordless sticker of a group', wordless, { speaker }, { text: 'Aiko:', content }],
    ['a wordless sticker of a group that quotes', wordless, { quoted, speaker }, { text: `${line}\nAiko:`, content }],
    ['a sticker without a picture', { kind: 'sticker', label: 'Love' }, {}, { text: '[LINE STICKER: Love]' }],
    [
      'a wordless sticker without a picture',
      { kind: 'sticker', label: 'Love', wordless: true },
      { quoted },
      { text: `${line}\n[LINE STICKER: Love]` },
    ],

    ['a file', image, {}, { content }],
    ['a file that quotes', image, { quoted }, { text: line, content }],
    ['a file that quotes the unknown', image, { quoted: {} }, { text: '[In reply to an earlier message]', content }],
    ['a file of a group', image, { speaker }, { text: 'Aiko:', content }],
    ['a file of a group that quotes', image, { quoted, speaker }, { text: `${line}\nAiko:`, content }],

    [
      'a place of a group',
      { kind: 'location', title: 'Shop', latitude: 1, longitude: 2 },
      { speaker },
      { text: 'Aiko: Shop\nhttps://www.google.com/maps/search/?api=1&query=1,2' },
    ],
    [
      'something unknown that quotes',
      { kind: 'unsupported', what: 'hologram' },
      { quoted },
      { text: `${line}\n[Unsupported LINE message: hologram]` },
    ],
    [
      'a notice of a group',
      { kind: 'notice', notice: 'unsent' },
      { speaker },
      { text: 'Aiko: [The customer took a message back]' },
    ],
  ])('%s', async (_what, what, about, expected) => {
    expect(await shown(what, about)).toEqual(expected)
  })
})

test.each<[Notice, string]>([
  ['unsent', '[The customer took a message back]'],
  ['old_button', '[The customer touched a button of an old message]'],
  ['followed', '[The customer added this account as a friend]'],
  ['unfollowed', '[The customer blocked this account]'],
  ['joined', '[This account was added to a group]'],
  ['account_linked', '[The customer linked an account]'],
  ['account_not_linked', '[The customer could not link an account]'],
])('the notice %s is told in brackets', async (notice, text) => {
  expect(await shown({ kind: 'notice', notice })).toEqual({ text })
})

test('what the bridge says itself is in the channel’s language', async () => {
  const about = { quoted: { text: 'サイズは？' }, edited } as const
  expect(await shown({ kind: 'text', text: 'L' }, about, 'ja-JP')).toEqual({
    text: '[返信元：「サイズは？」]\n[編集済み] L',
  })
  genesys.api.length = 0
  expect(await shown({ kind: 'text', text: 'L' }, { quoted: {} }, 'th')).toEqual({
    text: '[ตอบกลับข้อความก่อนหน้า]\nL',
  })
  genesys.api.length = 0
  expect(await shown({ kind: 'notice', notice: 'unsent' }, {}, 'zh-Hant-TW')).toEqual({ text: '[顧客收回了一則訊息]' })
})

describe('a quoted text', () => {
  const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}'
  test.each<[string, string, string]>([
    ['of 80 characters is whole', 'x'.repeat(80), 'x'.repeat(80)],
    ['of more is shortened to 80', 'x'.repeat(81), `${'x'.repeat(79)}…`],
    ['is counted as people see it', family.repeat(80), family.repeat(80)],
    ['is never cut inside what people see as one', family.repeat(81), `${family.repeat(79)}…`],
    ['of Thai is counted with its marks', 'ที่'.repeat(81), `${'ที่'.repeat(79)}…`],
    ['stands in one line', ' Hello,\r\n\r\n how are\u2028you?\n', 'Hello, how are you?'],
    ['is not filled in itself', '{text} $& {count}', '{text} $& {count}'],
    ['has no blank before its ellipsis', `${'x'.repeat(78)} ${'x'.repeat(20)}`, `${'x'.repeat(78)}…`],
  ])('%s', async (_how, text, expected) => {
    expect(await shown({ kind: 'text', text: 'Yes' }, { quoted: { text } })).toEqual({
      text: `[In reply to: “${expected}”]\nYes`,
    })
  })
})

describe('the picture of a sticker', () => {
  const bodies = () => genesys.api.map(({ body }) => JSON.parse(body))
  const passing = new DeliveryError('x', { do: 'retry', mayHaveArrived: false })
  const failing = (error: Error, attempt = 1): Delivery =>
    startDelivery({ attempt, publish: () => Promise.reject(error) })

  test('is published as a decoration at part 0 before any permit is asked for; a file as an attachment', async () => {
    const steps: unknown[] = []
    const delivery = startDelivery({
      permit: async () => void steps.push('permit'),
      publish: async (...asked) => {
        steps.push(asked)
        return file
      },
    })
    await centre().deliver(message(sticker), delivery)
    await centre().deliver(message(image), delivery)
    expect(steps).toEqual([[picture, 0, 'decoration'], 'permit', [image, 0], 'permit'])
  })

  test.each(['gone', 'not_ready', 'too_large', 'forbidden_address', 'refused'] as const)(
    'that can never be had (%s) leaves its words, also where it needs none',
    async (problem) => {
      await centre().deliver(message(wordless), failing(new MediaUnavailable(problem, 'x')))
      expect(bodies()).toMatchObject([{ text: '[LINE STICKER: Love]' }])
      expect(bodies()[0]).not.toHaveProperty('content')
    },
  )

  test('that is larger than Genesys takes leaves its words', async () => {
    const publish = async () => ({ ...file, bytes: 25_000_001 })
    await centre().deliver(message(wordless), startDelivery({ publish }))
    expect(bodies()).toMatchObject([{ text: '[LINE STICKER: Love]' }])
    expect(bodies()[0]).not.toHaveProperty('content')
  })

  test('that cannot be had now is tried once more, and holds nobody up for longer', async () => {
    await expect(centre().deliver(message(sticker), failing(passing))).rejects.toBe(passing)
    expect(genesys.api).toHaveLength(0)
    await centre().deliver(message(sticker), failing(passing, 2))
    expect(bodies()).toMatchObject([{ text: '[LINE STICKER: Love]' }])
  })

  test.each<[string, DeliveryError]>([
    ['wait', new DeliveryError('x', { do: 'wait', afterMs: 1_000 })],
    ['hold', new DeliveryError('x', { do: 'hold' })],
  ])('makes no message %s', async (_what, error) => {
    await centre().deliver(message(sticker), failing(error))
    expect(bodies()).toMatchObject([{ text: '[LINE STICKER: Love]' }])
  })

  test('that does not come leaves its words within seconds, because another conversation may wait for the place', async () => {
    const began = performance.now()
    await centre().deliver(message(sticker), startDelivery({ publish: () => new Promise(() => {}) }))
    expect(performance.now() - began).toBeLessThan(4_000)
    expect(bodies()).toMatchObject([{ text: '[LINE STICKER: Love]' }])
  })

  test('is left to the next process when this one stops', async () => {
    const stopping = new Stopping('The process stops.')
    await expect(centre().deliver(message(sticker), failing(stopping, 5))).rejects.toBe(stopping)
    expect(genesys.api).toHaveLength(0)
  })
})

test.each<[string, Content, string]>([
  ['of a group', image, 'Aiko: [The LINE image is no longer available]'],
  ['of a group, a video', { ...image, media: 'video' }, 'Aiko: [The LINE video is no longer available]'],
])('a file %s that cannot be had becomes a text with its speaker', async (_what, what, text) => {
  const publish = () => Promise.reject(new MediaUnavailable('gone', 'x'))
  await centre().deliver(message(what, { speaker }), startDelivery({ publish }))
  expect(JSON.parse(genesys.api[0]?.body ?? '')).toMatchObject({ text })
})

test('a file that the operator does not want becomes a text that says so', async () => {
  const publish = () => Promise.reject(new MediaUnavailable('refused', 'x'))
  await centre().deliver(message(image), startDelivery({ publish }))
  expect(JSON.parse(genesys.api[0]?.body ?? '')).toMatchObject({
    text: '[The LINE image was not passed on: this channel takes no files from customers, or only smaller ones]',
  })
})
