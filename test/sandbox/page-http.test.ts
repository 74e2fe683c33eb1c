import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Demo, startDemo } from './demo-process.ts'

/** The page's server without a browser, and how the demo ends. */

let demo: Demo

beforeAll(async () => {
  demo = await startDemo()
}, 30_000)

afterAll(async () => {
  await demo?.kill()
})

const say = (headers: Record<string, string>) =>
  fetch(`${demo.page}/actions/customer/text`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ channel: 'retail_taiwan', text: '你好' }),
  })

test("another site's page cannot act in the reader's name", async () => {
  expect((await say({ origin: 'https://evil.example' })).status).toBe(403)
  expect((await say({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await say({ origin: demo.page, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
})

test('the page comes with a policy that allows no inline code and only the media of the bridge', async () => {
  const policy = (await fetch(demo.page)).headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain(`img-src 'self' blob: ${demo.bridge};`)
  expect(policy).not.toContain('unsafe')
})

test('a file above 30 MB is refused, and so is a channel that does not exist', async () => {
  const upload = (channel: string, bytes: number) =>
    fetch(`${demo.page}/actions/customer/upload?channel=${channel}&name=big.bin`, {
      method: 'POST',
      body: Buffer.alloc(bytes),
    })
  const tooLarge = await upload('retail_taiwan', 30 * 1024 * 1024 + 1)
  expect(tooLarge.status).toBe(413)
  expect(await tooLarge.json()).toEqual({ error: 'The sandbox takes files up to 30 MB.' })
  expect((await upload('retail_japan', 10)).status).toBe(400)
})

test('the event stream begins with a snapshot, and goes on where it was interrupted', async () => {
  const first = await readEvents({})
  expect(first[0]?.name).toBe('snapshot')
  const { id } = first[0] ?? { id: '' }
  await say({})
  const resumed = await readEvents({ 'last-event-id': id })
  expect(resumed[0]?.name).toBe('message')
  const unknown = await readEvents({ 'last-event-id': 'another-7' })
  expect(unknown[0]?.name).toBe('snapshot')
})

/** What comes within a moment of connecting. */
async function readEvents(headers: Record<string, string>): Promise<{ id: string; name: string }[]> {
  const leaving = new AbortController()
  const { body } = await fetch(`${demo.page}/events`, { headers, signal: leaving.signal })
  let text = ''
  try {
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString()
      if (/^event: .*\ndata: .*\n\n/m.test(text)) break
    }
  } finally {
    leaving.abort()
  }
  return [...text.matchAll(/^id: (?<id>.*)\nevent: (?<name>.*)$/gm)].map(({ groups }) => ({
    id: groups?.id ?? '',
    name: groups?.name ?? '',
  }))
}

test('Ctrl-C ends the demo cleanly', async () => {
  demo.process.kill('SIGINT')
  const [code] = await once(demo.process, 'exit')
  expect([code, demo.output()]).toEqual([0, expect.not.stringContaining('could not')])
})
