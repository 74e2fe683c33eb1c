import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { WebhookAttempt, WebhookDelivery } from './platforms.ts'

/** One webhook to be sent until its receiver takes it or the platform loses patience. */
export interface Webhook {
  /** Asked anew for each attempt, so that a changed address counts at once. Undefined: webhooks are off. */
  readonly url: () => string | undefined
  /** Bytes and headers of an attempt, counted from 1. */
  readonly build: (attempt: number) => { readonly body: string | Buffer; readonly headers: Record<string, string> }
  /** The wait before the next attempt, or how it ends. Not asked after a 2xx. */
  readonly next: (attempt: WebhookAttempt) => { readonly afterMs: number } | 'refused' | 'given_up'
  readonly attempted: (attempt: WebhookAttempt) => void
  readonly ended: (outcome: NonNullable<WebhookDelivery['outcome']>) => void
}

/** Posts webhooks as the platforms do: each on its own, in no order among them, without following redirects. */
export interface WebhookSender {
  deliver(webhook: Webhook): WebhookDelivery
  /** One POST, never repeated. Never rejects. */
  post(url: string, body: string | Buffer, headers: Record<string, string>): Promise<WebhookAttempt>
  /** Ends all deliveries as `stopped` and closes the connections. */
  stop(): Promise<void>
}

/** @param settings.timeoutMs how long the receiver may take for one attempt */
export function createWebhookSender(settings: {
  readonly timeoutMs: number
  readonly now: () => number
}): WebhookSender {
  const agent = new Agent({ connections: 500, pipelining: 1, keepAliveTimeout: 4_000 })
  const stopping = new AbortController()

  const post = async (
    url: string,
    body: string | Buffer,
    headers: Record<string, string>,
    attempt = 1,
  ): Promise<WebhookAttempt> => {
    const at = settings.now()
    const began = performance.now()
    const spent = () => Math.round(performance.now() - began)
    const timeout = AbortSignal.timeout(settings.timeoutMs)
    try {
      const signal = AbortSignal.any([timeout, stopping.signal])
      const answer = await request(url, { method: 'POST', body, headers, dispatcher: agent, signal })
      const text = await answer.body.text()
      return { attempt, at, durationMs: spent(), status: answer.statusCode, body: text }
    } catch (error) {
      const why = timeout.aborted ? 'request_timeout' : error instanceof Error ? error.message : String(error)
      return { attempt, at, durationMs: spent(), error: why }
    }
  }

  const deliver = (webhook: Webhook): WebhookDelivery => {
    const attempts: WebhookAttempt[] = []
    let latest = webhook.build(1)
    let outcome: WebhookDelivery['outcome']
    const first = Promise.withResolvers<WebhookAttempt>()

    const tryOnce = async (): Promise<WebhookAttempt> => {
      const attempt = attempts.length + 1
      if (attempt > 1) latest = webhook.build(attempt)
      const url = webhook.url()
      const made =
        url === undefined
          ? { attempt, at: settings.now(), durationMs: 0, error: 'webhooks are off' }
          : await post(url, latest.body, latest.headers, attempt)
      attempts.push(made)
      first.resolve(made)
      return made
    }
    const run = async (): Promise<NonNullable<WebhookDelivery['outcome']>> => {
      for (;;) {
        const made = await tryOnce()
        if (stopping.signal.aborted && made.status === undefined) return 'stopped'
        webhook.attempted(made)
        if (made.status !== undefined && made.status >= 200 && made.status < 300) return 'accepted'
        if (webhook.url() === undefined) return 'given_up'
        const next = webhook.next(made)
        if (typeof next === 'string') return next
        const slept = await sleep(next.afterMs, true, { signal: stopping.signal }).catch(() => false)
        if (!slept) return 'stopped'
      }
    }
    const ended = run().then((result) => {
      outcome = result
      webhook.ended(result)
      return result
    })
    return {
      get body() {
        return latest.body.toString()
      },
      attempts,
      get outcome() {
        return outcome
      },
      firstAttempt: first.promise,
      ended,
    }
  }

  return {
    deliver,
    post: (url, body, headers) => post(url, body, headers),
    stop: async () => {
      stopping.abort()
      await agent.destroy()
    },
  }
}
