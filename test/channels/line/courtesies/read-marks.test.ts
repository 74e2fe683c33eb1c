import { afterEach, expect, test } from '@jest/globals'
import { readTokenKey } from '../../../../src/channels/line/cache-keys.ts'
import { createLineClient } from '../../../../src/channels/line/client.ts'
import { createReadMarks } from '../../../../src/channels/line/courtesies/read-marks.ts'
import { createLogger } from '../../../../src/lib/logger.ts'
import { until } from '../../../support/until.ts'
import { type Answer, json, serveLine, shortAgent } from '../fake-line.ts'
import { createMemoryCache } from '../memory-cache.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const talk = (user: string) => ({ channel: 'retail_thailand', user })
const key = readTokenKey(talk('U1'))

async function marking(answer: Answer) {
  const line = await serveLine(answer)
  const agent = shortAgent(5_000)
  closers.push(line.close, () => agent.destroy())
  const cache = createMemoryCache()
  await cache.set(key, 'mark-1', 86_400)
  const markRead = createReadMarks({
    client: createLineClient({
      apiUrl: line.url,
      tokens: { current: async () => 'token-1', refused: () => {} },
      agent,
      sideAgent: agent,
    }),
    cache,
    logger: createLogger({ level: 'silent' }),
  })
  return { line, cache, markRead }
}

/** Marks somebody else as read and waits for that: what happened to the first has happened by then. */
async function another({ line, cache, markRead }: Awaited<ReturnType<typeof marking>>) {
  await cache.set(readTokenKey(talk('U2')), 'mark-2', 86_400)
  markRead(talk('U2'))
  await until('the second mark', () => line.seen.some(({ body }) => body.includes('mark-2')))
}

test('the customer’s latest token is given to LINE and then forgotten', async () => {
  const { line, cache, markRead } = await marking((_, response) => json(response, 200, {}))
  markRead(talk('U1'))
  await until('forgotten', async () => (await cache.get(key)) === undefined)
  expect(line.seen).toHaveLength(1)
  expect(line.seen[0]).toMatchObject({
    method: 'POST',
    url: '/v2/bot/chat/markAsRead',
    body: '{"markAsReadToken":"mark-1"}',
  })
})

test('where there is no token, LINE is not asked', async () => {
  const parts = await marking((_, response) => json(response, 200, {}))
  parts.markRead(talk('U3'))
  await another(parts)
  expect(parts.line.seen).toHaveLength(1)
})

test('a token that came meanwhile is kept: nobody has read that message', async () => {
  let answerNow = () => {}
  const parts = await marking((_, response) => {
    answerNow = () => json(response, 200, {})
    if (parts.line.seen.length > 1) answerNow()
  })
  const { line, cache, markRead } = parts
  markRead(talk('U1'))
  await until('the request', () => line.seen.length === 1)
  await cache.set(key, 'mark-3', 86_400)
  answerNow()
  await another(parts)
  await until('the second forgotten', async () => (await cache.get(readTokenKey(talk('U2')))) === undefined)
  expect(await cache.get(key)).toBe('mark-3')
})

test('a token that LINE refuses is forgotten too', async () => {
  const { cache, markRead } = await marking((_, response) =>
    json(response, 400, { message: 'Invalid markAsReadToken.' }),
  )
  markRead(talk('U1'))
  await until('forgotten', async () => (await cache.get(key)) === undefined)
})

test.each([500, 429, 403])('after a %i the token serves the next answer', async (status) => {
  const { line, cache, markRead } = await marking((_, response, count) =>
    json(response, count === 1 ? status : 200, {}),
  )
  markRead(talk('U1'))
  await until('the failed request', () => line.seen.length === 1)
  await until('another try', () => {
    markRead(talk('U1'))
    return line.seen.length > 1
  })
  await until('forgotten', async () => (await cache.get(key)) === undefined)
  expect(line.seen[1]?.body).toBe('{"markAsReadToken":"mark-1"}')
})

test('while the cache is away, nothing happens and nothing is thrown', async () => {
  const parts = await marking((_, response) => json(response, 200, {}))
  parts.cache.away = true
  parts.markRead(talk('U1'))
  parts.cache.away = false
  await another(parts)
  expect(parts.line.seen).toHaveLength(1)
})
