import { expect, test } from '@jest/globals'
import { DeliveryError, MediaUnavailable, Stopping } from '../../../src/bridge/errors.ts'
import type { OutboundContent } from '../../../src/bridge/message.ts'
import type { Delivery } from '../../../src/bridge/side.ts'
import { createDeliver } from '../../../src/channels/line/deliver.ts'
import type { PushPart } from '../../../src/channels/line/to-line.ts'
import { rejection } from './fake-line.ts'

const message = (...content: OutboundContent[]) => ({
  id: 'm-1',
  conversation: { channel: 'retail_thailand', user: 'U1' },
  at: 1,
  content,
})
const text = (value: string): OutboundContent => ({ kind: 'text', text: value })
const attachment: OutboundContent = { kind: 'media', media: 'file', source: { by: 'url', url: 'https://x.example/a' } }

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
  const deliver = createDeliver({
    client: {
      push: async (part) => {
        steps.push('push')
        pushed.push(part)
        push(part)
        return { status: 200, remoteId: `r-${pushed.length}` }
      },
      profile: async () => undefined,
    },
  })
  return { steps, saved, pushed, run: (...content: OutboundContent[]) => deliver(message(...content), delivery) }
}

test('files are published and the plan is saved before the first push', async () => {
  const { run, steps } = attempt()
  expect(await run(text('a'), attachment)).toEqual({ status: 200, remoteId: 'r-1' })
  expect(steps).toEqual(['publish 1', 'savePlan', 'permit', 'push'])
})

test('a message of several pushes tells the id of the first', async () => {
  const { run, steps } = attempt()
  expect(await run(text('a'.repeat(30_000)))).toEqual({ status: 200, remoteId: 'r-1' })
  expect(steps).toEqual(['savePlan', 'permit', 'push', 'partDone', 'permit', 'push'])
})

test('a later attempt sends what the first one planned, from where it was left', async () => {
  const first = attempt({}, (part) => {
    if (part.request.messages.length < 5) throw new DeliveryError('down', { do: 'retry', mayHaveArrived: true })
  })
  await rejection(first.run(text('a'.repeat(30_000))))
  const second = attempt({ plan: first.saved.plan, partsDone: 1 })
  await second.run(text('changed meanwhile'))
  expect(second.steps).toEqual(['permit', 'push'])
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
