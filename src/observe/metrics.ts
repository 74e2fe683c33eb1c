import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { BridgeEvent, Flow } from '../bridge/events.ts'
import { within } from '../lib/within.ts'

/** What waits in one queue at this moment. */
export interface QueueFigures {
  readonly channel: string
  readonly direction: Flow
  /** Count by state: `waiting`, `active`, `delayed` … */
  readonly jobs: Readonly<Record<string, number>>
  /** Age of the oldest message that has not ended; 0 when none waits. */
  readonly oldestWaitingSeconds: number
}

/** Counts what happens and tells it to Prometheus. */
export interface Metrics {
  /** Never throws. */
  observe(event: BridgeEvent): void
  /** The whole page of a scrape, within a second, whatever state the store is in. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** A scrape must answer within a second, so the queues get a little less. */
const readQueuesLimitMs = 800

/** 5 ms … 1 h: the fast ones show what the bridge adds, the slow ones how long an outage held messages. */
const deliverySecondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]

/**
 * Metrics in a registry of their own, so that several bridges in one process do not meet.
 * @param parts.readQueues asked at each scrape; when it rejects or is slow, the two queue gauges are left out of that
 *   scrape, because a gauge that repeats an old figure would hide the outage
 */
export function createMetrics(parts: { readQueues(): Promise<readonly QueueFigures[]> }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const webhookRequests = new Counter({
    name: 'bridge_webhook_requests_total',
    help: 'Webhook requests answered, by HTTP status.',
    labelNames: ['channel', 'source', 'status'],
    registers,
  })
  const messages = new Counter({
    name: 'bridge_messages_total',
    help: 'Messages by what became of them: delivered, failed, ignored, duplicate.',
    labelNames: ['channel', 'direction', 'outcome'],
    registers,
  })
  const deliverySeconds = new Histogram({
    name: 'bridge_delivery_seconds',
    help: 'Seconds from admission of a message to its acceptance by the other platform.',
    labelNames: ['channel', 'direction'],
    buckets: deliverySecondsBuckets,
    registers,
  })
  const attempts = new Counter({
    name: 'bridge_attempts_total',
    help: 'Delivery attempts by result: delivered, retry, wait, hold, give-up.',
    labelNames: ['channel', 'direction', 'result'],
    registers,
  })
  const alerts = new Counter({
    name: 'bridge_alerts_total',
    help: 'Alerts raised, by kind.',
    labelNames: ['kind', 'channel'],
    registers,
  })

  const webhookCounter = remembered((channel, source, status) => webhookRequests.labels(channel, source, status))
  const messageCounter = remembered((channel, direction, outcome) => messages.labels(channel, direction, outcome))
  const attemptCounter = remembered((channel, direction, result) => attempts.labels(channel, direction, result))
  const deliveryTimer = remembered((channel, direction) => deliverySeconds.labels(channel, direction))

  function countMessage(event: { readonly channel: string; readonly flow: Flow }, outcome: string): void {
    // Receipts are about messages; counting them as such would double every outbound one.
    if (event.flow !== 'receipts') messageCounter(event.channel, event.flow, outcome).inc()
  }

  function observe(event: BridgeEvent): void {
    switch (event.type) {
      case 'webhook.answered':
        webhookCounter(event.channel, event.source, String(event.status)).inc()
        break
      case 'message.received':
        break
      case 'message.duplicate':
        countMessage(event, 'duplicate')
        break
      case 'message.ignored':
        countMessage(event, 'ignored')
        break
      case 'delivery.attempted':
        attemptCounter(event.channel, event.flow, event.outcome).inc()
        break
      case 'message.delivered':
        countMessage(event, 'delivered')
        if (event.flow !== 'receipts')
          deliveryTimer(event.channel, event.flow, '').observe(event.sinceReceivedMs / 1000)
        break
      case 'message.failed':
        countMessage(event, 'failed')
        break
      case 'alert.raised':
        alerts.inc({ kind: event.kind, channel: event.channel })
        break
    }
  }

  async function render() {
    const [queues, counted] = await Promise.all([
      within(readQueuesLimitMs, parts.readQueues).then(queueGauges, () => ''),
      registry.metrics(),
    ])
    return { contentType: registry.contentType, body: counted + queues }
  }

  return { observe, render }
}

/**
 * Remembers what belongs to some labels: looking it up costs more than counting, and the same few labels come again and again.
 */
function remembered<Child>(find: (first: string, second: string, third: string) => Child) {
  const known = new Map<string, Child>()
  return (first: string, second: string, third: string): Child => {
    const key = `${first} ${second} ${third}`
    const child = known.get(key) ?? find(first, second, third)
    known.set(key, child)
    return child
  }
}

/**
 * The two gauges as text. A registry for each scrape, so that scrapes at the same time cannot mix and a gone queue
 * leaves no figure.
 */
async function queueGauges(figures: readonly QueueFigures[]): Promise<string> {
  const registry = new Registry()
  const jobs = new Gauge({
    name: 'bridge_queue_jobs',
    help: 'Messages in the queues by state.',
    labelNames: ['channel', 'direction', 'state'],
    registers: [registry],
  })
  const oldest = new Gauge({
    name: 'bridge_oldest_waiting_seconds',
    help: 'Age of the oldest message that has not ended, in whatever state.',
    labelNames: ['channel', 'direction'],
    registers: [registry],
  })
  for (const { channel, direction, jobs: byState, oldestWaitingSeconds } of figures) {
    for (const [state, count] of Object.entries(byState)) jobs.set({ channel, direction, state }, count)
    oldest.set({ channel, direction }, oldestWaitingSeconds)
  }
  return registry.metrics()
}
