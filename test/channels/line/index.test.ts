import { afterEach, expect, test } from '@jest/globals'
import type { OutboundMessage } from '../../../src/bridge/message.ts'
import type { Delivery } from '../../../src/bridge/side.ts'
import { channelTypes } from '../../../src/channels/index.ts'
import { readTokenKey } from '../../../src/channels/line/cache-keys.ts'
import { createLogger } from '../../../src/lib/logger.ts'
import { until } from '../../support/until.ts'
import { type Answer, json, serveLine } from './fake-line.ts'
import { createMemoryCache } from './memory-cache.ts'
import { createMemoryQuotes } from './memory-quotes.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const conversation = { channel: 'retail_thailand', user: 'U1' }

const platform: Answer = ({ url }, response) => {
  if (url.includes('/profile/')) json(response, 200, { displayName: 'สมชาย' })
  else if (url.includes('/content')) response.end('bytes')
  else if (url.includes('/push')) json(response, 200, { sentMessages: [{ id: '77' }] })
  else json(response, 200, {})
}

async function channelWith(settings: object = {}) {
  const line = await serveLine(platform)
  const cache = createMemoryCache()
  const quotes = createMemoryQuotes()
  const channel = await channelTypes.line.create({
    name: conversation.channel,
    settings: channelTypes.line.settings.parse({
      channelId: 1657000001,
      channelSecret: '8c570fa6dd201bb328f1c1eac23a96d8',
      accessToken: 'long',
      apiUrl: line.url,
      dataApiUrl: line.url,
      ...settings,
    }),
    locale: { language: 'th', timeZone: 'Asia/Bangkok' },
    cache,
    quotes,
    logger: createLogger({ level: 'silent' }),
    fetchOutside: async () => {
      throw new Error('Nothing lies outside.')
    },
  })
  closers.push(line.close, channel.close)
  const seen = (path: string) => line.seen.filter(({ url }) => url.includes(path)).map(({ body }) => JSON.parse(body))
  return { line, cache, quotes, channel, seen }
}

const delivery: Delivery = {
  attempt: 1,
  mayHaveArrived: false,
  blocked: false,
  signal: new AbortController().signal,
  permit: async () => {},
  plan: undefined,
  savePlan: async () => {},
  partsDone: 0,
  partDone: async () => {},
  publish: async () => {
    throw new Error('There is no file.')
  },
}

const hello: OutboundMessage = { id: 'm', conversation, at: 1, content: [{ kind: 'text', text: 'hello' }] }

test('a channel made from its settings hears, delivers, completes, refuses, knows what may be quoted and closes', async () => {
  const { channel, quotes } = await channelWith()
  const body = Buffer.from('{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}')
  const headers = { 'x-line-signature': 'GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=' }
  expect(channel.webhook.read(channel.webhook.verify({ headers, body }))).toEqual([])
  channel.prepare('U1')
  const content = { kind: 'text', text: 'hi' } as const
  expect(await channel.complete({ id: 'i', conversation, at: 1, platform: 'LINE', content })).toMatchObject({
    content,
    customer: { name: 'สมชาย' },
  })
  expect(await channel.deliver(hello, delivery)).toEqual({ status: 200, remoteId: '77' })
  expect(await quotes.find(conversation, '77')).toBe('hello')
  expect(channel.refuses?.(hello)).toBeUndefined()
  expect(channel.refuses?.({ ...hello, conversation: { ...conversation, user: '' } })).toMatchObject({
    code: 'invalid_destination',
  })
  const opened = await channel.media.open({ by: 'id', id: '1' }, new AbortController().signal)
  expect((await opened.stream.toArray()).join('')).toBe('bytes')
  expect(channel.describe()).toEqual({ kind: 'long-lived' })
})

test('what is touched is completed to the answer that it stood for', async () => {
  const { channel, seen } = await channelWith()
  await channel.deliver(
    { ...hello, content: [...hello.content, { kind: 'quick-replies', replies: [{ label: 'ใช่', payload: 'yes' }] }] },
    delivery,
  )
  const [{ data: key }] = seen('/push')[0].messages[0].quickReply.items.map(
    ({ action }: { action: { data: string } }) => action,
  )
  const touched = { id: 'i', conversation, at: 1, platform: 'LINE', content: { kind: 'touched', key } } as const
  expect((await channel.complete(touched)).content).toEqual({
    kind: 'answer',
    what: 'quick-reply',
    label: 'ใช่',
    payload: 'yes',
    to: 'm',
  })
})

test('agents and bots write under the names that the settings give them', async () => {
  const { channel, seen } = await channelWith({ sender: { human: { name: 'Support' } } })
  await channel.deliver({ ...hello, author: 'human' }, delivery)
  await channel.deliver({ ...hello, author: 'bot' }, delivery)
  expect(seen('/push').map(({ messages }) => messages[0].sender)).toEqual([{ name: 'Support' }, undefined])
})

test('when an agent has answered, the customer’s messages are marked as read; not so when a bot has', async () => {
  const { channel, cache, seen } = await channelWith({ markAsRead: true })
  await cache.set(readTokenKey(conversation), 'mark-1', 60)
  await channel.deliver({ ...hello, author: 'bot' }, delivery)
  await channel.deliver(hello, delivery)
  const other = { ...conversation, user: 'U2' }
  await cache.set(readTokenKey(other), 'mark-2', 60)
  await channel.deliver({ ...hello, conversation: other, author: 'human' }, delivery)
  await until('the mark', () => seen('/markAsRead').length > 0)
  expect(seen('/markAsRead')).toEqual([{ markAsReadToken: 'mark-2' }])
})

test('without the setting nothing is marked as read', async () => {
  const { channel, cache, line } = await channelWith()
  await cache.set(readTokenKey(conversation), 'mark-1', 60)
  await channel.deliver({ ...hello, author: 'human' }, delivery)
  channel.act?.({ kind: 'unwelcome', group: 'C1' })
  await until('what comes later', () => line.seen.some(({ url }) => url.endsWith('/leave')))
  expect(line.seen.map(({ url }) => url)).not.toContain('/v2/bot/chat/markAsRead')
})

test('that an agent writes is shown, but not again for what was sent meanwhile', async () => {
  const { channel, seen } = await channelWith()
  const at = Date.now()
  await channel.deliver({ ...hello, at }, delivery)
  channel.act?.({ kind: 'typing', user: 'U1', at, forMs: 5_000 })
  channel.act?.({ kind: 'typing', user: 'U2', at, forMs: 5_000 })
  await until('the animation', () => seen('/loading').length > 0)
  expect(seen('/loading')).toEqual([{ chatId: 'U2', loadingSeconds: 10 }])
})

test('without the setting nobody sees that an agent writes', async () => {
  const { channel, line } = await channelWith({ typing: false })
  channel.act?.({ kind: 'typing', user: 'U1', at: Date.now(), forMs: 5_000 })
  channel.act?.({ kind: 'unwelcome', group: 'C1' })
  await until('what comes later', () => line.seen.some(({ url }) => url.endsWith('/leave')))
  expect(line.seen.map(({ url }) => url)).toEqual(['/v2/bot/group/C1/leave'])
})
