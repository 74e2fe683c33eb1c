import { describe, expect, test } from '@jest/globals'
import type { Json, OutboundItem } from '../../src/sandbox/platforms.ts'
import { writeBeforehand } from '../support/first-message.ts'
import { journeys } from '../support/journeys.ts'
import { alerts, arrived, callsAbout, envelope, shown } from '../support/looks.ts'
import { shownAction, touch } from '../support/touch.ts'
import { until } from '../support/until.ts'
import { thailand, type World } from '../support/world.ts'

const { start } = journeys()
writeBeforehand(start)

/** Genesys structures need an open conversation: the customer has written before. */
async function open(world: World): Promise<void> {
  world.line.send(thailand.name, thailand.userId, { type: 'text', text: 'zebra hello' })
  await arrived(world, 1)
}

const offer = (world: World, message: { readonly text?: string; readonly content: readonly Json[] }): OutboundItem =>
  world.genesys.sendStructured(thailand.integrationId, thailand.userId, message, { author: 'Bot' })

const quickReplies = (...labels: readonly string[]) =>
  labels.map((text) => ({
    contentType: 'QuickReply',
    quickReply: { text, payload: `payload of ${text}`, action: 'Message' },
  }))

const postback = (text: string) => ({ type: 'Postback', text, payload: `payload of ${text}` })

const carousel = {
  contentType: 'Carousel',
  carousel: {
    cards: [
      { title: 'Plan A', description: 'Basic', actions: [postback('Choose A')] },
      {
        title: 'Plan B',
        description: 'More',
        actions: [postback('Choose B'), { type: 'Link', text: 'Details', url: 'https://shop.example/b' }],
      },
    ],
  },
}

const noon = '2030-12-01T05:00:00.000Z'

const structured = async (world: World) =>
  until('an answer', () => {
    const [answer] = world.genesys.inbound.filter(({ via }) => via === 'structured')
    return answer
  })

describe('what a customer touches reaches the flow that offered it', () => {
  test.each([
    {
      what: 'a quick reply',
      message: { text: 'zebra Continue?', content: quickReplies('Yes', 'No') },
      touched: 'No',
      response: { type: 'QuickReply', text: 'No', payload: 'payload of No' },
    },
    {
      what: 'a button of a card',
      message: { content: [{ contentType: 'Card', card: { title: 'Plan A', actions: [postback('Choose A')] } }] },
      touched: 'Choose A',
      response: { type: 'Button', text: 'Choose A', payload: 'payload of Choose A' },
    },
    {
      what: 'a button of a carousel',
      message: { content: [carousel] },
      touched: 'Choose B',
      response: { type: 'Button', text: 'Choose B', payload: 'payload of Choose B' },
    },
    {
      what: 'a row of a list',
      message: {
        content: [
          {
            contentType: 'ListPicker',
            listPicker: { sections: [{ title: 'Shops', items: [{ id: 'shop-1', title: 'Siam' }] }] },
          },
        ],
      },
      touched: 'Siam',
      response: { type: 'Button', text: 'Siam', payload: 'shop-1' },
    },
    {
      what: 'a button of a template',
      message: {
        content: [
          {
            contentType: 'Notification',
            template: {
              id: 'template-1',
              body: { text: 'Your order {{1}} is ready.', parameters: [{ name: '1', text: '4711' }] },
              buttons: [{ type: 'QuickReply', index: 0, text: 'Thanks', payload: 'thanks-4711' }],
            },
          },
        ],
      },
      touched: 'Thanks',
      response: { type: 'Button', text: 'Thanks', payload: 'thanks-4711' },
    },
  ])('$what', async ({ message, touched, response }) => {
    const world = await start()
    await open(world)
    const item = offer(world, message)
    const sent = await touch(world, touched)
    const answer = await structured(world)
    expect(answer.body).toEqual({
      channel: envelope(sent),
      buttonResponse: response,
      originatingMessageId: item.id,
    })
    expect(world.genesys.inbound).toHaveLength(2)
  })

  test('one of the times that were offered', async () => {
    const world = await start()
    await open(world)
    const item = offer(world, {
      content: [
        {
          contentType: 'DatePicker',
          datePicker: { title: 'When?', availableTimes: [{ dateTime: noon, duration: 1_800 }] },
        },
      ],
    })
    const [message] = await shown(world, 1)
    // Noon in Bangkok, in the words of the customer’s language.
    expect(JSON.stringify(message)).toContain('12:00')
    const action = await until('the time', () => {
      const [first] = world.line.messages(thailand.name, thailand.userId)
      return first && /lgb1\.[\w-]+\.0/.exec(JSON.stringify(first.message))?.[0]
    })
    world.line.send(thailand.name, thailand.userId, { type: 'postback', data: action })
    expect((await structured(world)).body).toMatchObject({
      buttonResponse: { type: 'DatePicker', text: noon, payload: noon },
      originatingMessageId: item.id,
    })
  })

  test('any time, chosen on the phone’s own picker, in the channel’s time zone', async () => {
    const world = await start({ channels: { timeZone: 'Asia/Tokyo' } })
    await open(world)
    const item = offer(world, {
      content: [
        {
          contentType: 'DatePicker',
          datePicker: {
            title: 'When?',
            dateMinimum: '2030-12-01T00:00:00.000Z',
            dateMaximum: '2030-12-31T00:00:00.000Z',
          },
        },
      ],
    })
    const { action } = await shownAction(world, 'เลือกวันและเวลา')
    expect(action).toMatchObject({
      type: 'datetimepicker',
      mode: 'datetime',
      min: '2030-12-01T09:00',
      max: '2030-12-31T09:00',
    })
    await touch(world, 'เลือกวันและเวลา', { params: { datetime: '2030-12-01T14:00' } })
    expect((await structured(world)).body).toMatchObject({
      buttonResponse: { type: 'DatePicker', text: noon, payload: noon },
      originatingMessageId: item.id,
    })
  })
})

describe('when Genesys does not take an answer', () => {
  test.each([400, 404])('%d: the label goes as a text', async (status) => {
    const world = await start()
    await open(world)
    offer(world, { text: 'zebra Continue?', content: quickReplies('Yes') })
    world.genesys.break('structured', { answer: status })
    const sent = await touch(world, 'Yes')
    const items = await arrived(world, 2)
    expect(items.at(-1)?.body).toEqual({ channel: envelope(sent), text: 'Yes' })
    expect(callsAbout(world, sent.id, 'structured')).toHaveLength(1)
  })

  test('404 to the text too: held until the integration is there again', async () => {
    const world = await start()
    await open(world)
    offer(world, { text: 'zebra Continue?', content: quickReplies('Yes') })
    const mends = [world.genesys.break('structured', { answer: 404 }), world.genesys.break('message', { answer: 404 })]
    await touch(world, 'Yes')
    await until('an alert', async () => (await alerts(world, 'setup')) > 0)
    for (const mend of mends) mend()
    await world.app.retryNow()
    expect((await structured(world)).body).toMatchObject({ buttonResponse: { text: 'Yes' } })
  })

  test('a lost answer is asked for again, and never becomes a text besides', async () => {
    const world = await start()
    await open(world)
    offer(world, { text: 'zebra Continue?', content: quickReplies('Yes') })
    world.genesys.break('structured', { answer: 503, times: 2 })
    const sent = await touch(world, 'Yes')
    await structured(world)
    expect(callsAbout(world, sent.id, 'structured')).toHaveLength(3)
    expect(callsAbout(world, sent.id)).toEqual([])
  })
})

test('the deprecated endpoint knows no answers: the label goes as a text', async () => {
  const world = await start({ channels: { genesys: { inboundApi: 'legacy' } } })
  await open(world)
  offer(world, { text: 'zebra Continue?', content: quickReplies('Yes') })
  await touch(world, 'Yes')
  const items = await arrived(world, 2)
  expect(items.at(-1)).toMatchObject({ via: 'legacy', text: 'Yes' })
})

test('a button of which nothing is known any more is told in words', async () => {
  const world = await start()
  world.line.send(thailand.name, thailand.userId, { type: 'postback', data: `lgb1.${'x'.repeat(16)}.0` })
  const [item] = await arrived(world, 1)
  expect(item?.text).toBe('[ลูกค้ากดปุ่มของข้อความเก่า]')
})

test('what was offered to one customer is nothing to another one, who only knows its key', async () => {
  const world = await start()
  await open(world)
  offer(world, { text: 'zebra Continue?', content: quickReplies('Yes') })
  const { action } = await shownAction(world, 'Yes')
  const other = `U${'d'.repeat(32)}`
  world.line.send(thailand.name, other, { type: 'postback', data: action.data ?? '' })
  const items = await arrived(world, 2)
  expect(items.at(-1)).toMatchObject({ userId: other, via: 'message', text: '[ลูกค้ากดปุ่มของข้อความเก่า]' })
})

test('a postback of a rich menu stays the text that it was', async () => {
  const world = await start()
  world.line.send(thailand.name, thailand.userId, { type: 'postback', data: 'zebra action=buy&item=1' })
  const [item] = await arrived(world, 1)
  expect(item?.text).toBe('zebra action=buy&item=1')
})
