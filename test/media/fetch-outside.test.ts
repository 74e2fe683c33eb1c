import { createServer } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import type { FetchOutside } from '../../src/bridge/side.ts'
import { createFetchOutside } from '../../src/media/fetch-outside.ts'
import { isPublicAddress, type Resolve } from '../../src/media/public-address.ts'
import { serve } from './samples.ts'

const { signal } = new AbortController()
const forbidden = { name: 'MediaUnavailable', problem: 'forbidden_address' }
const retry = { name: 'DeliveryError', next: { do: 'retry', mayHaveArrived: false } }

/** As `dns.lookup`, from a list whose last answer is repeated. */
function names(...answers: readonly (readonly string[])[]) {
  let calls = 0
  const resolve: Resolve = (_name, _options, done) => {
    const addresses = answers[Math.min(calls, answers.length - 1)] ?? []
    calls += 1
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return { resolve, calls: () => calls }
}

describe('an address from outside', () => {
  const fetchOutside = createFetchOutside({ exemptOrigins: [] })

  test('is refused when it is not public, however it is written', async () => {
    let requests = 0
    await using four = await serve((_request, response) => {
      requests += 1
      response.end()
    })
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '0x7f.1',
      '127.0.0.1.',
      '0.0.0.0',
      '0',
      'localhost',
      'LOCALHOST',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::127.0.0.1]',
      '[::]',
    ])
      for (const scheme of ['http', 'https'])
        expect([
          host,
          await fetchOutside(`${scheme}://${host}:${four.port}/`, signal).catch((error) => error),
        ]).toMatchObject([host, forbidden])
    expect(requests).toBe(0)
  })

  test.each([
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::a00:1]',
    '[2002:7f00:1::]',
    '[2001::1]',
    '[::ffff:0:7f00:1]',
    '[::ffff:a9fe:a9fe]',
    '[2001:db8::1]',
  ])('is refused in the special range of %s', async (host) => {
    await expect(fetchOutside(`http://${host}/`, signal)).rejects.toMatchObject(forbidden)
  })

  test.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:1',
    'gopher://example.com/',
    'http://user:pass@example.com/',
    'http://user@example.com/',
    '/relative',
    'http://',
    '',
  ])('is refused when it is %j', async (url) => {
    await expect(fetchOutside(url, signal)).rejects.toMatchObject(forbidden)
  })

  test('is refused when its name resolves to an address that is not public, alone or among others', async () => {
    for (const answer of [
      ['127.0.0.1'],
      ['10.1.2.3'],
      ['::1'],
      ['fd00::1'],
      ['2606:4700::1111', '127.0.0.1'],
      ['fe80::1%eth0'],
      [],
    ]) {
      const { resolve } = names(answer)
      const fetching = createFetchOutside({ exemptOrigins: [], resolve })('http://files.example.com/', signal)
      await expect(fetching).rejects.toMatchObject(forbidden)
    }
  })

  test('is looked up once, and the address that was checked is the one that is used', async () => {
    let requests = 0
    await using server = await serve((_request, response) => {
      requests += 1
      response.end()
    })
    // A public address where nobody answers, then the loopback one, as an attacker's name server would say.
    const { resolve, calls } = names(['2a0f:ffff:ffff::1'], ['127.0.0.1'])
    const rebinding = createFetchOutside({ exemptOrigins: [], resolve, timeoutMs: 500 })
    await expect(rebinding(`http://files.example.com:${server.port}/`, signal)).rejects.toMatchObject(retry)
    expect(calls()).toBe(1)
    expect(requests).toBe(0)
  })

  test('may be one of our own only at exactly the configured host and port', async () => {
    await using platform = await serve((_request, response) => void response.end('ours'))
    await using other = await serve((_request, response) => void response.end('theirs'))
    const fetching = createFetchOutside({ exemptOrigins: [platform.origin] })
    expect(await text((await fetching(`${platform.origin}/a`, signal)).stream)).toBe('ours')
    await expect(fetching(`${other.origin}/a`, signal)).rejects.toMatchObject(forbidden)
    await expect(fetching(`http://localhost:${platform.port}/a`, signal)).rejects.toMatchObject(forbidden)
  })
})

test('a public address is told from all others', () => {
  for (const address of ['1.1.1.1', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '223.255.255.255'])
    expect([address, isPublicAddress(address)]).toEqual([address, true])
  for (const address of ['2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450::1', '2400:cb00::1'])
    expect([address, isPublicAddress(address)]).toEqual([address, true])
  for (const address of ['', 'localhost', '1.1.1', '[::1]', '::1', '2001:1::1', '3fff::1', '4000::1', '::ffff:1.1.1.1'])
    expect([address, isPublicAddress(address)]).toEqual([address, false])
})

describe('a redirect', () => {
  test('is followed, relative ones too, without the headers of the first request', async () => {
    const seen: (string | undefined)[] = []
    await using server = await serve((request, response) => {
      seen.push(request.headers.authorization)
      if (request.url === '/start') response.writeHead(302, { location: '/middle' }).end()
      else if (request.url === '/middle')
        response.writeHead(307, { location: `http://${request.headers.host}/end` }).end()
      else response.end('here')
    })
    const fetching = createFetchOutside({ exemptOrigins: [server.origin] })
    const opened = await fetching(`${server.origin}/start`, signal, { headers: { authorization: 'Bearer t' } })
    expect(await text(opened.stream)).toBe('here')
    expect(seen).toEqual(['Bearer t', undefined, undefined])
  })

  test('is checked like the first address', async () => {
    let requests = 0
    await using inner = await serve((_request, response) => {
      requests += 1
      response.end('secret')
    })
    let target = ''
    await using outer = await serve((_request, response) => void response.writeHead(302, { location: target }).end())
    const fetching = createFetchOutside({ exemptOrigins: [outer.origin] })
    for (target of [
      inner.origin,
      `http://localhost:${inner.port}/`,
      `http://[::ffff:127.0.0.1]:${inner.port}/`,
      `//127.1:${inner.port}/`,
      'file:///etc/passwd',
      `http://a:b@127.0.0.1:${inner.port}/`,
      'http://169.254.169.254/latest/meta-data/',
    ])
      await expect(fetching(outer.origin, signal)).rejects.toMatchObject(forbidden)
    expect(requests).toBe(0)
  })

  test('is followed five times and not once more', async () => {
    await using server = await serve((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end('here')
      else response.writeHead(301, { location: `/${left - 1}` }).end()
    })
    const fetching = createFetchOutside({ exemptOrigins: [server.origin] })
    expect(await text((await fetching(`${server.origin}/5`, signal)).stream)).toBe('here')
    await expect(fetching(`${server.origin}/6`, signal)).rejects.toMatchObject(forbidden)
  })
})

describe('the answer of a server', () => {
  const at = async (
    listener: Parameters<typeof serve>[0],
    look: (fetching: FetchOutside, url: string) => Promise<void>,
    timeoutMs = 5_000,
  ) => {
    await using server = await serve(listener)
    await look(createFetchOutside({ exemptOrigins: [server.origin], timeoutMs }), `${server.origin}/`)
  }

  test('comes with type, length and name', () =>
    at(
      (_request, response) =>
        void response
          .writeHead(200, {
            'content-type': 'image/png',
            'content-length': 5,
            'content-disposition': `attachment; filename="x.png"; filename*=UTF-8''%E0%B8%81.png`,
          })
          .end('12345'),
      async (fetching, url) => {
        const opened = await fetching(url, signal)
        expect(opened).toMatchObject({ mime: 'image/png', bytes: 5, fileName: 'ก.png' })
        expect(await text(opened.stream)).toBe('12345')
      },
    ))

  test('is asked for without coding, and decoded where the server codes all the same', () =>
    at(
      (request, response) => {
        expect(request.headers['accept-encoding']).toBe('identity')
        const body = gzipSync('plain text')
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length }).end(body)
      },
      async (fetching, url) => {
        const opened = await fetching(url, signal)
        expect(opened.bytes).toBeUndefined()
        expect(await text(opened.stream)).toBe('plain text')
      },
    ))

  test('that refuses shows its status; one that may pass is tried again', () =>
    at(
      (request, response) => void response.writeHead(Number(request.headers['x-want'])).end('no'),
      async (fetching, url) => {
        for (const status of [400, 401, 403, 404, 410])
          await expect(fetching(url, signal, { headers: { 'x-want': `${status}` } })).rejects.toMatchObject({
            name: 'FetchRefused',
            status,
          })
        for (const status of [204, 304, 408, 429, 500, 503])
          await expect(fetching(url, signal, { headers: { 'x-want': `${status}` } })).rejects.toMatchObject({
            ...retry,
            status,
          })
      },
    ))

  test('that does not come in time is tried again', () =>
    at(
      () => undefined,
      async (fetching, url) => {
        await expect(fetching(url, signal)).rejects.toMatchObject(retry)
      },
      200,
    ))

  test('that stands still in the middle fails, and one that is read slowly does not', async () => {
    await at(
      (_request, response) => void response.writeHead(200, { 'content-length': 10 }).write('12345'),
      async (fetching, url) => {
        const opened = await fetching(url, signal)
        await expect(buffer(opened.stream)).rejects.toMatchObject(retry)
      },
      200,
    )
    await at(
      (_request, response) => void response.end(Buffer.alloc(8_000_000)),
      async (fetching, url) => {
        const opened = await fetching(url, signal)
        let bytes = 0
        for await (const chunk of opened.stream) {
          // Longer than the server may be silent, once.
          if (bytes === 0) await sleep(2_500)
          bytes += (chunk as Buffer).length
        }
        expect(bytes).toBe(8_000_000)
      },
      1_000,
    )
  })

  test('that comes byte by byte for too long fails', async () => {
    await using server = await serve(async (_request, response) => {
      for (let drip = 0; drip < 100 && !response.destroyed; drip += 1) {
        response.write('.')
        await sleep(20)
      }
      response.end()
    })
    const { origin } = server
    const opened = await createFetchOutside({ exemptOrigins: [origin], timeoutMs: 5_000, bodyMs: 300 })(origin, signal)
    await expect(buffer(opened.stream)).rejects.toMatchObject(retry)
  })

  test('that breaks off fails, and so does a server that is not there', async () => {
    await at(
      (_request, response) => {
        response.writeHead(200, { 'content-length': 10 })
        response.write('12345', () => response.destroy())
      },
      async (fetching, url) => {
        const opened = await fetching(url, signal)
        await expect(buffer(opened.stream)).rejects.toMatchObject(retry)
      },
    )
    const closed = createServer()
    await new Promise<void>((resolve) => void closed.listen(0, '127.0.0.1', resolve))
    const address = closed.address()
    await new Promise((resolve) => closed.close(resolve))
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    await expect(createFetchOutside({ exemptOrigins: [origin] })(origin, signal)).rejects.toMatchObject(retry)
  })

  test('is given up when the process stops, before the headers and after', async () => {
    const stop = new AbortController()
    await at(
      () => stop.abort(),
      async (fetching, url) => {
        await expect(fetching(url, stop.signal)).rejects.toMatchObject({ name: 'Stopping' })
        await expect(fetching(url, stop.signal)).rejects.toMatchObject({ name: 'Stopping' })
      },
    )
    const later = new AbortController()
    let closed: Promise<unknown> | undefined
    await at(
      (_request, response) => {
        closed = new Promise((resolve) => response.once('close', resolve))
        response.write('12345')
      },
      async (fetching, url) => {
        const opened = await fetching(url, later.signal)
        const reading = buffer(opened.stream)
        later.abort()
        await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
        await closed
      },
    )
  })

  test('lets go of the connection when the reader does', async () => {
    let closed: Promise<unknown> | undefined
    await at(
      (_request, response) => {
        closed = new Promise((resolve) => response.once('close', resolve))
        response.write('12345')
      },
      async (fetching, url) => {
        const opened = await fetching(url, signal)
        opened.stream.destroy()
        await closed
        expect(opened.stream.destroyed).toBe(true)
      },
    )
  })
})
