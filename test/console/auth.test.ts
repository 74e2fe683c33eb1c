import { afterEach, expect, test } from '@jest/globals'
import express from 'express'
import { createBasicAuth, type LoginLimits } from '../../src/console/auth.ts'
import { type ServedApp, serveApp } from '../support/serve-app.ts'

let served: ServedApp | undefined
afterEach(() => served?.close())

const login = { username: 'ops', password: 'pässwörd:with colon' }
const right = basic('ops', login.password)
const wrong = basic('ops', 'guess')

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** Addresses are told through X-Forwarded-For, as a proxy on this machine would. */
async function serveProtected(limits?: LoginLimits) {
  const app = express()
    .set('trust proxy', 'loopback')
    .use(createBasicAuth({ login, ...(limits ? { limits } : {}) }))
    .get('/', (_request, response) => {
      response.json({ inside: true })
    })
  served = await serveApp(app)
  const { url } = served
  return (authorization?: string, address = '192.0.2.1') =>
    fetch(url, { headers: { 'x-forwarded-for': address, ...(authorization === undefined ? {} : { authorization }) } })
}

test('the right login is let in, with any letters and a colon in the password', async () => {
  const knock = await serveProtected()
  const answer = await knock(right)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ inside: true })
})

test.each([
  ['no login', undefined],
  ['a wrong password', wrong],
  ['a wrong name', basic('root', login.password)],
  ['an empty password', basic('ops', '')],
  ['a part of the password', basic('ops', 'pässwörd')],
  ['no colon', `Basic ${Buffer.from('ops').toString('base64')}`],
  ['no base64', 'Basic ???'],
  ['nothing after the scheme', 'Basic'],
  ['another scheme', `Bearer ${Buffer.from(`ops:${login.password}`).toString('base64')}`],
])('%s gets 401 and is asked for one', async (_case, authorization) => {
  const knock = await serveProtected()
  const answer = await knock(authorization)
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Ops console", charset="UTF-8"')
  expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } })
})

test('after five wrong logins the address has to wait, even with the right one', async () => {
  const knock = await serveProtected()
  for (let count = 0; count < 5; count += 1) expect((await knock(wrong)).status).toBe(401)
  const refused = await knock(right)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  expect(await refused.json()).toMatchObject({ error: { code: 'too_many_logins' } })
})

test('another address is not affected', async () => {
  const knock = await serveProtected()
  for (let count = 0; count < 6; count += 1) await knock(wrong, '192.0.2.1')
  expect((await knock(right, '192.0.2.1')).status).toBe(429)
  expect((await knock(right, '192.0.2.2')).status).toBe(200)
})

test('a right login clears the wrong ones before it', async () => {
  const knock = await serveProtected()
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 4; count += 1) expect((await knock(wrong)).status).toBe(401)
    expect((await knock(right)).status).toBe(200)
  }
})

test('guesses that arrive together are counted like those that come one by one', async () => {
  const knock = await serveProtected()
  const answers = await Promise.all(Array.from({ length: 40 }, () => knock(wrong)))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 401)).toHaveLength(5)
  expect(statuses.filter((status) => status === 429)).toHaveLength(35)
})

test('many right logins together are all let in', async () => {
  const knock = await serveProtected()
  const answers = await Promise.all(Array.from({ length: 40 }, () => knock(right)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
})

test('being asked without credentials is no wrong login', async () => {
  const knock = await serveProtected()
  for (let count = 0; count < 20; count += 1) expect((await knock()).status).toBe(401)
  expect((await knock(right)).status).toBe(200)
})

test('the wait ends, and asking meanwhile does not make it longer', async () => {
  const knock = await serveProtected({ wrongLogins: 2, withinSeconds: 600, refusedSeconds: 1 })
  const startedAt = performance.now()
  for (let count = 0; count < 2; count += 1) await knock(wrong)
  let status = 0
  while (status !== 200 && performance.now() - startedAt < 10_000) {
    const answer = await knock(right)
    status = answer.status
    expect([200, 429]).toContain(status)
  }
  expect(status).toBe(200)
  expect(performance.now() - startedAt).toBeGreaterThan(950)
})

test.each([
  ['one IPv6 network', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', 429],
  ['another IPv6 network', '2001:db8:1:2::1', '2001:db8:1:3::1', 200],
  ['another short IPv6 network', '2001:db8::1', '2001:db8:0:1::1', 200],
  ['an IPv4 address in its IPv6 form', '198.51.100.7', '::ffff:198.51.100.7', 429],
  ['another IPv4 address in its IPv6 form', '::ffff:198.51.100.7', '::ffff:198.51.100.8', 200],
])('addresses of %s are counted accordingly', async (_case, guesser, visitor, status) => {
  const knock = await serveProtected()
  for (let count = 0; count < 6; count += 1) await knock(wrong, guesser)
  expect((await knock(right, visitor)).status).toBe(status)
})
