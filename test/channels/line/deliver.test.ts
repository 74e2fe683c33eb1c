import { expect, test } from '@jest/globals'
import { DeliveryError, MediaUnavailable, Stopping } from '../../../src/bridge/errors.ts'
import type { MediaContent, OutboundContent, OutboundMessage } from '../../../src/bridge/message.ts'
import type { Delivery } from '../../../src/bridge/side.ts'
import { createDeliver } from '../../../src/channels/line/deliver.ts'
import { createOffers, offerData } from '../../../src/channels/line/outbound/offers.ts'
import type { PushPart } from '../../../src/channels/line/to-line.ts'
import { rejection } from './fake-line.ts'
import { createMemoryCache } from './memory-cache.ts'
import { createMemoryQuotes } from './memory-quotes.ts'

const conversation = { channel: 'retail_thailand', user: 'U1' }
const message = (...content: OutboundContent[]): OutboundMessage => ({ id: 'm-1', conversation, at: 1, content })
const text = (value: string): OutboundContent => ({ kind: 'text', text: value })
const attachment: OutboundContent = { kind: 'media', media: 'file', source: { by: 'url', url: 'https://x.example/a' } }
const choice: OutboundContent = { kind: 'quick-replies', replies: [{ label: 'ใช่', payload: 'yes' }] }

/** A queue's delivery that writes down what is asked of it, and a LINE that does too. */
function attempt(given: Partial<Delivery> = {}, push: (part: PushPart) => void = () => {}) {
  const steps: string[] = []
  const saved: { plan?: string } = {}
  const delivery: Delivery = {
    attempt: 1,
    mayHaveArrived: false,
    blocked: false,
    signal: new AbortController().signal,
    permit: async () => void steps.push('permit'),
    plan: undefined,
    savePlan: async (plan) => {
      saved.plan = plan
      steps.push('savePlan')
    },
    partsDone: 0,
    partDone: async () => void steps.push('partDone'),
    publish: async (_, part) => {
      steps.push(`publish ${part}`)
      return { url: 'https://bridge.example.com/media/a', mime: 'application/pdf', fileName: 'a.pdf', bytes: 1 }
    },
    ...given,
  }
  const pushed: PushPart[] = []
  const delivered: OutboundMessage[] = []
  const answer: { ids: (part: PushPart) => string[] } = {
    ids: ({ request }) => request.messages.map((_, index) => `s-${pushed.length}-${index + 1}`),
  }
  const cache = createMemoryCache()
  const offers = createOffers({ channel: conversation.channel, cache })
  const quotes = createMemoryQuotes()
  const deliver = createDeliver({
    client: {
      push: async (part) => {
        steps.push('push')
        pushed.push(part)
        push(part)
        return { status: 200, remoteId: `r-${pushed.length}`, sentIds: answer.ids(part) }
      },
    },
    offers: {
      save: async (of, made) => {
        steps.push('save offers')
        await offers.save(of, made)
      },
    },
    quotes,
    look: { timeZone: 'Asia/Bangkok' },
    onDelivered: (one) => {
      steps.push('delivered')
      delivered.push(one)
    },
  })
  const run = (...content: OutboundContent[]) => deliver(message(...content), delivery)
  return { steps, saved, pushed, delivered, answer, cache, offers, quotes, run }
}

test('files are published and the plan is saved before the first push', async () => {
  const { run, steps } = attempt()
  expect(await run(text('a'), attachment)).toEqual({ status: 200, remoteId: 'r-1' })
  expect(steps).toEqual(['publish 1', 'savePlan', 'permit', 'push', 'delivered'])
})

test('a message of several pushes tells the id of the first', async () => {
  const { run, steps } = attempt()
  expect(await run(text('a'.repeat(30_000)))).toEqual({ status: 200, remoteId: 'r-1' })
  expect(steps).toEqual(['savePlan', 'permit', 'push', 'partDone', 'permit', 'push', 'delivered'])
})

test('a later attempt sends what the first one planned, from where it was left', async () => {
  const first = attempt({}, (part) => {
    if (part.request.messages.length < 5) throw new DeliveryError('down', { do: 'retry', mayHaveArrived: true })
  })
  await rejection(first.run(text('a'.repeat(30_000))))
  const second = attempt({ plan: first.saved.plan, partsDone: 1 })
  await second.run(text('changed meanwhile'))
  expect(second.steps).toEqual(['permit', 'push', 'delivered'])
  expect(JSON.stringify(second.pushed[0])).toBe(JSON.stringify(first.pushed[1]))
})

test('when all parts were confirmed before, nothing is sent again', async () => {
  const first = attempt()
  await first.run(text('a'))
  const second = attempt({ plan: first.saved.plan, partsDone: 1 })
  expect(await second.run(text('a'))).toEqual({ status: 200 })
  expect(second.pushed).toEqual([])
})

test('a customer who blocked the account gets no push', async () => {
  const { run, steps } = attempt({ blocked: true })
  expect(await rejection(run(text('a')))).toMatchObject({ next: { do: 'give-up', reason: { code: 'opted_out' } } })
  expect(steps).toEqual([])
})

test.each([
  ['gone', 'general'],
  ['too_large', 'media_too_large'],
  ['forbidden_address', 'not_allowed'],
] as const)('a file that is %s fails the whole message, text included', async (problem, code) => {
  const { run, steps } = attempt({
    publish: async () => {
      throw new MediaUnavailable(problem, 'x')
    },
  })
  expect(await rejection(run(text('see attached'), attachment))).toMatchObject({
    next: { do: 'give-up', reason: { code } },
  })
  expect(steps).toEqual([])
})

test('a passing fault of a file is passed on', async () => {
  const fault = new DeliveryError('store', { do: 'retry', mayHaveArrived: false })
  const { run } = attempt({
    publish: async () => {
      throw fault
    },
  })
  expect(await rejection(run(attachment))).toBe(fault)
})

test('a blank message fails, because nothing would be shown', async () => {
  const { run, steps } = attempt()
  expect(await rejection(run(text(' ')))).toMatchObject({
    next: { do: 'give-up', reason: { code: 'invalid_message' } },
  })
  expect(steps).toEqual([])
})

test('between two pushes a stopping process puts the message back', async () => {
  const stop = new AbortController()
  const { run, pushed } = attempt({ signal: stop.signal }, () => stop.abort())
  expect(await rejection(run(text('a'.repeat(30_000))))).toBeInstanceOf(Stopping)
  expect(pushed).toHaveLength(1)
})

test('what can be touched is saved before the plan and the first push, and found by what LINE posts back', async () => {
  const { run, steps, pushed, offers, saved } = attempt()
  await run(text('Shall I?'), choice)
  expect(steps).toEqual(['save offers', 'savePlan', 'permit', 'push', 'delivered'])
  const key = offerData({ channel: conversation.channel, messageId: 'm-1', index: 0 })
  expect(JSON.stringify(pushed)).toContain(JSON.stringify(key))
  expect(await offers.find('U1', key)).toEqual({
    to: 'm-1',
    offer: { what: 'quick-reply', label: 'ใช่', payload: 'yes' },
  })
  expect(Object.keys(JSON.parse(saved.plan ?? ''))).toEqual(['parts'])
})

test('a message that offers nothing saves nothing but its plan', async () => {
  const { run, steps } = attempt()
  await run(text('a'))
  expect(steps).toEqual(['savePlan', 'permit', 'push', 'delivered'])
})

test('when the offers cannot be saved, nothing is sent, and it is tried again', async () => {
  const { run, steps, cache } = attempt()
  cache.away = true
  expect(await rejection(run(text('Shall I?'), choice))).toMatchObject({
    name: 'DeliveryError',
    next: { do: 'retry', mayHaveArrived: false },
  })
  expect(steps).toEqual(['save offers'])
})

test('a later attempt does not save the offers again', async () => {
  const first = attempt()
  await first.run(text('Shall I?'), choice)
  const second = attempt({ plan: first.saved.plan })
  await second.run(text('Shall I?'), choice)
  expect(second.steps).toEqual(['permit', 'push', 'delivered'])
})

test('a plan that an earlier release saved is still carried out', async () => {
  const plan = JSON.stringify({
    parts: [{ retryKey: 'k', request: { to: 'U1', messages: [{ type: 'text', text: 'from before' }] } }],
  })
  const { run, pushed } = attempt({ plan })
  await run(text('a'))
  expect(pushed).toEqual(JSON.parse(plan).parts)
})

test('each text that LINE took is kept under its own id, so that it can be quoted', async () => {
  const { run, quotes } = attempt()
  await run(...Array.from({ length: 6 }, (_, index) => text(`text ${index}`)))
  expect([...quotes.kept]).toEqual([
    ...[0, 1, 2, 3, 4].map((index) => [`retail_thailand U1 s-1-${index + 1}`, `text ${index}`]),
    ['retail_thailand U1 s-2-1', 'text 5'],
  ])
})

test('a text is kept as soon as LINE has taken it, although a later part fails', async () => {
  const { run, quotes } = attempt({}, (part) => {
    if (part.request.messages.length < 5) throw new DeliveryError('down', { do: 'retry', mayHaveArrived: true })
  })
  await rejection(run(...Array.from({ length: 6 }, (_, index) => text(`text ${index}`))))
  expect(quotes.kept.size).toBe(5)
})

test('of what is shown otherwise, the words that stand for it are kept, and of a picture nothing', async () => {
  const altText = 'Two cards'
  const messages = [
    { type: 'image', originalContentUrl: 'https://x.example/a', previewImageUrl: 'https://x.example/b' },
    { type: 'flex', altText, contents: { type: 'carousel', contents: [] } },
    { type: 'text', text: 'after' },
  ]
  const plan = JSON.stringify({ parts: [{ retryKey: 'k', request: { to: 'U1', messages } }] })
  const { run, quotes } = attempt({ plan })
  await run(text('a'))
  expect([...quotes.kept]).toEqual([
    ['retail_thailand U1 s-1-2', altText],
    ['retail_thailand U1 s-1-3', 'after'],
  ])
})

test.each([
  ['none', []],
  ['too few', ['s-1']],
  ['too many', ['s-1', 's-2', 's-3']],
])('when LINE tells %s of the ids, nothing is kept, because it could be another’s', async (_, ids) => {
  const { run, quotes, answer } = attempt()
  answer.ids = () => ids
  await run(text('a'), text('b'))
  expect(quotes.kept.size).toBe(0)
})

test('the end of a message is told once, when LINE has taken all of it', async () => {
  const whole = attempt()
  await whole.run(text('a'.repeat(30_000)))
  expect(whole.delivered).toEqual([message(text('a'.repeat(30_000)))])
  const broken = attempt({}, (part) => {
    if (part.request.messages.length < 5) throw new DeliveryError('down', { do: 'retry', mayHaveArrived: true })
  })
  await rejection(broken.run(text('a'.repeat(30_000))))
  expect(broken.delivered).toEqual([])
})

test('in place of a file that the operator does not want to be carried the customer reads so', async () => {
  const { run, pushed } = attempt({
    publish: async () => {
      throw new MediaUnavailable('refused', 'switched off')
    },
  })
  await run(text('see attached'), attachment)
  expect(pushed[0]?.request.messages).toEqual([
    { type: 'text', text: 'see attached' },
    { type: 'text', text: expect.stringContaining('A file was sent') },
  ])
})

test('a picture that cannot be had is left out, and the message arrives', async () => {
  const { run, pushed, steps } = attempt({
    publish: async () => {
      throw new DeliveryError('down', { do: 'retry', mayHaveArrived: false })
    },
  })
  const image: MediaContent = { kind: 'media', media: 'image', source: { by: 'url', url: 'https://x.example/a.png' } }
  const actions = [{ do: 'answer', label: 'Buy', payload: 'buy' }] as const
  await run({ kind: 'cards', cards: [{ title: 'Shoes', image, actions }] })
  expect(steps).toEqual(['save offers', 'savePlan', 'permit', 'push', 'delivered'])
  expect(JSON.stringify(pushed)).toContain('Shoes')
  expect(JSON.stringify(pushed)).not.toContain('x.example')
})
