import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { plain } from '../media/samples.ts'
import { writeBeforehand } from '../support/first-message.ts'
import { journeys } from '../support/journeys.ts'
import { arrived, envelope, outcomes, shown } from '../support/looks.ts'
import { write } from '../support/talk.ts'
import { linkIn } from '../support/touch.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'
import { load, pdf, sendFile, sha256 } from './files.ts'

const { start, redis } = journeys()
writeBeforehand(start)

const encryptionKey = () => randomBytes(32).toString('base64')

/** Everything that Redis holds of one world, as text. */
async function everythingOf(keyPrefix: string): Promise<string> {
  const client = new Redis((await redis()).url)
  const readers: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    string: (key) => client.get(key),
    list: (key) => client.lrange(key, 0, -1),
    hash: (key) => client.hgetall(key),
    set: (key) => client.smembers(key),
    zset: (key) => client.zrange(key, '0', '-1'),
    stream: (key) => client.xrange(key, '-', '+'),
  }
  try {
    const values = await Promise.all(
      (await client.keys(`{${keyPrefix}}*`)).map(async (key) => [key, await readers[await client.type(key)]?.(key)]),
    )
    return JSON.stringify(values)
  } finally {
    client.disconnect()
  }
}

test('with sealed payloads everything is carried as without', async () => {
  const world = await start({ config: { redis: { encryptionKey: encryptionKey() } } })
  const { line, genesys } = world
  const picture = await plain({ width: 40, height: 30 }).png().toBuffer()

  const text = line.send(thailand.name, thailand.userId, { type: 'text', text: 'สวัสดีค่ะ 👋' })
  await arrived(world, 1)
  const photo = sendFile(world, { type: 'image', bytes: picture })
  await arrived(world, 2)
  const postback = line.send(thailand.name, thailand.userId, { type: 'postback', data: 'choice=blue' })
  await arrived(world, 3)
  const [first, second, third] = genesys.inbound
  expect(first?.body).toStrictEqual({ channel: envelope(text), text: 'สวัสดีค่ะ 👋' })
  expect(second?.body).toMatchObject({ channel: envelope(photo), content: [{ attachment: { mime: 'image/png' } }] })
  expect(third?.body).toStrictEqual({ channel: envelope(postback), text: 'choice=blue' })
  const { file } = await until('the fetch', () => second?.attachment?.fetched && { file: second.attachment.fetched })
  expect(file.ok && file.sha256).toBe(sha256(picture))
  await line.post(thailand.name, [text.event]).ended
  expect(await outcomes(world, 'inbound', 'duplicate')).toBe(1)

  // A push that must be tried again, so that its sealed plan is opened.
  line.break('push', { answer: 503, times: 1 })
  const long = genesys.sendText(thailand.integrationId, thailand.userId, 'Please read all of this. '.repeat(1_100))
  const sent = { bytes: pdf(), mime: 'application/pdf', fileName: 'terms.pdf' }
  await until('the long text', () => long.receipts.length > 0)
  const document = genesys.sendAttachment(thailand.integrationId, thailand.userId, sent)
  const messages = await shown(world, 7)
  const texts = messages.slice(0, -1).map((message) => String(message.text))
  expect(texts.join('')).toBe(String(long.text))
  expect((await load(linkIn(messages.at(-1)))).bytes.equals(sent.bytes)).toBe(true)
  await until('a receipt', () => document.receipts.length > 0)
  await line.block(thailand.name, thailand.userId).webhook.ended
  const late = genesys.sendText(thailand.integrationId, thailand.userId, 'One more thing')
  await until('a receipt', () => late.receipts.length > 0)
  expect([long, document, late].map(({ receipts }) => receipts.map(({ status }) => status))).toEqual([
    ['Delivered'],
    ['Delivered'],
    ['Failed'],
  ])
})

test('neither words nor names can be read in Redis when payloads are sealed', async () => {
  /** Lets words of both sides wait, one message fail, and reads what Redis holds of them. */
  async function held(brand: string, settings: Readonly<Record<string, string>>): Promise<string> {
    const world = await start({ config: { redis: { keyPrefix: brand, ...settings } } })
    const known = write(world, `Known customer of ${brand}`)
    await arrived(world, 1)
    const failing = world.genesys.sendText(thailand.integrationId, `U${'5'.repeat(32)}`, `Dead letter of ${brand}`)
    await until('its failure', () => failing.receipts.length > 0)
    world.genesys.break('message', { answer: 503 })
    world.line.break('push', { answer: 503 })
    write(world, `Customer's words of ${brand}`)
    world.genesys.sendText(thailand.integrationId, thailand.userId, `Agent's words of ${brand}`)
    for (const { requests } of [world.genesys, world.line])
      await until('a first attempt', () => requests.some(({ status }) => status === 503))
    const all = await everythingOf(brand)
    expect(all).toContain(known.id)
    return all
  }
  const words = ["Customer's words", "Agent's words", 'Dead letter', thailand.customer]

  // That the same search finds them where nothing is sealed shows that it looks in the right places.
  const open = await held('open', {})
  expect(words.filter((one) => open.includes(one))).toEqual(words)
  const sealed = await held('sealed', { encryptionKey: encryptionKey() })
  expect(words.filter((one) => sealed.includes(one))).toEqual([])
})
