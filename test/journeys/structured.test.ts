import { describe, expect, test } from '@jest/globals'
import type { Json } from '../../src/sandbox/platforms.ts'
import { journeys } from '../support/journeys.ts'
import { pushes, receiptOf, shown, shownBeforeLast } from '../support/looks.ts'
import { actionsIn, wordsIn } from '../support/touch.ts'
import { thailand, type World } from '../support/world.ts'
import { jpeg } from './files.ts'

const { start } = journeys()

/** The bubbles of a Flex carousel. */
function bubblesOf(message: Json | undefined): readonly { readonly hero?: { readonly url?: string } }[] {
  const carousel = message?.contents as { readonly type?: string; readonly contents?: readonly object[] } | undefined
  expect(carousel?.type).toBe('carousel')
  return carousel?.contents ?? []
}

const offer = (world: World, message: { readonly text?: string; readonly content: readonly Json[] }) =>
  world.genesys.sendStructured(thailand.integrationId, thailand.userId, message, { author: 'Bot' })

const postback = (text: string) => ({ type: 'Postback', text, payload: text })
const card = (number: number): Json => ({
  title: `Plan ${number}`,
  description: `Number ${number}`,
  actions: [postback(`Choose ${number}`), { type: 'Link', text: 'Details', url: `https://shop.example/${number}` }],
})

describe('what a bot offers', () => {
  test('quick replies stand below the question, and those that LINE has no room for in the text', async () => {
    const world = await start()
    const labels = Array.from({ length: 15 }, (_, index) => `Answer number ${index + 1} of fifteen`)
    offer(world, {
      text: 'zebra Which one?',
      content: labels.map((text) => ({ contentType: 'QuickReply', quickReply: { text, payload: text } })),
    })
    const [message] = await shown(world, 1)
    expect(message).toMatchObject({ type: 'text', text: expect.stringMatching(/^zebra Which one\?/) })
    const items = actionsIn(message)
    expect(items).toHaveLength(13)
    expect(items.map(({ displayText }) => displayText)).toEqual(labels.slice(0, 13))
    for (const { label } of items) expect(label?.length).toBeLessThanOrEqual(20)
    for (const label of labels.slice(13)) expect(String(message?.text)).toContain(label)
  })

  test('quick replies stand below the last of several objects', async () => {
    const world = await start()
    offer(world, {
      text: `zebra ${'long text. '.repeat(600)}`,
      content: [{ contentType: 'QuickReply', quickReply: { text: 'Yes', payload: 'yes' } }],
    })
    const messages = await shown(world, 2)
    expect(messages.map((message) => actionsIn(message).length)).toEqual([0, 1])
  })

  test('a card is a bubble with its words, buttons and link', async () => {
    const world = await start()
    offer(world, { content: [{ contentType: 'Card', card: card(1) }] })
    const [message] = await shown(world, 1)
    expect(message).toMatchObject({
      type: expect.stringMatching(/^(flex|template)$/),
      altText: expect.stringContaining('Plan 1'),
    })
    expect(wordsIn(message)).toEqual(expect.arrayContaining(['Plan 1', 'Number 1', 'Choose 1', 'Details']))
    expect(actionsIn(message)).toEqual([
      expect.objectContaining({ type: 'postback', label: 'Choose 1' }),
      expect.objectContaining({ type: 'uri', uri: 'https://shop.example/1' }),
    ])
  })

  test('ten cards stand side by side, in their order', async () => {
    const world = await start()
    offer(world, {
      content: [
        { contentType: 'Carousel', carousel: { cards: Array.from({ length: 10 }, (_, index) => card(index)) } },
      ],
    })
    const [message] = await shown(world, 1)
    expect(bubblesOf(message).map((bubble) => wordsIn(bubble)[0])).toEqual(
      Array.from({ length: 10 }, (_, index) => `Plan ${index}`),
    )
  })

  test('a card’s picture is our own copy, and a picture that cannot be had is left out', async () => {
    const world = await start()
    const file = world.genesys.sendAttachment(thailand.integrationId, thailand.userId, {
      bytes: await jpeg(),
      mime: 'image/jpeg',
      fileName: 'shoe.jpg',
    })
    await shown(world, 1)
    const [{ attachment }] = file.content as [{ attachment: { url: string } }]
    offer(world, {
      content: [
        {
          contentType: 'Carousel',
          carousel: {
            cards: [
              { ...card(1), image: attachment.url },
              { ...card(2), image: 'http://127.0.0.1:9/missing.png' },
            ],
          },
        },
      ],
    })
    const [, message] = await shown(world, 2)
    const [first, second] = bubblesOf(message)
    const url = first?.hero?.url ?? ''
    expect(url).toMatch(new RegExp(`^${world.url}/media/`))
    expect((await fetch(url)).headers.get('content-type')).toMatch(/^image\//)
    expect(second).toBeDefined()
    expect(second?.hero).toBeUndefined()
  })

  test('a template is header, filled-in body, footer and buttons', async () => {
    const world = await start()
    offer(world, {
      content: [
        {
          contentType: 'Notification',
          template: {
            id: 'template-1',
            header: { type: 'Text', text: 'Your order' },
            body: { text: 'Order {{1}} is ready.', parameters: [{ name: '1', text: '4711' }] },
            footer: { text: 'Thank you' },
            buttons: [
              { type: 'Url', index: 0, text: 'Track', url: 'https://shop.example/4711' },
              { type: 'PhoneNumber', index: 1, text: 'Call', phoneNumber: '+6620000000' },
            ],
          },
        },
      ],
    })
    const [message] = await shown(world, 1)
    expect(wordsIn(message)).toEqual(
      expect.arrayContaining(['Your order', 'Order 4711 is ready.', 'Thank you', 'Track', 'Call']),
    )
    expect(actionsIn(message).map(({ uri }) => uri)).toEqual(['https://shop.example/4711', 'tel:+6620000000'])
  })

  test('Markdown and HTML of a bot become plain words; an agent’s own characters stay', async () => {
    const world = await start()
    const text = 'zebra **Hello**, see [our shop](https://shop.example/) & <b>more</b>'
    world.genesys.sendText(thailand.integrationId, thailand.userId, text, { author: 'Bot' })
    world.genesys.sendText(thailand.integrationId, thailand.userId, text, { author: 'Human' })
    const [bot, human] = await shown(world, 2)
    expect(bot?.text).toBe('zebra Hello, see our shop (https://shop.example/) & more')
    expect(human?.text).toBe(text)
  })

  test('a document is a card with its name, size and link', async () => {
    const world = await start()
    world.genesys.sendAttachment(thailand.integrationId, thailand.userId, {
      bytes: Buffer.from(`%PDF-1.4\n${'x'.repeat(2_000)}`),
      mime: 'application/pdf',
      fileName: 'ใบเสร็จ.pdf',
    })
    const [message] = await shown(world, 1)
    expect(message?.type).toBe('flex')
    expect(wordsIn(message).join(' ')).toMatch(/ใบเสร็จ\.pdf.*2(\.\d)? kB/)
    const [action] = actionsIn(message)
    expect((await fetch(action?.uri ?? '')).status).toBe(200)
  })

  test('a card that no bubble can hold is told in words, and nothing of it is lost', async () => {
    const world = await start()
    const description = 'ข้อความยาวมาก '.repeat(3_000)
    const item = offer(world, {
      content: [{ contentType: 'Card', card: { title: 'Plan A', description, actions: [postback('Choose A')] } }],
    })
    expect(await receiptOf(item)).toBe('Delivered')
    const messages = await shownBeforeLast(world)
    const words = messages
      .flatMap((message) => (message.type === 'text' ? [String(message.text)] : wordsIn(message)))
      .join('')
    expect(words.replaceAll(/\s+/g, '')).toContain(description.replaceAll(/\s+/g, ''))
    expect(words).toContain('Choose A')
  })

  test.each([
    [
      'a location',
      { contentType: 'Location', location: { latitude: 13.7, longitude: 100.5, address: 'Siam' } },
      'Siam',
    ],
    [
      'a rich link',
      { contentType: 'RichLink', richLink: { title: 'Shop', url: 'https://shop.example/' } },
      'https://shop.example/',
    ],
    ['a story', { contentType: 'Story', story: { url: 'https://shop.example/story' } }, 'https://shop.example/story'],
    ['reactions', { contentType: 'Reactions', reactions: [{ reactionType: 'Love' }] }, 'Love'],
    ['something new', { contentType: 'Hologram', hologram: { title: 'Hello there' } }, 'Hello there'],
  ])('%s is told in words', async (_, element, words) => {
    const world = await start()
    offer(world, { content: [element] })
    const [message] = await shown(world, 1)
    expect(message).toMatchObject({ type: 'text', text: expect.stringContaining(words) })
  })
})

test('agents and bots write under the names that the operator gave them', async () => {
  const world = await start({
    channels: {
      line: {
        sender: { human: { name: 'Care team' }, bot: { name: 'Robot', iconUrl: 'https://shop.example/bot.png' } },
      },
    },
  })
  world.genesys.sendText(thailand.integrationId, thailand.userId, 'zebra one', { author: 'Human' })
  world.genesys.sendText(thailand.integrationId, thailand.userId, 'zebra two', { author: 'Bot' })
  const messages = await shown(world, 2)
  expect(messages.map(({ sender }) => sender)).toEqual([
    { name: 'Care team' },
    { name: 'Robot', iconUrl: 'https://shop.example/bot.png' },
  ])
})

test('a message that is tried again is the same to the last byte, buttons included', async () => {
  const world = await start()
  world.line.break('push', { answer: 500, times: 2 })
  const item = offer(world, { content: [{ contentType: 'Card', card: card(1) }] })
  expect(await receiptOf(item)).toBe('Delivered')
  const bodies = pushes(world).map(({ body }) => body)
  expect(bodies).toHaveLength(3)
  expect(new Set(bodies).size).toBe(1)
})
