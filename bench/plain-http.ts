/**
 * HTTP/1.1 with nothing in it that a fake platform does not need: requests with a length, on connections that stay open. A server of
 * `node:http` takes twice the processor's time for each request, from the very processes that are measured on the same machine.
 */
import { createServer, type Server, type Socket } from 'node:net'

/** What a client asks for. */
export interface PlainRequest {
  readonly path: string
  readonly body: Buffer
}

const endOfHead = '\r\n\r\n'
const none = Buffer.alloc(0)

/** The length of the body that follows this head. @throws when it is sent in chunks, which none of the measured clients does */
function lengthOf(head: string): number {
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('A body came in chunks.')
  return Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
}

const answerWith = (json: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\nconnection: keep-alive\r\n\r\n${json}`

/**
 * A server that is not listening yet.
 * @param take gets each request as soon as it is there; `answer` sends 200 with this JSON
 */
export function createPlainServer(take: (request: PlainRequest, answer: (json: string) => void) => void): Server {
  function serve(socket: Socket): void {
    let unread: Buffer = none
    const answer = (json: string) => void (socket.writable && socket.write(answerWith(json)))

    function readRequest(): boolean {
      const bodyAt = unread.indexOf(endOfHead) + endOfHead.length
      if (bodyAt < endOfHead.length) return false
      const head = unread.toString('latin1', 0, bodyAt)
      const end = bodyAt + lengthOf(head)
      if (unread.length < end) return false
      const body = unread.subarray(bodyAt, end)
      unread = unread.length === end ? none : unread.subarray(end)
      take({ path: head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')), body }, answer)
      return true
    }

    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (piece) => {
      unread = unread.length === 0 ? piece : Buffer.concat([unread, piece])
      try {
        while (unread.length > 0 && readRequest());
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
  }
  return createServer(serve)
}
