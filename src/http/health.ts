import { Router } from 'express'
import { within } from '../lib/within.ts'

const checkLimitMs = 1_000

/**
 * `/healthz`: the process lives. `/readyz`: it can take traffic; false from the moment that stopping begins.
 * A failing check is told by name only, as its error may hold addresses.
 * @param parts.checks each resolves when its part is usable; run anew on every request, all at once, one second each
 */
export function createHealthRoutes(parts: {
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  stopping(): boolean
}): Router {
  const { checks, stopping } = parts
  const router = Router()

  router.get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ ok: true })
  })

  router.get('/readyz', async (_request, response) => {
    response.set('Cache-Control', 'no-store')
    const results = stopping() ? [] : await Promise.all(Object.entries(checks).map(runCheck))
    const failing = results.filter(({ passed }) => !passed).map(({ name }) => name)
    // Asked again: stopping may have begun while the checks ran.
    if (stopping()) failing.unshift('stopping')
    const states = Object.fromEntries(results.map(({ name, passed }) => [name, passed ? 'ok' : 'failing']))
    if (failing.length === 0) response.json({ ready: true, checks: states })
    else response.status(503).json({ ready: false, failing, checks: states })
  })

  return router
}

function runCheck([name, check]: [string, () => Promise<void>]) {
  return within(checkLimitMs, check).then(
    () => ({ name, passed: true }),
    () => ({ name, passed: false }),
  )
}
