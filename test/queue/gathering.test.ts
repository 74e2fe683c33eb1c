import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createGathering, NotAnswered } from '../../src/queue/gathering.ts'

/** A store that answers when the test says so, each item with its double. */
function start(
  settings: {
    readonly timeoutMs?: number
    readonly weigh?: (item: number) => number
    readonly fails?: (answer: number) => boolean
  } = {},
) {
  const calls: { readonly items: readonly number[]; answer(): void; refuse(error: Error): void }[] = []
  const send = createGathering<number, number>({
    send: (items) =>
      new Promise((resolve, reject) => {
        calls.push({ items, answer: () => resolve(items.map((item) => 2 * item)), refuse: reject })
      }),
    weightPerCall: 3,
    callsAtOnce: 2,
    ...settings,
  })
  return { send, calls, sent: () => calls.map(({ items }) => items) }
}

test('What comes in one turn of the event loop goes in one call, and everybody gets their own answer', async () => {
  const { send, calls, sent } = start()
  const answers = Promise.all([send(1), send(2)])
  expect(sent()).toEqual([])
  await turn()
  expect(sent()).toEqual([[1, 2]])
  calls[0]?.answer()
  expect(await answers).toEqual([2, 4])
})

test('A full call goes at once, and another one may be under way besides it', async () => {
  const { send, sent } = start()
  for (let n = 1; n <= 7; n += 1) void send(n)
  expect(sent()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ])
  await turn()
  expect(sent()).toHaveLength(2)
})

test('What had to wait goes in its order as soon as a call has been answered', async () => {
  const { send, calls, sent } = start()
  for (let n = 1; n <= 9; n += 1) void send(n)
  void send(10)
  calls[1]?.answer()
  await turn()
  expect(sent()[2]).toEqual([7, 8, 9])
  calls[0]?.answer()
  await turn()
  await turn()
  expect(sent()[3]).toEqual([10])
})

test('A heavy item fills a call by itself', async () => {
  const { send, sent } = start({ weigh: (item) => item })
  void send(1)
  void send(7)
  expect(sent()).toEqual([[1, 7]])
  void send(3)
  expect(sent()).toEqual([[1, 7], [3]])
})

test('A call that is refused fails for those who were in it, and for nobody else', async () => {
  const { send, calls } = start()
  const first = Promise.allSettled([send(1), send(2), send(3)])
  const second = send(4)
  await turn()
  calls[0]?.refuse(new Error('It is full.'))
  calls[1]?.answer()
  expect(await second).toBe(8)
  expect((await first).map((one) => one.status === 'rejected' && one.reason.message)).toEqual(
    Array(3).fill('It is full.'),
  )
  const later = send(5)
  await turn()
  calls[2]?.answer()
  expect(await later).toBe(10)
})

test('An answer that is a failure is one for its sender alone', async () => {
  const { send, calls } = start({ fails: (answer) => answer === 4 })
  const answers = Promise.allSettled([send(1), send(2), send(3)])
  calls[0]?.answer()
  expect(await answers).toEqual([
    { status: 'fulfilled', value: 2 },
    { status: 'rejected', reason: 4 },
    { status: 'fulfilled', value: 6 },
  ])
})

test('Nobody waits for longer than they said, whether they are under way or still waiting', async () => {
  const { send, calls, sent } = start({ timeoutMs: 50 })
  const given = Promise.allSettled(Array.from({ length: 8 }, (_, n) => send(n)))
  const outcomes = await given
  expect(outcomes.every((one) => one.status === 'rejected' && one.reason instanceof NotAnswered)).toBe(true)
  // What was given up is not sent any more.
  calls[0]?.answer()
  calls[1]?.answer()
  await sleep(5)
  expect(sent()).toHaveLength(2)
  const later = send(9)
  await turn()
  calls[2]?.answer()
  expect(await later).toBe(18)
})
