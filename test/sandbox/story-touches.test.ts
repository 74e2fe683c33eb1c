import { describe, expect, test } from '@jest/globals'
import type { InboundItem, Json, LineWebhookEvent, OutboundItem, Tapped } from '../../src/sandbox/platforms.ts'
import { createStory, type MessageView } from '../../src/sandbox/story.ts'

/** What the page shows of structured messages, and of what customers touch in them. */

const channel = 'retail_thailand'
const integrationId = 'integration-1'
const userId = 'U1'
const at = 1_700_000_000_000
let drawn = 0
const next = () => {
  drawn += 1
  return String(drawn)
}

function stage() {
  const story = createStory({ channels: [{ name: channel, integrationId, userId, queue: 'q' }], changed: () => {} })
  return {
    ...story,
    botSends(id: string, content: readonly Json[], text?: string) {
      const item = { id, at, integrationId, userId, text, author: 'Bot', content } as unknown as OutboundItem
      story.hearGenesys({ type: 'message.sent', item })
    },
    lineTakes(...messages: (Json & { type: string })[]) {
      const requestId = next()
      const shown = messages.map((message, part) => ({ id: next(), at, message, retryKey: requestId, requestId, part }))
      const push = { at, account: channel, userId, retryKey: requestId, requestId, shown: true, messages: shown }
      story.hearLine({ type: 'push.accepted', push })
    },
    customerTaps(id: string, tapped: Partial<Tapped>) {
      const event: LineWebhookEvent = { type: 'postback', timestamp: at, webhookEventId: id, postback: { data: 'x' } }
      const whole = { messageId: '1', label: undefined, displayText: undefined, chosen: undefined, ...tapped }
      story.hearLine({ type: 'phone.sent', account: channel, userId, event, tapped: whole })
    },
    customerWrites(id: string) {
      const message = { id, type: 'text', text: `text ${id}` }
      const event: LineWebhookEvent = { type: 'message', timestamp: at, webhookEventId: `e-${id}`, message }
      story.hearLine({ type: 'phone.sent', account: channel, userId, event })
    },
    genesysTakes(messageId: string, more: Partial<InboundItem>) {
      const item = { id: `g-${messageId}`, messageId, at: at + 20, integrationId, userId, body: {}, ...more }
      story.hearGenesys({ type: 'message.received', item: item as InboundItem })
    },
    bridgeDelivers(id: string) {
      const told = { channel, flow: 'outbound', ids: { message: id, user: userId }, at: at + 40 }
      story.hearBridge({ type: 'message.delivered', ...told } as Parameters<typeof story.hearBridge>[0])
    },
    view: (no: number) => story.messages().find((one) => one.no === no) as MessageView,
  }
}

const quickReply = (text: string) => ({ contentType: 'QuickReply', quickReply: { text, payload: text.toLowerCase() } })
const card = (title: string, picture: string) => ({
  contentType: 'Card',
  card: { title, image: picture, actions: [{ type: 'Postback', text: 'Reserve', payload: 'r' }] },
})

describe('an answer on the desk', () => {
  test.each([
    ['QuickReply', 'Quick reply'],
    ['Button', 'Button'],
    ['DatePicker', 'Date'],
  ])('of type %s is a %s with label and payload, and names the message that it answers', (type, kind) => {
    const one = stage()
    one.botSends('asked', [quickReply('Yes')], 'Well?')
    one.customerTaps('e1', { displayText: 'Yes' })
    one.genesysTakes('e1', { buttonResponse: { type, text: 'Yes', payload: 'yes' }, originatingMessageId: 'asked' })
    expect(one.view(2).desk?.answer).toEqual({
      kind,
      label: 'Yes',
      payload: 'yes',
      to: { no: 1, id: one.view(1).id },
    })
    expect(one.view(2).phone?.items).toEqual([{ type: 'text', text: 'Yes' }])
  })

  test('to a message that nobody knows names none', () => {
    const one = stage()
    one.customerTaps('e1', { label: 'Yes' })
    one.genesysTakes('e1', {
      buttonResponse: { type: 'Button', text: 'Yes', payload: 'yes' },
      originatingMessageId: 'x',
    })
    expect(one.view(1).desk?.answer).toEqual({ kind: 'Button', label: 'Yes', payload: 'yes' })
  })

  test('that LINE shows nothing of stands as a note on the phone', () => {
    const one = stage()
    one.customerTaps('e1', { label: 'When', chosen: '2026-12-01T10:00' })
    expect(one.view(1).phone?.items).toEqual([{ type: 'note', text: 'Chosen', chosen: '2026-12-01T10:00' }])
    expect(one.view(1).snippet.text).toBe('chosen: 2026-12-01 10:00')
  })
})

describe('structured messages', () => {
  test('are shown on the desk as they were sent', () => {
    const one = stage()
    one.botSends('a', [quickReply('Yes'), quickReply('No')], 'Well?')
    one.botSends('b', [
      card('Sandals', 'http://127.0.0.1:9/api/v2/downloads/p-1'),
      card('Boots', 'https://a.example/b'),
    ])
    const times = [{ dateTime: '2026-12-01T03:00:00.000Z' }]
    one.botSends('c', [{ contentType: 'DatePicker', datePicker: { title: 'When?', availableTimes: times } }])
    expect([1, 2, 3].map((no) => one.view(no).desk?.panels)).toEqual([
      [{ kind: 'Quick replies', chips: ['Yes', 'No'] }],
      [
        { kind: 'Card', title: 'Sandals', image: 'files/desk/p-1', chips: ['Reserve'] },
        { kind: 'Card', title: 'Boots', chips: ['Reserve'] },
      ],
      [{ kind: 'Date and time', title: 'When?', times: ['2026-12-01T03:00:00.000Z'] }],
    ])
    expect([1, 2, 3].map((no) => one.view(no).snippet.text)).toEqual([
      'Well?',
      'carousel of 2 cards',
      'date and time: When?',
    ])
  })

  test('a template is shown with its parameters filled in', () => {
    const one = stage()
    const body = { text: 'Order {{1}} of {{name}}', parameters: [{ name: '1', text: 'A-77' }] }
    const template = {
      header: { text: 'Sent' },
      body,
      buttons: [{ type: 'Url', text: 'Track', url: 'https://a.example' }],
    }
    one.botSends('a', [{ contentType: 'Notification', template }])
    expect(one.view(1).desk?.panels).toEqual([
      { kind: 'Template', title: 'Sent', text: 'Order A-77 of {{name}}', chips: ['Track'] },
    ])
  })

  test('that look the same on the phone are told apart, and no double is made of them', () => {
    const one = stage()
    const place = { contentType: 'Location', location: { text: 'Siam', address: 'Rama 1' } }
    for (const id of ['a', 'b']) {
      one.botSends(id, [place])
      one.lineTakes({ type: 'text', text: 'Siam\nRama 1' })
      one.bridgeDelivers(id)
    }
    expect(one.counts()).toMatchObject({ carried: 2, doubled: 0 })
  })

  test('show the quick replies of the last message object, and the name of their sender', () => {
    const one = stage()
    one.botSends('a', [quickReply('Yes')], 'Well?')
    const action = { type: 'postback', label: 'Yes', data: 'd' }
    const quick = { quickReply: { items: [{ type: 'action', action }] }, sender: { name: 'Aiko' } }
    one.lineTakes({ type: 'text', text: 'We', ...quick }, { type: 'text', text: 'll?', ...quick })
    const { phone } = one.view(1)
    expect(phone?.quick).toEqual([{ label: 'Yes', message: expect.any(String), place: 0 }])
    expect(phone?.sender).toEqual({ name: 'Aiko' })
  })
})

test('a read mark is for its message and all before it', () => {
  const one = stage()
  for (const id of ['a', 'b', 'c']) one.customerWrites(id)
  one.hearLine({ type: 'messages.read', account: channel, chat: userId, messageId: 'b' })
  expect([1, 2, 3].map((no) => one.view(no).phone?.isRead)).toEqual([true, true, undefined])
})

test('what was taken back is gone from the phone, and does not hold up what comes behind it', () => {
  const one = stage()
  for (const id of ['a', 'b']) one.customerWrites(id)
  expect(one.view(2)).toMatchObject({ state: 'behind', behind: 1 })
  const event = { type: 'unsend', timestamp: at, webhookEventId: 'e', unsend: { messageId: 'a' } }
  one.hearLine({ type: 'phone.sent', account: channel, userId, event })
  expect(one.view(1)).toMatchObject({ state: 'withdrawn', phone: { items: [] } })
  expect(one.view(2).state).toBe('waiting')
  expect(one.view(3)).toMatchObject({ phone: { items: [{ text: 'You unsent a message' }] } })
  expect(one.counts()).toMatchObject({ waiting: 2, lost: 0 })
})

test('what is said in a group is not on the page', () => {
  const one = stage()
  const message = { id: 'a', type: 'text', text: 'a' }
  const source = { type: 'group', groupId: 'C1', userId }
  const event = { type: 'message', timestamp: at, webhookEventId: 'e', message, source }
  one.hearLine({ type: 'phone.sent', account: channel, userId, event })
  expect(one.messages()).toEqual([])
})
