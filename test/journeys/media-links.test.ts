import { describe, expect, test } from '@jest/globals'
import { journeys } from '../support/journeys.ts'
import { arrived } from '../support/looks.ts'
import type { World } from '../support/world.ts'
import { jpeg, pdf, sendFile } from './files.ts'

const { start } = journeys()

describe('a media link', () => {
  /** A link as Genesys gets it, and the bytes behind it. */
  async function linked(world: World, file: Parameters<typeof sendFile>[1]): Promise<string> {
    const count = world.genesys.inbound.length
    sendFile(world, file)
    return (await arrived(world, count + 1)).at(-1)?.attachment?.url ?? ''
  }

  test('answers HEAD and parts, and says what the file is without letting it run', async () => {
    const world = await start()
    const bytes = pdf()
    const url = await linked(world, { type: 'file', bytes, fileName: 'ราคา.pdf' })

    const head = await fetch(url, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(Object.fromEntries(head.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': String(bytes.length),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-disposition': expect.stringContaining(`filename*=UTF-8''${encodeURIComponent('ราคา.pdf')}`),
    })
    expect(head.headers.get('content-disposition')).toMatch(/^attachment/)
    const part = await fetch(url, { headers: { range: 'bytes=100-199' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${bytes.length}`])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true)
    expect((await fetch(url, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416)
  })

  test('shows a picture in place, but not what only claims to be one', async () => {
    const world = await start()
    const picture = await linked(world, { type: 'image', bytes: await jpeg() })
    const page = await linked(world, {
      type: 'image',
      bytes: Buffer.from('<html><script>alert(1)</script>'),
      mime: 'image/jpeg',
    })

    const dispositions = await Promise.all(
      [picture, page].map(async (url) => (await fetch(url)).headers.get('content-disposition')),
    )
    expect(dispositions).toEqual([expect.stringMatching(/^inline/), expect.stringMatching(/^attachment/)])
  })

  test('that is forged, altered, cut or of another file opens nothing', async () => {
    const world = await start()
    const [one, other] = [
      await linked(world, { type: 'file', bytes: pdf(100) }),
      await linked(world, { type: 'file', bytes: pdf(200) }),
    ]
    const [key, expiry, signature = ''] = one.replace(/^.*\/media\//, '').split('.')
    const [otherKey] = other.replace(/^.*\/media\//, '').split('.')
    const flipped = signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
    const forged = [
      `${otherKey}.${expiry}.${signature}`,
      `${key}.zzzzzzz.${signature}`,
      `${key}.${expiry}.${flipped}`,
      `${key}.${expiry}`,
      `${key}.${expiry}.${signature}.`,
      '..%2f..%2fbridge.config.yaml',
      'nothing',
    ]

    expect((await fetch(one)).status).toBe(200)
    for (const token of forged) {
      const answer = await fetch(`${world.url}/media/${token}`)
      expect([token, answer.status]).toEqual([token, 404])
      expect((await fetch(`${world.url}/media/${token}`, { method: 'HEAD' })).status).toBe(404)
    }
  })
})
