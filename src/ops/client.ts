import type { ErrorJson } from '../console/api/shapes.ts'
import { asObject, asText } from '../lib/loose.ts'

/** The bridge refused, or could not be reached. The message is for the person at the terminal and holds no secret. */
export class OpsRefused extends Error {
  override readonly name = 'OpsRefused'
}

/** Where the bridge is, and who asks. */
export interface Access {
  readonly url: string
  readonly username: string
  readonly password: string
}

/** Speaks to the console's JSON API of a running bridge. */
export interface OpsClient {
  /** @throws {OpsRefused} */
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<T>
  /** @throws {OpsRefused} */
  post<T>(path: string, body: object): Promise<T>
}

/** A search may take five seconds, and thousands of dead letters some more. */
const readWithinMs = 30_000
const changeWithinMs = 600_000

export function createOpsClient({ url, username, password }: Access): OpsClient {
  const base = `${url.replace(/\/+$/, '')}/admin/api`
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

  async function ask<T>(path: string, withinMs: number, init: RequestInit = {}): Promise<T> {
    const answer = await fetch(base + path, {
      ...init,
      headers: { authorization, accept: 'application/json', ...init.headers },
      // A login goes to the address that was named, and nowhere else.
      redirect: 'error',
      signal: AbortSignal.timeout(withinMs),
    }).catch((error: unknown) => {
      throw new OpsRefused(`The bridge at ${new URL(url).origin} did not answer (${whyOf(error)}).`)
    })
    const body: unknown = await answer.json().catch(() => undefined)
    if (!answer.ok) throw new OpsRefused(refusalOf(answer.status, body))
    if (body === undefined) throw new OpsRefused(`What answers at ${new URL(url).origin} is not a bridge.`)
    return body as T
  }

  return {
    get: (path, query = {}) => {
      const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined)
      const text = new URLSearchParams(given).toString()
      return ask(text ? `${path}?${text}` : path, readWithinMs)
    },
    post: (path, body) =>
      ask(path, changeWithinMs, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}

function whyOf(error: unknown): string {
  const { name, cause } = error instanceof Error ? error : { name: 'unknown', cause: undefined }
  if (name === 'TimeoutError') return 'no answer in time'
  return asText(asObject(cause).code) ?? (cause instanceof Error ? cause.message : 'no connection')
}

function refusalOf(status: number, body: unknown): string {
  const { code, message } = asObject(asObject(body as ErrorJson | undefined).error)
  if (status === 401) return 'The bridge does not take this login (admin of its configuration).'
  if (code === 'not_found' && message === 'There is nothing at this address.')
    return 'This bridge has no console: admin is not set in its configuration, or the process does not play that role.'
  return asText(message) ?? `The bridge answered ${status}.`
}
