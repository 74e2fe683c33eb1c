import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { mp3, mp4, noise, plain, serve } from '../media/samples.ts'
import { journeys } from '../support/journeys.ts'
import { metric, outcomes, pushes, shown, shownBeforeLast, wholeReceiptOf } from '../support/looks.ts'
import { linkIn, wordsIn } from '../support/touch.ts'
import { thailand, type World } from '../support/world.ts'
import { load, pdf, sha256 } from './files.ts'

const { start } = journeys()

type File = Parameters<World['genesys']['sendAttachment']>[2]

const attach = (world: World, file: File) => world.genesys.sendAttachment(thailand.integrationId, thailand.userId, file)

/** What the phone shows of one attachment. */
async function attached(world: World, file: File) {
  attach(world, file)
  const [message] = await shown(world, 1)
  return message ?? { type: 'nothing' }
}

describe('an agent’s picture', () => {
  test.each([
    ['image/png', 'map.png', () => plain({ width: 400, height: 300 }).png().toBuffer()],
    ['image/jpeg', 'photo.jpg', () => noise({ width: 400, height: 300 }).jpeg().toBuffer()],
  ] as const)(
    'of type %s is shown as a picture whose links are ours and give its bytes',
    async (mime, fileName, make) => {
      const world = await start()
      const bytes = await make()
      const message = await attached(world, { bytes, mime, fileName })

      const ours = expect.stringMatching(new RegExp(`^${world.url}/media/[\\w.-]+$`))
      expect(message).toEqual({ type: 'image', originalContentUrl: ours, previewImageUrl: ours })
      const original = await load(message.originalContentUrl)
      expect([original.status, original.headers.get('content-type'), sha256(original.bytes)]).toEqual([
        200,
        mime,
        sha256(bytes),
      ])
      expect((await load(message.previewImageUrl)).bytes.length).toBeLessThanOrEqual(1_000_000)
    },
  )

  test('that is large comes with a preview of at most 1 MB', async () => {
    const world = await start()
    const bytes = await noise({ width: 1_200, height: 900 }).png().toBuffer()
    expect(bytes.length).toBeGreaterThan(3_000_000)
    const message = await attached(world, { bytes, mime: 'image/png', fileName: 'scan.png' })

    expect(sha256((await load(message.originalContentUrl)).bytes)).toBe(sha256(bytes))
    const preview = await load(message.previewImageUrl)
    expect(preview.headers.get('content-type')).toBe('image/jpeg')
    expect(preview.bytes.length).toBeLessThanOrEqual(1_000_000)
    expect((await sharp(preview.bytes).metadata()).width).toBeGreaterThan(200)
  })

  test.each([
    ['image/gif', 'wave.gif', () => plain({ width: 60, height: 40 }).gif().toBuffer()],
    ['image/webp', 'shop.webp', () => plain({ width: 60, height: 40 }).webp().toBuffer()],
  ] as const)('of type %s, which phones do not show, is converted', async (mime, fileName, make) => {
    const world = await start()
    const message = await attached(world, { bytes: await make(), mime, fileName })

    expect(message.type).toBe('image')
    const picture = await load(message.originalContentUrl)
    const { width, height, format } = await sharp(picture.bytes).metadata()
    expect({ width, height }).toEqual({ width: 60, height: 40 })
    expect(picture.headers.get('content-type')).toBe(`image/${format}`)
    expect(['jpeg', 'png']).toContain(format)
  })

  test('that only claims to be one becomes a link', async () => {
    const world = await start()
    const bytes = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')
    const message = await attached(world, { bytes, mime: 'image/png', fileName: 'logo.png' })

    expect(wordsIn(message)).toContain('logo.png')
    expect((await load(linkIn(message))).status).toBe(200)
  })
})

describe('an agent’s recording', () => {
  test.each([
    ['audio/mpeg', 'greeting.mp3', mp3({ frames: 100 }), 2_612],
    ['audio/mp4', 'greeting.m4a', mp4({ brand: 'M4A ', durationMs: 4_200 }), 4_200],
    ['audio/x-m4a', 'greeting.m4a', mp4({ brand: 'M4A ', durationMs: 900 }), 900],
  ])('of type %s is played, with its duration', async (mime, fileName, bytes, durationMs) => {
    const world = await start()
    const message = await attached(world, { bytes, mime, fileName })

    expect(message).toEqual({ type: 'audio', originalContentUrl: expect.any(String), duration: expect.any(Number) })
    expect(Math.abs(Number(message.duration) - durationMs)).toBeLessThan(60)
    expect(sha256((await load(message.originalContentUrl)).bytes)).toBe(sha256(bytes))
  })

  test('of another type becomes a link', async () => {
    const world = await start()
    const message = await attached(world, { bytes: Buffer.from('OggS\0\x02'), mime: 'audio/ogg', fileName: 'note.ogg' })

    expect(wordsIn(message)).toContain('note.ogg')
    expect(linkIn(message)).toMatch(new RegExp(`^${world.url}/media/`))
  })

  test('on video is played, with a preview picture', async () => {
    const world = await start()
    const bytes = mp4({ brand: 'mp42', durationMs: 5_000 })
    const message = await attached(world, { bytes, mime: 'video/mp4', fileName: 'tour.mp4' })

    const url = expect.any(String)
    expect(message).toEqual({ type: 'video', originalContentUrl: url, previewImageUrl: url })
    expect(sha256((await load(message.originalContentUrl)).bytes)).toBe(sha256(bytes))
    const preview = await load(message.previewImageUrl)
    expect((await sharp(preview.bytes).metadata()).format).toMatch(/^(png|jpeg)$/)
    expect(preview.bytes.length).toBeLessThanOrEqual(1_000_000)
  })
})

describe('any other file of an agent’s', () => {
  test('becomes a card with its name, its size and a link that downloads it', async () => {
    const world = await start()
    const bytes = pdf()
    const message = await attached(world, { bytes, mime: 'application/pdf', fileName: 'สัญญา 2026.pdf' })

    expect(message.type).toBe('flex')
    expect(wordsIn(message)).toEqual(expect.arrayContaining(['สัญญา 2026.pdf', '20 kB']))
    expect(message.altText).toBe(`สัญญา 2026.pdf\n${linkIn(message)}`)
    const file = await load(linkIn(message))
    expect(file.headers.get('content-disposition')).toContain(`filename*=UTF-8''${encodeURIComponent('สัญญา 2026.pdf')}`)
    expect(file.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(file.bytes.equals(bytes)).toBe(true)
  })

  test('comes after the text of its message, and before the next message', async () => {
    const world = await start()
    const bytes = await plain({ width: 20, height: 20 }).png().toBuffer()
    const first = attach(world, { bytes, mime: 'image/png', fileName: 'map.png', text: 'Here is the way' })
    await first.webhook.ended
    world.genesys.sendText(thailand.integrationId, thailand.userId, 'Can you find it?')

    const messages = await shown(world, 3)
    expect(messages.map(({ type, text }) => text ?? type)).toEqual(['Here is the way', 'image', 'Can you find it?'])
    expect(pushes(world).map(({ body }) => JSON.parse(body).messages.length)).toEqual([2, 1])
  })

  test('is fetched once with the gateway’s own token, though LINE fails at first, and pushed with the same links', async () => {
    const world = await start()
    world.line.break('push', { answer: 500, times: 1 })
    await attached(world, { bytes: pdf(), mime: 'application/pdf', fileName: 'terms.pdf' })

    const downloads = world.genesys.requests.filter(({ endpoint }) => endpoint === 'download')
    expect(downloads.map(({ status }) => status)).toEqual([200])
    expect(downloads[0]?.headers.authorization).toMatch(/^Bearer \S+$/)
    expect(pushes(world).map(({ status }) => status)).toEqual([500, 200])
    expect(new Set(pushes(world).map(({ body }) => body)).size).toBe(1)
  })

  test('is fetched with a new token when the old one has been revoked', async () => {
    const world = await start()
    await shownBeforeLast(world)
    world.genesys.revokeTokens()

    const item = attach(world, { bytes: pdf(), mime: 'application/pdf', fileName: 'terms.pdf' })
    expect((await wholeReceiptOf(item)).body).toMatchObject({ status: 'Delivered' })
  })
})

describe('an agent’s file that cannot be had', () => {
  const file = { bytes: Buffer.from('not asked for'), mime: 'image/png', fileName: 'lost.png', text: 'Look at this' }
  const failed = (code: string, message: RegExp) => ({
    status: 'Failed',
    isFinalReceipt: true,
    reasons: [{ code, message: expect.stringMatching(message) }],
  })

  test('because its host answers 404 fails the whole message, and Genesys learns why', async () => {
    const world = await start()
    const item = attach(world, { ...file, url: `${world.genesys.url}/api/v2/downloads/unknown` })

    expect((await wholeReceiptOf(item)).body).toMatchObject(
      failed('GeneralError', /can no longer be fetched.*attach it again/i),
    )
    expect(await shownBeforeLast(world)).toEqual([])
    expect(await outcomes(world, 'outbound', 'failed')).toBe(1)
    expect(await metric(world, 'bridge_alerts_total', { kind: 'dead_letter' })).toBe(1)
  })

  test('because it lies at a private address is not fetched, fails the whole message, and Genesys learns why', async () => {
    const world = await start()
    const asked: (string | undefined)[] = []
    await using other = await serve((request, response) => {
      asked.push(request.url)
      response.end('secret')
    })
    const port = new URL(world.genesys.url).port
    const urls = [
      `${other.origin}/a.png`,
      `http://localhost:${other.port}/b.png`,
      `http://[::ffff:127.0.0.1]:${other.port}/c.png`,
      // The gateway's port, but not its address.
      `http://localhost:${port}/api/v2/downloads/d`,
      'http://169.254.169.254/latest/meta-data',
      'http://10.0.0.1/e.png',
      'file:///etc/passwd',
    ]
    for (const url of urls) {
      const item = attach(world, { ...file, url })
      expect([url, (await wholeReceiptOf(item)).body]).toEqual([
        url,
        expect.objectContaining(
          failed('MessageNotAllowed', /address that must not be fetched.*attach the file itself/i),
        ),
      ])
    }

    expect(asked).toEqual([])
    expect(world.genesys.requests.filter(({ endpoint }) => endpoint === 'download')).toEqual([])
    expect(await shownBeforeLast(world)).toEqual([])
  })

  test('because it lies with another platform of ours is asked for without Genesys’ token', async () => {
    const world = await start()
    const item = attach(world, { ...file, url: `${world.line.dataApiUrl}/picture.png` })

    expect((await wholeReceiptOf(item)).body).toMatchObject(failed('GeneralError', /can no longer be fetched/))
    const [asked] = world.line.requests.filter(({ path }) => path === '/picture.png')
    expect(asked?.status).toBe(404)
    expect(asked?.headers.authorization).toBeUndefined()
  })

  test('just now is tried again', async () => {
    const world = await start()
    world.genesys.break('download', { answer: 503, times: 1 })
    const bytes = await plain({ width: 20, height: 20 }).png().toBuffer()
    const item = attach(world, { bytes, mime: 'image/png' })

    expect((await wholeReceiptOf(item)).body).toMatchObject({ status: 'Delivered' })
  })
})
