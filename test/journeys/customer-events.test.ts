import { describe, expect, test } from '@jest/globals'
import type { Json } from '../../src/sandbox/platforms.ts'
import { journeys } from '../support/journeys.ts'
import { arrived, desk, onPhone, outcomes, pushes, receiptOf, shown, textsBeforeLast } from '../support/looks.ts'
import { type Pictures, startPictures } from '../support/pictures.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand, type World } from '../support/world.ts'
import { jpeg, sendFile } from './files.ts'

const { start, later } = journeys()

const send = (world: World, event: Json & { readonly type: string }) =>
  world.line.send(thailand.name, thailand.userId, { type: 'event', event })

const group = `C${'4'.repeat(32)}`
const inGroup = { source: { type: 'group', groupId: group, userId: thailand.userId } }

async function pictures(status?: number): Promise<Pictures> {
  const started = await startPictures(status)
  later(started.stop)
  return started
}

describe('a message that is taken back', () => {
  test('is told in the channel’s language, after what was said before', async () => {
    const world = await start()
    const regretted = write(world, 'regretted')
    await arrived(world, 1)
    const unsend = world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: regretted.id })
    const [, notice] = await arrived(world, 2)
    expect(notice).toMatchObject({ text: '[ลูกค้ายกเลิกข้อความ]', messageId: unsend.event.webhookEventId })
  })

  test('never reaches an agent when the taking back comes first', async () => {
    const world = await start()
    const regretted = world.line.event(thailand.name, thailand.userId, { type: 'text', text: 'zebra regretted' })
    world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: regretted.message?.id ?? '' })
    await arrived(world, 1)
    await world.line.post(thailand.name, [regretted]).ended
    expect(await textsBeforeLast(world)).toEqual(['[ลูกค้ายกเลิกข้อความ]'])
    expect(JSON.stringify(world.genesys.requests)).not.toContain('regretted')
  })
})

describe('what a customer quotes', () => {
  const quoting = (world: World, text: string, quotedMessageId: string) =>
    world.line.send(thailand.name, thailand.userId, {
      type: 'message',
      message: { type: 'text', text, quotedMessageId },
    })

  test('is told in a line above the answer, whoever had said it', async () => {
    const world = await start()
    const question = write(world, 'where is my parcel')
    await arrived(world, 1)
    answer(world, 'which number')
    await onPhone(world, 'which number')
    const [shownAnswer] = world.line.messages(thailand.name, thailand.userId)
    quoting(world, 'zebra 4711', shownAnswer?.id ?? '')
    quoting(world, 'zebra hello?', question.id)
    const items = await arrived(world, 3)
    expect(items.slice(1).map(({ text }) => text)).toEqual([
      '[ตอบกลับ: “zebra which number”]\nzebra 4711',
      '[ตอบกลับ: “zebra where is my parcel”]\nzebra hello?',
    ])
  })

  test('is an earlier message when nobody knows it, or when it was taken back', async () => {
    const world = await start()
    const regretted = write(world, 'regretted')
    await arrived(world, 1)
    world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: regretted.id })
    await arrived(world, 2)
    await until('the words to be forgotten', async () => {
      quoting(world, 'zebra that one', regretted.id)
      const texts = desk(world).filter((text) => text.endsWith('that one'))
      return texts.some((text) => text.startsWith('[ตอบกลับข้อความก่อนหน้า]\n'))
    })
    quoting(world, 'zebra what', '1')
    await until('the last one', () => desk(world).includes('[ตอบกลับข้อความก่อนหน้า]\nwhat'))
  })
})

describe('stickers', () => {
  const sticker = { type: 'sticker', packageId: '446', stickerId: '1988', keywords: ['Hello'] } as const

  test.each([
    { stickers: 'image', text: undefined },
    { stickers: 'both', text: '[LINE STICKER: Hello]' },
  ])('$stickers: agents see the picture', async ({ stickers, text }) => {
    const { url, asked } = await pictures()
    const stickerUrl = `${url}/{packageId}/{stickerId}.png`
    const world = await start({ channels: { line: { stickers, stickerUrl } } })
    world.line.send(thailand.name, thailand.userId, sticker)
    const [item] = await arrived(world, 1)
    expect(asked).toEqual(['/446/1988.png'])
    expect(item?.attachment).toMatchObject({ mediaType: 'Image' })
    expect(item?.text).toBe(text)
    await until('Genesys to have the picture', () => item?.attachment?.fetched?.ok)
  })

  test('image: without its picture a sticker is told in words', async () => {
    const { url } = await pictures(404)
    const world = await start({ channels: { line: { stickers: 'image', stickerUrl: `${url}/{stickerId}` } } })
    world.line.send(thailand.name, thailand.userId, sticker)
    const [item] = await arrived(world, 1)
    expect(item).toMatchObject({ text: '[LINE STICKER: Hello]', attachment: undefined })
  })
})

test('pictures that were sent together come in their order, and say which they are', async () => {
  const world = await start()
  const bytes = await jpeg()
  const events = [3, 1, 2].map((index) => {
    const image = { type: 'image', bytes, mime: 'image/jpeg' } as const
    const event = world.line.event(thailand.name, thailand.userId, image, { at: 1_790_000_000_000 })
    return { ...event, message: { ...event.message, imageSet: { id: 'set', index, total: 3 } } }
  })
  await world.line.post(thailand.name, events).ended
  const items = await arrived(world, 3)
  expect(items.map(({ attachment }) => attachment?.fileName)).toEqual([
    'image 1 of 3.jpg',
    'image 2 of 3.jpg',
    'image 3 of 3.jpg',
  ])
})

describe('attachments that the operator does not want', () => {
  test('of customers: the agent is told', async () => {
    const world = await start({ channels: { attachments: { fromCustomer: false } } })
    sendFile(world, { type: 'image', bytes: await jpeg(), mime: 'image/jpeg' })
    const [item] = await arrived(world, 1)
    expect(item).toMatchObject({
      text: expect.stringMatching(/^\[The LINE image was not passed on/),
      attachment: undefined,
    })
  })

  test('of agents: the customer is told, in the channel’s language', async () => {
    const world = await start({ channels: { attachments: { fromAgent: false } } })
    const item = world.genesys.sendAttachment(thailand.integrationId, thailand.userId, {
      bytes: await jpeg(),
      mime: 'image/jpeg',
      fileName: 'map.jpg',
    })
    const [message] = await shown(world, 1)
    expect(message).toMatchObject({ type: 'text', text: expect.stringContaining('มีการส่งรูปภาพ') })
    expect(await receiptOf(item)).toBe('Delivered')
  })

  test('that are too large: both ways', async () => {
    const world = await start({ channels: { attachments: { maxBytes: 1_000 } } })
    sendFile(world, { type: 'image', bytes: await jpeg(), mime: 'image/jpeg' })
    const [item] = await arrived(world, 1)
    expect(item?.attachment).toBeUndefined()
    world.genesys.sendAttachment(thailand.integrationId, thailand.userId, { bytes: await jpeg(), mime: 'image/jpeg' })
    const [message] = await shown(world, 1)
    expect(message?.type).toBe('text')
  })
})

describe('life-cycle events', () => {
  test('are counted, and nothing more, unless the operator wants them', async () => {
    const world = await start()
    send(world, { type: 'follow', follow: { isUnblocked: false } })
    send(world, { type: 'accountLink', link: { result: 'ok', nonce: 'n'.repeat(10) } })
    expect(await textsBeforeLast(world)).toEqual([])
    expect(await outcomes(world, 'inbound', 'ignored')).toBe(2)
  })

  test('text: agents read of them', async () => {
    const world = await start({ channels: { line: { events: { follow: 'text', accountLink: 'text' } } } })
    send(world, { type: 'follow', follow: { isUnblocked: false } })
    await arrived(world, 1)
    send(world, { type: 'accountLink', link: { result: 'ok', nonce: 'n'.repeat(10) } })
    await arrived(world, 2)
    expect(desk(world)).toEqual(['[ลูกค้าเพิ่มบัญชีนี้เป็นเพื่อน]', '[ลูกค้าเชื่อมโยงบัญชีแล้ว]'])
  })

  test('attribute: the next message tells it, and only that one, even when LINE sends the event again', async () => {
    const world = await start({ channels: { line: { events: { follow: 'attribute' } } } })
    const follow = send(world, { type: 'follow', follow: { isUnblocked: false } })
    await follow.webhook.ended
    write(world, 'one')
    await arrived(world, 1)
    await world.line.post(thailand.name, [follow.event]).ended
    write(world, 'two')
    const items = await arrived(world, 2)
    const attributes = items.map(({ body }) => JSON.stringify(body.channel))
    expect(attributes[0]).toContain('"lineEvent":"follow"')
    expect(attributes[1]).not.toContain('lineEvent')
  })

  test('attribute: a message that comes in the same body tells it', async () => {
    const world = await start({ channels: { line: { events: { accountLink: 'attribute' } } } })
    write(world, 'hello')
    await arrived(world, 1)
    const link = {
      type: 'event',
      event: { type: 'accountLink', link: { result: 'ok', nonce: 'n'.repeat(10) } },
    } as const
    const said = [link, { type: 'text', text: 'zebra linked' } as const]
    await world.line.post(
      thailand.name,
      said.map((one) => world.line.event(thailand.name, thailand.userId, one)),
    ).ended
    const [, item] = await arrived(world, 2)
    expect(JSON.stringify(item?.body.channel)).toContain('"lineEvent":"accountLink"')
  })

  test('a follow that agents read of lets a customer be reached again', async () => {
    const world = await start({ channels: { line: { events: { follow: 'text', unfollow: 'text' } } } })
    await world.line.block(thailand.name, thailand.userId).webhook.ended
    const item = answer(world, 'are you there')
    expect(await receiptOf(item)).toBe('Failed RecipientOptedOut')
    await world.line.unblock(thailand.name, thailand.userId).webhook.ended
    expect(await receiptOf(answer(world, 'welcome back'))).toBe('Delivered')
    expect(desk(world)).toEqual(['[ลูกค้าบล็อกบัญชีนี้]', '[ลูกค้าเพิ่มบัญชีนี้เป็นเพื่อน]'])
  })
})

describe('group chats', () => {
  const inGroupWrites = (world: World, text: string) =>
    world.line.send(thailand.name, thailand.userId, { type: 'text', text }, { event: inGroup })

  test('ignore: they are counted', async () => {
    const world = await start()
    await inGroupWrites(world, 'zebra in a group').webhook.ended
    expect(await textsBeforeLast(world)).toEqual([])
  })

  test('leave: the account goes', async () => {
    const world = await start({ channels: { line: { groups: 'leave' } } })
    await world.line.send(
      thailand.name,
      thailand.userId,
      { type: 'event', event: { type: 'join' } },
      { event: inGroup },
    ).webhook.ended
    await until('it to leave', () => world.line.requests.some(({ path }) => path === `/v2/bot/group/${group}/leave`))
    expect(await textsBeforeLast(world)).toEqual([])
  })

  test('bridge: each is one conversation, whose members are named, and answers go to all', async () => {
    const world = await start({ channels: { line: { groups: 'bridge' } } })
    inGroupWrites(world, 'zebra hello all')
    const [item] = await arrived(world, 1)
    expect(item).toMatchObject({ userId: group, text: `${thailand.customer}: zebra hello all` })
    world.genesys.sendText(thailand.integrationId, group, 'zebra hello to you')
    await until('the answer', () => pushes(world).some(({ body }) => body.includes(`"to":"${group}"`)))
  })

  test('bridge: an edited text takes the place of the old one', async () => {
    const world = await start({ channels: { line: { groups: 'bridge' } } })
    const first = inGroupWrites(world, 'zebra hullo')
    await arrived(world, 1)
    world.line.send(
      thailand.name,
      thailand.userId,
      { type: 'event', event: { type: 'messageEdited', message: { type: 'text', id: first.id, text: 'zebra hello' } } },
      { event: inGroup },
    )
    const items = await arrived(world, 2)
    expect(items.at(-1)?.text).toBe(`${thailand.customer}: [แก้ไขแล้ว] zebra hello`)
  })
})

describe('what a customer sees while waiting', () => {
  const loadings = (world: World) => world.line.requests.filter(({ endpoint }) => endpoint === 'loading')

  test('the loading animation, while an agent writes', async () => {
    const world = await start()
    await world.genesys.sendTyping(thailand.integrationId, thailand.userId).ended
    const [request] = await until('the animation', () => loadings(world).length > 0 && loadings(world))
    expect(JSON.parse(request?.body ?? '')).toEqual({ chatId: thailand.userId, loadingSeconds: 10 })
    expect(request?.status).toBe(202)
  })

  test('no animation, where the operator wants none', async () => {
    const world = await start({ channels: { line: { typing: false } } })
    await world.genesys.sendTyping(thailand.integrationId, thailand.userId).ended
    answer(world, 'hello')
    await onPhone(world, 'hello')
    expect(loadings(world)).toEqual([])
  })

  test('that the messages were read, once an agent has answered', async () => {
    const world = await start({ channels: { line: { markAsRead: true } } })
    write(world, 'hello')
    await arrived(world, 1)
    world.genesys.sendText(thailand.integrationId, thailand.userId, 'zebra from a bot', { author: 'Bot' })
    await onPhone(world, 'from a bot')
    answer(world, 'from an agent')
    const marks = () => world.line.requests.filter(({ endpoint }) => endpoint === 'markAsRead')
    await until('the mark', () => marks().length > 0)
    answer(world, 'and more')
    await onPhone(world, 'and more')
    expect(marks().map(({ status }) => status)).toEqual([200])
    const [mark] = marks()
    const agentPush = pushes(world).find(({ body }) => body.includes('from an agent'))
    expect(mark?.at).toBeGreaterThanOrEqual(agentPush?.at ?? Number.POSITIVE_INFINITY)
  })
})
