import { expect, test } from '@jest/globals'
import { fromLine } from '../../../src/channels/line/from-line.ts'
import type { LineEvent } from '../../../src/channels/line/wire.ts'
import { customer, fixture } from './fixtures.ts'
import { contextWith } from './hearing.ts'

const context = contextWith()
const hear = (event: LineEvent) => fromLine(event, context)

test('a redelivered event keeps the id of the first delivery', () => {
  const event = fixture('message-text')
  const first = hear(event)
  const again = hear({ ...event, deliveryContext: { isRedelivery: true } })
  expect(again.id).toBe(first.id)
  expect(again).toMatchObject({ message: { redelivered: true } })
  expect(first).not.toMatchObject({ message: { redelivered: true } })
})

test('a message that was taken back is named, so that it can be erased', () => {
  const { source, unsend } = fixture('unsend')
  const effects = [{ kind: 'unsent', user: source?.userId, message: unsend?.messageId }]
  expect(hear(fixture('unsend'))).toMatchObject({ kind: 'message', effects })
  expect(hear({ ...fixture('unsend'), mode: 'standby' })).toMatchObject({ kind: 'ignored', reason: 'standby', effects })
})

test('a taking back that names no message is told all the same', () => {
  const heard = hear({ ...fixture('unsend'), unsend: {} })
  expect(heard).toMatchObject({ kind: 'message', message: { content: { notice: 'unsent' } } })
  expect(heard.effects).toBeUndefined()
})

test('a taking back without an event id cannot be told once, and is ignored', () => {
  const { webhookEventId: _, ...event } = fixture('unsend')
  expect(hear(event)).toMatchObject({ kind: 'ignored', reason: 'unsend', effects: [{ kind: 'unsent' }] })
})

test('an ignored event is known by its event id, so that it takes effect once', () => {
  const event = fixture('unfollow')
  expect(hear(event)).toEqual({
    kind: 'ignored',
    id: event.webhookEventId,
    reason: 'unfollow',
    effects: [{ kind: 'blocked', user: customer, at: event.timestamp }],
  })
})

test.each([
  ['follow', 'unblocked'],
  ['follow-unblocked', 'unblocked'],
  ['unfollow', 'blocked'],
  ['unfollow-standby', 'blocked'],
])('%s tells that the customer is %s', (name, kind) => {
  expect(hear(fixture(name))).toMatchObject({ effects: [{ kind, user: customer }] })
})

test('an edited message is known by its event id, because its message id is that of the original', () => {
  const event = fixture('message-edited')
  expect(hear(event)).toMatchObject({ id: event.webhookEventId })
})

test('a message id beyond 2^53 stays as it is', () => {
  const event = fixture('message-text')
  const id = '9007199254740993123'
  expect(hear({ ...event, message: { ...event.message, id } })).toMatchObject({ id, message: { id } })
})

test('an event that does not tell its time has the time at which it was received', () => {
  const { timestamp: _, ...event } = fixture('message-text')
  expect(hear(event)).toMatchObject({ message: { at: context.receivedAt } })
})

test('a reason is never taken from the event, because reasons become metric labels', () => {
  expect(hear({ ...fixture('join'), type: 'surprise-4711' })).toMatchObject({ reason: 'unknown_event' })
})

test('a text message without its text is told as unsupported instead of being lost', () => {
  const event = fixture('message-text')
  const { text: _, ...message } = event.message ?? {}
  expect(hear({ ...event, message })).toMatchObject({ message: { content: { kind: 'unsupported', what: 'text' } } })
})

test.each([{ index: 2 }, { total: 3 }, { index: '2', total: 3 }, { index: 1.5, total: 3 }])(
  'a picture of a set has no name by %j alone',
  (told) => {
    const event = fixture('message-image-set')
    const imageSet = { id: 'A', ...told } as NonNullable<NonNullable<LineEvent['message']>['imageSet']>
    expect(hear({ ...event, message: { ...event.message, imageSet } })).not.toHaveProperty('message.content.fileName')
  },
)
