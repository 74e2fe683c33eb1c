import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What stands before several receivers, as a load balancer does: it takes connections and passes them on, byte by byte. */
export interface Chooser {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts one on a free loopback port. Each connection goes to the receivers in turn; one that does not answer is passed over. When a
 * receiver dies, so do its connections.
 * @param request.ports of the receivers that are up, asked for each connection
 */
export async function startChooser(request: { readonly ports: () => readonly number[] }): Promise<Chooser> {
  const open = new Set<Socket>()
  let turn = 0

  async function choose(): Promise<Socket | undefined> {
    const ports = request.ports()
    turn += 1
    for (let step = 0; step < ports.length; step += 1) {
      const port = ports[(turn + step) % ports.length] ?? 0
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const connected = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      if (connected) return socket
      socket.destroy()
    }
    return undefined
  }

  const server = createServer({ noDelay: true, pauseOnConnect: true }, async (sender) => {
    open.add(sender)
    sender.on('error', () => undefined)
    sender.once('close', () => open.delete(sender))
    const receiver = await choose()
    if (!receiver || sender.destroyed) {
      receiver?.destroy()
      sender.destroy()
      return
    }
    receiver.on('error', () => undefined)
    receiver.once('close', () => sender.destroy())
    sender.once('close', () => receiver.destroy())
    sender.pipe(receiver)
    receiver.pipe(sender)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      for (const socket of open) socket.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}
