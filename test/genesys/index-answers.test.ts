import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Answer, CompletedMessage } from '../../src/bridge/message.ts'
import type { Delivery } from '../../src/bridge/side.ts'
import { genesysSettings } from '../../src/genesys/config.ts'
import { createGenesysCentre, createGenesysClients, type GenesysClients } from '../../src/genesys/index.ts'
import { type Act, answer, drop, startDelivery, startFakeGenesys } from './fake-genesys.ts'

let genesys: Awaited<ReturnType<typeof startFakeGenesys>>
let clients: GenesysClients
beforeEach(async () => {
  genesys = await startFakeGenesys()
  clients = createGenesysClients()
})
afterEach(async () => {
  await clients.close()
  await genesys.close()
})

const centre = (more: object = {}) =>
  createGenesysCentre({
    channel: { name: 'retail_thailand', market: 'Thailand', brand: 'Retail_Thai' },
    settings: genesysSettings.parse({
      ...genesys.settings,
      integrationId: 'i-1',
      webhookSecret: 'example-secret-token-0123456789',
      ...more,
    }),
    clients,
    fetchOutside: () => Promise.reject(new Error('nothing to fetch')),
  })

const touched: Answer = { kind: 'answer', what: 'quick-reply', label: 'Large', payload: 'size=l', to: 'm-1' }
const message = (more: Partial<CompletedMessage> = {}): CompletedMessage => ({
  id: '01HX',
  conversation: { channel: 'retail_thailand', user: 'U1' },
  at: 0,
  platform: 'LINE',
  content: touched,
  ...more,
})

/** The requests so far, in order: `structured` or `message`. */
const asked = () => genesys.api.map(({ path }) => /inbound\/open\/(structured|message)/.exec(path)?.[1])
const bodies = () => genesys.api.map(({ body }) => JSON.parse(body))

/** Attempts as the queue would make them: what is saved and what is in doubt goes from one to the next. */
function startAttempts(more: Partial<Delivery> = {}) {
  let plan: string | undefined
  let mayHaveArrived = false
  let attempt = 0
  const savePlan = async (made: string) => {
    plan = made
  }
  return {
    plan: () => plan,
    /** One attempt while Genesys behaves so; resolves to what comes of it, or of its error what comes next. */
    async make(...acts: Act[]) {
      genesys.acts.push(...acts)
      attempt += 1
      const delivery = startDelivery({ attempt, plan, mayHaveArrived, savePlan, ...more })
      const before = genesys.api.length
      const outcome = await centre()
        .deliver(message(), delivery)
        .catch(({ next, status }) => {
          mayHaveArrived ||= next.mayHaveArrived === true
          return { next, ...(status !== undefined && { status }) }
        })
      expect(delivery.permits()).toBe(genesys.api.length - before)
      expect(genesys.acts).toHaveLength(0)
      return outcome
    },
  }
}

const taken = answer(200, { id: 'g-1' })
const inDoubt = { next: { do: 'retry', mayHaveArrived: true } }

test('a touch is told as what it stood for, with one permit', async () => {
  const delivery = startDelivery()
  expect(await centre().deliver(message(), delivery)).toEqual({ status: 200, remoteId: 'genesys-1' })
  expect(delivery.permits()).toBe(1)
  expect(genesys.api[0]).toMatchObject({
    method: 'POST',
    path: '/api/v2/conversations/messages/i-1/inbound/open/structured/response',
    headers: { authorization: 'Bearer token-1', 'content-type': 'application/json' },
  })
  expect(bodies()).toEqual([
    {
      channel: {
        from: { id: 'U1', idType: 'Opaque' },
        messageId: '01HX',
        time: '1970-01-01T00:00:00.000Z',
        metadata: { customAttributes: { market: 'Thailand', brand: 'Retail_Thai', channel: 'retail_thailand' } },
      },
      buttonResponse: { type: 'QuickReply', text: 'Large', payload: 'size=l' },
      originatingMessageId: 'm-1',
    },
  ])
})

test('the deprecated endpoint is told the label as a text, in one request', async () => {
  const delivery = startDelivery()
  await centre({ inboundApi: 'legacy' }).deliver(message(), delivery)
  expect(genesys.api.map(({ path }) => path)).toEqual(['/api/v2/conversations/messages/inbound/open'])
  expect(bodies()).toMatchObject([{ type: 'Text', text: 'Large', channel: { messageId: '01HX' } }])
  expect(delivery.permits()).toBe(1)
})

describe('a refused structured answer', () => {
  test.each([400, 404, 405, 410, 422, 501])(
    '(%i) becomes its label as a text of the same message, each request with a permit',
    async (status) => {
      genesys.acts.push(answer(status, { code: 'not.found' }))
      const delivery = startDelivery()
      expect(await centre().deliver(message(), delivery)).toEqual({ status: 200, remoteId: 'genesys-2' })
      expect(asked()).toEqual(['structured', 'message'])
      expect(delivery.permits()).toBe(2)
      const [structured, text] = bodies()
      expect(text).toEqual({ channel: structured.channel, text: 'Large' })
    },
  )

  test('says in a group who touched it', async () => {
    genesys.acts.push(answer(404))
    await centre().deliver(message({ speaker: 'Aiko' }), startDelivery())
    expect(bodies()).toMatchObject([{ buttonResponse: { text: 'Large' } }, { text: 'Aiko: Large' }])
  })

  test.each<[string, Act[], object]>([
    ['404, then 404, holds', [answer(404), answer(404)], { status: 404, next: { do: 'hold' } }],
    [
      '404, then 404 about the conversation, is given up',
      [answer(404), answer(404, { message: 'The conversation was not found.' })],
      { status: 404, next: { do: 'give-up' } },
    ],
    ['400, then 404, holds', [answer(400), answer(404)], { status: 404, next: { do: 'hold' } }],
    ['400, then 400, is given up', [answer(400), answer(400)], { status: 400, next: { do: 'give-up' } }],
    ['404, then 403, holds', [answer(404), answer(403)], { status: 403, next: { do: 'hold' } }],
    ['404, then 409, is given up', [answer(404), answer(409)], { status: 409, next: { do: 'give-up' } }],
    ['404, then 429, waits', [answer(404), answer(429)], { status: 429, next: { do: 'wait', afterMs: 5_000 } }],
    ['404, then 503, is tried again', [answer(404), answer(503)], { status: 503, ...inDoubt }],
    ['404, then a broken connection, is tried again', [answer(404), drop], inDoubt],
  ])('%s', async (_how, acts, expected) => {
    expect(await startAttempts().make(...acts)).toMatchObject(expected)
    expect(asked()).toEqual(['structured', 'message'])
  })

  test('leaves the text to the next process when this one stops', async () => {
    const stop = new AbortController()
    let permits = 0
    const permit = async () => {
      permits += 1
      if (permits === 2) stop.abort()
    }
    genesys.acts.push(answer(404))
    const delivering = centre().deliver(message(), startDelivery({ signal: stop.signal, permit }))
    await expect(delivering).rejects.toMatchObject({ name: 'Stopping' })
    expect(asked()).toEqual(['structured'])
  })
})

test.each<[string, Act, object]>([
  ['403 holds', answer(403), { status: 403, next: { do: 'hold' } }],
  ['409 on a first attempt is given up', answer(409), { status: 409, next: { do: 'give-up' } }],
  ['413 is given up', answer(413), { status: 413, next: { do: 'give-up' } }],
  ['429 waits', answer(429, {}, { 'retry-after': '7' }), { status: 429, next: { do: 'wait', afterMs: 7_000 } }],
  ['408 is tried again', answer(408), { status: 408, ...inDoubt }],
  ['500 is tried again', answer(500), { status: 500, ...inDoubt }],
  ['a broken connection is tried again', drop, inDoubt],
])('a structured answer that meets %s, and no text is sent', async (_how, act, expected) => {
  expect(await startAttempts().make(act)).toMatchObject(expected)
  expect(asked()).toEqual(['structured'])
})

test('a second 401 holds, and no text is sent', async () => {
  expect(await startAttempts().make(answer(401), answer(401))).toMatchObject({ status: 401, next: { do: 'hold' } })
  expect(asked()).toEqual(['structured', 'structured'])
})

test('a 401 before a refusal costs a third permit', async () => {
  const delivery = startDelivery()
  genesys.acts.push(answer(401), answer(404))
  expect(await centre().deliver(message(), delivery)).toMatchObject({ status: 200 })
  expect(asked()).toEqual(['structured', 'structured', 'message'])
  expect(delivery.permits()).toBe(3)
})

describe('when the structured answer may have arrived, the next attempt', () => {
  test.each<[string, Act]>([
    ['a 503', answer(503)],
    ['a broken connection', drop],
  ])('after %s begins with it again', async (_what, act) => {
    const attempts = startAttempts()
    expect(await attempts.make(act)).toMatchObject(inDoubt)
    expect(await attempts.make(taken)).toEqual({ status: 200, remoteId: 'g-1' })
    expect(asked()).toEqual(['structured', 'structured'])
  })

  test('takes a 409 for its arrival', async () => {
    const attempts = startAttempts()
    await attempts.make(answer(500))
    expect(await attempts.make(answer(409))).toEqual({ status: 409 })
    expect(asked()).toEqual(['structured', 'structured'])
  })

  test.each([400, 404])('sends the text only after a clear %i', async (status) => {
    const attempts = startAttempts()
    await attempts.make(answer(500))
    await attempts.make(drop)
    await attempts.make(answer(429))
    expect(asked()).toEqual(['structured', 'structured', 'structured'])
    expect(await attempts.make(answer(status), taken)).toEqual({ status: 200, remoteId: 'g-1' })
    expect(asked().slice(3)).toEqual(['structured', 'message'])
  })

  test('takes a 409 to its text for the arrival of either', async () => {
    const attempts = startAttempts()
    await attempts.make(answer(500))
    expect(await attempts.make(answer(404), answer(409))).toEqual({ status: 409 })
  })
})

describe('when the text may have arrived, the next attempts', () => {
  test.each<[string, Act]>([
    ['a 503', answer(503)],
    ['a broken connection', drop],
  ])('after %s keep to the text, because it may have opened a conversation', async (_what, act) => {
    const attempts = startAttempts()
    await attempts.make(answer(404), act)
    expect(attempts.plan()).toBe('text')
    expect(await attempts.make(drop)).toMatchObject(inDoubt)
    expect(await attempts.make(taken)).toEqual({ status: 200, remoteId: 'g-1' })
    expect(asked()).toEqual(['structured', 'message', 'message', 'message'])
  })

  test('take a 409 for its arrival', async () => {
    const attempts = startAttempts()
    await attempts.make(answer(404), answer(500))
    expect(await attempts.make(answer(409))).toEqual({ status: 409 })
    expect(asked()).toEqual(['structured', 'message', 'message'])
  })

  test('go on as well as they can when that could not be saved', async () => {
    const savePlan = () => Promise.reject(new Error('the store is away'))
    const attempts = startAttempts({ savePlan })
    expect(await attempts.make(answer(404), answer(503))).toMatchObject({ status: 503, ...inDoubt })
    expect(await attempts.make(answer(404), answer(409))).toEqual({ status: 409 })
  })
})

test.each<[string, Act]>([
  ['held', answer(404)],
  ['told to wait', answer(429)],
])('a touch whose text was %s begins anew, and is told as a touch', async (_what, act) => {
  const attempts = startAttempts()
  await attempts.make(answer(404), act)
  expect(attempts.plan()).toBeUndefined()
  expect(await attempts.make(taken)).toEqual({ status: 200, remoteId: 'g-1' })
  expect(asked()).toEqual(['structured', 'message', 'structured'])
})
