import { expect, test } from '@jest/globals'
import { createGenesysTokens } from '../../src/genesys/token.ts'
import type { Answer } from '../../src/genesys/transport.ts'

/** Tokens over a scripted endpoint and a clock that stands until it is moved. */
function setUp(expiresIn: unknown = 1_000) {
  const clock = { now: 1_000_000 }
  const script: (Answer | Error)[] = []
  let asked = 0
  const tokens = createGenesysTokens({
    now: () => clock.now,
    async request() {
      asked += 1
      const next = script.shift() ?? {
        status: 200,
        headers: {},
        body: { access_token: `token-${asked}`, expires_in: expiresIn },
      }
      if (next instanceof Error) throw next
      return next
    },
  })
  return { tokens, script, asked: () => asked, pass: (seconds: number) => (clock.now += seconds * 1_000) }
}

const refusal = (status: number): Answer => ({ status, headers: {}, body: {} })

/** Lets what is under way in the background end. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('a crowd shares one request', async () => {
  const { tokens, asked } = setUp()
  const got = await Promise.all(Array.from({ length: 50 }, () => tokens.current()))
  expect(new Set(got)).toEqual(new Set(['token-1']))
  expect(asked()).toBe(1)
})

test('a token is renewed at nine tenths of its life, while the old one still serves', async () => {
  const { tokens, asked, pass } = setUp(1_000)
  await tokens.current()
  pass(899)
  expect(await tokens.current()).toBe('token-1')
  await settle()
  expect(asked()).toBe(1)
  pass(2)
  expect(await tokens.current()).toBe('token-1')
  await settle()
  expect(asked()).toBe(2)
  expect(await tokens.current()).toBe('token-2')
})

test('a token is renewed at least 30 s before its end', async () => {
  const { tokens, asked, pass } = setUp(100)
  await tokens.current()
  pass(71)
  await tokens.current()
  await settle()
  expect(asked()).toBe(2)
})

test('a token that has ended is not given out', async () => {
  const { tokens, pass } = setUp(300)
  await tokens.current()
  pass(300)
  expect(await tokens.current()).toBe('token-2')
})

test.each([0, -5, 1])('a lifetime of %i s still serves those who asked', async (seconds) => {
  const { tokens, pass } = setUp(seconds)
  expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(['token-1', 'token-1'])
  pass(1)
  expect(await tokens.current()).toBe('token-2')
})

test.each([undefined, 'soon', null])('a lifetime of %j counts as the shortest there is', async (expiresIn) => {
  const { tokens, pass } = setUp(expiresIn ?? 'nothing')
  await tokens.current()
  pass(250)
  expect(await tokens.current()).toBe('token-1')
  pass(60)
  expect(await tokens.current()).toBe('token-2')
})

test('a refused token is fetched anew once, however many saw the refusal', async () => {
  const { tokens, asked } = setUp()
  await tokens.current()
  tokens.refused('token-1')
  tokens.refused('token-1')
  expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(['token-2', 'token-2'])
  tokens.refused('token-1')
  expect(await tokens.current()).toBe('token-2')
  expect(asked()).toBe(2)
})

test('a young token can be spared', async () => {
  const { tokens, pass } = setUp()
  await tokens.current()
  tokens.refused('token-1', 30_000)
  expect(await tokens.current()).toBe('token-1')
  pass(31)
  tokens.refused('token-1', 30_000)
  expect(await tokens.current()).toBe('token-2')
})

test('a failed renewal does no harm while the old token lives', async () => {
  const { tokens, script, asked, pass } = setUp(1_000)
  await tokens.current()
  pass(901)
  script.push(refusal(503))
  expect(await tokens.current()).toBe('token-1')
  await settle()
  expect(await tokens.current()).toBe('token-1')
  expect(asked()).toBe(2)
  pass(1)
  await tokens.current()
  await settle()
  expect(await tokens.current()).toBe('token-3')
})

test('a wrong client is not hammered, and goes on by itself when it is mended', async () => {
  const { tokens, script, asked, pass } = setUp()
  script.push(refusal(401))
  const failed = { name: 'DeliveryError', status: 401, next: { do: 'hold' } }
  await expect(tokens.current()).rejects.toMatchObject(failed)
  await expect(tokens.current()).rejects.toMatchObject(failed)
  expect(asked()).toBe(1)
  pass(2)
  expect(await tokens.current()).toBe('token-2')
})

test('a 429 holds everybody for what is left of its time', async () => {
  const { tokens, script, pass } = setUp()
  script.push({ status: 429, headers: { 'retry-after': '10' }, body: undefined })
  await expect(tokens.current()).rejects.toMatchObject({ next: { do: 'wait', afterMs: 10_000 } })
  pass(4)
  await expect(tokens.current()).rejects.toMatchObject({ next: { do: 'wait', afterMs: 6_000 } })
  pass(6)
  expect(await tokens.current()).toBe('token-2')
})

test('a network error is retried and tells nothing of the request', async () => {
  const { tokens, script } = setUp()
  script.push(Object.assign(new Error('connect to secret-host'), { code: 'ECONNRESET' }))
  await expect(tokens.current()).rejects.toMatchObject({
    message: 'No answer from Genesys to a token request (ECONNRESET)',
    next: { do: 'retry', mayHaveArrived: false },
  })
})
