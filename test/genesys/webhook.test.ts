import { createHmac } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import type { RawRequest } from '../../src/bridge/side.ts'
import { createGenesysWebhook } from '../../src/genesys/webhook.ts'
import { fixtureBytes, integrationId, user } from './fixtures.ts'

const secret = 'example-secret-token-0123456789'
const spare = 'another-secret-token-0123456789'
const webhook = createGenesysWebhook({ channel: 'retail_thailand', integrationId, secrets: [secret, spare] })

const mac = (body: Buffer | string, key = secret) => createHmac('sha256', key).update(body).digest()
const request = (body: Buffer | string, signature: string | string[] | undefined): RawRequest => ({
  headers: { 'x-hub-signature-256': signature },
  body: Buffer.from(body),
})
const signed = (body: Buffer | string) => request(body, `sha256=${mac(body).toString('base64')}`)
const read = (body: Buffer | string) => webhook.read(webhook.verify(signed(body)))

describe('the signature', () => {
  test('of a known body and secret is accepted', () => {
    const body =
      '{"id":"m-1","channel":{"id":"i-1","platform":"Open","type":"Private","to":{"id":"U1"}},"type":"Text","text":"สวัสดี 👋","direction":"Outbound"}'
    expect(Buffer.byteLength(body)).toBe(157)
    const verified = webhook.verify(request(body, 'sha256=UrVvloMyrUZrg9WwRXiGZngPUhpGEiTZ01ZpOqleIqk='))
    expect(verified.bytes.toString()).toBe(body)
  })

  test('may be made with any of the secrets', () => {
    const body = fixtureBytes('text')
    expect(webhook.verify(request(body, `sha256=${mac(body, spare).toString('base64')}`)).bytes).toEqual(body)
  })

  const body = fixtureBytes('text')
  const right = mac(body).toString('base64')
  test.each<[string, string | string[] | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['of another secret', `sha256=${mac(body, 'yet-another-secret-0123456789').toString('base64')}`],
    ['of other bytes', `sha256=${mac('{}').toString('base64')}`],
    ['in hex', `sha256=${mac(body).toString('hex')}`],
    ['without its prefix', right],
    ['with another prefix', `SHA256=${right}`],
    ['without padding', `sha256=${right.slice(0, -1)}`],
    ['in base64url', `sha256=${mac(Buffer.from('12')).toString('base64url')}`],
    ['truncated', `sha256=${right.slice(0, 20)}`],
    ['followed by a space', `sha256=${right} `],
    ['given twice', [`sha256=${right}`, `sha256=${right}`]],
  ])('is refused when it is %s', (_how, signature) => {
    expect(() => webhook.verify(request(body, signature))).toThrow(
      expect.objectContaining({ name: 'WebhookRejected', code: 'bad_signature' }),
    )
  })

  test('covers the bytes as they came', () => {
    const spaced = Buffer.from(JSON.stringify(JSON.parse(body.toString())))
    expect(() => webhook.verify(request(spaced, `sha256=${right}`))).toThrow(
      expect.objectContaining({ code: 'bad_signature' }),
    )
  })
})

describe('the outline', () => {
  const channel = { id: integrationId, to: { id: user } }
  test.each<[string, string]>([
    ['no JSON', 'hello'],
    ['empty', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"x"'],
    ['without a channel', '{"type":"Text"}'],
    ['with a channel of null', '{"type":"Text","channel":null}'],
    ['with a channel that is a list', '{"type":"Text","channel":[]}'],
    ['without a type', JSON.stringify({ channel })],
    ['with a type that is no text', JSON.stringify({ channel, type: 5 })],
    ['a text to nobody', JSON.stringify({ channel: { id: integrationId }, type: 'Text', text: 'x' })],
    ['a structured message to an empty id', JSON.stringify({ channel: { to: { id: ' ' } }, type: 'Structured' })],
    ['a text to a number', JSON.stringify({ channel: { to: { id: 7 } }, type: 'Text', text: 'x' })],
  ])('is refused when the body is %s', (_what, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ name: 'WebhookRejected', code: 'bad_body' }))
  })

  test('is refused in words that hold nothing of the body', () => {
    const refusals = ['hunter2', '{"password":"hunter2"}', '{"channel":{},"type":"Text","text":"hunter2"}'].map(
      (body) => {
        try {
          return read(body)
        } catch (error) {
          return String(error)
        }
      },
    )
    expect(refusals).toEqual([
      'WebhookRejected: The body is not JSON.',
      'WebhookRejected: The body is not a Genesys message.',
      'WebhookRejected: The message names no recipient (channel.to.id).',
    ])
  })
})

describe('the id', () => {
  const idOf = (body: Buffer | string) => read(body)[0]?.id

  test('is the message id of Genesys', () => expect(idOf(fixtureBytes('text'))).toBe('9b0c'))

  test('falls back on the id of the channel', () => expect(idOf(fixtureBytes('without-id'))).toBe('9b17'))

  test('falls back on the bytes, the same for the same ones', () => {
    const body = fixtureBytes('without-any-id')
    expect(idOf(body)).toMatch(/^sha256-[0-9a-f]{64}$/)
    expect(idOf(body)).toBe(idOf(Buffer.from(body)))
    expect(idOf(body)).not.toBe(idOf(body.toString().replace('By its bytes', 'Others')))
  })
})
