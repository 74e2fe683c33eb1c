import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { noise } from '../media/samples.ts'

/** A server of pictures: the same one at every address. */
export interface Pictures {
  readonly url: string
  /** The paths that were asked for. */
  readonly asked: readonly string[]
  stop(): Promise<void>
}

/** @param status of every answer; default 200 */
export async function startPictures(status = 200): Promise<Pictures> {
  const bytes = await noise({ width: 64, height: 64 }).png().toBuffer()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status, { 'content-type': 'image/png' }).end(bytes)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
