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

/** What a store does for all processes: true for the first caller of a key. */
function createClaims() {
  const taken = new Map<string, number>()
  return {
    taken,
    claim: async (key: string, ttlSeconds: number) => {
      if (taken.has(key)) return false
      taken.set(key, ttlSeconds)
      return true
    },
  }
}

function startAlerts(parts: {
  settings: { url?: string; secret?: string }
  claim?: (key: string, ttlSeconds: number) => Promise<boolean>
}) {
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const alerts: Alerts = createAlerts({
    settings: parts.settings,
    claim: parts.claim ?? createClaims().claim,
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

test('the same alert is posted once across processes, another kind, channel or detail on its own', async () => {
  const receiver = await startReceiver(204)
  const claims = createClaims()
  const settings = { url: receiver.url, secret: base64Secret }
  const one = startAlerts({ settings, claim: claims.claim })
  const other = startAlerts({ settings, claim: claims.claim })
  for (const { alerts } of [one, other, one, other]) alerts.observe(alert())
  await receiver.until(1)
  for (const { alerts } of [one, other]) alerts.observe(alert())
  one.alerts.observe(alert('dead_letter'))
  other.alerts.observe(alert('setup', 'outlet'))
  other.alerts.observe(alert('setup', 'shop', 'HTTP 403'))
  await receiver.until(4)
  // Closing waits for what is under way: a post too many would be here by then.
  await one.alerts.close()
  await other.alerts.close()
  const about = receiver.posts.map(({ body }) => {
    const { kind, channel } = JSON.parse(body).data
    return `${kind} ${channel}`
  })
  expect(about.sort()).toEqual(['dead_letter shop', 'setup outlet', 'setup shop', 'setup shop'])
  expect([...claims.taken].map(([key, seconds]) => [key.replace(/:[\w-]{16}$/, ''), seconds]).sort()).toEqual([
    ['alert:dead_letter:shop', 300],
    ['alert:setup:outlet', 300],
    ['alert:setup:shop', 300],
    ['alert:setup:shop', 300],
  ])
})

test('a claim that another process holds keeps this one quiet only while it lasts', async () => {
  const receiver = await startReceiver(204)
  // Another process held the claim; then it ran out.
  let free = false
  const { alerts } = startAlerts({ settings: { url: receiver.url }, claim: async () => free })
  alerts.observe(alert())
  alerts.observe(alert('dead_letter'))
  // Lets both be refused before the claim is free.
  await new Promise(setImmediate)
  free = true
  alerts.observe(alert())
  await receiver.until(1)
  await alerts.close()
  expect(receiver.posts.map(({ body }) => JSON.parse(body).data.kind)).toEqual(['setup'])
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

test.each<[string, () => Promise<boolean>]>([
  ['rejects', () => Promise.reject(new Error('away'))],
  ['never answers', () => new Promise<boolean>(() => {})],
  [
    'throws',
    () => {
      throw new Error('away')
    },
  ],
])('when the claim %s, this process posts once by itself', async (_case, claim) => {
  const receiver = await startReceiver(204)
  const { alerts } = startAlerts({ settings: { url: receiver.url }, claim })
  alerts.observe(alert())
  await receiver.until(1)
  alerts.observe(alert())
  alerts.observe(alert('dead_letter'))
  await receiver.until(2)
  await alerts.close()
  expect(receiver.posts.map(({ body }) => JSON.parse(body).data.kind)).toEqual(['setup', 'dead_letter'])
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
