import { once } from 'node:events'
import { afterEach, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { Webhook } from 'standardwebhooks'
import type { BridgeEvent } from '../../src/bridge/events.ts'
import { type Alerts, createAlerts } from '../../src/observe/alerts.ts'
import { type ServedApp, serveApp } from '../support/serve-app.ts'

interface Post {
  readonly headers: Record<string, string>
  readonly body: string
}

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

/** A receiver of alerts that answers with the given statuses, the last one from then on; 0 never answers. */
async function startReceiver(...statuses: number[]) {
  const posts: Post[] = []
  const arrivals = new EventTarget()
  const served: ServedApp = await serveApp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      posts.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() })
      const status = statuses[Math.min(posts.length, statuses.length) - 1] ?? 204
      if (status !== 0) response.writeHead(status, { location: '/elsewhere' }).end('ok')
      arrivals.dispatchEvent(new Event('post'))
    })
  })
  opened.push(served)
  return {
    url: `${served.url}/hooks/token-in-path`,
    posts,
    async until(count: number): Promise<void> {
      while (posts.length < count) await once(arrivals, 'post')
    },
  }
}

function startAlerts(parts: { settings: { url?: string; secret?: string } }) {
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const alerts: Alerts = createAlerts({
    settings: parts.settings,
    logger,
  })
  opened.push(alerts)
  return { alerts, lines }
}

const alert = (kind: 'setup' | 'dead_letter' = 'setup', channel = 'shop', detail = 'HTTP 401'): BridgeEvent => ({
  type: 'alert.raised',
  kind,
  channel,
  detail,
})

const base64Secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`

test('an alert is posted signed, as a receiver with the Standard Webhooks library verifies it', async () => {
  const receiver = await startReceiver(204)
  const { alerts } = startAlerts({ settings: { url: receiver.url, secret: base64Secret } })
  alerts.observe(alert())
  await receiver.until(1)
  const post = receiver.posts[0] as Post
  const body = new Webhook(base64Secret).verify(post.body, post.headers)
  expect(body).toEqual({
    type: 'alert.raised',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    data: { kind: 'setup', channel: 'shop', detail: 'HTTP 401' },
  })
  expect(post.headers['content-type']).toBe('application/json')
})

test('a secret in plain text is the key itself, whatever its letters', async () => {
  const receiver = await startReceiver(204)
  const secret = 'ein schönes Geheimnis'
  const { alerts } = startAlerts({ settings: { url: receiver.url, secret } })
  alerts.observe(alert())
  await receiver.until(1)
  const post = receiver.posts[0] as Post
  const verifier = new Webhook(Buffer.from(secret), { format: 'raw' })
  expect(() => verifier.verify(post.body, post.headers)).not.toThrow()
  expect(() => verifier.verify(`${post.body} `, post.headers)).toThrow()
})

test('without a secret a post has its id and time, and no signature', async () => {
  const receiver = await startReceiver(204)
  const { alerts } = startAlerts({ settings: { url: receiver.url } })
  alerts.observe(alert())
  await receiver.until(1)
  expect(receiver.posts[0]?.headers['webhook-id']).toMatch(/^msg_/)
  expect(receiver.posts[0]?.headers['webhook-timestamp']).toMatch(/^\d+$/)
  expect(receiver.posts[0]?.headers).not.toHaveProperty('webhook-signature')
})

test('a secret that says whsec_ and is no base64 is refused without being told', () => {
  const make = () => startAlerts({ settings: { url: 'http://127.0.0.1:9/', secret: 'whsec_not*base64' } })
  expect(make).toThrow('base64')
  expect(make).not.toThrow('not*base64')
})

test('every alert that is told is posted, under an id of its own', async () => {
  const receiver = await startReceiver(204)
  const { alerts } = startAlerts({ settings: { url: receiver.url, secret: base64Secret } })
  for (const one of [alert(), alert('dead_letter'), alert('setup', 'outlet'), alert()]) alerts.observe(one)
  await receiver.until(4)
  await alerts.close()
  const about = receiver.posts.map(({ body }) => {
    const { kind, channel } = JSON.parse(body).data
    return `${kind} ${channel}`
  })
  expect(about.sort()).toEqual(['dead_letter shop', 'setup outlet', 'setup shop', 'setup shop'])
  expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(4)
})

test('a refused post is tried again under the same id, with a signature of its own time', async () => {
  const receiver = await startReceiver(500, 204)
  const { alerts, lines } = startAlerts({ settings: { url: receiver.url, secret: base64Secret } })
  alerts.observe(alert())
  await receiver.until(2)
  await alerts.close()
  const [first, second] = receiver.posts as [Post, Post]
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
  expect(second.body).toBe(first.body)
  for (const post of receiver.posts) new Webhook(base64Secret).verify(post.body, post.headers)
  expect(Number(second.headers['webhook-timestamp'])).toBeGreaterThanOrEqual(Number(first.headers['webhook-timestamp']))
  expect(receiver.posts).toHaveLength(2)
  expect(lines).toEqual([])
})

test('after three tries it is given up with one log line that does not hold the address; redirects are not followed', async () => {
  const receiver = await startReceiver(500, 307, 404)
  const { alerts, lines } = startAlerts({ settings: { url: receiver.url, secret: base64Secret } })
  alerts.observe(alert())
  await receiver.until(3)
  await alerts.close()
  expect(receiver.posts).toHaveLength(3)
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'alert.not_posted', kind: 'setup', error: 'HTTP 404' })
  expect(lines[0]).not.toContain('token-in-path')
})

test('the caller is never delayed, and closing cuts a silent receiver off', async () => {
  const receiver = await startReceiver(0)
  const { alerts, lines } = startAlerts({ settings: { url: receiver.url } })
  const startedAt = performance.now()
  alerts.observe(alert())
  expect(performance.now() - startedAt).toBeLessThan(100)
  await receiver.until(1)
  const closingAt = performance.now()
  await alerts.close()
  expect(performance.now() - closingAt).toBeLessThan(4_000)
  expect(lines).toHaveLength(1)
  alerts.observe(alert('dead_letter'))
  await alerts.close()
  expect(receiver.posts).toHaveLength(1)
})

test('other events and a missing address post nothing', async () => {
  const receiver = await startReceiver(204)
  const { alerts } = startAlerts({ settings: { url: receiver.url } })
  alerts.observe({ type: 'webhook.answered', channel: 'shop', source: 'line', status: 500 })
  const without = startAlerts({ settings: {} })
  without.alerts.observe(alert())
  alerts.observe(alert('dead_letter'))
  await receiver.until(1)
  await alerts.close()
  await without.alerts.close()
  expect(receiver.posts.map(({ body }) => JSON.parse(body).data.kind)).toEqual(['dead_letter'])
})
