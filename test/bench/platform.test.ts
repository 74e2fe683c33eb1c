import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { PlatformQuestions } from '../../bench/platform.ts'
import { startHelper } from '../../bench/processes.ts'
import { textOf } from '../../bench/traffic.ts'

const platform = startHelper<PlatformQuestions>('bench/platform.ts')
let url = ''
beforeAll(async () => {
  url = await platform.ask('listen')
})
beforeEach(() => platform.ask('reset', { answerAfterMs: 0 }))
afterAll(() => platform.stop())

const push = (to: string, number: number) =>
  fetch(`${url}/v2/bot/message/push`, {
    method: 'POST',
    body: JSON.stringify({ to, messages: [{ type: 'text', text: textOf(number) }] }),
  })

test('Counts messages, receipts and profiles apart', async () => {
  await push('a', 1)
  await fetch(`${url}/api/v2/conversations/messages/x/inbound/open/receipt`, { method: 'POST', body: '{}' })
  const profile = await fetch(`${url}/v2/bot/profile/U${'0'.repeat(32)}`)
  expect(await profile.json()).toMatchObject({ userId: `U${'0'.repeat(32)}`, language: 'th' })
  expect(await platform.ask('until', { messages: 1, receipts: 1 })).toMatchObject({
    messages: 1,
    receipts: 1,
    profiles: 1,
  })
})

test('Finds repeats, and what came after a later message of the same customer', async () => {
  for (const [to, number] of [
    ['a', 3],
    ['b', 2],
    ['a', 1],
    ['b', 4],
    ['b', 4],
  ] as const)
    await push(to, number)
  expect(await platform.ask('soFar')).toMatchObject({ messages: 5, repeated: 1, outOfOrder: 1 })
})

test('Holds its answers back when asked to, and notes how many requests were under way at once', async () => {
  await platform.ask('reset', { answerAfterMs: 50 })
  const beganAt = performance.now()
  await Promise.all([push('a', 1), push('b', 2), push('c', 3)])
  expect(performance.now() - beganAt).toBeGreaterThanOrEqual(49)
  expect(await platform.ask('soFar')).toMatchObject({ mostAtOnce: 3 })
})

test('A question that fails is an error at the one who asked', async () => {
  await fetch(`${url}/v2/bot/message/push`, { method: 'POST', body: 'no JSON' })
  await expect(platform.ask('soFar')).rejects.toThrow('JSON')
})
