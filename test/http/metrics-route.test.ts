import { afterEach, expect, test } from '@jest/globals'
import express from 'express'
import { createMetricsRoute } from '../../src/http/metrics-route.ts'
import { type ServedApp, serveApp } from '../support/serve-app.ts'

let served: ServedApp | undefined
afterEach(() => served?.close())

const render = async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' })

async function serveMetrics(token?: string): Promise<string> {
  served = await serveApp(express().use(createMetricsRoute({ render, ...(token === undefined ? {} : { token }) })))
  return `${served.url}/metrics`
}

const scrape = (address: string, authorization?: string) =>
  fetch(address, authorization === undefined ? {} : { headers: { authorization } })

test('without a token everybody may scrape, and gets the text with its type', async () => {
  const answer = await scrape(await serveMetrics())
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await answer.text()).toBe('up 1\n')
})

test('with a token the right bearer may scrape, however the scheme is written', async () => {
  const address = await serveMetrics('s3cret-token')
  expect((await scrape(address, 'Bearer s3cret-token')).status).toBe(200)
  expect((await scrape(address, 'bearer s3cret-token')).status).toBe(200)
})

test.each([
  ['no header', undefined],
  ['another token', 'Bearer other'],
  ['the token and more', 'Bearer s3cret-token-and-more'],
  ['a part of the token', 'Bearer s3cret'],
  ['an empty token', 'Bearer '],
  ['another scheme', 'Basic s3cret-token'],
  ['no scheme', 's3cret-token'],
])('with a token, %s gets 401 and no metrics', async (_case, authorization) => {
  const answer = await scrape(await serveMetrics('s3cret-token'), authorization)
  const text = await answer.text()
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  expect(JSON.parse(text).error.code).toBe('unauthorized')
  expect(text).not.toContain('up 1')
})
