import { describe, expect, test } from '@jest/globals'
import type { GenesysConversation, Json } from '../../src/sandbox/platforms.ts'
import { journeys } from '../support/journeys.ts'
import {
  alerts,
  arrived,
  metric,
  outcomes,
  pushes,
  shown,
  shownBeforeLast,
  textsBeforeLast,
  wholeReceiptOf,
} from '../support/looks.ts'
import { bare, mark, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start } = journeys()

const stranger = `U${'5'.repeat(32)}`

const say = (world: World, text: string, user: string = thailand.userId) =>
  world.genesys.sendText(thailand.integrationId, user, text)

const receiptRequests = (world: World) => world.genesys.requests.filter(({ endpoint }) => endpoint === 'receipt')

/** The ids of messages whose receipts Genesys got, in the order of the requests. */
const reported = (world: World) => receiptRequests(world).map(({ body }) => (JSON.parse(body) as Json).id)

describe('a receipt', () => {
  test('says Delivered once LINE has taken all parts, and nothing else', async () => {
    const world = await start()
    const item = say(world, 'One sentence. '.repeat(2_000))
    const { body } = await wholeReceiptOf(item)

    expect(body).toStrictEqual({
      id: item.id,
      channel: {
        to: { id: thailand.userId },
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
      status: 'Delivered',
      isFinalReceipt: true,
    })
    const told = Date.parse(String((body.channel as Json).time))
    expect(told).toBeGreaterThanOrEqual(pushes(world).at(-1)?.at ?? Number.POSITIVE_INFINITY)
    expect(told).toBeLessThanOrEqual(Date.now())
    expect(pushes(world)).toHaveLength(2)
    expect(receiptRequests(world).map(({ method, path }) => [method, path])).toEqual([
      ['POST', `/api/v2/conversations/messages/${thailand.integrationId}/inbound/open/receipt`],
    ])
    expect(world.genesys.strayReceipts).toEqual([])
  })

  test('waits for a push that must be tried again', async () => {
    const world = await start()
    world.line.break('push', { answer: 'drop', accept: true, times: 1 })
    const item = say(world, 'Did you get it?')

    expect((await wholeReceiptOf(item)).status).toBe('Delivered')
    expect(await shown(world, 1)).toEqual([{ type: 'text', text: 'Did you get it?' }])
    expect([...world.line.repeated.values()]).toEqual([1])
    expect(await shownBeforeLast(world)).toHaveLength(1)
    expect(item.receipts).toHaveLength(1)
  })

  test.each([
    ['LINE does not know the customer', 'InvalidDestination', /does not know this customer/, { answer: 400 }],
    [
      'LINE refuses the message',
      'InvalidMessageStructure',
      /send it in another form/,
      { answer: 400, message: 'The request body has 1 error(s)' },
    ],
    [
      'the month’s messages are used up',
      'RateLimited',
      /used up its messages for this month/,
      { answer: 429, message: 'You have reached your monthly limit.' },
    ],
  ] as const)('says Failed, why, and what to do, when %s', async (_, code, message, fault) => {
    const world = await start()
    world.line.break('push', { ...fault, times: 1 })
    const item = say(world, 'Never to be seen')

    const { body } = await wholeReceiptOf(item)
    expect(body).toStrictEqual({
      id: item.id,
      channel: { to: { id: thailand.userId }, time: expect.any(String) },
      status: 'Failed',
      reasons: [{ code, message: expect.stringMatching(message) }],
      isFinalReceipt: true,
    })
    expect(await shownBeforeLast(world)).toEqual([])
    expect(await outcomes(world, 'outbound', 'failed')).toBe(1)
    expect(item.receipts).toHaveLength(1)
  })

  test('goes to the deprecated address where the channel says so', async () => {
    const world = await start({ channels: { genesys: { inboundApi: 'legacy' } } })
    const item = say(world, 'By the old way')

    const { body } = await wholeReceiptOf(item)
    expect(body).toStrictEqual({
      id: item.id,
      channel: {
        platform: 'Open',
        type: 'Private',
        to: { id: thailand.userId },
        from: { id: thailand.integrationId, idType: 'Opaque' },
        time: expect.any(String),
      },
      type: 'Receipt',
      direction: 'Outbound',
      status: 'Delivered',
      isFinalReceipt: true,
    })
    expect(receiptRequests(world)).toEqual([])
  })

  test('is sent for failures only where the channel says so', async () => {
    const world = await start({ channels: { genesys: { receipts: 'failures' } } })
    const good = [say(world, 'The first good one'), say(world, 'The second good one')]
    await shown(world, 2)
    const bad = say(world, 'To nobody', stranger)

    expect((await wholeReceiptOf(bad)).status).toBe('Failed')
    expect(good.map(({ receipts }) => receipts)).toEqual([[], []])
    expect(reported(world)).toEqual([bad.id])
  })

  test('is tried again while Genesys is away, without pushing anything twice', async () => {
    const world = await start()
    world.genesys.break('receipt', { answer: 503, times: 2 })
    const item = say(world, 'Pushed once')

    expect((await wholeReceiptOf(item)).status).toBe('Delivered')
    expect(receiptRequests(world).map(({ status }) => status)).toEqual([503, 503, 200])
    expect(new Set(receiptRequests(world).map(({ body }) => body)).size).toBe(1)
    expect(world.line.pushes).toHaveLength(1)
  })

  test('that Genesys will not have holds up nothing', async () => {
    const world = await start()
    world.genesys.break('receipt', { answer: 404, times: 1 })
    const refused = say(world, 'Known to nobody')
    await shown(world, 1)

    expect(await shownBeforeLast(world)).toHaveLength(1)
    expect(await textsBeforeLast(world)).toEqual([])
    expect(refused.receipts).toEqual([])
  })

  test('yields to messages when the budget is short, and those of failures go before those of successes', async () => {
    const world = await start({ channels: { genesys: { requestsPerMinute: 120 } } })
    // All receipts and messages of below gather while Genesys asks for patience, and leave four at once, then two a second.
    world.genesys.break('message', { answer: 429, retryAfterSeconds: 3, times: 1 })
    const first = write(world, 'Not so fast')
    await until('Genesys to refuse it', () => world.genesys.requests.some(({ status }) => status === 429))
    const good = ['A', 'B', 'C', 'D'].map((name) => say(world, `Good ${name}`))
    await shown(world, good.length)
    const bad = ['A', 'B'].map((name) => say(world, `Bad ${name}`, stranger))
    await until('failures', async () => (await outcomes(world, 'outbound', 'failed')) === bad.length)
    for (const digit of ['6', '7', '8'])
      world.line.send(taiwan.name, `U${digit.repeat(32)}`, { type: 'text', text: `Customer ${digit}` })
    await until('all receipts', () => [...good, ...bad].every(({ receipts }) => receipts.length > 0))

    const kinds = world.genesys.requests
      .filter(({ status, path }) => status === 200 && path.includes('/inbound/'))
      .map(({ body }) => {
        const { status, channel } = JSON.parse(body) as Json & { readonly channel: Json }
        return channel.messageId === first.id ? [] : String(status ?? 'message')
      })
    expect(kinds.flat()).toEqual([
      ...Array(3).fill('message'),
      ...Array(bad.length).fill('Failed'),
      ...Array(good.length).fill('Delivered'),
    ])
  })
})

describe('what Genesys reports about a customer’s message', () => {
  test('is alerted once when no agent could see it, however often it is told', async () => {
    const world = await start()
    world.genesys.configure({ inboundReceipts: 'none' })
    write(world, 'Lost on the way')
    const [item] = await arrived(world, 1)
    const reasons = [{ code: 'GeneralError', message: `Could not be shown: ${mark} Lost on the way` }]
    for (let time = 0; time < 3; time += 1) {
      const { ended } = world.genesys.sendReceipt(item?.id ?? '', { status: 'Failed', reasons })
      expect(await ended).toBe('accepted')
    }

    expect(await alerts(world, 'not_shown')).toBe(1)
    const raised = world.log.map((line) => JSON.parse(line) as Json).filter(({ msg }) => msg === 'alert.raised')
    expect(raised.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['not_shown', `message ${item?.id}: Genesys took the message and then could not show it: GeneralError.`],
    ])
    expect(await shownBeforeLast(world)).toEqual([])
  })

  test('is only noted when it was shown', async () => {
    const world = await start()
    write(world, 'Seen by all')
    await until('the report', () =>
      world.events.some((event) => event.type === 'message.ignored' && event.reason === 'receipt'),
    )

    expect(await shownBeforeLast(world)).toEqual([])
    expect(await metric(world, 'bridge_alerts_total', {})).toBe(0)
  })
})

test('both sides of a conversation stand in it in the order in which they were said', async () => {
  const world = await start()
  const said = (conversation: GenesysConversation | undefined) =>
    conversation?.items.map(({ direction, text }) => [direction, bare(text)])
  write(world, 'Is it open today?')
  await arrived(world, 1)
  await wholeReceiptOf(say(world, 'Until eight in the evening.'))
  write(world, 'Thank you!')
  await arrived(world, 2)

  const conversation = world.genesys.conversation(thailand.integrationId, thailand.userId)
  expect(said(conversation)).toEqual([
    ['inbound', 'Is it open today?'],
    ['outbound', 'Until eight in the evening.'],
    ['inbound', 'Thank you!'],
  ])
  expect(world.genesys.conversations).toHaveLength(1)
})
