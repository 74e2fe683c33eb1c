import { Router } from 'express'
import { createSecretCheck } from '../lib/hmac.ts'

/**
 * `/metrics` in the Prometheus text format.
 * @param parts.token when given, a scrape without `Authorization: Bearer <token>` gets 401
 */
export function createMetricsRoute(parts: {
  render(): Promise<{ readonly contentType: string; readonly body: string }>
  readonly token?: string
}): Router {
  const { render, token } = parts
  const admitted = token === undefined ? () => true : bearerCheck(token)
  const router = Router()

  router.get('/metrics', async (request, response) => {
    response.set('Cache-Control', 'no-store')
    if (!admitted(request.headers.authorization)) {
      response
        .status(401)
        .set('WWW-Authenticate', 'Bearer realm="metrics"')
        .json({ error: { code: 'unauthorized', message: 'This needs the metrics token as a bearer token.' } })
      return
    }
    const { contentType, body } = await render()
    response.set('Content-Type', contentType).send(body)
  })

  return router
}

function bearerCheck(token: string): (header: string | undefined) => boolean {
  const matches = createSecretCheck(token)
  return (header) => {
    const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
    return given !== undefined && matches(given)
  }
}
