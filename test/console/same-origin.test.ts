import { once } from 'node:events'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import { createSameOrigin } from '../../src/console/same-origin.ts'
import { type ServedApp, serveApp } from '../support/serve-app.ts'

let served: ServedApp
beforeAll(async () => {
  const app = express()
    .use(createSameOrigin({ publicUrl: 'https://bridge.example.com/' }))
    .use((_request, response) => {
      response.json({ done: true })
    })
  served = await serveApp(app)
})
afterAll(() => served.close())

/** Sends through node:http, as fetch does not let a caller set these headers. */
async function send(method: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const outgoing = request(served.url, { method, headers, agent: false })
  outgoing.end()
  const [answer] = await once(outgoing, 'response')
  let body = ''
  for await (const chunk of answer) body += chunk
  return { status: answer.statusCode, body }
}

test.each<[string, string, Record<string, string>]>([
  ['a terminal, which sends neither header', 'POST', {}],
  [
    'a page under the public address',
    'POST',
    { origin: 'https://bridge.example.com', 'sec-fetch-site': 'same-origin' },
  ],
  ['an older browser without Sec-Fetch-Site', 'POST', { origin: 'https://bridge.example.com' }],
  ['a page under the host that was asked', 'POST', { host: '10.0.0.5:3000', origin: 'http://10.0.0.5:3000' }],
  ['the same behind TLS that ends before us', 'POST', { host: 'ops.internal', origin: 'https://ops.internal' }],
  ['a browser that sends Sec-Fetch-Site only', 'DELETE', { 'sec-fetch-site': 'same-origin' }],
  ['reading from anywhere', 'GET', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['a link in a mail', 'GET', { 'sec-fetch-site': 'none' }],
  ['OPTIONS from anywhere', 'OPTIONS', { origin: 'https://evil.example' }],
])('%s is let through', async (_case, method, headers) => {
  expect((await send(method, headers)).status).toBe(200)
})

test.each<[string, string, Record<string, string>]>([
  ['another origin', 'POST', { origin: 'https://evil.example' }],
  ['another origin with PUT', 'PUT', { origin: 'https://evil.example' }],
  ['another origin with DELETE', 'DELETE', { origin: 'https://evil.example' }],
  ['no origin at all (a sandboxed frame)', 'POST', { origin: 'null' }],
  ['another port of the public host', 'POST', { origin: 'https://bridge.example.com:8443' }],
  ['the public host without TLS', 'POST', { host: 'bridge.example.com', origin: 'http://bridge.example.com' }],
  ['a host that begins like ours', 'POST', { origin: 'https://bridge.example.com.evil.example' }],
  ['a sister site', 'POST', { 'sec-fetch-site': 'same-site' }],
  ['another site', 'POST', { 'sec-fetch-site': 'cross-site' }],
  ['no page', 'POST', { 'sec-fetch-site': 'none' }],
  [
    'a right origin that the browser calls cross-site',
    'POST',
    { origin: 'https://bridge.example.com', 'sec-fetch-site': 'cross-site' },
  ],
  [
    'a wrong origin that claims to be same-origin',
    'POST',
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  ],
])('a change from %s is refused', async (_case, method, headers) => {
  const { status, body } = await send(method, headers)
  expect(status).toBe(403)
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'cross_origin' } })
})
