import { afterEach, expect, test } from '@jest/globals'
import { createLineClient } from '../../../../src/channels/line/client.ts'
import { createTyping } from '../../../../src/channels/line/courtesies/typing.ts'
import { until } from '../../../support/until.ts'
import { type Answer, json, serveLine, shortAgent } from '../fake-line.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const started: Answer = (_, response) => json(response, 202, {})

async function typingAt(answer: Answer = started) {
  const line = await serveLine(answer)
  const agent = shortAgent(5_000)
  closers.push(line.close, () => agent.destroy())
  const tokens = { current: async () => 'token-1', refused: () => {} }
  const clock = { now: 1_790_000_000_000 }
  const client = createLineClient({ apiUrl: line.url, tokens, agent, sideAgent: agent })
  const called: string[] = []
  const calls = { ended: 0 }
  const typing = createTyping({
    client: {
      showLoading(user, seconds) {
        called.push(user)
        return client.showLoading(user, seconds).finally(() => {
          calls.ended += 1
        })
      },
    },
    now: () => clock.now,
  })
  const show = (user: string, more: { at?: number; forMs?: number } = {}) =>
    typing.show({ kind: 'typing', user, at: clock.now, forMs: 5_000, ...more })
  /** So many calls have ended, whatever their answer. */
  const ended = (count: number) => until(`${count} answers`, () => calls.ended === count)
  return { line, clock, typing, show, called, ended }
}

test('a person is shown the animation for as long as somebody writes, and 5 s more, in steps of 5 s from 5 to 60', async () => {
  const { show, line, ended } = await typingAt()
  const lengths = [0, 1, 5_000, 5_001, 12_000, 50_000, 55_001, 600_000, -20_000]
  for (const [index, forMs] of lengths.entries()) {
    show(`U${index}`, { forMs })
    await ended(index + 1)
  }
  expect(line.seen.map(({ body }) => JSON.parse(body).loadingSeconds)).toEqual([5, 10, 10, 15, 20, 55, 60, 60, 5])
  expect(line.seen[0]).toMatchObject({
    method: 'POST',
    url: '/v2/bot/chat/loading/start',
    body: '{"chatId":"U0","loadingSeconds":5}',
  })
})

test.each(['C1', 'R1', ''])('a conversation that is not with one person is shown nothing (%j)', async (user) => {
  const { show, called } = await typingAt()
  show(user)
  show('U1')
  expect(called).toEqual(['U1'])
})

test('nobody is asked for twice within 4 s, and all others are', async () => {
  const { show, called, clock } = await typingAt()
  show('U1')
  show('U1')
  show('U2')
  clock.now += 3_999
  show('U1')
  expect(called).toEqual(['U1', 'U2'])
  clock.now += 1
  show('U1')
  expect(called).toEqual(['U1', 'U2', 'U1'])
})

test('who wrote more than 10 s ago is not shown', async () => {
  const { show, called, clock } = await typingAt()
  show('U1', { at: clock.now - 10_001 })
  show('U2', { at: clock.now - 10_000 })
  expect(called).toEqual(['U2'])
})

test('what was typed before the message that a customer just got does not bring the animation back, and what is typed after it does', async () => {
  const { typing, show, called, clock } = await typingAt()
  const writtenAt = clock.now - 1_000
  for (const user of ['U1', 'U2'])
    typing.delivered({ conversation: { channel: 'retail_thailand', user }, at: writtenAt })
  clock.now += 1_900
  show('U1', { at: writtenAt })
  show('U2', { at: writtenAt + 1 })
  show('U3', { at: writtenAt })
  expect(called).toEqual(['U2', 'U3'])
})

test('a message whose time lies ahead does not keep the animation away for long', async () => {
  const { typing, show, called, clock } = await typingAt()
  typing.delivered({ conversation: { channel: 'retail_thailand', user: 'U1' }, at: clock.now + 3_600_000 })
  clock.now += 9_999
  show('U1')
  expect(called).toEqual([])
  clock.now += 1
  show('U1')
  expect(called).toEqual(['U1'])
})

test('at most twenty calls are under way, and what is beyond them is dropped', async () => {
  const waiting: (() => void)[] = []
  const { show, called, ended } = await typingAt((_, response) => waiting.push(() => json(response, 202, {})))
  for (let count = 1; count <= 25; count += 1) show(`U${count}`)
  expect(called).toEqual(Array.from({ length: 20 }, (_, index) => `U${index + 1}`))
  await until('twenty requests', () => waiting.length === 20)
  waiting.pop()?.()
  await ended(1)
  show('Unext')
  show('Uafter')
  expect(called.slice(20)).toEqual(['Unext'])
  await until('one more request', () => waiting.length === 20)
  for (const answer of waiting.splice(0)) answer()
  await ended(21)
})

test.each<[string, Answer]>([
  ['answers that it is too much', (_, response) => json(response, 429, {})],
  ['is down', (_, response) => json(response, 500, {})],
  ['breaks the connection', (_, response) => response.destroy()],
])('when LINE %s, it is left alone for 5 s', async (_, bad) => {
  const { show, called, ended, clock } = await typingAt(bad)
  show('U1')
  await ended(1)
  clock.now += 4_999
  show('U2')
  expect(called).toEqual(['U1'])
  clock.now += 1
  show('U3')
  expect(called).toEqual(['U1', 'U3'])
  await ended(2)
})

test('a customer whom LINE refuses silences nobody else', async () => {
  const { show, called, ended } = await typingAt((_, response) => json(response, 400, {}))
  show('U1')
  await ended(1)
  show('U2')
  expect(called).toEqual(['U1', 'U2'])
  await ended(2)
})
