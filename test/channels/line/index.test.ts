import { expect, test } from '@jest/globals'
import { channelTypes } from '../../../src/channels/index.ts'
import { createLogger } from '../../../src/lib/logger.ts'
import { json, serveLine } from './fake-line.ts'
import { createMemoryCache } from './memory-cache.ts'

test('a channel made from its settings hears, delivers, knows the customer and closes', async () => {
  const line = await serveLine(({ url }, response) => {
    if (url.includes('/profile/')) json(response, 200, { displayName: 'สมชาย' })
    else if (url.includes('/content')) response.end('bytes')
    else json(response, 200, { sentMessages: [{ id: '77' }] })
  })
  const channel = await channelTypes.line.create({
    name: 'retail_thailand',
    settings: channelTypes.line.settings.parse({
      channelId: 1657000001,
      channelSecret: '8c570fa6dd201bb328f1c1eac23a96d8',
      accessToken: 'long',
      apiUrl: line.url,
      dataApiUrl: line.url,
    }),
    cache: createMemoryCache(),
    logger: createLogger({ level: 'silent' }),
    fetchOutside: async () => {
      throw new Error('Nothing lies outside.')
    },
  })
  const body = Buffer.from('{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}')
  const headers = { 'x-line-signature': 'GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=' }
  expect(channel.webhook.read(channel.webhook.verify({ headers, body }))).toEqual([])
  expect(await channel.customer('U1')).toEqual({ name: 'สมชาย' })
  const message = {
    id: 'm',
    conversation: { channel: 'retail_thailand', user: 'U1' },
    at: 1,
    content: [{ kind: 'text', text: 'hello' } as const],
  }
  const delivered = await channel.deliver(message, {
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
  })
  expect(delivered).toEqual({ status: 200, remoteId: '77' })
  const opened = await channel.media.open({ by: 'id', id: '1' }, new AbortController().signal)
  expect((await opened.stream.toArray()).join('')).toBe('bytes')
  expect(channel.describe()).toEqual({ kind: 'long-lived' })
  await channel.close()
  await line.close()
})
