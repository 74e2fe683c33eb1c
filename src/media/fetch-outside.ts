import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { addAbortSignal, pipeline, Readable } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import type { AxiosResponse } from 'axios'
import { DeliveryError, FetchRefused, MediaUnavailable, Stopping } from '../bridge/errors.ts'
import type { FetchOutside, OpenedMedia } from '../bridge/side.ts'
import { errorCode } from '../lib/error-code.ts'
import { callTimeoutMs } from '../lib/http.ts'
import { isPublicAddress, publicLookup, type Resolve } from './public-address.ts'

const maxRedirects = 5

const redirects = new Set([301, 302, 303, 307, 308])

const retry = (message: string, status?: number): DeliveryError =>
  new DeliveryError(message, { do: 'retry', mayHaveArrived: false }, status)

const forbidden = (message: string): MediaUnavailable => new MediaUnavailable('forbidden_address', message)

/** What the lookup refused, from within what the HTTP client made of it. */
const refusal = (error: unknown, depth = 0): MediaUnavailable | undefined => {
  if (error instanceof MediaUnavailable || typeof error !== 'object' || error === null || depth > 4)
    return error instanceof MediaUnavailable ? error : undefined
  return 'cause' in error ? refusal(error.cause, depth + 1) : undefined
}

/**
 * Only http and https, and no credentials, which would end in logs of others. The URL class has by now read `0x7f.1`
 * and the like as plain addresses.
 */
function readUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (!url) throw forbidden('not an address')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw forbidden('neither http nor https')
  if (url.username || url.password) throw forbidden('an address with credentials')
  return url
}

const header = (response: AxiosResponse, name: string): string | undefined => {
  const value: unknown = response.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** RFC 6266, section 4.1: `filename*` (UTF-8) is preferred to `filename`. */
function fileNameOf(disposition: string | undefined): string | undefined {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition ?? '')?.[1]
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition ?? '')
  try {
    if (encoded) return decodeURIComponent(encoded)
  } catch {
    // A malformed name gives way to the plain one.
  }
  return plain?.[1]?.replace(/\\(.)/g, '$1') ?? plain?.[2]
}

/** Whoever reads the end of a chain of streams hears of its errors there. */
const ignored = () => undefined

/** We ask for none, but some stores answer with the coding in which a file was uploaded. */
function decoded(body: Readable, coding: string | undefined): Readable {
  if (coding === undefined || coding === 'identity') return body
  if (coding === 'br') return pipeline(body, createBrotliDecompress(), ignored)
  if (['gzip', 'x-gzip', 'deflate'].includes(coding)) return pipeline(body, createUnzip(), ignored)
  body.destroy()
  throw retry('the file came in an unknown coding')
}

/** Time for the largest file at 1 MB a second: a server that sends byte after byte must not hold up a conversation for good. */
const longestBodyMs = 5 * 60_000

/** How long a body may take. */
interface Patience {
  /** Between two pieces; time that the reader takes does not count. */
  readonly idleMs: number
  /** For all of it, the reader's time included. */
  readonly wholeMs: number
}

/** The body, failing when the sender is silent or slow for too long. */
function guarded(body: Readable, { idleMs, wholeMs }: Patience, signal: AbortSignal): Readable {
  let timer: NodeJS.Timeout | undefined
  const whole = setTimeout(() => stream.destroy(retry('the file took too long to come')), wholeMs)
  const waitNoMore = () => {
    clearTimeout(timer)
    timer = undefined
  }
  const wait = () => {
    timer ??= setTimeout(() => stream.destroy(retry('the file stopped coming')), idleMs)
  }
  const stream: Readable = new Readable({
    read() {
      wait()
      body.resume()
    },
    destroy(error, done) {
      waitNoMore()
      clearTimeout(whole)
      body.destroy()
      done(error)
    },
  })
  body.on('data', (chunk: Buffer) => {
    waitNoMore()
    if (stream.push(chunk)) wait()
    else body.pause()
  })
  body.pause()
  body.once('end', () => {
    waitNoMore()
    clearTimeout(whole)
    stream.push(null)
  })
  body.on('error', (error) => stream.destroy(retry(`the connection broke (${errorCode(error) ?? 'no code'})`)))
  body.once('close', () => {
    if (!body.readableEnded) stream.destroy(retry('the connection broke'))
  })
  return addAbortSignal(signal, stream)
}

/**
 * Fetches files from addresses that came from outside, without becoming a way into our own network: only public
 * addresses are connected to, on every redirect too.
 * @param settings.exemptOrigins platforms as configured, which may be local ones
 * @param settings.resolve by default `dns.lookup`
 * @param settings.timeoutMs for name, connection and headers together, and between two pieces of the body
 * @param settings.bodyMs for the whole body
 */
export function createFetchOutside(settings: {
  readonly exemptOrigins: readonly string[]
  readonly resolve?: Resolve
  readonly timeoutMs?: number
  readonly bodyMs?: number
}): FetchOutside {
  const timeoutMs = settings.timeoutMs ?? callTimeoutMs
  const patience: Patience = { idleMs: timeoutMs, wholeMs: settings.bodyMs ?? longestBodyMs }
  const exempt = new Set(settings.exemptOrigins.map((origin) => new URL(origin).origin))
  const lookup = publicLookup(settings.resolve)
  // Connections are not kept: each request is checked anew, and strangers' servers hold no sockets of ours.
  const anywhere = { httpAgent: new http.Agent(), httpsAgent: new https.Agent() }
  const outside = { httpAgent: new http.Agent({ lookup }), httpsAgent: new https.Agent({ lookup }) }

  async function request(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<AxiosResponse<Readable>> {
    const { default: axios } = await import('axios')
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), timeoutMs)
    try {
      return await axios.request<Readable>({
        adapter: 'http',
        url: url.href,
        method: 'GET',
        headers: { accept: '*/*', 'user-agent': 'line-genesys-bridge', ...headers, 'accept-encoding': 'identity' },
        responseType: 'stream',
        decompress: false,
        maxRedirects: 0,
        proxy: false,
        validateStatus: () => true,
        signal: AbortSignal.any([signal, late.signal]),
        ...(exempt.has(url.origin) ? anywhere : outside),
      })
    } catch (error) {
      if (signal.aborted) throw new Stopping('stopped while fetching a file')
      const refused = refusal(error)
      if (refused) throw refused
      if (late.signal.aborted) throw retry("the file's server did not answer in time")
      throw retry(`the file's server could not be reached (${errorCode(error) ?? 'no code'})`)
    } finally {
      clearTimeout(timer)
    }
  }

  function read(response: AxiosResponse<Readable>, signal: AbortSignal): OpenedMedia {
    const coding = header(response, 'content-encoding')?.trim().toLowerCase()
    const stream = guarded(decoded(response.data, coding), patience, signal)
    const mime = header(response, 'content-type')
    const fileName = fileNameOf(header(response, 'content-disposition'))
    const length = header(response, 'content-length')
    return {
      stream,
      ...(mime === undefined ? {} : { mime }),
      ...(fileName === undefined ? {} : { fileName }),
      ...(length !== undefined && /^\d{1,15}$/.test(length) && (coding ?? 'identity') === 'identity'
        ? { bytes: Number(length) }
        : {}),
    }
  }

  return async (text, signal, options) => {
    let url = readUrl(text)
    let headers = options?.headers ?? {}
    for (let hop = 0; hop <= maxRedirects; hop += 1) {
      if (signal.aborted) throw new Stopping('stopped while fetching a file')
      // Sockets look names up, but not addresses.
      const host = url.hostname.replace(/^\[|\]$/g, '')
      if (isIP(host) && !isPublicAddress(host) && !exempt.has(url.origin)) throw forbidden('not a public address')
      const response = await request(url, headers, signal)
      const { status } = response
      if (status === 200) return read(response, signal)
      response.data.destroy()
      const location = header(response, 'location')
      if (redirects.has(status) && location) {
        url = readUrl(location, url)
        headers = {}
      } else if (status >= 400 && status < 500 && status !== 408 && status !== 429) throw new FetchRefused(status)
      else throw retry(`the file's server answered ${status}`, status)
    }
    throw forbidden('too many redirects')
  }
}
