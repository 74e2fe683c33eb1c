import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Queue, Worker } from 'bullmq'
import express, { Router } from 'express'
import { createConsole } from '../../src/console/index.ts'
import { connectRedis, type Redis } from '../../src/lib/redis.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { type ServedApp, serveApp } from '../support/serve-app.ts'

const secretText = 'สวัสดี my card is 4111'
const authorization = `Basic ${Buffer.from('ops:right').toString('base64')}`

let redis: TestRedis
let connection: Redis
let queue: Queue
let served: ServedApp
let asked = 0

beforeAll(async () => {
  redis = await startTestRedis()
  connection = connectRedis({ url: redis.url, failFast: false, onError: () => {} })
  queue = new Queue('shop-inbound', { connection, prefix: '{bridge}' })
  await queue.add('inbound', envelope('failing'), { jobId: 'm-failing', attempts: 1 })
  await failOne()
  await queue.add('inbound', envelope('waiting'), { jobId: 'm-waiting' })
  await queue.add('inbound', envelope('later'), { jobId: 'm-later', delay: 3_600_000 })
  const app = express()
    .disable('x-powered-by')
    .use(
      '/admin',
      createConsole({
        admin: { username: 'ops', password: 'right' },
        publicUrl: 'https://bridge.example.com',
        queues: () => {
          asked += 1
          return [queue]
        },
        api: Router()
          .get('/channels', (_request, response) => {
            response.json({ items: [] })
          })
          .post('/pause', (_request, response) => {
            response.json({ done: true })
          }),
      }),
    )
  served = await serveApp(app)
})

afterAll(async () => {
  await served?.close()
  await queue?.close()
  await connection?.quit()
  await redis?.stop()
})

function envelope(id: string) {
  return { v: 1, ids: { message: id, user: 'U1' }, sealed: { text: secretText }, nickname: secretText }
}

/** Lets a real worker fail the one waiting job, with texts wherever BullMQ keeps some. */
async function failOne(): Promise<void> {
  const workerConnection = connectRedis({ url: redis.url, failFast: false, onError: () => {} })
  const worker = new Worker(
    'shop-inbound',
    async (job) => {
      await job.log(secretText)
      await job.updateProgress({ text: secretText })
      throw new Error(`HTTP 400\n${secretText}`)
    },
    { connection: workerConnection, prefix: '{bridge}' },
  )
  await new Promise((resolve) => worker.once('failed', resolve))
  await worker.close()
  await workerConnection.quit()
}

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${served.url}${path}`, { ...init, headers: { authorization, ...init.headers } })

const stateOfTheQueue = async () => ({
  counts: await queue.getJobCounts(),
  paused: await queue.isPaused(),
  concurrency: await queue.getGlobalConcurrency(),
  rateLimit: await queue.getGlobalRateLimit(),
  later: (await queue.getJob('m-later'))?.asJSON(),
})

test('everything wants the login', async () => {
  for (const path of [
    '/admin',
    '/admin/',
    '/admin/queues',
    '/admin/queues/api/queues',
    '/admin/api/channels',
    '/admin/assets/tokens.css',
    '/admin/nothing',
  ])
    expect([path, (await fetch(served.url + path)).status]).toEqual([path, 401])
})

test('without an admin in the configuration every address under /admin is 404, with or without a login', async () => {
  const app = express().use(
    '/admin',
    createConsole({
      admin: undefined,
      publicUrl: 'https://bridge.example.com',
      queues: () => [queue],
      api: Router().use((_request, response) => {
        response.json({ reached: true })
      }),
    }),
  )
  const closed = await serveApp(app)
  try {
    for (const path of ['/admin', '/admin/', '/admin/queues', '/admin/api/channels', '/admin/assets/tokens.css']) {
      const answer = await fetch(closed.url + path, { headers: { authorization } })
      expect([path, answer.status]).toEqual([path, 404])
      expect(await answer.json()).toMatchObject({ error: { code: 'not_found' } })
    }
    expect((await fetch(`${closed.url}/admin/api/pause`, { method: 'POST' })).status).toBe(404)
  } finally {
    await closed.close()
  }
})

test('the dashboard is not loaded before somebody opens it', async () => {
  await call('/admin')
  expect(asked).toBe(0)
  await call('/admin/queues')
  await call('/admin/queues')
  expect(asked).toBe(1)
})

test('the home page links to what there is, has no script and no inline style', async () => {
  const answer = await call('/admin')
  const html = await answer.text()
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  for (const address of ['/admin/queues', '/metrics', '/readyz']) expect(html).toContain(`href="${address}"`)
  expect(html).not.toMatch(/<script|<style|style=| on[a-z]+=/)
  for (const [, address] of html.matchAll(/(?:href)="(\/admin\/assets\/[^"]+)"/g))
    expect([address, (await call(String(address))).status]).toEqual([address, 200])
})

test('nothing of the console may be framed, sniffed, kept or told to others', async () => {
  for (const path of [
    '/admin',
    '/admin/queues',
    '/admin/queues/api/queues',
    '/admin/assets/tokens.css',
    '/admin/api/channels',
  ]) {
    const { headers } = await call(path)
    expect([path, headers.get('content-security-policy')]).toEqual([
      path,
      expect.stringContaining("frame-ancestors 'none'"),
    ])
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).toContain("script-src 'self';")
    expect([path, headers.get('cache-control')]).toEqual([path, 'no-store'])
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
  }
  expect((await call('/admin')).headers.get('content-security-policy')).not.toContain('unsafe-inline')
  expect((await fetch(`${served.url}/admin`)).headers.get('cache-control')).toBe('no-store')
})

test('the API gets requests that are logged in and of our own origin', async () => {
  expect((await call('/admin/api/channels')).status).toBe(200)
  expect((await call('/admin/api/pause', { method: 'POST' })).status).toBe(200)
  const foreign = await call('/admin/api/pause', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } })
  expect(foreign.status).toBe(403)
  expect((await call('/admin/api/nothing')).status).toBe(404)
})

test('the dashboard page is built on its own address and asks nothing of other hosts', async () => {
  const answer = await call('/admin/queues')
  const html = await answer.text()
  expect(answer.status).toBe(200)
  expect(html).toContain('<base href="/admin/queues/"')
  expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  for (const [, address] of html.matchAll(/(?:src|href)="(static\/[^"]+)"/g))
    expect([address, (await call(`/admin/queues/${address}`)).status]).toEqual([address, 200])
  expect(answer.headers.get('x-powered-by')).toBe(null)
})

test('jobs are shown by their ids, without any text', async () => {
  const list = await call('/admin/queues/api/queues?activeQueue=shop-inbound&status=latest&page=1&jobsPerPage=10')
  const [shown] = (
    (await list.json()) as {
      queues: { jobs: { id: string; data: unknown }[]; readOnlyMode: boolean; counts: unknown }[]
    }
  ).queues
  expect(shown?.readOnlyMode).toBe(true)
  expect(shown?.counts).toMatchObject({ waiting: 1, delayed: 1, failed: 1 })
  expect(shown?.jobs.map(({ id }) => id).sort()).toEqual(['m-failing', 'm-later', 'm-waiting'])
  expect(shown?.jobs.find(({ id }) => id === 'm-waiting')?.data).toEqual({
    v: 1,
    ids: { message: 'waiting', user: 'U1' },
    content: 'hidden',
  })
  const one = await call('/admin/queues/api/queues/shop-inbound/m-failing')
  expect(await one.json()).toMatchObject({
    status: 'failed',
    job: { id: 'm-failing', failedReason: 'HTTP 400', stacktrace: [], progress: { content: 'hidden' } },
  })
})

test.each([
  '/api/queues',
  '/api/queues?activeQueue=shop-inbound&status=latest&page=1&jobsPerPage=10',
  '/api/queues?activeQueue=shop-inbound&status=failed&page=1&jobsPerPage=10',
  '/api/queues/shop-inbound/m-failing',
  '/api/queues/shop-inbound/m-waiting',
  '/api/queues/shop-inbound/m-failing/logs',
  '/api/queues/shop-inbound/m-failing/flow',
  '/api/queues/shop-inbound/m-failing/flow?root=node',
  '/api/queues/shop-inbound/metrics',
  '/api/queues/shop-inbound/workers',
  '/api/queues/shop-inbound/default-job-options',
  '/api/queues/shop-inbound/job-data-schema',
  '/api/job-schedulers',
  '/api/redis/stats',
])('no text is in the answer to %s', async (path) => {
  const answer = await call(`/admin/queues${path}`)
  const text = await answer.text()
  expect(answer.status).toBeLessThan(500)
  expect(text).not.toContain('4111')
  expect(text).not.toContain('sealed')
})

test('a scheduler that somebody made shows nothing of its template', async () => {
  const scheduled = new Queue('shop-outbound', { connection, prefix: '{bridge}' })
  await scheduled.upsertJobScheduler('nightly', { every: 3_600_000 }, { name: 'n', data: { text: secretText } })
  const other = await serveApp(
    express().use(
      '/ops',
      createConsole({
        admin: { username: 'ops', password: 'right' },
        publicUrl: 'https://b.example',
        queues: () => [scheduled],
      }),
    ),
  )
  try {
    for (const path of [
      '/api/job-schedulers',
      '/api/queues?activeQueue=shop-outbound&status=latest&page=1&jobsPerPage=10',
    ]) {
      const answer = await fetch(`${other.url}/ops/queues${path}`, { headers: { authorization } })
      expect(answer.status).toBe(200)
      expect(await answer.text()).not.toContain('4111')
    }
    const page = await fetch(`${other.url}/ops/queues`, { headers: { authorization } })
    expect(await page.text()).toContain('<base href="/ops/queues/"')
  } finally {
    await other.close()
    await scheduled.removeJobScheduler('nightly')
    await scheduled.close()
  }
})

const inQueue = '/api/queues/shop-inbound'
const changes: [method: string, path: string, body?: object][] = [
  ['POST', `${inQueue}/add`, { name: 'inbound', data: { text: 'made up' }, options: {} }],
  ['PUT', '/api/queues/pause'],
  ['PUT', '/api/queues/resume'],
  ['PUT', `${inQueue}/pause`],
  ['PUT', `${inQueue}/resume`],
  ['PUT', `${inQueue}/retry/failed`],
  ['PUT', `${inQueue}/promote`],
  ['PUT', `${inQueue}/clean/failed`],
  ['PUT', `${inQueue}/clean/waiting`],
  ['PUT', `${inQueue}/empty`],
  ['PUT', `${inQueue}/obliterate`, { force: true }],
  ['PUT', `${inQueue}/concurrency`, { concurrency: 1 }],
  ['PUT', `${inQueue}/rate-limit`, { max: 1, duration: 1000 }],
  ['PUT', `${inQueue}/rate-limit/release`],
  ['PUT', `${inQueue}/m-failing/retry`],
  ['PUT', `${inQueue}/m-failing/retry/failed`],
  ['PUT', `${inQueue}/m-waiting/clean`],
  ['PUT', `${inQueue}/m-later/promote`],
  ['PUT', `${inQueue}/m-waiting/remove-unprocessed-children`],
  ['PATCH', `${inQueue}/m-waiting/update-data`, { jobData: { text: 'made up' } }],
  ['PATCH', `${inQueue}/m-later/delay`, { delay: 1 }],
  ['PATCH', `${inQueue}/m-waiting/priority`, { priority: 1 }],
  ['PUT', `${inQueue}/job-schedulers/x/remove`],
  ['PUT', `${inQueue}/job-schedulers/x/run`],
  ['PATCH', `${inQueue}/job-schedulers/x`, { every: 1000 }],
  ['DELETE', inQueue],
]

// Every row in full: for one that is shorter than the parameters Jest passes a callback and waits for it.
const fullChanges = changes.map(([method, path, body = {}]) => [method, path, body] as const)
test.each(fullChanges)('%s %s is refused and changes nothing', async (method, path, body) => {
  const before = await stateOfTheQueue()
  for (const headers of [{}, { 'x-http-method-override': 'GET' }]) {
    const answer = await call(`/admin/queues${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(405)
    expect(await answer.json()).toMatchObject({ error: { code: 'read_only' } })
  }
  expect(await stateOfTheQueue()).toEqual(before)
})

test('an unknown address is a 404 in JSON, below the dashboard too', async () => {
  for (const path of [
    '/admin/nothing',
    '/admin/queues/static/nothing.js',
    '/admin/assets/nothing.css',
    '/admin/assets/..%2findex.ts',
  ]) {
    const answer = await call(path)
    expect([path, answer.status]).toEqual([path, 404])
    expect(await answer.json()).toMatchObject({ error: { code: 'not_found' } })
  }
})
