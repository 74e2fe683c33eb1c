import { describe, expect, test } from '@jest/globals'
import type { InboundItem, PhoneFile } from '../../src/sandbox/platforms.ts'
import { mp3, mp4, plain, serve } from '../media/samples.ts'
import { writeBeforehand } from '../support/first-message.ts'
import { journeys } from '../support/journeys.ts'
import { arrived, envelope, outcomes, textsBeforeLast } from '../support/looks.ts'
import { bare, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { taiwan, thailand } from '../support/world.ts'
import { jpeg, load, pdf, sendFile, sha256 } from './files.ts'

const { start } = journeys()
writeBeforehand(start)

/** The attachment of a message at Genesys, once Genesys has fetched it. */
async function fetched(item: InboundItem | undefined) {
  const { attachment } = await until('Genesys to fetch the file', () => item?.attachment?.fetched && item)
  if (!attachment?.fetched) throw new Error('The message has no file.')
  const file = attachment.fetched
  if (!file.ok) throw new Error(`Genesys could not fetch the file: ${file.why}`)
  return { ...attachment, file }
}

describe('a customer’s file', () => {
  const samples: readonly [
    'image' | 'video' | 'audio' | 'file',
    string,
    () => Promise<Buffer>,
    Partial<PhoneFile>,
    string,
    (id: string) => string,
  ][] = [
    ['image', 'Image', jpeg, {}, 'image/jpeg', (id) => `image-${id}.jpg`],
    [
      'image',
      'Image',
      () => plain({ width: 40, height: 30 }).png().toBuffer(),
      {},
      'image/png',
      (id) => `image-${id}.png`,
    ],
    [
      'video',
      'Video',
      async () => mp4({ brand: 'mp42', durationMs: 4_000 }),
      { durationMs: 4_000 },
      'video/mp4',
      (id) => `video-${id}.mp4`,
    ],
    [
      'audio',
      'Audio',
      async () => mp4({ brand: 'M4A ', durationMs: 2_500 }),
      { durationMs: 2_500 },
      'audio/mp4',
      (id) => `audio-${id}.m4a`,
    ],
    [
      'audio',
      'Audio',
      async () => mp3({ frames: 40 }),
      { mime: 'audio/mpeg' },
      'audio/mpeg',
      (id) => `audio-${id}.mp3`,
    ],
    [
      'file',
      'File',
      async () => pdf(),
      { fileName: 'ใบเสนอราคา 2026.pdf' },
      'application/pdf',
      () => 'ใบเสนอราคา 2026.pdf',
    ],
    [
      'file',
      'File',
      async () => Buffer.from('name,price\nมะม่วง,40\n'),
      { fileName: 'prices.csv', mime: 'text/csv' },
      'text/csv',
      () => 'prices.csv',
    ],
  ]
  test.each(samples)(
    'of type %s becomes an attachment whose bytes Genesys fetches unchanged',
    async (type, mediaType, make, about, mime, nameOf) => {
      const world = await start()
      const bytes = await make()
      const sent = sendFile(world, { type, bytes, ...about })
      const [item] = await arrived(world, 1)

      const url = expect.stringMatching(new RegExp(`^${world.url}/media/[\\w.-]+$`))
      const attachment = { mediaType, url, mime, filename: nameOf(sent.id) }
      expect(item?.body).toStrictEqual({ channel: envelope(sent), content: [{ attachment }] })
      const { file } = await fetched(item)
      expect(file.sha256).toBe(sha256(bytes))
      expect(file.contentType).toBe(mime)
    },
  )

  test('is copied before Genesys hears of it, so that LINE may delete it', async () => {
    const world = await start()
    const heard: string[] = []
    world.line.on((event) => {
      if (event.type === 'request.answered' && event.request.endpoint === 'content') heard.push('copied')
    })
    world.genesys.on((event) => {
      if (event.type === 'message.received') heard.push('told')
    })
    const bytes = await jpeg()
    const content = { bytes, expired: false }
    sendFile(world, {
      type: 'image',
      bytes,
      get expired() {
        return content.expired
      },
    })
    const { url } = await fetched((await arrived(world, 1))[0])
    content.expired = true

    expect(heard).toEqual(['copied', 'told'])
    expect(sha256((await load(url)).bytes)).toBe(sha256(bytes))
  })

  test('that LINE still prepares is waited for, while other customers’ messages go on', async () => {
    const world = await start()
    const bytes = mp4({ brand: 'mp42', durationMs: 90_000 })
    sendFile(world, { type: 'video', bytes, notReadyAnswers: 2 })
    await until('LINE to be asked', () => world.line.requests.some(({ status }) => status === 202))
    write(world, 'Behind the video')
    write(world, 'Somebody else', taiwan)

    const items = await arrived(world, 3)
    expect(items.map(({ text, attachment }) => (text === undefined ? attachment?.mediaType : bare(text)))).toEqual([
      'Somebody else',
      'Video',
      'Behind the video',
    ])
    expect((await fetched(items[1])).file.sha256).toBe(sha256(bytes))
  })

  test('that comes empty at first is asked for again', async () => {
    const world = await start()
    const bytes = await jpeg()
    const answers = [Buffer.alloc(0), bytes]
    sendFile(world, {
      type: 'image',
      get bytes() {
        return (answers.length > 1 ? answers.shift() : answers[0]) ?? bytes
      },
    })

    const { file } = await fetched((await arrived(world, 1))[0])
    expect(file.sha256).toBe(sha256(bytes))
    expect(world.line.requests.filter(({ endpoint }) => endpoint === 'content').length).toBeGreaterThan(1)
  })

  test('that LINE cannot give just now is tried again', async () => {
    const world = await start()
    world.line.break('content', { answer: 503, times: 1 })
    const bytes = pdf()
    sendFile(world, { type: 'file', bytes, fileName: 'contract.pdf' })

    expect((await fetched((await arrived(world, 1))[0])).file.sha256).toBe(sha256(bytes))
    expect(await textsBeforeLast(world)).toEqual([undefined])
  })

  test.each([
    ['that LINE has deleted', 'image', { expired: true }, '[The LINE image is no longer available]'],
    [
      'that LINE could not prepare',
      'video',
      { notReadyAnswers: 1, transcodingFails: true },
      '[The LINE video is no longer available]',
    ],
  ] as const)('%s becomes a text that says so', async (_, type, about, text) => {
    const world = await start()
    const sent = sendFile(world, { type, bytes: Buffer.from('never seen'), ...about })

    const [item] = await arrived(world, 1)
    expect(item?.body).toStrictEqual({ channel: envelope(sent), text })
  })

  test('that the customer took back before it was copied is not forwarded, and what follows it is', async () => {
    const world = await start()
    const mend = world.line.break('content', { answer: 503 })
    const sent = sendFile(world, { type: 'image', bytes: await jpeg() })
    await until('a first attempt', () => world.line.requests.some(({ endpoint }) => endpoint === 'content'))
    await world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: sent.id }).webhook.ended
    mend()
    write(world, 'afterwards')

    expect((await arrived(world, 2)).map(({ text }) => bare(text))).toEqual(['[ลูกค้ายกเลิกข้อความ]', 'afterwards'])
  })

  test('above what Genesys takes becomes a text with its name, its size and a link to all of it', async () => {
    const world = await start()
    const bytes = pdf(25_100_000)
    sendFile(world, { type: 'file', bytes, fileName: 'catalogue.pdf' })

    const [item] = await arrived(world, 1)
    const [notice, link = ''] = item?.text?.split('\n') ?? []
    expect(item?.body.content).toBeUndefined()
    expect(notice).toBe('[The LINE file is too large to be shown here: catalogue.pdf, 25.2 MB]')
    expect(link).toMatch(new RegExp(`^${world.url}/media/`))
    const file = await load(link)
    expect(file.headers.get('content-disposition')).toBe('attachment; filename=catalogue.pdf')
    expect(sha256(file.bytes)).toBe(sha256(bytes))
  })

  test('that lies with another provider at a private address is not fetched, and a text says so', async () => {
    const world = await start()
    const asked: (string | undefined)[] = []
    await using other = await serve((request, response) => {
      asked.push(request.url)
      response.end('secret')
    })
    const addresses = [
      other.origin,
      `http://localhost:${other.port}`,
      `http://[::1]:${other.port}`,
      'http://169.254.169.254',
      'file:///etc/passwd',
    ]
    for (const address of addresses)
      sendFile(world, { type: 'image', bytes: Buffer.alloc(1), externalUrl: `${address}/picture.jpg` })

    const items = await arrived(world, addresses.length)
    expect(items.map(({ text }) => text)).toEqual(addresses.map(() => '[The LINE image could not be fetched]'))
    expect(asked).toEqual([])
    expect(await outcomes(world, 'inbound', 'failed')).toBe(0)
  })
})
