import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createPlainServer } from '../../bench/plain-http.ts'

const seen: string[] = []
const server = createPlainServer(({ path, body }, answer) => {
  seen.push(`${path} ${body.toString('utf8')}`)
  answer('{"ok":"ดี"}')
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
beforeEach(() => {
  seen.length = 0
})
afterAll(() => void server.close())

async function open() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  return socket.setNoDelay(true).setEncoding('utf8')
}

const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

test('Answers fetch, and its connection serves for more', async () => {
  const { port } = server.address() as AddressInfo
  for (const body of ['one', 'ข้อความ']) {
    const response = await fetch(`http://127.0.0.1:${port}/a?b=c`, { method: 'POST', body })
    expect([response.status, await response.json()]).toEqual([200, { ok: 'ดี' }])
  }
  expect(seen).toEqual(['/a?b=c one', '/a?b=c ข้อความ'])
})

test('Takes requests in pieces, and several in one piece', async () => {
  const socket = await open()
  let answered = ''
  socket.on('data', (text: string) => {
    answered += text
  })
  const sent = Buffer.from(post('/1', 'ก') + post('/2', '') + post('/3', 'c'))
  for (const [from, to] of [
    [0, 10],
    [10, 57],
    [57, sent.length],
  ] as const) {
    socket.write(sent.subarray(from, to))
    await sleep(20)
  }
  socket.end()
  await once(socket, 'close')
  expect(seen).toEqual(['/1 ก', '/2 ', '/3 c'])
  expect(answered.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3)
})

test('Closes the connection of a client that sends in chunks, which would be read wrongly', async () => {
  const socket = await open()
  socket.write('POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n')
  await once(socket, 'close')
  expect(seen).toEqual([])
})
