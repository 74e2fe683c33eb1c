import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { lineSignature } from '../../src/sandbox/line-platform/index.ts'
import { journeys } from '../support/journeys.ts'
import { arrived, desk, onDesk } from '../support/looks.ts'
import { write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand, type World } from '../support/world.ts'
import { load, pdf, sendFile, sha256 } from './files.ts'

const { start, later } = journeys()

const path = `/webhooks/line/${thailand.name}`
const mebibyte = 2 ** 20

/** What a bare connection got so far, and when it ended. */
interface Caller {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: Promise<unknown>
}

async function call(world: World): Promise<Caller> {
  const { hostname, port } = new URL(world.url)
  const socket = connect({ host: hostname, port: Number(port) })
  let text = ''
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece
  })
  // Cut off while it still sends: that is what most of these are about.
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  later(async () => socket.destroy())
  await once(socket, 'connect')
  return { socket, received: () => text, closed }
}

const callers = async (world: World, count: number): Promise<Caller[]> => {
  const all: Caller[] = []
  while (all.length < count)
    all.push(...(await Promise.all(Array.from({ length: Math.min(100, count - all.length) }, () => call(world)))))
  return all
}

/** Writes the same to all of them about once a second, until the test ends. */
function trickle(all: readonly Caller[], piece: string): void {
  const timer = setInterval(() => {
    for (const { socket } of all) if (socket.writable) socket.write(piece)
  }, 1_000)
  later(async () => clearInterval(timer))
}

/** Customers who write one after the other are answered soon, and their messages arrive. */
async function expectQuick(world: World): Promise<void> {
  const before = desk(world)
  const texts = Array.from({ length: 20 }, (_, number) => `quick ${number}`)
  const tookMs: number[] = []
  for (const text of texts) {
    const attempt = await write(world, text).webhook.firstAttempt
    expect(attempt).toMatchObject({ status: 200 })
    tookMs.push(attempt.durationMs)
  }
  // LINE waits for 2 s, here too. The median tells more than the slowest, which may be the machine's fault.
  expect(tookMs.toSorted((a, b) => a - b)[10]).toBeLessThan(200)
  await onDesk(world, 'quick 19')
  expect(desk(world)).toEqual([...before, ...texts])
}

describe('webhooks are answered as ever beside', () => {
  test('500 senders who send a byte a second, half of them headers and half of them bodies', async () => {
    const world = await start()
    const headers = await callers(world, 250)
    for (const { socket } of headers) socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nX-Slow: `)
    const bodies = await callers(world, 250)
    for (const { socket } of bodies)
      socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nX-Line-Signature: none\r\nContent-Length: 1000\r\n\r\n{`)
    trickle([...headers, ...bodies], 'a')
    await expectQuick(world)
    // Those who have not finished their headers after 10 s are sent away.
    await Promise.all(headers.map(({ closed }) => closed))
    expect(headers[0]?.received()).toMatch(/^(HTTP\/1\.1 408 |$)/)
    expect(bodies.every(({ socket }) => socket.writable)).toBe(true)
  }, 30_000)

  test('2,000 connections that are kept open and idle', async () => {
    const world = await start()
    const idle = await callers(world, 2_000)
    for (const { socket } of idle) socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('all answers', () => idle.every(({ received }) => received().endsWith('{"ok":true}')))
    await expectQuick(world)
    expect(idle.every(({ socket }) => socket.readyState === 'open')).toBe(true)
  })

  test('100 readers who do not read on, while a file is read by another one', async () => {
    const world = await start()
    const bytes = pdf(5 * mebibyte)
    sendFile(world, { type: 'file', bytes })
    const url = (await arrived(world, 1)).at(-1)?.attachment?.url ?? ''
    const before = process.memoryUsage().rss
    const readers = await callers(world, 100)
    for (const { socket } of readers) {
      socket.write(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: a\r\n\r\n`)
      socket.once('data', () => socket.pause())
    }
    const begun = () => readers.every(({ received }) => received().startsWith('HTTP/1.1 200 '))
    await until('all to have begun', begun, 20_000)
    await expectQuick(world)
    expect(sha256((await load(url)).bytes)).toBe(sha256(bytes))
    // 500 MiB were asked for.
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * mebibyte)
  }, 40_000)
})

describe('a body that is too large is refused at once, and its connection ends soon', () => {
  test.each([
    ['that says so', 'Content-Length: 10485760'],
    ['that does not say so', 'Transfer-Encoding: chunked'],
  ])('%s, however its sender goes on', async (_, length) => {
    const world = await start()
    const { socket, received, closed } = await call(world)
    const startedAt = Date.now()
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\n${length}\r\n\r\n`)
    const chunk = length.startsWith('Transfer')
      ? Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000), Buffer.from('\r\n')])
      : Buffer.alloc(0x10000)
    let sent = 0
    let ended = false
    const over = closed.then(() => {
      ended = true
    })
    // Goes on until it is cut off, or the whole body is gone.
    while (!ended && sent < 10 * mebibyte) {
      sent += 0x10000
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => {}), over])
      if (received() !== '' && sent < 2 * mebibyte) await new Promise((resolve) => setImmediate(resolve))
    }
    await over
    expect(received()).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close[\s\S]*"code":"body_too_large"/i)
    expect(Date.now() - startedAt).toBeLessThan(5_000)
    expect((await write(world, 'after').webhook.firstAttempt).status).toBe(200)
  })

  test('a sender who only announced it hears so before it has sent any of it', async () => {
    const world = await start()
    const { socket, received, closed } = await call(world)
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n`)
    await until('the answer', () => received().includes('body_too_large'), 1_000)
    await closed
  })

  test('a sender who waits to be told to go on is not told to', async () => {
    const world = await start()
    const { socket, received, closed } = await call(world)
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10485760\r\n\r\n`)
    await closed
    expect(received()).toMatch(/body_too_large/)
  })
})

test('headers that are too large get 431, and others are served', async () => {
  const world = await start()
  const { socket, received, closed } = await call(world)
  socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nX-Large: ${'a'.repeat(100_000)}\r\n\r\n`)
  await closed
  // Whoever still sends when it is cut off may miss the words.
  expect(received()).toMatch(/^(HTTP\/1\.1 431 |$)/)
  await write(world, 'after').webhook.ended
  await onDesk(world, 'after')
})

test('a chunked body without a length is taken as any other', async () => {
  const world = await start()
  const { socket, received } = await call(world)
  const event = world.line.event(thailand.name, thailand.userId, { type: 'text', text: 'zebra chunked' })
  const body = JSON.stringify({ destination: 'U', events: [event] })
  const signature = lineSignature(thailand.lineSecret, body)
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nX-Line-Signature: ${signature}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  for (const byte of Buffer.from(body)) socket.write(`1\r\n${String.fromCharCode(byte)}\r\n`)
  socket.write('0\r\n\r\n')
  await until('the answer', () => received().startsWith('HTTP/1.1 200 '))
  await onDesk(world, 'chunked')
})
