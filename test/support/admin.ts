import type { World } from './world.ts'

/** What the console's API answered. */
export interface ApiAnswer<T = unknown> {
  readonly status: number
  readonly body: T
  readonly text: string
}

export const opsLogin = { authorization: `Basic ${Buffer.from('ops:ops-password').toString('base64')}` }

async function ask<T>(url: string, init: RequestInit): Promise<ApiAnswer<T>> {
  const answer = await fetch(url, init)
  const text = await answer.text()
  return { status: answer.status, text, body: JSON.parse(text) as T }
}

/** Asks the console's API of a world's bridge, logged in. */
export const apiGet = <T>(world: Pick<World, 'url'>, path: string): Promise<ApiAnswer<T>> =>
  ask(`${world.url}/admin/api${path}`, { headers: opsLogin })

/** @param headers besides the login and the content type */
export const apiPost = <T>(
  world: Pick<World, 'url'>,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer<T>> =>
  ask(`${world.url}/admin/api${path}`, {
    method: 'POST',
    headers: { ...opsLogin, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

/** The lines of the log that tell what people did. */
export const auditLines = (world: Pick<World, 'log'>): Record<string, unknown>[] =>
  world.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'operator.acted')
    .map(({ level: _level, time: _time, msg: _msg, pid: _pid, hostname: _hostname, ...acted }) => acted)
