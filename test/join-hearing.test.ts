import { expect, test } from '@jest/globals'
import type { FailureReason, OutboundMessage } from '../src/bridge/message.ts'
import type { Effect, Heard, PassingEffect } from '../src/bridge/side.ts'
import { createHearing } from '../src/join-hearing.ts'

const reason: FailureReason = { code: 'invalid_message', message: 'The message was empty. Please write something.' }
const messageOf = (id: string, text: string, effects?: readonly Effect[]): Heard<OutboundMessage> => ({
  kind: 'message',
  id,
  message: { id, conversation: { channel: 'shop', user: 'U1' }, at: 1, content: [{ kind: 'text', text }] },
  ...(effects && { effects }),
})
const refuses = ({ content: [first] }: OutboundMessage) =>
  first?.kind === 'text' && first.text === '' ? reason : undefined

test('a channel acts on passing effects only, in their order, whatever they came with', () => {
  const acted: PassingEffect[] = []
  const { act } = createHearing({ act: (effect) => void acted.push(effect) })
  const typing = { kind: 'typing', user: 'U1', at: 1, forMs: 2 } as const
  const unwelcome = { kind: 'unwelcome', group: 'G1' } as const
  const attribute = { kind: 'attribute', user: 'U1', name: 'joined', value: 'yes' } as const
  const reachable = { kind: 'reachable', user: 'U1', at: 1 } as const
  const unsent = { kind: 'unsent', user: 'U1', message: '0' } as const
  act([
    messageOf('1', 'hello', [reachable, attribute, unsent]),
    { kind: 'ignored', reason: 'typing', effects: [typing] },
    { kind: 'ignored', reason: 'receipt' },
    { kind: 'ignored', id: 'E1', reason: 'join', effects: [unwelcome] },
    messageOf('2', 'hello'),
  ])
  expect(acted).toEqual([attribute, typing, unwelcome])
})

test('a channel that cannot act is not asked to', () => {
  expect(() =>
    createHearing({}).act([{ kind: 'ignored', reason: 'typing', effects: [{ kind: 'unwelcome', group: 'G1' }] }]),
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
  const sifted = createHearing({ refuses }).sift(heard)
  expect(sifted).toEqual([heard[0], { ...heard[1], kind: 'refused', reason }, heard[2], heard[3]])
})

test('a channel that refuses nothing leaves everything as it is', () => {
  const heard = [messageOf('1', '')]
  expect(createHearing({}).sift(heard)).toBe(heard)
})
