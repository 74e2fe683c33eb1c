import { expect, test } from '@jest/globals'
import { type Look, senderOf } from '../../../../src/channels/line/outbound/look.ts'

const message = {
  id: 'm',
  conversation: { channel: 'c', user: 'U1' },
  at: 0,
  content: [{ kind: 'text', text: 'a' }],
} as const
const iconUrl = 'https://example.com/bot.png'
const look: Look = { timeZone: 'UTC', sender: { human: { name: ' 客服\n人員 ' }, bot: { name: ' ', iconUrl } } }

test.each<['human' | 'bot' | undefined, Look['sender'], ReturnType<typeof senderOf>]>([
  ['human', look.sender, { name: '客服 人員' }],
  ['bot', look.sender, { iconUrl }],
  [undefined, look.sender, undefined],
  ['human', { bot: { iconUrl } }, undefined],
  ['bot', undefined, undefined],
  ['bot', { bot: {} }, undefined],
  ['bot', { bot: { name: '👨‍👩‍👧‍👦👨‍👩‍👧‍👦' } }, { name: '👨‍👩‍👧‍👦…' }],
])('what %s writes seems to come from whom the operator named', (author, sender, expected) => {
  expect(senderOf({ ...message, ...(author && { author }) }, { timeZone: 'UTC', sender })).toEqual(expected)
})
