import { expect, test } from '@jest/globals'
import type { FailureReason, OutboundMessage } from '../src/bridge/message.ts'
import type { Effect, Heard, PassingEffect } from '../src/bridge/side.ts'
import { createHearing } from '../src/join-hearing.ts'

const reason: FailureReason = { code: 'invalid_message', message: 'The message was empty. Please write something.' }
const always = async () => true

const messageOf = (id: string, text: string, effects?: readonly Effect[]): Heard<OutboundMessage> => ({
  kind: 'message',
  id,
  message: { id, conversation: { channel: 'shop', user: 'U1' }, at: 1, content: [{ kind: 'text', text }] },
  ...(effects && { effects }),
})
const refuses = ({ content: [first] }: OutboundMessage) =>
  first?.kind === 'text' && first.text === '' ? reason : undefined

test('a channel acts on passing effects only, in their order, whatever they came with', async () => {
  const acted: PassingEffect[] = []
  const { act, note } = createHearing({ act: (effect) => void acted.push(effect) }, always)
  const typing = { kind: 'typing', user: 'U1', at: 1, forMs: 2 } as const
  const unwelcome = { kind: 'unwelcome', group: 'G1' } as const
  const attribute = { kind: 'attribute', user: 'U1', name: 'joined', value: 'yes' } as const
  const reachable = { kind: 'reachable', user: 'U1', at: 1 } as const
  const unsent = { kind: 'unsent', user: 'U1', message: '0' } as const
  const heard: readonly Heard<OutboundMessage>[] = [
    messageOf('1', 'hello', [reachable, attribute, unsent]),
    { kind: 'ignored', reason: 'typing', effects: [typing] },
    { kind: 'ignored', reason: 'receipt' },
    { kind: 'ignored', id: 'E1', reason: 'join', effects: [unwelcome] },
    messageOf('2', 'hello'),
  ]
  await note(heard)
  act(heard)
  expect(acted).toEqual([attribute, typing, unwelcome])
})

test('what the next message is to tell is told once, however often its event comes, and not at all while nobody knows', async () => {
  const acted: PassingEffect[] = []
  const asked: [string, number][] = []
  const known = new Set<string>()
  const { note } = createHearing({ act: (effect) => void acted.push(effect) }, async (id, seconds) => {
    asked.push([id, seconds])
    if (id === 'E0') throw new Error('The store is away.')
    return !known.has(id) && Boolean(known.add(id))
  })
  const event = (id: string): Heard<never> => ({
    kind: 'ignored',
    id,
    reason: 'follow',
    effects: [{ kind: 'attribute', user: 'U1', name: 'lineEvent', value: id }],
  })
  for (const id of ['E0', 'E1', 'E1', 'E2']) await note([event(id)])
  expect(acted).toMatchObject([{ value: 'E1' }, { value: 'E2' }])
  expect(asked).toEqual(['E0', 'E1', 'E1', 'E2'].map((id) => [id, 72 * 60 * 60]))
})

test('no webhook waits for what is not noted soon, nor for anything when there is nothing to note', async () => {
  const { note } = createHearing({ act: () => new Promise(() => {}) }, always)
  const attribute = { kind: 'attribute', user: 'U1', name: 'joined', value: 'yes' } as const
  const began = performance.now()
  await note([messageOf('1', 'hello', [attribute])])
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(note([messageOf('1', 'hello', [{ kind: 'reachable', user: 'U1', at: 1 }])])).toBeUndefined()
})

test('a channel that cannot act is not asked to', () => {
  expect(() =>
    createHearing({}, always).act([
      { kind: 'ignored', reason: 'typing', effects: [{ kind: 'unwelcome', group: 'G1' }] },
    ]),
  ).not.toThrow()
})

test('what a channel refuses is marked with the reason, and all else stays as it is, in its place', () => {
  const effects: readonly Effect[] = [{ kind: 'alert', alert: 'setup', detail: 'Look.' }]
  const heard = [
    messageOf('1', 'hello'),
    messageOf('2', '', effects),
    { kind: 'ignored', id: 'E1', reason: 'receipt' },
    messageOf('3', 'bye'),
  ] as const
  const sifted = createHearing({ refuses }, always).sift(heard)
  expect(sifted).toEqual([heard[0], { ...heard[1], kind: 'refused', reason }, heard[2], heard[3]])
})

test('a channel that refuses nothing leaves everything as it is', () => {
  const heard = [messageOf('1', '')]
  expect(createHearing({}, always).sift(heard)).toBe(heard)
})

test('what has to be noted comes before the storing, what is done comes after it, and not at all when nothing is stored', async () => {
  const steps: string[] = []
  const { take } = createHearing({ act: ({ kind }) => void steps.push(kind) }, always)
  const attribute = { kind: 'attribute', user: 'U1', name: 'joined', value: 'yes' } as const
  const heard = [messageOf('1', 'hello', [{ kind: 'unwelcome', group: 'G1' }, attribute])]
  await take(heard, async () => void steps.push('stored'))
  expect(steps).toEqual(['attribute', 'stored', 'unwelcome'])

  const fault = new Error('The store is away.')
  await expect(take(heard, () => Promise.reject(fault))).rejects.toBe(fault)
  expect(steps.slice(3)).toEqual(['attribute'])
  await take([messageOf('2', 'hello')], async () => void steps.push('stored'))
  expect(steps.slice(4)).toEqual(['stored'])
})
