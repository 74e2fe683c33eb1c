import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { request } from 'undici'
import type { BridgeEvent } from '../bridge/events.ts'
import { callTimeoutMs, createHttpAgent, networkCode } from '../lib/http.ts'
import type { Logger } from '../lib/logger.ts'

/** Where alerts are posted, and what signs them. */
export interface AlertSettings {
  /** Absent: alerts reach the log and the metrics only. */
  readonly url?: string
  /** See {@link readSigningSecret}. Absent: posts carry no `webhook-signature`. */
  readonly secret?: string
}

/** Posts raised alerts to the operator's own receiver. */
export interface Alerts {
  /** Returns at once and never throws; anything but `alert.raised` is passed over. */
  observe(event: BridgeEvent): void
  /** Waits a moment for posts under way, then cuts them off. Resolves always. */
  close(): Promise<void>
}

const triesAfterMs = [0, 1_000, 5_000]
/** More than so many posts at once say nothing new; the log and the metric have them all. */
const mostAtOnce = 100
const closeLimitMs = 2_000

/**
 * The signer of a secret. `whsec_…` is base64 of the key, as the specification writes secrets; anything else is the key
 * itself as UTF-8 text, which a receiver opens with the library's `{ format: 'raw' }`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 * @throws {Error} for `whsec_` followed by what is not base64; the message does not hold the secret
 */
function readSigningSecret(secret: string): Webhook {
  if (!secret.startsWith('whsec_')) return new Webhook(Buffer.from(secret, 'utf8'), { format: 'raw' })
  try {
    return new Webhook(secret)
  } catch {
    throw new Error('A secret that starts with whsec_ must go on with base64.')
  }
}

/**
 * A listener that posts `{ type: 'alert.raised', timestamp, data: { kind, channel, detail } }` in the Standard Webhooks
 * format for every alert, in three tries with the same `webhook-id`. Any status but 2xx is a failure; redirects are not
 * followed, so a signed alert goes nowhere but to the configured address.
 * @throws {Error} for a secret that cannot be read
 */
export function createAlerts(parts: { readonly settings: AlertSettings; readonly logger: Logger }): Alerts {
  const { logger } = parts
  const { url, secret } = parts.settings
  if (url === undefined) return { observe: () => {}, close: async () => {} }

  const target = url
  const signer = secret === undefined ? undefined : readSigningSecret(secret)
  const agent = createHttpAgent({ connections: 4 })
  const stop = new AbortController()
  const underWay = new Set<Promise<void>>()

  function observe(event: BridgeEvent): void {
    if (event.type !== 'alert.raised' || stop.signal.aborted || underWay.size >= mostAtOnce) return
    const { kind, channel, detail } = event
    const body = JSON.stringify({
      type: 'alert.raised',
      timestamp: new Date().toISOString(),
      data: { kind, channel, detail },
    })
    const work = post(body)
      .catch((error: unknown) => {
        logger.error({ kind, channel, error: nameOf(error) }, 'alert.not_posted')
      })
      .finally(() => underWay.delete(work))
    underWay.add(work)
  }

  async function post(body: string): Promise<void> {
    const id = `msg_${randomUUID()}`
    let failure: unknown
    for (const afterMs of triesAfterMs) {
      await delay(afterMs * (0.8 + 0.4 * Math.random()), undefined, { signal: stop.signal })
      try {
        await send(id, body)
        return
      } catch (error) {
        if (stop.signal.aborted) throw error
        failure = error
      }
    }
    throw failure
  }

  async function send(id: string, body: string): Promise<void> {
    const sentAt = new Date()
    const answer = await request(target, {
      method: 'POST',
      dispatcher: agent,
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(callTimeoutMs)]),
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
        ...(signer ? { 'webhook-signature': signer.sign(id, sentAt, body) } : {}),
      },
      body,
    })
    await answer.body.dump()
    if (answer.statusCode < 200 || answer.statusCode > 299) throw new NotTaken(`HTTP ${answer.statusCode}`)
  }

  async function close(): Promise<void> {
    const waited = new AbortController()
    await Promise.race([
      Promise.all(underWay),
      delay(closeLimitMs, undefined, { signal: waited.signal }).catch(() => {}),
    ])
    waited.abort()
    stop.abort()
    await Promise.all(underWay)
    await agent.destroy()
  }

  return { observe, close }
}

/** The receiver answered, but not with a 2xx. */
class NotTaken extends Error {
  override readonly name = 'NotTaken'
}

/** What went wrong without the address, which may carry a secret in its path. */
function nameOf(error: unknown): string {
  if (error instanceof NotTaken) return error.message
  return networkCode(error)
}
