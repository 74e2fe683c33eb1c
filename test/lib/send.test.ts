import { afterEach, expect, test } from '@jest/globals'
import { createHttpAgent } from '../../src/lib/http.ts'
import { send } from '../../src/lib/send.ts'
import { type ServedApp, serveApp } from '../support/serve-app.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Asks a server that answers so. */
async function ask(answer: Parameters<typeof serveApp>[0], bodyWithinMs?: number) {
  const app: ServedApp = await serveApp(answer)
  const pool = createHttpAgent({ connections: 1 })
  closers.push(app.close, () => pool.destroy())
  return send(pool, { origin: app.url, path: '/', method: 'GET', headers: {} }, bodyWithinMs)
}

test('a redirect is an answer like any other', async () => {
  const reply = await ask((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('moved'))
  expect(reply).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, text: 'moved' })
})

test('characters that arrive in pieces stay whole', async () => {
  const bytes = Buffer.from('สวัสดี')
  const reply = await ask((_, response) => {
    response.write(bytes.subarray(0, 4), () => response.end(bytes.subarray(4)))
  })
  expect(reply.text).toBe('สวัสดี')
})

test('an answer that is too large counts by its status', async () => {
  expect(await ask((_, response) => response.end('x'.repeat(3_000_000)))).toMatchObject({ status: 200, text: '' })
})

test('an answer that trickles ends in time, although no pause is long', async () => {
  const trickling = ask((_, response) => {
    const timer = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(timer))
  }, 200)
  await expect(trickling).rejects.toThrow('The answer did not end in time.')
})
