import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A webhook as it arrived. */
export interface Arrival {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly at: number
}

/** A real receiver of webhooks that answers as told; `silence` never answers. */
export async function startReceiver(answers: (number | 'silence')[] = []) {
  const arrivals: Arrival[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    arrivals.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8'), at: performance.now() })
    const answer = answers.shift() ?? 200
    if (answer === 'silence') return
    response.writeHead(answer)
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    arrivals,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
