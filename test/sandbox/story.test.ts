import { describe, expect, test } from '@jest/globals'
import type { BridgeEvent, Flow } from '../../src/bridge/events.ts'
import type { AcceptedPush, InboundItem, LineWebhookEvent, OutboundItem } from '../../src/sandbox/platforms.ts'
import { createStory, type MessageView, type Story } from '../../src/sandbox/story.ts'

/**
 * The page's proof is worth nothing if it cannot fail: here the platforms and the bridge tell of losses, doubles and disorder that
 * the real bridge never shows.
 */

const channel = 'retail_thailand'
const integrationId = 'integration-1'
const userId = 'U1'
const at = 1_700_000_000_000

interface Stage extends Story {
  readonly told: MessageView[]
  readonly customerWrites: (id: string, text?: string) => void
  readonly agentWrites: (id: string, text?: string) => void
  readonly genesysTakes: (messageId: string, body?: object) => void
  readonly lineTakes: (text: string, retryKey: string) => void
  readonly bridge: (type: BridgeEvent['type'], flow: Flow, id: string, more?: object) => void
  readonly view: (no: number) => MessageView
}

function stage(): Stage {
  const told: MessageView[] = []
  const story = createStory({
    channels: [{ name: channel, integrationId, userId, queue: 'TH_Retail_Chat' }],
    changed: (view) => told.push(view),
  })
  let taken = 0
  return {
    ...story,
    told,
    customerWrites(id, text = `text ${id}`) {
      const message = { id, type: 'text', text }
      const event: LineWebhookEvent = { type: 'message', timestamp: at, webhookEventId: `e-${id}`, message }
      story.hearLine({ type: 'phone.sent', account: channel, userId, event })
    },
    agentWrites(id, text = `text ${id}`) {
      const item = { id, at, integrationId, userId, text, author: 'Human', content: [] } as unknown as OutboundItem
      story.hearGenesys({ type: 'message.sent', item })
    },
    genesysTakes(messageId, body = {}) {
      taken += 1
      const item = { id: `g-${taken}`, messageId, at: at + 20, integrationId, userId, text: 'taken', body }
      story.hearGenesys({ type: 'message.received', item: item as unknown as InboundItem })
    },
    lineTakes(text, retryKey) {
      const message = { type: 'text', text }
      const push: AcceptedPush = {
        at: at + 30,
        account: channel,
        userId,
        retryKey,
        requestId: retryKey,
        shown: true,
        messages: [{ id: '1', at: at + 30, message, retryKey, requestId: retryKey, part: 0 }],
      }
      story.hearLine({ type: 'push.accepted', push })
    },
    bridge(type, flow, id, more = {}) {
      story.hearBridge({ type, channel, flow, ids: { message: id, user: userId }, at: at + 40, ...more } as BridgeEvent)
    },
    view: (no) => story.messages().find((one) => one.no === no) as MessageView,
  }
}

const nothingWrong = { lost: 0, doubled: 0, outOfOrder: 0 }

describe('the proof', () => {
  test('finds nothing wrong where everything arrived once and in order', () => {
    const one = stage()
    for (const id of ['a', 'b']) {
      one.customerWrites(id)
      one.genesysTakes(id)
      one.bridge('message.delivered', 'inbound', id)
    }
    expect(one.counts()).toEqual({ carried: 2, waiting: 0, failed: 0, ...nothingWrong })
  })

  test("counts a customer's message that Genesys took twice", () => {
    const one = stage()
    one.customerWrites('a')
    one.genesysTakes('a')
    one.genesysTakes('a')
    expect(one.counts()).toMatchObject({ carried: 1, doubled: 1 })
  })

  test("counts an agent's message that was pushed again under another key", () => {
    const one = stage()
    one.agentWrites('a', 'สวัสดีค่ะ')
    one.lineTakes('สวัสดีค่ะ', 'key-1')
    one.bridge('message.delivered', 'outbound', 'a')
    one.agentWrites('b', 'มีค่ะ')
    one.lineTakes('สวัสดีค่ะ', 'key-2')
    expect(one.counts()).toMatchObject({ carried: 1, doubled: 1 })
  })

  test('knows two messages with the same words from one message that came twice', () => {
    const one = stage()
    for (const id of ['a', 'b']) {
      one.agentWrites(id, 'OK')
      one.lineTakes('OK', `key-${id}`)
      one.bridge('message.delivered', 'outbound', id)
    }
    expect(one.counts()).toMatchObject({ carried: 2, ...nothingWrong })
  })

  test('counts what arrived after something newer, each direction for itself', () => {
    const one = stage()
    one.customerWrites('a')
    one.customerWrites('b')
    one.agentWrites('c')
    one.lineTakes('text c', 'key-c')
    one.genesysTakes('b')
    expect(one.counts().outOfOrder).toBe(0)
    one.genesysTakes('a')
    expect(one.counts().outOfOrder).toBe(1)
  })

  test('counts as lost what was called delivered but is not there', () => {
    const one = stage()
    one.customerWrites('a')
    one.bridge('message.delivered', 'inbound', 'a')
    expect(one.counts()).toMatchObject({ carried: 0, lost: 1 })
  })

  test('counts as lost what the bridge never took, but not what it stored while its answer was lost', () => {
    const one = stage()
    one.customerWrites('a')
    one.customerWrites('b')
    one.bridge('message.received', 'inbound', 'b')
    one.hearLine({ type: 'webhook.ended', account: channel, ids: ['a', 'b'], outcome: 'given_up' })
    expect(one.counts()).toMatchObject({ lost: 1, waiting: 1 })
  })
})

describe('the view of a message', () => {
  test('says what happens next: when it is tried again, and which one it waits behind', () => {
    const one = stage()
    one.agentWrites('a')
    one.agentWrites('b')
    one.bridge('delivery.attempted', 'outbound', 'a', { attempt: 1, outcome: 'retry', status: 500, retryInMs: 700 })
    expect(one.view(1)).toMatchObject({ state: 'waiting', next: '500 ×1, again in', retryAt: at + 740 })
    expect(one.view(1).tries).toEqual([{ label: '500', count: 1, isWait: false }])
    expect(one.view(2)).toMatchObject({ state: 'behind', behind: 1 })
    one.bridge('message.delivered', 'outbound', 'a')
    expect(one.told.at(-1)).toMatchObject({ no: 2, state: 'waiting' })
  })

  test('a 409 after a lost answer is told as shown once', () => {
    const one = stage()
    one.agentWrites('a')
    one.lineTakes('text a', 'key-1')
    one.bridge('delivery.attempted', 'outbound', 'a', { attempt: 1, outcome: 'retry', retryInMs: 500 })
    one.bridge('delivery.attempted', 'outbound', 'a', { attempt: 2, outcome: 'delivered', status: 409 })
    one.bridge('message.delivered', 'outbound', 'a')
    expect(one.view(1)).toMatchObject({ state: 'delivered', once: true })
    expect(one.view(1).log.map((line) => line.text)).toEqual([
      'attempt 1: connection lost. Did it arrive? Asks again with the same key',
      'attempt 2: LINE 409, it already has this one. Shown once',
      'retry key ',
    ])
  })

  test('market, brand and name on the desk are what crossed, not what the demo knows', () => {
    const one = stage()
    one.customerWrites('a')
    expect(one.view(1).desk).toBeUndefined()
    one.genesysTakes('a', {
      channel: {
        from: { nickname: 'มะม่วง' },
        metadata: { customAttributes: { market: 'Thailand', brand: 'Retail_Thai' } },
      },
    })
    expect(one.view(1).desk?.customer).toEqual({
      id: userId,
      name: 'มะม่วง',
      attributes: { market: 'Thailand', brand: 'Retail_Thai' },
      queue: 'TH_Retail_Chat',
      because: 'because market is Thailand',
    })
  })

  test('a failed message carries the reason that the agent was told', () => {
    const one = stage()
    one.agentWrites('a')
    one.bridge('message.failed', 'outbound', 'a', { code: 'opted_out', reason: 'Blocked.' })
    expect(one.view(1)).toMatchObject({ state: 'failed', desk: { status: 'sent' } })
    const item = { id: 'a', integrationId } as OutboundItem
    const receipt = {
      at,
      status: 'Failed',
      isFinal: true,
      reasons: [{ code: 'General', message: 'Blocked.' }],
      body: {},
    }
    one.hearGenesys({ type: 'receipt.received', item, receipt })
    expect(one.view(1).desk).toMatchObject({ status: 'failed', why: 'Blocked.' })
  })

  test('what comes late from before a new start is ignored', () => {
    const one = stage()
    one.customerWrites('a')
    one.clear()
    one.genesysTakes('a')
    one.bridge('message.delivered', 'inbound', 'a')
    expect(one.messages()).toEqual([])
    one.customerWrites('b')
    expect(one.view(1).snippet.text).toBe('text b')
  })
})
