import { fieldsOf } from '../fields.ts'
import { consoleLogin } from './brands.ts'

const waiting = new Set(['waiting', 'delivering', 'retrying', 'held'])

/** What the bridge's own console says of a message, for what has not arrived in time. */
export interface Whereabouts {
  /** In the console's words; undefined when it does not know the message, or could not be asked. */
  readonly state: string | undefined
  /** The bridge still means to deliver it. */
  readonly waiting: boolean
}

/** @param request.port of a process with the console */
export async function askWhereabouts(request: {
  readonly port: number | undefined
  readonly id: string
}): Promise<Whereabouts> {
  const { port, id } = request
  const authorization = `Basic ${Buffer.from(`${consoleLogin.username}:${consoleLogin.password}`).toString('base64')}`
  const state = await fetch(`http://127.0.0.1:${port ?? 0}/admin/api/messages?q=${encodeURIComponent(id)}`, {
    headers: { authorization },
    signal: AbortSignal.timeout(5_000),
  })
    .then((answer) => answer.json())
    .then(
      (answer) => {
        const { items } = fieldsOf(answer)
        const found: unknown = Array.isArray(items) ? fieldsOf(items[0]).state : undefined
        return typeof found === 'string' ? found : undefined
      },
      () => undefined,
    )
  return { state, waiting: state !== undefined && waiting.has(state) }
}
