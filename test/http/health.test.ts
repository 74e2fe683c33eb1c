import { afterEach, expect, test } from '@jest/globals'
import express from 'express'
import { createHealthRoutes } from '../../src/http/health.ts'
import { type ServedApp, serveApp } from '../support/serve-app.ts'

let served: ServedApp | undefined
afterEach(() => served?.close())

async function serveHealth(parts: Parameters<typeof createHealthRoutes>[0]): Promise<string> {
  served = await serveApp(express().use(createHealthRoutes(parts)))
  return served.url
}

const passes = async () => {}
const fails = async () => {
  throw new Error('connect ECONNREFUSED redis://:hunter2@10.0.0.1')
}

test('a living process is healthy, whatever its checks say', async () => {
  const url = await serveHealth({ checks: { redis: fails }, stopping: () => true })
  const answer = await fetch(`${url}/healthz`)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ ok: true })
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test('a process is ready when every check passes', async () => {
  const url = await serveHealth({ checks: { redis: passes, media: passes }, stopping: () => false })
  const answer = await fetch(`${url}/readyz`)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ ready: true, checks: { redis: 'ok', media: 'ok' } })
})

test('a failing check is named, and its error is not shown', async () => {
  const url = await serveHealth({ checks: { redis: fails, media: passes }, stopping: () => false })
  const answer = await fetch(`${url}/readyz`)
  const text = await answer.text()
  expect(answer.status).toBe(503)
  expect(JSON.parse(text)).toEqual({ ready: false, failing: ['redis'], checks: { redis: 'failing', media: 'ok' } })
  expect(text).not.toContain('hunter2')
})

test('a check that throws at once counts as failing', async () => {
  const url = await serveHealth({
    checks: {
      redis: () => {
        throw new Error('no connection object')
      },
    },
    stopping: () => false,
  })
  expect((await fetch(`${url}/readyz`)).status).toBe(503)
})

test('checks that never end fail after one second, all at once', async () => {
  const never = () => new Promise<void>(() => {})
  const url = await serveHealth({ checks: { redis: never, media: never, fine: passes }, stopping: () => false })
  const startedAt = performance.now()
  const answer = await fetch(`${url}/readyz`)
  const tookMs = performance.now() - startedAt
  expect(await answer.json()).toMatchObject({ failing: ['redis', 'media'], checks: { fine: 'ok' } })
  expect(tookMs).toBeGreaterThanOrEqual(950)
  expect(tookMs).toBeLessThan(1_800)
})

test('a check that failed is asked anew, so that readiness comes back', async () => {
  let up = false
  const url = await serveHealth({ checks: { redis: () => (up ? passes() : fails()) }, stopping: () => false })
  expect((await fetch(`${url}/readyz`)).status).toBe(503)
  up = true
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

test('a stopping process is not ready and runs no checks', async () => {
  let asked = 0
  const url = await serveHealth({
    checks: {
      redis: async () => {
        asked += 1
      },
    },
    stopping: () => true,
  })
  const answer = await fetch(`${url}/readyz`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toEqual({ ready: false, failing: ['stopping'], checks: {} })
  expect(asked).toBe(0)
})

test('stopping that begins while the checks run is seen', async () => {
  let stopping = false
  const url = await serveHealth({
    checks: {
      redis: async () => {
        stopping = true
      },
    },
    stopping: () => stopping,
  })
  const answer = await fetch(`${url}/readyz`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ ready: false, failing: ['stopping'] })
})
