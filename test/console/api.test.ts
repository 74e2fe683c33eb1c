import { beforeAll, describe, expect, test } from '@jest/globals'
import type { ChannelsJson, ErrorJson, MessagesJson } from '../../src/console/api/shapes.ts'
import { apiGet, apiPost, auditLines } from '../support/admin.ts'
import { journeys } from '../support/journeys.ts'
import { onDesk, onPhone, receiptOf } from '../support/looks.ts'
import { startRedisProcess } from '../support/redis-process.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand, type World } from '../support/world.ts'

const { start, later } = journeys({ lasting: 'file' })

let world: World
beforeAll(async () => {
  world = await start()
})

const errorOf = async (answer: Promise<{ status: number; body: unknown }>) => {
  const { status, body } = await answer
  return [status, (body as ErrorJson).error?.code]
}

describe('the login and the origin', () => {
  const pause = `/channels/${thailand.name}/inbound/pause`

  test.each([
    ['GET', '/channels'],
    ['GET', '/messages?q=1'],
    ['GET', '/dead-letters'],
    ['GET', '/dead-letters/x'],
    ['POST', '/dead-letters/replay'],
    ['POST', '/dead-letters/discard'],
    ['POST', pause],
    ['POST', `/channels/${thailand.name}/inbound/resume`],
  ])('%s %s wants the login', async (method, path) => {
    const answer = await fetch(`${world.url}/admin/api${path}`, { method })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test.each([
    ['POST', '/dead-letters/replay', { filter: {}, reason: 'x' }],
    ['POST', '/dead-letters/discard', { filter: {}, reason: 'x' }],
    ['POST', pause, { reason: 'x' }],
  ] as const)('%s %s is refused to a page of another origin, and not to a terminal', async (_method, path, body) => {
    const before = auditLines(world).length
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: world.url },
      { origin: 'null' },
    ] as Record<string, string>[])
      expect(await errorOf(apiPost(world, path, body, headers))).toEqual([403, 'cross_origin'])
    expect(auditLines(world)).toHaveLength(before)

    const own = await apiPost(world, path, body, { origin: world.url, 'sec-fetch-site': 'same-origin' })
    expect(own.status).toBe(200)
    expect((await apiPost(world, path, body)).status).toBe(200)
    await apiPost(world, `/channels/${thailand.name}/inbound/resume`, { reason: 'done' })
  })
})

describe('what is wrong with a request is said, and nothing of it is repeated', () => {
  const move = '/dead-letters/replay'
  const pause = `/channels/${thailand.name}/inbound/pause`
  const secret = 'S3CRET'

  test.each([
    ['no body', move, '', 400],
    ['no JSON', move, `{"${secret}`, 400],
    ['a list', move, [secret], 400],
    ['a text', move, `"${secret}"`, 400],
    ['nothing chosen', move, { reason: secret }, 400],
    ['two ways of choosing', move, { ids: [secret], filter: {}, reason: 'x' }, 400],
    ['no reason', move, { ids: [secret] }, 400],
    ['an empty reason', move, { ids: [secret], reason: '  ' }, 400],
    ['a reason that is no text', move, { ids: [secret], reason: 7 }, 400],
    ['no ids', move, { ids: [], reason: secret }, 400],
    ['ids that are no list', move, { ids: secret, reason: secret }, 400],
    ['an id that is no text', move, { ids: [7], reason: secret }, 400],
    ['an unknown key', move, { ids: [secret], reason: 'x', [secret]: 1 }, 400],
    ['an unknown key in the filter', move, { filter: { brand: secret }, reason: 'x' }, 400],
    ['a wrong direction in the filter', move, { filter: { direction: secret }, reason: 'x' }, 400],
    ['a confirmation that is no boolean', move, { filter: {}, reason: 'x', confirmUncertain: secret }, 400],
    ['an unknown channel in the filter', move, { filter: { channel: secret }, reason: 'x' }, 404],
    ['a pause without a reason', pause, {}, 400],
    ['a pause with more than a reason', pause, { reason: 'x', who: secret }, 400],
    ['a pause of an unknown channel', '/channels/nobody/inbound/pause', { reason: secret }, 404],
    ['a pause in an unknown direction', `/channels/${thailand.name}/receipts/pause`, { reason: secret }, 400],
  ])('%s', async (_what, path, body, status) => {
    const before = auditLines(world).length
    const answer = await apiPost<ErrorJson>(world, path, body)
    expect(answer.status).toBe(status)
    expect(Object.keys(answer.body)).toEqual(['error'])
    expect(Object.keys(answer.body.error)).toEqual(['code', 'message'])
    if (_what !== 'an unknown key') expect(answer.text).not.toContain(secret)
    expect(auditLines(world)).toHaveLength(before)
  })

  test.each(['', '?q=', '?q=%20', `?q=${'x'.repeat(300)}`, '?q=a&q=b', '?q=a&z=b'])(
    'a search for %j',
    async (query) => {
      expect(await errorOf(apiGet(world, `/messages${query}`))).toEqual([400, 'bad_request'])
    },
  )

  test.each(['?direction=up', '?cursor=made-up', '?limit=0', '?limit=501', '?limit=many', '?brand=x', '?channel='])(
    'a list of dead letters with %s',
    async (query) => {
      expect(await errorOf(apiGet(world, `/dead-letters${query}`))).toEqual([400, 'bad_request'])
    },
  )

  test('what is not there', async () => {
    expect(await errorOf(apiGet(world, '/dead-letters?channel=nobody'))).toEqual([404, 'unknown_channel'])
    expect(await errorOf(apiGet(world, '/dead-letters/retail_thailand-inbound-1'))).toEqual([404, 'not_found'])
    expect(await errorOf(apiGet(world, '/dead-letters/%20?content=1'))).toEqual([404, 'not_found'])
    expect(await errorOf(apiGet(world, '/dead-letters/x?content=yes'))).toEqual([400, 'bad_request'])
    expect(await errorOf(apiGet(world, '/nothing'))).toEqual([404, 'not_found'])
    expect(await errorOf(apiPost(world, '/channels', {}))).toEqual([404, 'not_found'])
  })

  test('a body that is no JSON by its header, or larger than 1 MiB', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await errorOf(apiPost(world, move, 'filter={}&reason=x', form))).toEqual([415, 'not_json'])
    const text = { 'content-type': 'text/plain' }
    expect(await errorOf(apiPost(world, move, '{"filter":{},"reason":"x"}', text))).toEqual([415, 'not_json'])
    const large = { filter: {}, reason: 'x'.repeat(1_048_576) }
    expect(await errorOf(apiPost(world, move, large))).toEqual([413, 'body_too_large'])
  })
})

test('channels tell how they stand, and no secret', async () => {
  const sent = write(world, 'one')
  await onDesk(world, 'one')
  answer(world, 'two')
  await onPhone(world, 'two')
  const forged = await fetch(`${world.url}/webhooks/line/${thailand.name}`, { method: 'POST', body: '{}' })
  expect(forged.status).toBe(401)

  const { body, text, status } = await apiGet<ChannelsJson>(world, '/channels')
  expect(status).toBe(200)
  expect(body.items.map(({ name }) => name)).toEqual([thailand.name, taiwan.name])
  const [first, second] = body.items
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(first).toEqual({
    name: thailand.name,
    type: 'line',
    market: 'Thailand',
    brand: 'Retail_Thai',
    sides: {
      line: {
        webhookUrl: `${world.url}/webhooks/line/${thailand.name}`,
        lastWebhookAt: time,
        lastRefused: { at: time, status: 401 },
        token: { kind: 'long-lived', expiresAt: null },
      },
      genesys: {
        webhookUrl: `${world.url}/webhooks/genesys/${thailand.name}`,
        lastWebhookAt: time,
        lastRefused: null,
        token: { kind: 'client-credentials', expiresAt: time },
      },
    },
    paused: { inbound: null, outbound: null },
    waiting: { inbound: 0, outbound: 0, receipts: expect.any(Number) },
    deadLetters: { inbound: 0, outbound: 0 },
  })
  expect(second?.sides.line).toMatchObject({ lastWebhookAt: null, lastRefused: null })
  expect(Date.parse(first?.sides.line?.lastWebhookAt ?? '')).toBeGreaterThan(sent.event.timestamp - 5_000)
  expect(Date.parse(first?.sides.genesys?.token.expiresAt ?? '')).toBeGreaterThan(Date.now())
  for (const secret of [
    thailand.lineSecret,
    thailand.webhookSecret,
    'token-',
    'client-secret',
    'ops-password',
    'length',
  ])
    expect(text).not.toContain(secret)
})

test('a timeline has the outline that callers rely on, and no texts', async () => {
  const item = answer(world, 'three')
  expect(await receiptOf(item)).toBe('Delivered')
  const found = await until('the receipt in the trace', async () => {
    const answer = await apiGet<MessagesJson>(world, `/messages?q=${item.id}`)
    return answer.body.items[0]?.steps.length === 3 && answer
  })
  expect(found.body).toEqual({
    items: [
      {
        ids: {
          message: item.id,
          user: thailand.userId,
          conversation: item.conversationId,
          remote: expect.any(String),
        },
        channel: thailand.name,
        direction: 'outbound',
        state: 'delivered',
        steps: [
          { at: expect.any(String), what: 'received' },
          { at: expect.any(String), what: 'delivered', status: 200, attempt: 1 },
          { at: expect.any(String), what: 'receipt delivered' },
        ],
      },
    ],
    complete: true,
  })
  expect(found.text).not.toContain('three')
  expect((await apiGet<MessagesJson>(world, '/messages?q=nobody-knows-this')).body).toEqual({
    items: [],
    complete: true,
  })
})

test('the reason of a change is logged, shortened, with who did it', async () => {
  const reason = `because ${'é'.repeat(400)}`
  await apiPost(world, '/dead-letters/discard', { ids: ['retail_thailand-inbound-9'], reason })
  expect(auditLines(world).at(-1)).toEqual({
    action: 'discard',
    who: 'ops',
    reason: reason.slice(0, 300),
    ids: ['retail_thailand-inbound-9'],
    count: 0,
    skipped: 1,
  })
})

test('while Redis is away every call is answered soon with 503', async () => {
  const own = await startRedisProcess()
  later(own.remove)
  const lonely = await start({ redisUrl: own.url })
  await own.kill()
  for (const path of ['/channels', '/messages?q=1', '/dead-letters']) {
    const askedAt = Date.now()
    expect(await errorOf(apiGet(lonely, path))).toEqual([503, 'store_unavailable'])
    expect(Date.now() - askedAt).toBeLessThan(3_000)
  }
  expect(await errorOf(apiPost(lonely, '/dead-letters/replay', { filter: {}, reason: 'x' }))).toEqual([
    503,
    'store_unavailable',
  ])
  await own.start()
  await until('it to serve again', async () => (await apiGet(lonely, '/channels')).status === 200)
})
