import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express'
import { reachedAddress } from '../lib/reached-address.ts'
import type { WebhookHandler } from './webhook-route.ts'

/** What the HTTP server offers; parts that this process does not play are left out. */
export interface Routes {
  readonly webhook?: WebhookHandler
  readonly media?: RequestHandler<{ token: string }>
  readonly health: Router
  readonly metrics: RequestHandler
  readonly admin?: Router
}

const notFound: RequestHandler = (_request, response) => {
  response.status(404).json({ error: { code: 'not_found', message: 'There is nothing here.' } })
}

/**
 * Joins the routes. Errors of a route never show what went wrong inside.
 * Webhooks, which are most requests by far, have a router of their own in front of the application: what Express adds to a
 * request and its answer, they do not use, and it costs as much as checking their signature.
 */
export function createHttpApp(parts: {
  readonly routes: Routes
  readonly onError: (error: Error) => void
}): RequestListener {
  const { routes, onError } = parts
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  // A reverse proxy on a private address tells who asks; anybody else who claims to forward is not believed.
  app.set('trust proxy', 'loopback, linklocal, uniquelocal')
  if (routes.media) app.get('/media/:token', routes.media)
  app.use(routes.health)
  app.get('/metrics', routes.metrics)
  if (routes.admin) app.use('/admin', routes.admin)
  app.use(notFound)
  const failed: ErrorRequestHandler = (error, request, response, next) => {
    // A path that cannot be decoded leads nowhere; it is the sender's fault and no news for the log.
    if (error instanceof URIError && !response.headersSent) return notFound(request, response, next)
    onError(error instanceof Error ? error : new Error('A route failed.'))
    if (response.headersSent) return next(error)
    response.status(500).json({ error: { code: 'internal', message: 'Something went wrong.' } })
  }
  app.use(failed)
  if (!routes.webhook) return app
  const webhooks = Router()
  webhooks.post('/webhooks/:source/:channel', routes.webhook as unknown as RequestHandler)
  return (request, response) => {
    // The router would answer OPTIONS by itself.
    if (request.method !== 'POST') return app(request, response)
    webhooks(request as Request, response as Response, () => app(request, response))
  }
}

/** Senders that are slow, or never finish, do not hold up others for long. */
const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
/** While it stops, connections whose request is answered are closed this soon. */
const idleCheckMs = 20

/** A listening server that can be stopped without cutting requests off. */
export function createHttpServer(parts: { readonly app: RequestListener }) {
  const server: Server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // How often Node looks for those two; every 30 s, if nothing is said.
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 65_000,
    },
    parts.app,
  )

  return {
    /** @returns the address under which this machine reaches it. @throws when the port is taken. */
    listen: (port: number, host: string): Promise<string> =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve(reachedAddress(host, (server.address() as AddressInfo).port))
        })
      }),

    /** Takes no new connections, lets requests in flight finish, and after `graceMs` cuts off what is left. */
    stop: (graceMs: number): Promise<void> =>
      new Promise((resolve) => {
        if (!server.listening) return resolve()
        const timer = setTimeout(() => server.closeAllConnections(), graceMs)
        // A sender keeps its connection after the answer; it would hold up the stop until the grace is over.
        const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs)
        server.close(() => {
          clearTimeout(timer)
          clearInterval(idle)
          resolve()
        })
      }),
  }
}
