import { describe, expect, test } from '@jest/globals'
import type { Json, PhoneMessage } from '../../src/sandbox/platforms.ts'
import { writeBeforehand } from '../support/first-message.ts'
import { journeys } from '../support/journeys.ts'
import { arrived, envelope } from '../support/looks.ts'
import { write } from '../support/talk.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start } = journeys()
writeBeforehand(start)

interface Told {
  readonly from: { readonly nickname?: string }
  readonly metadata: { readonly customAttributes: Json }
}
const told = (body: Json | undefined) => body?.channel as Told
const attributesOf = (body: Json | undefined) => told(body).metadata.customAttributes
const nicknameOf = (body: Json | undefined) => told(body).from.nickname

/** A customer's words in a world of their own, and what Genesys was told. */
async function carry(world: World, message: PhoneMessage) {
  const sent = world.line.send(thailand.name, thailand.userId, message)
  const [item] = await arrived(world, 1)
  return { sent, body: item?.body }
}

describe('a customer’s message', () => {
  test('goes to the integration’s address as JSON with a bearer token, and says who wrote, when, and where it belongs', async () => {
    const world = await start()
    const { sent, body } = await carry(world, { type: 'text', text: 'สวัสดีค่ะ 👋' })

    expect(body).toStrictEqual({ channel: envelope(sent), text: 'สวัสดีค่ะ 👋' })
    const requests = world.genesys.requests.filter(({ endpoint }) => endpoint === 'message')
    expect(requests.map(({ method, path, status }) => [method, path, status])).toEqual([
      ['POST', `/api/v2/conversations/messages/${thailand.integrationId}/inbound/open/message`, 200],
    ])
    expect(requests[0]?.headers.authorization).toMatch(/^Bearer \S+$/)
  })

  test('of each brand goes to that brand’s integration', async () => {
    const world = await start()
    world.line.send(taiwan.name, taiwan.userId, { type: 'text', text: '您好，請問' })
    world.line.send(thailand.name, thailand.userId, { type: 'text', text: 'สวัสดีครับ' })

    const routed = (await arrived(world, 2)).map(({ integrationId, text, body }) => [
      integrationId,
      text,
      attributesOf(body).brand,
    ])
    expect(routed).toHaveLength(2)
    expect(routed).toContainEqual([taiwan.integrationId, '您好，請問', 'Retail_Taiwan'])
    expect(routed).toContainEqual([thailand.integrationId, 'สวัสดีครับ', 'Retail_Thai'])
  })

  test.each([
    ['emoji, joined people and flags', '👩‍👩‍👧‍👦 🇹🇭 👍🏽 (moon wave) $'],
    ['quotes, backslashes and markup', `"double" 'single' \\back\\ </script> {{name}} %s %00 &amp;`],
    ['white space on both ends and line breaks of all kinds', '  \t first\r\nsecond\n\n\u2028third\u2029 \u00a0'],
    ['control characters and a lone half of a pair', 'nul \u0000 escape \u001b half \ud83d end'],
    ['scripts that combine and run right to left', 'กํ้า é vs e\u0301 שלום مرحبا \u202eabc'],
    ['the longest text that LINE lets people write', 'ยาว '.repeat(1250)],
  ])('arrives character for character: %s', async (_, text) => {
    const world = await start()
    const { sent, body } = await carry(world, {
      type: 'text',
      text,
      extra: { emojis: [], mention: { mentionees: [] } },
    })

    expect(body).toStrictEqual({ channel: envelope(sent), text })
  })

  const maps = 'https://www.google.com/maps/search/?api=1&query='
  const sticker = { type: 'sticker', packageId: '446', stickerId: '1988' } as const
  const place = { type: 'location', latitude: 13.7291, longitude: 100.5212 } as const
  test.each<[string, PhoneMessage, string]>([
    [
      'a sticker by the words on it',
      { ...sticker, text: 'ขอบคุณ', keywords: ['thanks', 'bow'] },
      '[LINE STICKER: ขอบคุณ]',
    ],
    [
      'a sticker without words by its keywords',
      { ...sticker, keywords: ['thanks', 'bow'] },
      '[LINE STICKER: thanks, bow]',
    ],
    ['a sticker without either by its numbers', sticker, '[LINE STICKER: 446/1988]'],
    ['a sticker with empty keywords by its numbers', { ...sticker, keywords: [] }, '[LINE STICKER: 446/1988]'],
    [
      'a location with title and address, each on its line',
      { ...place, title: 'Our shop', address: '1 Silom Rd' },
      `Our shop\n1 Silom Rd\n${maps}13.7291,100.5212`,
    ],
    ['a location with an address only', { ...place, address: '1 Silom Rd' }, `1 Silom Rd\n${maps}13.7291,100.5212`],
    ['a location with a title only', { ...place, title: 'Our shop' }, `Our shop\n${maps}13.7291,100.5212`],
    ['a bare location', { ...place, latitude: -33.5, longitude: -0.125 }, `${maps}-33.5,-0.125`],
    [
      'a type of message that nobody knows yet by its name',
      { type: 'message', message: { type: 'hologram', id: '5001', beam: { text: 'unseen' } } },
      '[Unsupported LINE message: hologram]',
    ],
    ['a postback by its data', { type: 'postback', data: 'action=buy&item=42' }, 'action=buy&item=42'],
    [
      'a date-time postback by its data',
      { type: 'postback', data: 'when=delivery', params: { datetime: '2026-12-01T10:00' } },
      'when=delivery',
    ],
  ])('becomes text: %s', async (_, message, text) => {
    const world = await start()
    const { sent, body } = await carry(world, message)

    expect(body).toStrictEqual({ channel: envelope(sent), text })
  })

  test('keeps an id that no floating-point number can hold', async () => {
    const world = await start()
    for (const id of ['9007199254740992', '9007199254740993', '604999999999999999']) {
      world.line.send(thailand.name, thailand.userId, {
        type: 'message',
        message: { type: 'text', id, text: `No. ${id}` },
      })
      await arrived(world, world.genesys.inbound.length + 1)
    }

    expect(world.genesys.inbound.map(({ messageId, text }) => [messageId, text])).toEqual([
      ['9007199254740992', 'No. 9007199254740992'],
      ['9007199254740993', 'No. 9007199254740993'],
      ['604999999999999999', 'No. 604999999999999999'],
    ])
  })

  test('goes to the deprecated address, with the integration in its body, where the channel says so', async () => {
    const world = await start({ channels: { genesys: { inboundApi: 'legacy' } } })
    const { sent, body } = await carry(world, { type: 'text', text: 'By the old way' })

    expect(world.genesys.requests.filter(({ path }) => path.includes('/inbound/')).map(({ path }) => path)).toEqual([
      '/api/v2/conversations/messages/inbound/open',
    ])
    expect(body).toStrictEqual({
      channel: { platform: 'Open', type: 'Private', to: { id: thailand.integrationId }, ...envelope(sent) },
      type: 'Text',
      direction: 'Inbound',
      text: 'By the old way',
    })
  })
})

describe('the customer’s language', () => {
  const friend = (brand: typeof thailand | typeof taiwan, language?: string) => ({
    friends: [{ userId: brand.userId, displayName: brand.customer, ...(language && { language }) }],
  })

  test('is the profile’s, else the channel’s', async () => {
    const world = await start()
    world.line.configure(thailand.name, friend(thailand, 'ja'))
    const { body } = await carry(world, { type: 'text', text: 'こんにちは' })
    expect(attributesOf(body).language).toBe('ja')

    const another = await start()
    another.line.configure(thailand.name, friend(thailand))
    expect(attributesOf((await carry(another, { type: 'text', text: 'Good day' })).body).language).toBe('th')
  })

  test('is left out where neither is known', async () => {
    const world = await start()
    world.line.configure(taiwan.name, friend(taiwan))
    write(world, 'Good day', taiwan)

    const [item] = await arrived(world, 1)
    expect(nicknameOf(item?.body)).toBe(taiwan.customer)
    expect(attributesOf(item?.body)).toStrictEqual({
      market: 'Taiwan',
      brand: 'Retail_Taiwan',
      channel: 'retail_taiwan',
    })
  })
})

describe('the customer’s name', () => {
  test.each([
    ['does not know the customer', { answer: 404 }],
    ['fails', { answer: 500 }],
    ['breaks the connection', { answer: 'drop' }],
    ['refuses us', { answer: 401 }],
    ['never answers', { answer: 'silence' }],
  ] as const)('is left out, and nothing waits for it, when LINE’s profile API %s', async (_, fault) => {
    const world = await start()
    world.line.break('profile', fault)
    const { sent, body } = await carry(world, { type: 'text', text: 'Who am I?' })

    const { from: _from, ...about } = envelope(sent)
    expect(body).toStrictEqual({
      channel: { ...about, from: { id: thailand.userId, idType: 'Opaque' } },
      text: 'Who am I?',
    })
    expect((world.genesys.inbound[0]?.at ?? 0) - sent.event.timestamp).toBeLessThan(1_500)
  })

  test('is remembered while LINE’s profile API is down', async () => {
    const world = await start()
    await carry(world, { type: 'text', text: 'Before the fault' })
    world.line.break('profile', { answer: 503 })
    write(world, 'During the fault')

    const items = await arrived(world, 2)
    expect(items.map(({ body }) => nicknameOf(body))).toEqual([thailand.customer, thailand.customer])
    expect(world.line.requests.filter(({ endpoint }) => endpoint === 'profile')).toHaveLength(1)
  })

  test('that comes too late for one message is there for the next', async () => {
    const world = await start()
    world.line.break('profile', { delayMs: 700, times: 1 })
    const heard = new Promise<void>((resolve) => {
      world.line.on((event) => {
        if (event.type === 'request.answered' && event.request.endpoint === 'profile') resolve()
      })
    })
    await carry(world, { type: 'text', text: 'Too early' })
    await heard
    write(world, 'Just in time')

    const items = await arrived(world, 2)
    expect(items.map(({ body }) => nicknameOf(body))).toEqual([undefined, thailand.customer])
  })
})
