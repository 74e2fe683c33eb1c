import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { safeFileName } from '../../src/media/file-name.ts'
import { identify, readHead } from '../../src/media/identify.ts'
import { bitmap, heic, mp3, mp4, plain } from './samples.ts'

const pdf = Buffer.from('%PDF-1.7\n%\u00e2\u00e3\n1 0 obj\n<<>>\nendobj\n')
const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(26)])
/** The head of a Matroska file whose type is `webm`. */
const webm = Buffer.from('1a45dfa387428284' + '7765626d', 'hex')
const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

describe('the type of a file', () => {
  test.each([
    ['a voice note with the brand M4A', mp4({ brand: 'M4A ', durationMs: 1 }), 'audio', undefined, 'audio/mp4', 'm4a'],
    [
      'a voice note with a brand of films',
      mp4({ brand: 'mp42', durationMs: 1 }),
      'audio',
      'video/mp4',
      'audio/mp4',
      'm4a',
    ],
    [
      'a voice note that is sent as a file',
      mp4({ brand: 'isom', durationMs: 1 }),
      'file',
      'audio/x-m4a',
      'audio/mp4',
      'm4a',
    ],
    ['a film that is sent as a file', mp4({ brand: 'isom', durationMs: 1 }), 'file', 'video/mp4', 'video/mp4', 'mp4'],
    ['a voice note of an old phone', mp4({ brand: '3gp5', durationMs: 1 }), 'audio', undefined, 'audio/3gpp', '3gp'],
    ['a voice note of a browser', webm, 'audio', 'audio/webm;codecs=opus', 'audio/webm', 'webm'],
    ['a film of a browser', webm, 'video', undefined, 'video/webm', 'webm'],
    ['a photo of an iPhone', heic(), 'image', 'application/octet-stream', 'image/heic', 'heic'],
    ['a Windows bitmap', bitmap([[[1, 2, 3]]]), 'image', undefined, 'image/bmp', 'bmp'],
    ['a film', mp4({ brand: 'mp42', durationMs: 1 }), 'video', undefined, 'video/mp4', 'mp4'],
    ['a song', mp3({ frames: 4 }), 'audio', undefined, 'audio/mpeg', 'mp3'],
    ['a document', pdf, 'file', 'application/octet-stream', 'application/pdf', 'pdf'],
    ['text, which bytes do not tell', Buffer.from('a;b\n1;2\n'), 'file', 'text/csv; charset=utf-8', 'text/csv', 'csv'],
    ['an Office file seen as its container', zip, 'file', docx, docx, 'docx'],
    ['a container alone', zip, 'file', 'image/png', 'application/zip', 'zip'],
    [
      'something that is called a picture and is a page',
      Buffer.from('<html><script>'),
      'image',
      'image/png',
      'application/octet-stream',
      '',
    ],
    ['a picture that is a document', pdf, 'image', 'image/jpeg', 'application/pdf', 'pdf'],
    ['something unknown', randomBytes(3), 'file', 'no type', 'application/octet-stream', ''],
    ['nothing', Buffer.alloc(0), 'file', undefined, 'application/octet-stream', ''],
  ] as const)('of %s comes from its bytes where they tell', async (_, head, media, mime, type, extension) => {
    const found = await identify({ head, media, mime, id: '77' })
    expect(found).toEqual({ mime: type, fileName: `${media}-77${extension && `.${extension}`}` })
  })

  test('of pictures is seen whatever they are called', async () => {
    const picture = plain({ width: 4, height: 4 })
    for (const format of ['jpeg', 'png', 'gif', 'webp', 'avif', 'tiff'] as const) {
      const head = await picture.clone().toFormat(format).toBuffer()
      expect((await identify({ head, media: 'file', mime: 'text/html', id: 'x' })).mime).toBe(`image/${format}`)
    }
  })
})

describe('a file name', () => {
  const named = (given: string, mime = 'image/jpeg') => safeFileName({ given, mime, fallback: 'image-1' })

  test.each([
    ['../../etc/passwd', 'passwd.jpg'],
    ['C:\\Users\\me\\Pic.JPG', 'Pic.JPG'],
    ['a\u0000b\r\nc.jpg', 'a b c.jpg'],
    ['photo\u202egpj.exe', 'photogpj.exe.jpg'],
    ['holiday.png', 'holiday.jpg'],
    ['offer v1.2', 'offer v1.2.jpg'],
    ['rapport "été".jpeg', 'rapport _été_.jpeg'],
    ['ใบเสร็จ.jpg', 'ใบเสร็จ.jpg'],
    ['.htaccess', 'htaccess.jpg'],
    ['con.jpg', '_con.jpg'],
    ['', 'image-1.jpg'],
    [' ./.. ', 'image-1.jpg'],
    ['\ud800.jpg', '\ufffd.jpg'],
  ])('%j becomes %j', (given, safe) => {
    expect(named(given)).toBe(safe)
  })

  test('keeps its extension where the type is unknown', () => {
    expect(named('drawing.dwg', 'application/octet-stream')).toBe('drawing.dwg')
  })

  test('has at most 200 units, keeps its extension and cuts no character', () => {
    const name = named(`${'👩‍👩‍👧'.repeat(60)}.jpg`)
    expect(name.length).toBeLessThanOrEqual(200)
    expect(name).toMatch(/^(👩‍👩‍👧)+\.jpg$/u)
    expect(named(`${'a'.repeat(500)}.jpg`)).toBe(`${'a'.repeat(196)}.jpg`)
  })
})

describe('reading the beginning of a stream', () => {
  test('loses nothing, whether the stream is longer or shorter', async () => {
    const bytes = randomBytes(300_000)
    for (const length of [0, 1, 65_536, 300_000]) {
      const all = bytes.subarray(0, length)
      const { head, whole } = await readHead(Readable.from(chunked(all), { objectMode: false }))
      expect(head.equals(all.subarray(0, 65_536))).toBe(true)
      expect((await buffer(whole)).equals(all)).toBe(true)
    }
  })

  test('passes errors on, and closes the stream with what took its place', async () => {
    const breaking = Readable.from(
      (async function* () {
        yield Buffer.alloc(70_000)
        throw new Error('broken')
      })(),
    )
    const { whole } = await readHead(breaking)
    await expect(buffer(whole)).rejects.toThrow('broken')

    const early = new Readable({ read() {} })
    early.push(Buffer.alloc(70_000))
    const first = await readHead(early)
    early.destroy(new Error('broken unread'))
    await new Promise((resolve) => early.once('close', resolve))
    await expect(buffer(first.whole)).rejects.toThrow('broken unread')

    const silent = new Readable({ read() {} })
    silent.push(Buffer.alloc(70_000))
    const second = await readHead(silent)
    second.whole.destroy()
    expect(silent.destroyed).toBe(true)
  })
})

function* chunked(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
}
