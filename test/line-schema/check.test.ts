import { expect, test } from '@jest/globals'
import { schemaProblems } from './check.ts'

const push = (...messages: readonly unknown[]) =>
  schemaProblems([{ endpoint: 'push', body: JSON.stringify({ to: `U${'0'.repeat(32)}`, messages }) }])

const bubble = (...contents: readonly unknown[]) => ({
  type: 'flex',
  altText: 'A card',
  contents: { type: 'bubble', body: { type: 'box', layout: 'vertical', contents } },
})
const button = (action: unknown) => ({ type: 'button', style: 'link', action })
const quickReply = (action: unknown) => ({
  type: 'text',
  text: 'hello',
  quickReply: { items: [{ type: 'action', action }] },
})

test.each([
  { what: 'a text', message: { type: 'text', text: 'hello', sender: { name: 'Aiko' } } },
  { what: 'a picture', message: { type: 'image', originalContentUrl: 'https://a/1', previewImageUrl: 'https://a/2' } },
  {
    what: 'a bubble',
    message: bubble({ type: 'text', text: 'hello' }, button({ type: 'uri', label: 'Open', uri: 'https://a' })),
  },
  {
    what: 'a quick reply',
    message: quickReply({ type: 'postback', label: 'Yes', data: 'yes', displayText: 'Yes' }),
  },
])('$what is right', ({ message }) => {
  expect(push(message)).toEqual([])
})

test.each([
  { what: 'a message of no known type', message: { type: 'document', url: 'https://a' } },
  { what: 'a text without words', message: { type: 'text' } },
  { what: 'a member that nobody knows', message: { type: 'text', text: 'hello', markdown: true } },
  { what: 'a number for a text', message: { type: 'text', text: 1 } },
  { what: 'an address that is none', message: { type: 'image', originalContentUrl: 'a', previewImageUrl: 'b' } },
  { what: 'a component of no known type', message: bubble({ type: 'table' }) },
  { what: 'a button without an action', message: bubble({ type: 'button' }) },
  { what: 'a word that is not in the list', message: bubble({ ...button({ type: 'uri' }), style: 'huge' }) },
  { what: 'an action of no known type', message: quickReply({ type: 'telephone', label: 'Call' }) },
  { what: 'a member of an action that nobody knows', message: quickReply({ type: 'postback', payload: 'yes' }) },
  { what: 'data that are too long', message: quickReply({ type: 'postback', label: 'Yes', data: 'x'.repeat(301) }) },
])('$what is found', ({ message }) => {
  expect(push(message)).not.toEqual([])
})

test('Six messages in one request are one too many', () => {
  const text = { type: 'text', text: 'hello' }
  expect(push(text, text, text, text, text)).toEqual([])
  expect(push(text, text, text, text, text, text)).not.toEqual([])
})

test('A loading animation has its bounds', () => {
  const loading = (loadingSeconds: number) =>
    schemaProblems([{ endpoint: 'loading', body: JSON.stringify({ chatId: 'U1', loadingSeconds }) }])
  expect(loading(20)).toEqual([])
  expect(loading(61)).not.toEqual([])
})
