import { fileURLToPath } from 'node:url'
import type { Queue } from 'bullmq'
import express, { type RequestHandler, Router } from 'express'
import { type AdminLogin, createBasicAuth, type LoginLimits } from './auth.ts'
import { createDashboard } from './dashboard.ts'
import { homePage } from './home.ts'
import { createSameOrigin } from './same-origin.ts'
import { consoleHeaders } from './security-headers.ts'

const assetsFolder = fileURLToPath(new URL('./assets/', import.meta.url))

/**
 * Everything under `/admin`, behind one login: the home page, the queue dashboard at `queues`, and the console's JSON
 * API at `api`. Mount it at `/admin`.
 * @param parts.admin absent: every address answers 404, as if there were no console
 * @param parts.publicUrl how people reach the server; what changes something must come from there
 * @param parts.queues the queues to show, asked when the dashboard is first opened
 * @param parts.api the console's JSON API; it gets requests that are logged in and of our own origin, and parses its
 *   own bodies
 */
export function createConsole(parts: {
  readonly admin: AdminLogin | undefined
  readonly publicUrl: string
  queues(): readonly Queue[]
  readonly api?: Router
  readonly loginLimits?: LoginLimits
}): Router {
  const { admin, publicUrl, queues, api, loginLimits } = parts
  const router = Router()
  router.use(consoleHeaders)
  if (admin) {
    router.use(createBasicAuth({ login: admin, ...(loginLimits ? { limits: loginLimits } : {}) }))
    router.use(createSameOrigin({ publicUrl }))
    router.use('/queues', createDashboard({ queues }))
    if (api) router.use('/api', api)
    router.use('/assets', express.static(assetsFolder, { cacheControl: false, index: false, redirect: false }))
    router.get('/', (request, response) => {
      response.type('html').send(homePage({ basePath: request.baseUrl }))
    })
  }
  router.use(notFound)
  return router
}

const notFound: RequestHandler = (_request, response) => {
  response.status(404).json({ error: { code: 'not_found', message: 'There is nothing at this address.' } })
}
