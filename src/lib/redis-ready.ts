import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Start time is the operator's time; loopback connections cost microseconds. */
const askAgainAfterMs = 5
/** Without a single answer in this time, the server hangs. A server that answers may take as long as its data need. */
const silentAfterMs = 30_000

/**
 * Waits until the Redis on a loopback port answers PING, which is after it has read its data.
 * Speaks the protocol by hand: a client library would take longer to load than Redis to start.
 * Replies: https://redis.io/docs/latest/develop/reference/protocol-spec/
 * @param request.signal ends the waiting; the outcome is then of no interest
 */
export async function untilAnswering(request: {
  readonly port: number
  readonly password: string
  readonly signal: AbortSignal
}): Promise<'answering' | 'silent'> {
  const { port, password, signal } = request
  let silentAt = Date.now() + silentAfterMs
  while (!signal.aborted && Date.now() < silentAt) {
    const reply = await ask(port, password, signal)
    if (reply === 'pong') return 'answering'
    if (reply === 'loading') silentAt = Date.now() + silentAfterMs
    await wait(askAgainAfterMs, undefined, { signal }).catch(() => {})
  }
  return 'silent'
}

/** `nothing` also stands for a stranger on the port, who does not know the password. */
async function ask(port: number, password: string, signal: AbortSignal): Promise<'pong' | 'loading' | 'nothing'> {
  const socket = connect({ port, host: '127.0.0.1', signal })
  socket.setTimeout(1_000, () => socket.destroy())
  let reply = ''
  socket.on('error', () => {})
  socket.setEncoding('utf8').on('data', (piece: string) => {
    reply += piece
    if (reply.split('\r\n').length > 2) socket.destroy()
  })
  socket.write(`AUTH ${password}\r\nPING\r\n`)
  await once(socket, 'close').catch(() => {})
  if (reply.startsWith('+OK\r\n+PONG')) return 'pong'
  return /^(\+OK\r\n)?-LOADING/.test(reply) ? 'loading' : 'nothing'
}
